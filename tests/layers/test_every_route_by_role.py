"""Every address of the map server, asked as each role: one set of rights for all outlets.

A new route without a line here fails the first test; the rest of the site is walked by
tests/test_every_route_of_the_site.py.
"""

import pytest
from django.test import Client

from layers.problems import REST
from observatory.models import Level, Right, Role
from observatory.permissions import DEFAULT_RULES
from tests.people import client_of, somebody
from tests.routes import routes_of

pytestmark = pytest.mark.django_db

DRAFT, OPEN = "drafts", "qpv"
# Route → an address of it; {layer} where it shows one layer, None where it means nothing.
ROUTES = {
    **dict.fromkeys([f"^{room}/{REST}" for room in ("tiles", "styles", "rasters")]),
    **dict.fromkeys([f"{room}/^{REST}" for room in ("api", "ogc")]),
    "readyz": "/readyz",
    "tiles": "/tiles",
    "tiles/<str:names>.json": "/tiles/{layer}.json",
    "tiles/<str:names>/<str:z>/<str:x>/<str:y>.pbf": "/tiles/{layer}/12/2074/1408.pbf",
    "rasters/cells/<str:variable>.tif": "/rasters/cells/ind.tif",
    "styles/<str:names>.json": "/styles/{layer}.json",
    "styles/glyphs/<str:stack>/<int:start>-<int:end>.pbf": (
        "/styles/glyphs/DejaVu Sans Bold/0-255.pbf"
    ),
    r"^styles/sprites/observatory(?P<ratio>[@0-9x]*)\.(?P<extension>[a-z]+)$": (
        "/styles/sprites/observatory@2x.png"
    ),
    "styles/": None,
    "api/": "/api/",
    "api/schema": "/api/schema",
    "api/token": None,  # only written to
    "api/layers/": "/api/layers/",
    "api/layers/<str:name>/": "/api/layers/{layer}/",
    "api/layers/<str:name>/<int:fid>": "/api/layers/{layer}/{fid}",
    "api/layers/<str:name>/export.<str:extension>": "/api/layers/{layer}/export.geojson",
    "api/territories/": "/api/territories/",
    "api/territories/<int:fid>": "/api/territories/{open}",
    "api/zones/": "/api/zones/",
    "api/observations/": "/api/observations/",
    "api/coverage/": "/api/coverage/?category=library",
    "api/compare/": "/api/compare/",
    # Their rights are asked figure by figure: tests/layers/test_comparisons_by_address.py.
    "api/compare/<slug:name>.csv": None,
    "api/compare/<slug:name>/": None,
    # Their rights are asked sheet by sheet: tests/layers/test_sheets_by_address.py.
    "api/sheets/completeness": None,
    "api/sheets/template.csv": None,
    "api/sheets/<slug:code>/": None,
    "api/sheets/<slug:code>/<slug:step>": None,
    "api/tables/": "/api/tables/",
    "api/tables/<slug:name>.csv": "/api/tables/indicators.csv",
    "api/tables/<slug:name>/": "/api/tables/indicators/",
    "ogc/": "/ogc/",
    "ogc/conformance": "/ogc/conformance",
    "ogc/collections": "/ogc/collections",
    "ogc/collections/<str:name>": "/ogc/collections/{layer}",
    "ogc/collections/<str:name>/schema": "/ogc/collections/{layer}/schema",
    "ogc/collections/<str:name>/items": "/ogc/collections/{layer}/items",
    "ogc/collections/<str:name>/items/<str:fid>": "/ogc/collections/{layer}/items/{fid}",
    "ogc/collections/<str:name>/tiles": "/ogc/collections/{layer}/tiles",
    "ogc/collections/<str:name>/tiles/WebMercatorQuad": (
        "/ogc/collections/{layer}/tiles/WebMercatorQuad"
    ),
    "ogc/collections/<str:name>/tiles/WebMercatorQuad/<str:z>/<str:row>/<str:column>": (
        "/ogc/collections/{layer}/tiles/WebMercatorQuad/12/1408/2074"
    ),
    "ogc/tileMatrixSets": "/ogc/tileMatrixSets",
    "ogc/tileMatrixSets/WebMercatorQuad": "/ogc/tileMatrixSets/WebMercatorQuad",
}


def test_every_route_stands_in_the_table_and_no_other():
    assert set(routes_of("layers.urls")) == set(ROUTES)


@pytest.mark.parametrize("role", [None, *Role])
def test_each_role_sees_the_same_through_every_outlet(secret_layer, make_area, make_grid, role):
    make_grid()
    shown = make_area()
    draft = make_area(Level.QPV, "P1", "Projet", status="negotiation")
    rights = DEFAULT_RULES[role or Role.PUBLIC]
    client = client_of(somebody("someone", role) if role else None)
    expected = {OPEN: 200, DRAFT: 200 if Right.VIEW_WORKING in rights else 404}
    for address in filter(None, ROUTES.values()):
        for layer, fid in ((OPEN, shown.pk), (DRAFT, draft.pk)):
            asked = address.format(layer=layer, fid=fid, open=shown.pk)
            wanted = expected[layer] if "{layer}" in address else 200
            answer = client.get(asked)
            if answer.streaming:  # a file not read would keep one of the places to make files
                b"".join(answer.streaming_content)
            assert answer.status_code == wanted, asked
            assert client.post(asked).status_code in (403, 405), asked


def test_a_token_stands_for_its_person(secret_layer, make_area):
    from rest_framework.authtoken.models import Token

    make_area(Level.QPV, "P1", "Projet", status="negotiation")
    user = somebody("analyst", Role.ANALYST)
    good = {"authorization": f"Token {Token.objects.create(user=user).key}"}
    bad = {"authorization": "Token nothing"}
    for address in (
        "/api/layers/drafts/", "/ogc/collections/drafts/items", "/tiles/drafts.json",
        "/tiles/drafts/12/2074/1408.pbf", "/tiles/qpv,drafts/12/2074/1408.pbf",
        "/styles/drafts.json",
    ):  # fmt: skip
        assert Client().get(address).status_code == 404
        assert Client().get(address, headers=good).status_code == 200
        refused = Client().get(address, headers=bad)
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"] == 'Token realm="api"'
        assert refused.headers["Content-Type"] == "application/problem+json"
