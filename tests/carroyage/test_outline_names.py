"""The planner's list points to streets by name, without any geometry of the quarters."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from carroyage.outline.names import find_places, name_features, stems


def addresses(*streets: tuple[str, str, float]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(streets, columns=["street", "commune", "x"])
    points = gpd.points_from_xy(frame["x"], frame["x"] * 0, crs=2154)
    return gpd.GeoDataFrame(frame, geometry=points)


def listed(name: str, communes: str = "75118", population: int = 3_000, **more: object):  # type: ignore[no-untyped-def]
    return pd.DataFrame(
        {"name": [name], "communes": [communes], "population": [population], **more}
    )


CITY = addresses(
    ("Rue de la Chapelle", "75118", 1.0),
    ("49P1 Rue de la Chapelle", "75118", 2.0),
    ("Avenue de la Porte de la Chapelle", "75118", 3.0),
    ("Avenue de la Chapelle", "75117", 4.0),
    ("Rue Émile Blémont", "75118", 5.0),
    ("Rue Riquet", "75119", 6.0),
    ("Place de la Bataille de Stalingrad", "75119", 7.0),
    ("Avenue de la Porte de Bagnolet", "75120", 8.0),
    ("Boulevard d'Algérie", "75119", 9.0),
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Rue de l'Évangile", {"evangile"}),
        ("103P1 Boulevard Kellermann", {"kellermann"}),
        ("Les Portes du Vingtième", {"porte", "vingtieme"}),
        ("Porte de Saint-Ouen", {"porte", "saint", "ouen"}),
        ("Cité", set()),
    ],
)
def test_names_are_compared_without_accents_small_words_nor_plurals(
    text: str, words: set[str]
) -> None:
    assert stems(text) == words


@pytest.mark.parametrize(
    ("name", "communes", "found"),
    [
        ("La Chapelle", "75118", [1.0, 2.0]),
        ("Porte de la Chapelle", "75118", [3.0]),
        ("La Chapelle", "75117 75118", [1.0, 2.0, 4.0]),
        ("Blémont", "75118", [5.0]),
        ("Stalingrad Riquet", "75119", [6.0, 7.0]),
        ("Les Portes Du Vingtième", "75120", [8.0]),
        ("Algérie", "75119", [9.0]),
        ("Algérie", "75118", []),
    ],
)
def test_a_name_finds_its_streets_in_its_communes_only(
    name: str, communes: str, found: list[float]
) -> None:
    places = find_places(listed(name, communes), CITY, 2154)
    assert sorted(x for p in places for x in p.xy[:, 0]) == found


def test_each_part_of_a_name_is_looked_for_on_its_own() -> None:
    places = find_places(listed("La Chapelle - Blémont"), CITY, 2154)
    assert [p.part for p in places] == ["La Chapelle", "Blémont"]


def test_the_planner_may_name_the_streets() -> None:
    given = listed("Unheard of", streets="rue Riquet; boulevard d'Algérie", communes="75119")
    places = find_places(given, CITY, 2154)
    assert sorted(x for p in places for x in p.xy[:, 0]) == [6.0, 9.0]


def test_near_a_name_is_nearer_in_metres_and_in_inhabitants() -> None:
    places = find_places(listed("Blémont"), CITY, 2154)
    inner = np.column_stack([np.arange(0, 2_000, 100.0), np.zeros(20)])
    found = name_features(inner, np.full(20, 500.0), places, listed("Blémont"))
    assert (np.diff(found["name_distance"]) > 0).all()
    assert (np.diff(found["name_population"]) > 0).all()
    # 3 000 published inhabitants are reached at the sixth piece of 500.
    assert np.exp(found["name_population"][5]) - 0.2 == pytest.approx(1.0)


def test_a_larger_quarter_reaches_further() -> None:
    inner = np.column_stack([np.arange(0, 2_000, 100.0), np.zeros(20)])
    small, large = (
        name_features(
            inner, np.full(20, 500.0), find_places(row, CITY, 2154), row
        )["name_population"]
        for row in (listed("Blémont", population=1_000), listed("Blémont", population=9_000))
    )  # fmt: skip
    assert (large < small).all()


def test_names_nobody_carries_say_nothing() -> None:
    row = listed("Unheard of")
    assert name_features(np.zeros((3, 2)), np.ones(3), find_places(row, CITY, 2154), row) == {}
