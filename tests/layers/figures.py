"""Sources whose figures leave by address, and those who read them."""

from __future__ import annotations

from typing import Any

from django.test import Client

from observatory.models import Sharing, Source
from tests.factories import a_source, under_terms
from tests.people import client_of, somebody


def shown(code: str = "publie", sharing: str = Sharing.PUBLIC, **terms: Any) -> Source:
    """Return a source whose figures anybody may see, unless told otherwise."""
    return under_terms(a_source(code, licence="Licence Ouverte"), sharing, **terms)


def someone(role: str, territory: Any = None, name: str = "quelquun") -> Client:
    """Return a client signed in as somebody of that role."""
    return client_of(somebody(name, role, territory))
