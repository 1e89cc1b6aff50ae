"""Who sends credentials that mean nothing here is told so; what a proxy asked for is not ours."""

import pytest
from django.test import Client
from rest_framework.authtoken.models import Token

from observatory.models import Level, Role
from tests.layers.places import place_of
from tests.people import client_of, somebody

pytestmark = pytest.mark.django_db

TILE = place_of(2.355, 48.885, 12).url
APIS = (
    "/api/", "/api/layers/", "/api/layers/qpv/", "/api/layers/qpv/export.geojson",
    "/api/territories/", "/api/observations/", "/api/tables/", "/api/schema",
    "/ogc/", "/ogc/collections", "/ogc/collections/qpv/items", "/ogc/collections/qpv/tiles",
    "/tiles", "/tiles/drafts.json", "/styles/drafts.json", TILE("drafts"), TILE("qpv,drafts"),
)  # fmt: skip
# The same for everybody, whoever asks: nothing there could be mistaken for one's own.
SAME_FOR_ALL = (TILE("qpv"), "/tiles/qpv.json", "/styles/qpv.json", "/readyz")
UNKNOWN = ("Bearer abc.def.ghi", "bearer", "ApiKey x", "Tokens x", "AWS4-HMAC-SHA256 Credential=x")
OF_A_PROXY = (
    "Basic dmlzaXRvcjpzZWNyZXQ=", "basic", 'Digest username="x"', "Negotiate YII", "NTLM TlRM",
)  # fmt: skip


def asked(address, said, client=None):
    headers = {"authorization": said} if said is not None else {}
    answer = (client or Client()).get(address, headers=headers)
    if answer.streaming:  # a file not read would keep one of the places to make files
        b"".join(answer.streaming_content)
    return answer


def told_to_whom_it_refuses(address, said):
    """Return what is said to a caller whose credentials are refused, as a problem document."""
    answer = asked(address, said)
    assert answer.status_code == 401, address
    assert answer.headers["WWW-Authenticate"] == 'Token realm="api"'
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.json()["detail"]


@pytest.mark.parametrize("said", UNKNOWN)
def test_a_scheme_unknown_here_is_refused_in_words_at_every_api(secret_layer, make_area, said):
    make_area()
    for address in APIS:
        told = told_to_whom_it_refuses(address, said)
        assert "Authorization: Token KEY" in told
        assert "/api/token" in told


@pytest.mark.parametrize("said", ["Token nothing", "Token", "token a b", "Token \u00fc"])
def test_a_token_nobody_gave_out_is_refused_at_the_same_addresses(secret_layer, make_area, said):
    make_area()
    for address in APIS:
        assert "not valid" in told_to_whom_it_refuses(address, said)


@pytest.mark.parametrize("said", OF_A_PROXY)
def test_a_password_asked_for_by_a_proxy_in_front_changes_nothing(secret_layer, make_area, said):
    make_area()
    for address in (*APIS, *SAME_FOR_ALL):
        assert asked(address, said).status_code == asked(address, None).status_code, address


@pytest.mark.parametrize("said", OF_A_PROXY)
def test_behind_such_a_proxy_a_session_still_stands_for_its_person(secret_layer, make_area, said):
    make_area(Level.QPV, "P1", "Projet", status="negotiation")
    analyst = client_of(somebody("analyst", Role.ANALYST))
    for address in APIS:
        assert asked(address, said, analyst).status_code == 200, address


@pytest.mark.parametrize("said", ["", " ", *UNKNOWN, "Token nothing"])
def test_what_is_the_same_for_everybody_asks_nobody_who_they_are(make_area, said):
    make_area()
    for address in SAME_FOR_ALL:
        assert asked(address, said).status_code == 200, address


@pytest.mark.parametrize("said", ["", " "])
def test_an_empty_header_says_nothing(make_area, said):
    make_area()
    assert asked("/api/layers/qpv/", said).status_code == 200


def test_a_good_token_is_read_whatever_the_case_of_its_scheme(secret_layer, make_area):
    make_area(Level.QPV, "P1", "Projet", status="negotiation")
    key = Token.objects.create(user=somebody("analyst", Role.ANALYST)).key
    for scheme in ("Token", "token", "TOKEN"):
        for address in APIS:
            assert asked(address, f"{scheme} {key}").status_code == 200, address


def test_the_token_of_an_account_that_was_closed_is_refused(secret_layer, make_area):
    make_area()
    user = somebody("analyst", Role.ANALYST)
    key = Token.objects.create(user=user).key
    user.is_active = False
    user.save()
    assert asked("/api/layers/drafts/", f"Token {key}").status_code == 401


def test_pages_are_for_sessions_and_take_no_notice_of_other_credentials(make_area, settings):
    """A browser's page must not fail for what a proxy adds to it."""
    settings.ROOT_URLCONF = "observatory.urls"
    make_area()
    for said in (*OF_A_PROXY, "Bearer abc", "Token nothing"):
        for page in ("/", "/quartiers/", "/et-si/"):
            assert asked(page, said).status_code == 200, (page, said)
