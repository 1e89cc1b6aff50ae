"""A layer is shown to whoever holds its right, and does not exist for anyone else."""

import pytest

from layers.registry import REGISTRY
from observatory.models import AccessRule, Level, Right, Role
from observatory.permissions import DEFAULT_RULES
from tests.layers.places import features, place_of
from tests.people import client_of, somebody

pytestmark = pytest.mark.django_db
PLACE = place_of(2.355, 48.885, 12)


def signed_in(role):
    return client_of(somebody(role, role))


@pytest.fixture
def draft(secret_layer, make_area):
    return make_area(Level.QPV, "P1", "Projet", status="negotiation", act="en discussion")


@pytest.mark.parametrize("role", [role for role in Role if role != Role.PUBLIC])
def test_a_layer_under_a_right_is_seen_by_the_roles_that_hold_it_only(draft, role):
    client = signed_in(role)
    allowed = Right.VIEW_WORKING in DEFAULT_RULES[role]
    assert client.get(PLACE.url("drafts")).status_code == (200 if allowed else 404)
    assert client.get("/tiles/drafts.json").status_code == (200 if allowed else 404)
    listed = {layer["id"] for layer in client.get("/tiles").json()["layers"]}
    assert ("drafts" in listed) == allowed


def test_for_a_passer_by_a_hidden_layer_answers_as_one_that_does_not_exist(visitor, draft):
    for names in ("drafts", "qpv,drafts"):
        hidden = visitor.get(PLACE.url(names))
        absent = visitor.get(PLACE.url(names.replace("drafts", "absent")))
        assert hidden.status_code == absent.status_code == 404
        assert hidden.json()["detail"] == absent.json()["detail"].replace("absent", "drafts")
        assert hidden.headers["Cache-Control"] == absent.headers["Cache-Control"] == "no-store"


def test_a_hidden_layer_never_enters_a_shared_cache(draft):
    client = signed_in(Role.ANALYST)
    version = client.get("/tiles/drafts.json").json()["tiles"][0].split("v=")[1]
    for names in ("drafts", "qpv,drafts"):
        answer = client.get(PLACE.url(names, f"?v={version}"))
        assert answer.headers["Cache-Control"].startswith("private")
        assert "Cookie" in answer.headers["Vary"]
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert features(client.get(PLACE.url("drafts")).content, "drafts")


def test_a_public_tile_asks_for_no_cookie(visitor, make_area):
    make_area()
    answer = visitor.get(PLACE.url("qpv"))
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert not answer.cookies


def test_a_validator_from_a_public_time_does_not_open_a_closed_layer(visitor, make_area):
    make_area()
    etag = visitor.get(PLACE.url("qpv")).headers["ETag"]
    AccessRule.objects.filter(role=Role.PUBLIC).delete()
    closed = visitor.get(PLACE.url("qpv"), headers={"if-none-match": etag})
    assert closed.status_code == 404
    assert visitor.get("/tiles").json() == {"layers": []}


def test_closing_the_public_right_turns_its_tiles_private_for_those_who_keep_it(make_area):
    make_area()
    client = signed_in(Role.PARTNER)
    AccessRule.objects.filter(role=Role.PUBLIC).delete()
    answer = client.get(PLACE.url("qpv"))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"].startswith("private")


def test_no_declared_layer_shows_addresses_accounts_or_income_steps():
    forbidden = ("observatory_address", "observatory_user", "carroyage_cellincome", "cell_keys")
    for layer in REGISTRY:
        assert not any(word in layer.rows for word in forbidden)
