"""What is said about a page, from its words alone."""

from __future__ import annotations

import pytest

from chatbot_server.diagnosis.examine import Expected, examine
from chatbot_server.diagnosis.page import read_page

CHAT = "https://chat.example"
PAGE = "https://shop.example/a/page"
TAG = f'<script async src="{CHAT}/widget.js" data-site="KEY"></script>'
EXPECTED = Expected("KEY", CHAT, TAG, "https://shop.example", True, "sha384-now")


def wrong(
    html: str, policy: str = "", expected: Expected = EXPECTED, url: str = PAGE
) -> dict[str, str]:
    """Sentence and last value of every finding that is not good."""
    found = examine(read_page(url, html), [policy], expected)
    return {
        finding.sentence.removeprefix("diagnosis_"): next(reversed(finding.values.values()), "")
        for finding in found
        if not finding.ok
    }


@pytest.mark.parametrize(
    "html",
    [
        TAG,
        f"<!doctype html><p>{TAG}<p>",
        TAG.replace("async", 'type="module"'),
        TAG.replace("async", 'type="text/javascript" defer'),
        f"<script src='{CHAT}/widget.js?ver=6.1&amp;site=KEY'></script>",
        f"{TAG}<script src='{CHAT}/widget.js' data-site='OTHER'></script>",
        f"<base href='{CHAT}/x/'><script src='/widget.js' data-site=KEY></script>",
        TAG.replace("async", 'integrity="sha384-old sha384-now"'),
        f"<script src='/cache/ab12.js' data-base='{CHAT}' data-site=KEY></script>",
        f"<script data-base='{CHAT}/' data-site=KEY>…</script>",
    ],
)
def test_a_good_tag_is_good(html: str) -> None:
    assert wrong(html) == {}


@pytest.mark.parametrize(
    ("html", "name", "value"),
    [
        ("", "absent", TAG),
        (f"<!-- {TAG} -->", "absent", TAG),
        (f"<script>'{TAG.replace('</', '<')}'</script>", "absent", TAG),
        (TAG.replace("KEY", "OLD"), "other_key", TAG),
        (TAG.replace(' data-site="KEY"', ""), "no_key", TAG),
        (TAG + TAG, "twice", "2"),
        (TAG.replace("async", 'type="text/plain"'), "held_back", ""),
        (TAG.replace("async", 'type="text/partytown"'), "type", "text/partytown"),
        (TAG.replace("async", 'type="a1-text/javascript"'), "type", "a1-text/javascript"),
        (TAG.replace("src=", "data-src="), "source", "data-src"),
        (TAG.replace("async src=", 'src="" data-rocket-src='), "source", "data-rocket-src"),
        (TAG.replace(CHAT, "https://old.example"), "host", CHAT),
        (TAG.replace("async", 'data-base="https://old.example"'), "host", CHAT),
        ("<script data-site=KEY>…</script>", "inlined", TAG),
        (TAG.replace("async", 'integrity="sha384-old"'), "integrity", "sha384-now"),
    ],
)
def test_a_defect_of_the_tag_is_named(html: str, name: str, value: str) -> None:
    assert wrong(html) == {name: value}


def test_an_unsafe_server_on_a_safe_page_is_named() -> None:
    unsafe = Expected("KEY", "http://chat.example", TAG, "https://shop.example", True, "")
    tag = TAG.replace("https:", "http:")
    assert wrong(tag, expected=unsafe) == {"mixed": "http://chat.example"}
    assert wrong(tag, expected=unsafe, url="http://shop.example/") == {}
    here = Expected("KEY", "http://127.0.0.1:8080", TAG, "https://shop.example", True, "")
    assert wrong(TAG.replace(CHAT, here.server), expected=here) == {}


def test_an_origin_that_is_not_allowed_is_named() -> None:
    stranger = Expected("KEY", CHAT, TAG, "https://shop.example", False, "")
    assert set(wrong(TAG, expected=stranger)) == {"origin_missing"}


@pytest.mark.parametrize(
    "policy",
    [
        "",
        "img-src 'self'",
        f"default-src 'none'; script-src {CHAT}; connect-src {CHAT}",
        "default-src https:",
        "script-src *.example; connect-src *",
        f"script-src {CHAT}/widget.js {CHAT}/widget/; connect-src {CHAT}/api/",
        "script-src chat.example:443; connect-src chat.example:*",
        f"script-src-elem {CHAT}; script-src 'none'",
        "require-trusted-types-for 'script'; trusted-types other chatbot-server",
        "require-trusted-types-for 'script'",
    ],
)
def test_a_policy_that_lets_it_through_is_good(policy: str) -> None:
    assert wrong(TAG, policy) == {}


@pytest.mark.parametrize(
    ("policy", "name", "directive"),
    [
        ("script-src 'self'", "script", f"script-src 'self' {CHAT}"),
        ("SCRIPT-SRC 'None'", "script", f"script-src {CHAT}"),
        (f"script-src {CHAT}/widget.js", "script", f"script-src {CHAT}/widget.js {CHAT}"),
        (
            "script-src http://chat.example:81",
            "script",
            f"script-src http://chat.example:81 {CHAT}",
        ),
        ("script-src chat.example:x", "script", f"script-src chat.example:x {CHAT}"),
        (
            "default-src 'self' cdn.example; connect-src *",
            "script",
            f"script-src 'self' cdn.example {CHAT}",
        ),
        ("script-src 'nonce-abc' 'strict-dynamic' https:", "nonce", ""),
        ("connect-src 'self'", "connect", f"connect-src 'self' {CHAT}"),
        ("trusted-types 'none'", "trusted_types", "trusted-types chatbot-server"),
        ("trusted-types a b", "trusted_types", "trusted-types a b chatbot-server"),
    ],
)
def test_a_policy_that_blocks_is_told_with_the_directive_it_needs(
    policy: str, name: str, directive: str
) -> None:
    assert wrong(TAG, policy) == {name: directive}


def test_a_nonce_or_a_hash_on_the_tag_counts() -> None:
    nonce = TAG.replace("async", 'nonce="abc"')
    assert wrong(nonce, "script-src 'nonce-abc'; connect-src *") == {}
    assert wrong(nonce, "script-src 'nonce-abc' 'strict-dynamic'") == {}
    pinned = TAG.replace("async", 'integrity="sha384-now"')
    assert wrong(pinned, "script-src 'sha384-now' 'strict-dynamic'") == {}
    # Without 'strict-dynamic' the hash of the loader does not cover its parts.
    assert set(wrong(pinned, "script-src 'sha384-now'")) == {"script"}


def test_every_policy_of_a_page_must_let_it_through() -> None:
    meta = """<meta http-equiv="Content-Security-Policy" content="connect-src 'none'">"""
    found = wrong(meta + TAG, "script-src *, script-src 'self'")
    assert found == {"script": f"script-src 'self' {CHAT}", "connect": f"connect-src {CHAT}"}


def test_a_picture_that_the_policy_blocks_is_named() -> None:
    tag = TAG.replace("async", 'data-avatar="https://pictures.example/me.png"')
    assert wrong(tag, "img-src 'self'") == {"picture": "img-src 'self' https://pictures.example"}


@pytest.mark.parametrize(
    "html",
    [
        "<script src='http://[::1' data-site=KEY></script>",
        "<base href='//[' ><script src='x/widget.js' data-site=KEY></script>",
        "<script src='http://chat.example:99999/widget.js' data-site=KEY></script>",
        "<script data-site=KEY src>",
        "<script data-site='KEY' src='widget.js?" + "a=1&" * 9000 + "'></script>",
        TAG * 500,
        "<" * 20_000,
        "\0<script\0src=\0",
    ],
)
def test_a_hostile_page_is_only_text(html: str) -> None:
    examine(read_page(PAGE, html), ["script-src //[ http://: *.: 'nonce-", ";;,,;"], EXPECTED)
