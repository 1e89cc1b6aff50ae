"""How often one caller may ask the open APIs.

What is left to a caller is kept in the database, because several processes answer: a row holds the
moment at which the allowance is full again, and one statement spends and refuses (a token bucket,
also known as GCRA). A whole period's calls may come at once; then one more each
``period / calls``. Rates are ``API_RATES`` of observatory/settings.py.
"""

from __future__ import annotations

import ipaddress
import math
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

if TYPE_CHECKING:  # the framework's views read the settings that name this module
    from rest_framework.views import APIView

SPEND = """
INSERT INTO layers_allowance AS known (caller, full_at)
VALUES (%(caller)s, clock_timestamp() + %(step)s * interval '1 second')
ON CONFLICT (caller) DO UPDATE
    SET full_at = greatest(known.full_at, clock_timestamp()) + %(step)s * interval '1 second'
    WHERE known.full_at + (%(step)s - %(period)s) * interval '1 second' <= clock_timestamp()
RETURNING xmax::text = '0'
"""
LEFT = """
SELECT extract(epoch FROM full_at - clock_timestamp())::float8 + %(step)s - %(period)s
FROM layers_allowance WHERE caller = %(caller)s
"""
# Each new caller clears rows that say nothing any more, so that they never outgrow the callers of
# one period; rows another call is using are left to the next.
CLEAR = """
DELETE FROM layers_allowance WHERE caller IN (
    SELECT caller FROM layers_allowance WHERE full_at < clock_timestamp()
    LIMIT 20 FOR UPDATE SKIP LOCKED
)
"""


def spend(caller: str, calls: int, period: float) -> float:
    """Count one call of ``caller``, who may make ``calls`` in ``period`` seconds.

    Return 0.0 where it is allowed, otherwise the seconds until one will be.
    """
    given: dict[str, str | float] = {"caller": caller, "step": period / calls, "period": period}
    with connection.cursor() as cursor:
        cursor.execute(SPEND, given)
        spent = cursor.fetchone()
        if spent is None:
            cursor.execute(LEFT, given)
            left = cursor.fetchone()
            return max(float(left[0]), 0.001) if left else 0.0
        if spent[0]:
            cursor.execute(CLEAR)
    return 0.0


class Allowance(SimpleRateThrottle):
    """A rate shared by all server processes."""

    scope: str
    # Read from the rate by the framework; None where there is none.
    num_requests: int | None
    duration: float | None

    def get_rate(self) -> str | None:
        """Return the rate of this kind of caller, None where there is none."""
        return settings.API_RATES[self.scope] or None

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the call; refuse it where the caller's allowance is spent."""
        said = self.get_cache_key(request, view)
        if said is None or not self.num_requests or not self.duration:
            return True
        # Addresses and people are told apart, never written down.
        caller = salted_hmac("layers.throttling", said, algorithm="sha256").hexdigest()
        self.left = spend(caller, self.num_requests, self.duration)
        return not self.left

    def wait(self) -> float:
        """Return the seconds until a call will be allowed."""
        return self.left


class PerPerson(Allowance):
    """People who signed in, by session or token: their calls together, wherever they come from."""

    scope = "person"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        """Return who asks; None for a passer-by."""
        known = request.user is not None and request.user.is_authenticated
        return f"{self.scope} {request.user.pk}" if known else None


class PerAddress(Allowance):
    """Everybody else, by network address."""

    scope = "address"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        """Return where a passer-by asks from; None for people who signed in."""
        if request.user is not None and request.user.is_authenticated:
            return None
        return f"{self.scope} {self.place_of(request)}"

    def place_of(self, request: Request) -> str:
        """Return the caller's address; of an IPv6 one the network, whose 2^64 are one caller's.

        What a proxy says is believed only for as many proxies as the setting counts.
        """
        said = str(self.get_ident(request) or "")
        try:
            address = ipaddress.ip_address(said)
        except ValueError:
            return said[:60]
        if address.version == 4:
            return str(address)
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))


class PerSignIn(PerAddress):
    """Names and passwords tried from one address, whoever is signed in there."""

    scope = "sign_in"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        """Return where the name and password come from."""
        return f"{self.scope} {self.place_of(request)}"


class PerDrawing(PerAddress):
    """Maps and sheets drawn for one caller: a person, wherever that is, or an address."""

    scope = "drawing"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        """Return who asks, person or place."""
        known = request.user is not None and request.user.is_authenticated
        return f"{self.scope} {request.user.pk if known else self.place_of(request)}"


def seconds_to_wait(request: HttpRequest, allowance: Allowance) -> int:
    """Count a page's call; return 0 where it may go on, else the whole seconds until it may."""
    # What the framework asks of a request, Django's own has as well; no view is looked at.
    asked, view = cast(Request, request), cast("APIView", None)
    return 0 if allowance.allow_request(asked, view) else math.ceil(allowance.wait())
