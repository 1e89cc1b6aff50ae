"""What a request says of who asks; credentials nobody here gave out are refused in words."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import TokenAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from layers.errors import Unidentified

# What browsers answer by themselves to whoever stands in front (a reverse proxy that asks for a
# password, a domain's Kerberos), at every address of the site: nginx and Apache send it on to us.
# It was never meant for us, so the map and its requests to the APIs go on as without it. Any other
# scheme was written by a program that believes to be known here: silence would give it the public's
# answers as if they were its own. A proxy that adds one of those to what it passes on (oauth2-proxy
# with --pass-authorization-header) must be told not to.
OF_THE_WAY_HERE = frozenset({b"basic", b"digest", b"negotiate", b"ntlm"})


class UnknownScheme(AuthenticationFailed):
    """Credentials were sent in a way that is not read here."""


class OurTokens(TokenAuthentication):
    """The tokens of /api/token; a scheme that is none of ours is refused like a wrong token.

    Named in the settings of the framework.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return the person and the token, None for a passer-by. Raises AuthenticationFailed."""
        found = super().authenticate(request)
        said = get_authorization_header(request).split()
        if found is None and said and said[0].lower() not in OF_THE_WAY_HERE:
            raise UnknownScheme
        return found


def unidentified(error: Exception) -> Unidentified:
    """Return what a caller is told whose credentials are refused."""
    advice = "Sign in, or ask for a token at /api/token."
    if isinstance(error, UnknownScheme):
        return Unidentified("Credentials are read as 'Authorization: Token KEY' alone.", advice)
    return Unidentified("The token or the session is not valid.", advice)
