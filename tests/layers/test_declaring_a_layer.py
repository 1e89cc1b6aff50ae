"""One declaration makes a layer; one that could not be served safely is refused at start."""

import pytest
from django.test import Client

from layers import parameters
from layers.declarations import GENERATION
from layers.errors import BadDeclaration
from layers.exports.files import FORMATS
from layers.gate import understood
from layers.registry import REGISTRY, Attribute, Layer, Look, Registry, Step
from observatory.models import AccessRule, Role
from tests.layers.places import features, place_of

ROWS = "SELECT 1 AS fid, NULL::geometry AS geometry_3857, 1 AS source_id"


def layer(**changes):
    plain = {
        "id": "essai",
        "title": "Essai",
        "group": "Essai",
        "geometry": "point",
        "rows": ROWS,
        "tables": ("observatory_perimeter",),
        "attributes": (Attribute("name", "Nom"),),
    }
    return Layer(**(plain | changes))


@pytest.fixture
def declared(make_area):
    """One declaration, and nothing else."""
    make_area()
    made = REGISTRY.register(
        layer(
            rows="""SELECT p.id AS fid, ST_PointOnSurface(p.geom_3857) AS geometry_3857,
                    p.source_id, t.name FROM observatory_perimeter p
                    JOIN observatory_territory t ON t.id = p.territory_id
                    WHERE (%(generation)s::int IS NULL OR t.generation = %(generation)s::int)""",
            tables=("observatory_perimeter", "observatory_territory"),
            parameters=(GENERATION,),
            look=Look(label="name"),
        )
    )
    yield made
    REGISTRY.unregister("essai")


@pytest.mark.django_db
class TestANewDeclarationIsFoundInEveryOutlet:
    def test_in_the_list_and_in_tilejson(self, visitor, declared):
        listed = {entry["id"]: entry for entry in visitor.get("/tiles").json()["layers"]}
        assert listed["essai"]["count"] == 1
        assert listed["essai"]["parameters"][0]["name"] == "generation"
        assert visitor.get("/tiles/essai.json").json()["vector_layers"][0]["id"] == "essai"

    def test_in_tiles_alone_or_with_others_and_in_the_tile_gate(self, visitor, declared):
        place = place_of(2.355, 48.885, 12)
        for names in ("essai", "essai,qpv"):
            tile = visitor.get(place.url(names, "?generation=2015"))
            (point,) = features(tile.content, "essai").values()
            assert point["geometry"]["type"] == "Point"
            assert point["properties"] == {"name": "Quartier"}
        assert features(visitor.get(place.url("essai", "?generation=1999")).content, "essai") == {}
        assert understood(place.url("essai"), "generation=2015")

    def test_as_a_style(self, visitor, declared):
        parts = visitor.get("/styles/essai.json").json()["layers"]
        assert [part["type"] for part in parts] == ["symbol", "symbol"]

    def test_in_the_rest_api(self, visitor, declared):
        assert "essai" in {one["id"] for one in visitor.get("/api/layers/").json()["layers"]}
        (found,) = visitor.get("/api/layers/essai/?generation=2015").json()["features"]
        assert found["properties"] == {"name": "Quartier"}
        assert visitor.get(f"/api/layers/essai/{found['id']}").json()["id"] == found["id"]
        assert visitor.get("/api/layers/essai/?name=Autre").json()["features"] == []

    def test_in_the_ogc_apis(self, visitor, declared):
        assert "essai" in {
            one["id"] for one in visitor.get("/ogc/collections").json()["collections"]
        }
        base = "/ogc/collections/essai"
        assert visitor.get(base).json()["title"] == "Essai"
        assert visitor.get(f"{base}/schema").json()["properties"]["name"]["title"] == "Nom"
        assert visitor.get(f"{base}/items").json()["numberMatched"] == 1
        tileset = visitor.get(f"{base}/tiles/WebMercatorQuad").json()
        assert tileset["layers"][0]["geometryDimension"] == 0
        place = place_of(2.355, 48.885, 12)
        address = f"{base}/tiles/WebMercatorQuad/{place.z}/{place.y}/{place.x}"
        assert features(visitor.get(address).content, "essai")

    @pytest.mark.parametrize("extension", FORMATS)
    def test_as_a_file_of_every_format(self, visitor, declared, extension):
        answer = visitor.get(f"/api/layers/essai/export.{extension}")
        assert answer.status_code == 200
        body = b"".join(answer.streaming_content)
        assert len(body) > 100
        if extension != "xlsx":  # compressed
            assert extension == "csv" or b"Quartier" in body

    def test_under_the_rights_like_any_other(self, declared, rules):
        AccessRule.objects.filter(role=Role.PUBLIC).delete()
        passer_by = Client()
        for address in (
            "/tiles/essai.json", "/tiles/essai/0/0/0.pbf", "/styles/essai.json",
            "/api/layers/essai/", "/api/layers/essai/export.csv", "/ogc/collections/essai",
        ):  # fmt: skip
            assert passer_by.get(address).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "Essai"},
        {"id": "a,b"},
        {"id": "a'b"},
        {"id": ""},
        {"attributes": (Attribute('na"me', "Nom"),)},
        {"attributes": (Attribute("name); --", "Nom"),)},
        {"attributes": (Attribute("name", "Nom"), Attribute("name", "Nom"))},
        {"attributes": (Attribute("fid", "Nom"),)},
        {"attributes": (Attribute("geometry_3857", "Nom"),)},
        {"rows": ROWS + " WHERE 1 = %(unknown)s"},
        {"parameters": (parameters.day("date", "Jour"),)},
        {
            "rows": ROWS + " WHERE 1 = %(v)s",
            "parameters": (parameters.integer("v", 0, 9, "Version"),),
        },
        {"look": Look(label="absent")},
        {"look": Look(shade=("name", "absent"))},
        {"steps": (Step(4, ROWS + " WHERE 1 = ANY(%(reach)s)"),)},
        {
            "rows": ROWS + " WHERE 1 = %(reach)s",
            "parameters": (parameters.integer("reach", 0, 9, "x"),),
        },
        {"minzoom": 12, "maxzoom": 4},
        {"minzoom": -1},
    ],
)
def test_a_declaration_that_could_not_be_served_safely_is_refused(changes):
    with pytest.raises(BadDeclaration):
        layer(**changes)


def test_an_id_is_declared_once():
    registry = Registry()
    registry.register(layer())
    with pytest.raises(BadDeclaration, match="twice"):
        registry.register(layer())


def test_a_parameter_means_the_same_in_every_layer():
    registry = Registry()
    rows = ROWS + " WHERE 1 = %(year)s"
    registry.register(
        layer(id="a", rows=rows, parameters=(parameters.integer("year", 1990, 2100, "Année"),))
    )
    with pytest.raises(BadDeclaration, match="year"):
        registry.register(
            layer(id="b", rows=rows, parameters=(parameters.word("year", "[a-z]+", "Année"),))
        )


def test_every_declared_layer_is_in_words_for_people():
    for declared in REGISTRY:
        assert str(declared.title)
        assert str(declared.group)
        for attribute in declared.attributes:
            assert str(attribute.label)
            assert (attribute.decimals is None) or attribute.kind in ("number", "integer")
