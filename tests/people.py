"""Accounts with a role, and clients signed in as somebody."""

from __future__ import annotations

from django.test import Client

from observatory.models import Assignment, Territory, User
from tests.observatory.figures_makers import an_organisation


def somebody(
    name: str, role: str = "", territory: Territory | None = None, organisation: str = ""
) -> User:
    """Return a new account whose role, if any, is held everywhere unless a territory is named."""
    own = an_organisation(organisation) if organisation else None
    user = User.objects.create_user(name, organisation=own)
    if role:
        Assignment.objects.create(user=user, role=role, territory=territory)
    return user


def client_of(person: User | None) -> Client:
    """Return a client signed in as that person, or as nobody."""
    client = Client()
    if person is not None:
        client.force_login(person)
    return client
