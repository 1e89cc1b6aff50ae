"""The list of layers and TileJSON tell the page and other programs all they need."""

import re

import pytest

from carroyage.models import MEASURES
from layers.measures import MEANINGS
from layers.registry import REGISTRY
from observatory.models import Source
from tests.layers.places import commit_now, features, place_of, square

pytestmark = pytest.mark.django_db

PROMISED = ("cells", "zones", "qpv", "qva", "cucs", "arrondissements", "communes", "iris")


def listed(client):
    return {layer["id"]: layer for layer in client.get("/tiles").json()["layers"]}


def test_every_promised_layer_is_listed_even_with_no_data_loaded(visitor, rules):
    layers = listed(visitor)
    figures = {f"figures_{place}" for place in ("qpv", "arrondissements", "communes")}
    assert {*PROMISED, "admin_quarters", "facilities", *figures} == set(layers)
    for layer in layers.values():
        assert layer["count"] == 0
        assert layer["bounds"] is None
        assert layer["source"] is None
        assert layer["demonstration"] is False
        assert layer["title"]
        assert layer["geometry"] in ("polygon", "line", "point")
        assert visitor.get(layer["tilejson"]).status_code == 200


def test_a_loaded_layer_tells_its_count_its_bounds_and_its_source(visitor, make_area):
    make_area(shape=square(2.3, 48.8, 0.1))
    make_area(code="QP075002", shape=square(2.5, 48.9, 0.1))
    quarter = listed(visitor)["qpv"]
    assert quarter["count"] == 2
    assert quarter["bounds"] == pytest.approx([2.3, 48.8, 2.6, 49.0], abs=1e-5)
    assert quarter["source"] == {
        "title": "Essai",
        "producer": "INSEE",
        "vintage": "2021",
        "licence": "Licence Ouverte",
        "url": "",
    }


def test_counts_follow_each_load(visitor, make_area):
    assert listed(visitor)["qpv"]["count"] == 0
    make_area()
    assert listed(visitor)["qpv"]["count"] == 1
    make_area(code="QP075002")
    assert listed(visitor)["qpv"]["count"] == 2


def test_the_list_tells_where_the_tiles_are_as_tilejson_does(visitor, make_area, make_grid):
    make_area()
    make_grid()
    for layer in listed(visitor).values():
        (template,) = visitor.get(layer["tilejson"]).json()["tiles"]
        assert template == f"http://testserver{layer['tiles']}"
    tile = place_of(2.3, 48.8, 12)
    address = listed(visitor)["qpv"]["tiles"].format(z=tile.z, x=tile.x, y=tile.y)
    assert "immutable" in visitor.get(address).headers["Cache-Control"]


def test_the_list_reads_the_journal_of_its_data_once(
    visitor, make_area, django_assert_max_num_queries
):
    make_area()
    assert len(listed(visitor)) > 10
    with django_assert_max_num_queries(5):
        visitor.get("/tiles")


def test_a_corrected_source_shows_at_once(visitor, make_area, source):
    make_area()
    assert listed(visitor)["qpv"]["source"]["title"] == "Essai"
    Source.objects.filter(pk=source.pk).update(title="Corrigé")
    assert listed(visitor)["qpv"]["source"]["title"] == "Corrigé"


def test_a_demonstration_is_labelled_wherever_it_is_listed(visitor, make_grid, make_area):
    made_up = Source.objects.create(
        code="demo", title="Démo", producer="Projet", is_demonstration=True
    )
    make_grid(2, 2, of=made_up)
    make_area()
    layers = listed(visitor)
    assert layers["cells"]["demonstration"] is True
    assert layers["qpv"]["demonstration"] is False


def test_the_layer_of_two_producers_quotes_both_the_greater_first(visitor, make_area):
    other = Source.objects.create(code="b", title="B", producer="Ville <de> Paris")
    make_area(code="QP075001")
    make_area(code="QP075002")
    third = make_area(code="QP075003")
    third.source = other
    third.save()
    layer = listed(visitor)["qpv"]
    assert [source["title"] for source in layer["sources"]] == ["Essai", "B"]
    assert layer["source"]["title"] == "Essai"
    attribution = visitor.get("/tiles/qpv.json").json()["attribution"]
    assert "INSEE" in attribution
    assert "Ville &lt;de&gt; Paris" in attribution


def test_the_grid_is_listed_with_the_producers_warnings_and_own_column_names(visitor, rules):
    cells = listed(visitor)["cells"]
    assert len(cells["cautions"]) == 4
    names = [attribute["name"] for attribute in cells["attributes"]]
    assert names[0] == "id"
    assert set(MEASURES) | {"i_est_200", "i_est_1km"} < set(names)


def test_every_stored_measure_has_a_meaning_and_no_other():
    assert set(MEANINGS) == set(MEASURES)


def test_what_the_list_promises_is_what_the_tile_holds(visitor, make_grid):
    make_grid(2, 2, **dict.fromkeys(MEASURES, 12.0), i_est_200=0, i_est_1km=0)
    commit_now()
    promised = {attribute["name"] for attribute in listed(visitor)["cells"]["attributes"]}
    seen = set()
    for zoom in (8, 13):
        tile = visitor.get(place_of(2.334, 48.888, zoom).url("cells"))
        for feature in features(tile.content, "cells").values():
            seen |= set(feature["properties"])
    assert seen == promised


def test_labels_are_in_french_unless_english_was_chosen(visitor, rules):
    assert listed(visitor)["cells"]["title"] == "Carreaux de 200 m"
    visitor.cookies["django_language"] = "en"
    assert listed(visitor)["cells"]["title"] == "200 m cells"
    answer = visitor.get("/tiles")
    assert "Cookie" in answer.headers["Vary"]


def test_tilejson_follows_its_third_version(visitor, make_area):
    make_area()
    said = visitor.get("/tiles/qpv.json").json()
    assert said["tilejson"] == "3.0.0"
    assert said["scheme"] == "xyz"
    assert 0 <= said["minzoom"] <= said["maxzoom"] <= 30
    west, south, east, north = said["bounds"]
    assert -180 <= west < east <= 180
    assert -90 <= south < north <= 90
    (layer,) = said["vector_layers"]
    assert layer["id"] == "qpv"
    assert layer["fields"]["population"] == "Population (habitants)"
    (template,) = said["tiles"]
    assert template.startswith("http://testserver/tiles/qpv/{z}/{x}/{y}.pbf?v=")


def test_tilejson_of_an_empty_layer_promises_no_bounds(visitor, rules):
    assert "bounds" not in visitor.get("/tiles/qpv.json").json()


def test_tilejson_of_several_layers_describes_each(visitor, make_area, make_grid):
    make_area()
    make_grid()
    said = visitor.get("/tiles/cells,qpv.json").json()
    assert [layer["id"] for layer in said["vector_layers"]] == ["cells", "qpv"]
    assert said["minzoom"] == 0
    assert "/tiles/cells,qpv/{z}/{x}/{y}.pbf" in said["tiles"][0]


def test_tilejson_refuses_parameters_as_tiles_do(visitor, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert visitor.get("/tiles/qpv.json?generation=x").status_code == 400


def test_every_word_of_every_layer_exists_in_english():
    from django.utils.translation import override

    with override("en"):
        texts = [
            str(text)
            for layer in REGISTRY
            for text in (layer.title, layer.description, layer.group, *layer.cautions)
        ] + [str(attribute.label) for layer in REGISTRY for attribute in layer.attributes]
    french = re.compile(r"[éèêàçùô]|\b(le|la|les|des|du|de)\b", re.IGNORECASE)
    assert [text for text in texts if french.search(text)] == []
