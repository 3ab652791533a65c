"""Content Security Policy, as far as the widget needs it (W3C CSP Level 3)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

PORTS = {"http": 80, "https": 443}
# Who answers for a directive that a policy does not have, nearest first.
SCRIPT = ("script-src-elem", "script-src", "default-src")
CONNECT = ("connect-src", "default-src")
IMAGE = ("img-src", "default-src")


@dataclass(frozen=True)
class Policy:
    """One policy of a page: directive → its values, in order."""

    directives: dict[str, tuple[str, ...]]

    def governing(self, names: tuple[str, ...]) -> str | None:
        """The first of *names* that the policy has."""
        return next((name for name in names if name in self.directives), None)

    def extended(self, names: tuple[str, ...], source: str) -> str:
        """The directive as it has to read for *source* to be allowed and nothing else to change.

        Where only ``default-src`` governs, it is a new directive with the default's values.
        """
        values = self.directives.get(self.governing(names) or "", ())
        specific = names[:-1] or names
        name = self.governing(specific) or specific[-1]
        return " ".join([name, *(value for value in values if value.lower() != "'none'"), source])


def read_policies(texts: list[str]) -> list[Policy]:
    """The policies in header values or ``<meta>`` contents; a comma separates two of them."""
    policies = []
    for part in ",".join(texts).split(","):
        directives: dict[str, tuple[str, ...]] = {}
        for directive in filter(str.strip, part.split(";")):
            name, *values = directive.split()
            # The first of two directives with one name counts.
            directives.setdefault(name.lower(), tuple(values))
        if directives:
            policies.append(Policy(directives))
    return policies


def allows_script(
    policy: Policy, url: str, page: str, nonce: str = "", integrity: str = ""
) -> bool:
    """Whether *policy* lets a script element of *page* run *url*."""
    name = policy.governing(SCRIPT)
    if name is None:
        return True
    values = policy.directives[name]
    if nonce and f"'nonce-{nonce}'" in values:
        return True
    hashes = integrity.split()
    if hashes and all(f"'{value}'" in values for value in hashes):
        return True
    return not trusts_only_marked(policy) and _matches(values, url, page)


def allows_request(policy: Policy, names: tuple[str, ...], url: str, page: str) -> bool:
    """Whether *policy* lets *page* ask *url*; *names* say what for (``CONNECT``, ``IMAGE``)."""
    name = policy.governing(names)
    return name is None or _matches(policy.directives[name], url, page)


def trusts_only_marked(policy: Policy) -> bool:
    """Whether addresses count for nothing (``'strict-dynamic'``): a tag needs a nonce or a hash."""
    name = policy.governing(SCRIPT)
    return name is not None and "'strict-dynamic'" in map(str.lower, policy.directives[name])


def allows_trusted_types(policy: Policy, name: str) -> bool:
    """Whether a script may create the Trusted Types policy *name*."""
    names = policy.directives.get("trusted-types")
    return names is None or name in names or "*" in names


def _matches(values: tuple[str, ...], url: str, page: str) -> bool:
    request, origin = urlsplit(url), urlsplit(page)
    return any(_matches_source(value, request, origin) for value in values)


def _matches_source(value: str, request: SplitResult, page: SplitResult) -> bool:
    lower = value.lower()
    if lower == "*":
        return request.scheme in PORTS
    if lower == "'self'":
        return _origin(request) == _origin(page)
    if lower.startswith("'"):
        return False
    if lower.endswith(":"):
        return lower[:-1] in (request.scheme, "http" if request.scheme == "https" else "")
    return _matches_host(value, request, page)


def _matches_host(value: str, request: SplitResult, page: SplitResult) -> bool:
    try:
        source = urlsplit(value if "://" in value else f"//{value}")
        port = None if source.netloc.endswith(":*") else source.port or PORTS.get(request.scheme)
        same_port = source.netloc.endswith(":*") or _port(request) == port
    except ValueError:
        return False
    host = (source.hostname or "").lower()
    name = request.hostname or ""
    same_host = name.endswith(host[1:]) if host.startswith("*.") else name == host
    # http in a policy lets https through, not the other way round.
    scheme = source.scheme or page.scheme
    same_scheme = request.scheme == scheme or (scheme, request.scheme) == ("http", "https")
    path = source.path
    same_path = path in ("", "/") or (
        request.path.startswith(path) if path.endswith("/") else request.path == path
    )
    return same_host and same_port and same_scheme and same_path


def _port(parts: SplitResult) -> int | None:
    return parts.port or PORTS.get(parts.scheme)


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, _port(parts)
