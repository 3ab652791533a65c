"""How often visitors, networks and applications may ask."""

from __future__ import annotations

from functools import cache

from flask import request
from limits import RateLimitItem, parse

from chatbot_server.config.sections import LimitsSection
from chatbot_server.errors import TooManyRequests
from chatbot_server.web.middleware.limits.pseudonyms import Pseudonyms
from chatbot_server.web.middleware.limits.request_counts import RequestCounts

# Reading, feedback, and API keys that do not exist. It is not a setting: the widget sends a few of
# these a minute, so that the limit only stops loops and guessing.
SMALL_REQUESTS = ("120 per minute",)
# Open panels that ask whether a person wrote; a school has many behind one address.
NEWS_REQUESTS = ("600 per minute",)
# Attempts to log in: from one address, and to one account.
LOGINS, LOGINS_OF_ACCOUNT = ("20 per 10 minutes",), ("30 per hour",)
# Attempts with a password to one account, from all networks together. From one network there are as
# many as LOGINS_OF_ACCOUNT, so that a stranger there cannot keep the owner out.
PASSWORDS_OF_ACCOUNT = ("300 per hour",)
# Attempts in a browser that has logged in to the account before, to which others' do not add.
PASSWORDS_OF_BROWSER = ("20 per 10 minutes", "30 per hour")
# Messages to a person, of one visitor, and of a network such as a school or an office.
CONTACT_REQUESTS = ("5 per hour", "20 per day")
NETWORK_CONTACT_REQUESTS = ("30 per hour", "100 per day")
rate_of = cache(parse)  # a configuration has only a few rates


class RateLimits:
    """The limits of ``config.limits``, and those that are not settings."""

    def __init__(self, limits: LimitsSection) -> None:
        self._pseudonyms = Pseudonyms()
        self._limits = limits
        self._counts = RequestCounts.at(limits.storage)

    def visitor(self) -> str:
        """Today's name of the visitor of this request."""
        return self._pseudonyms.name(request.remote_addr or "")

    def check_question(self, site: str) -> str:
        """Count one question; returns today's name of its visitor.

        Raises:
            TooManyRequests: with the seconds to wait.
        """
        visitor = self.visitor()
        self._check("visitor", self._limits.visitor, visitor)
        for rate in map(rate_of, self._limits.site):
            self._check_share(rate, site)
        return visitor

    def check_contact(self) -> None:
        """Count one message to a person.

        Raises:
            TooManyRequests: with the seconds to wait.
        """
        self._check("contact", CONTACT_REQUESTS, self.visitor())
        self._check("contact_network", NETWORK_CONTACT_REQUESTS, self._network())

    def check_small(self) -> None:
        """Count one request that costs little (reading, feedback, contact)."""
        self._check("small", SMALL_REQUESTS, self.visitor())

    def check_news(self) -> None:
        """Count one request that asks whether a person wrote to the visitor."""
        self._check("news", NEWS_REQUESTS, self.visitor())

    def check_key(self, key: str) -> None:
        """Count one request of an application with the API key *key*."""
        self._check("api_key", self._limits.api_key, key)

    def check_login(self, account: str = "") -> None:
        """Count one attempt to use a one-time token, or to give a code after the password."""
        self._check("login", LOGINS, self.visitor())
        if account:
            self._check("login", LOGINS_OF_ACCOUNT, account.casefold())

    def check_password(self, account: str, known_browser: str = "") -> None:
        """Count one attempt to log in to *account* by its password.

        It counts for *known_browser*, if that has logged in to it before, else for its address, its
        network and the account.

        Raises:
            TooManyRequests: with the seconds to wait.
        """
        if known_browser:
            self._check("login", PASSWORDS_OF_BROWSER, known_browser)
            return
        self._check("login", LOGINS, self.visitor())
        name = account.casefold()
        self._check("login", LOGINS_OF_ACCOUNT, f"{self._network()} {name}")
        self._check("login", PASSWORDS_OF_ACCOUNT, name)

    def _network(self) -> str:
        return self._pseudonyms.network(request.remote_addr or "")

    def _check_share(self, rate: RateLimitItem, site: str) -> None:
        """Refuse the networks that ask most, once *site* is asked more than *rate* allows.

        Each active network has the same share, so that a few of them cannot keep others out.
        """
        own = self._counts.add(rate, "network", site, self._network())
        is_new = own.count == 1
        count_of_networks = self._counts.add if is_new else self._counts.look
        networks = count_of_networks(rate, "networks", site).count
        if not self._counts.add(rate, "site", site).is_full:
            return
        if own.is_full or own.count > max(1, rate.amount // max(1, networks)):
            raise TooManyRequests("limit_site", retry_after=own.seconds, seconds=own.seconds)

    def _check(self, scope: str, rates: tuple[str, ...], name: str) -> None:
        for rate in rates:
            window = self._counts.add(rate_of(rate), scope, name)
            if window.is_full:
                code = f"limit_{scope.removesuffix('_network')}"
                raise TooManyRequests(code, retry_after=window.seconds, seconds=window.seconds)
