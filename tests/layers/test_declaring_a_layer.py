"""One declaration makes a layer; one that could not be served safely is refused at start."""

import pytest

from layers import parameters
from layers.errors import BadDeclaration
from layers.registry import REGISTRY, Attribute, Layer, Registry
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


@pytest.mark.django_db
def test_a_new_declaration_is_found_in_every_outlet(visitor, make_area):
    make_area()
    REGISTRY.register(
        layer(
            rows="""SELECT p.id AS fid, ST_Centroid(p.geom_3857) AS geometry_3857, p.source_id,
                    t.name FROM observatory_perimeter p
                    JOIN observatory_territory t ON t.id = p.territory_id"""
        )
    )
    try:
        listed = {entry["id"]: entry for entry in visitor.get("/tiles").json()["layers"]}
        assert listed["essai"]["count"] == 1
        assert visitor.get("/tiles/essai.json").json()["vector_layers"][0]["id"] == "essai"
        tile = visitor.get(place_of(2.355, 48.885, 12).url("essai"))
        (point,) = features(tile.content, "essai").values()
        assert point["geometry"]["type"] == "Point"
        assert point["properties"] == {"name": "Quartier"}
    finally:
        REGISTRY.unregister("essai")


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
