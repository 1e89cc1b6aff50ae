"""`grid check` tells what is wrong with a published grid, and stays silent on a sound one."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from carroyage.check import Finding, check_grid, findings_as_dicts
from carroyage.gridding import grid_households
from carroyage.secrecy import publish_cells
from tests.carroyage.makers import EAST, NORTH, make_households


def published(seed: int = 0, n: int = 4_000, width: int = 15) -> pd.DataFrame:
    raw = grid_households(make_households(n, seed, width), poverty_line=13_890.0).cells
    return publish_cells(raw).cells


@pytest.fixture(scope="module")
def sound() -> pd.DataFrame:
    return published()


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def changed(cells: pd.DataFrame, row: int, **values: object) -> pd.DataFrame:
    out = cells.copy()
    for name, value in values.items():
        out[name] = out[name].astype(object if isinstance(value, str) else "Float64")
        out.iloc[row, out.columns.get_loc(name)] = value
    return out


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 9_999), st.sampled_from([300, 1_500]), st.sampled_from([4, 20]))
def test_what_the_product_publishes_has_nothing_wrong(seed: int, n: int, width: int) -> None:
    assert [str(finding) for finding in check_grid(published(seed, n, width))] == []


@pytest.mark.parametrize(
    ("change", "code", "severity"),
    [
        ({"men_pauv": -1.0}, "negative", "error"),
        ({"men_prop": 5_000.0}, "share", "error"),
        ({"ind_80p": 900.0}, "breakdown", "warning"),
        ({"ind_snv": 1e9}, "income", "error"),
        ({"ind_snv": 10.0}, "income", "error"),
        ({"men_surf": np.nan}, "gaps", "warning"),
        ({"idcar_1km": "CRS3035RES1000mN1000000E3000000"}, "levels", "error"),
        ({"idcar_nat": "nonsense"}, "levels", "error"),
    ],
)
def test_one_wrong_value_is_found(
    sound: pd.DataFrame, change: dict[str, object], code: str, severity: str
) -> None:
    found = [f for f in check_grid(changed(sound, 3, **change)) if f.code == code]
    assert found
    assert found[0].severity == severity


def test_a_group_whose_values_disagree_is_found(sound: pd.DataFrame) -> None:
    row = int(np.flatnonzero(sound["i_est_200"] == 1)[0])
    wrong = changed(sound, row, ind_snv=float(sound["ind_snv"].iloc[row]) * 2)
    assert "groups" in codes(check_grid(wrong))


def test_a_bare_cell_of_1_to_10_households_is_an_error() -> None:
    cells = published().assign(i_est_200=0)
    told = next(f for f in check_grid(cells) if f.code == "secrecy")
    assert told.severity == "error"
    assert told.cells > 0
    assert told.examples[0].startswith("CRS3035RES200m")


def test_more_than_80_percent_of_poor_households_is_told(sound: pd.DataFrame) -> None:
    row = int(np.argmax(sound["men"].to_numpy()))
    wrong = changed(sound, row, men_pauv=float(sound["men"].iloc[row]) * 0.9)
    assert "cap" in codes(check_grid(wrong))


def test_fewer_persons_than_households_is_told(sound: pd.DataFrame) -> None:
    assert "persons" in codes(check_grid(changed(sound, 0, men=9_999.0)))


def test_a_cell_given_twice_is_found(sound: pd.DataFrame) -> None:
    assert "duplicates" in codes(check_grid(pd.concat([sound, sound.iloc[:2]])))


def test_unreadable_ids_stop_the_check_with_what_to_do(sound: pd.DataFrame) -> None:
    wrong = sound.rename(index={sound.index[0]: "cell one"})
    (told,) = check_grid(wrong)
    assert (told.code, told.severity) == ("ids", "error")
    assert "CRS3035RES200mN2893400E3763200" in told.message


def test_missing_columns_and_flags_are_named(sound: pd.DataFrame) -> None:
    told = {f.code: f for f in check_grid(sound.drop(columns=["log_soc", "groupe"]))}
    assert "log_soc" in told["columns"].message
    assert "groupe" in told["flags"].message
    assert told["columns"].severity == "warning"
    assert check_grid(sound.drop(columns="ind"))[0].severity == "error"


def test_errors_come_first(sound: pd.DataFrame) -> None:
    wrong = changed(changed(sound, 2, men_surf=np.nan), 3, men_pauv=-4.0)
    severities = [finding.severity for finding in check_grid(wrong)]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)


def test_missing_border_cells_and_foreign_cells_are_counted(sound: pd.DataFrame) -> None:
    territory = gpd.GeoSeries(
        [shapely.box(EAST + 300, NORTH + 300, EAST + 2_100, NORTH + 2_100)], crs=3035
    )
    told = {f.code: f for f in check_grid(sound, territory)}
    assert told["foreign"].cells > 0
    assert "border" not in told
    ring = sound.index.str.contains(f"N{NORTH + 200}E")
    assert {f.code: f for f in check_grid(sound[~ring], territory)}["border"].cells > 0


def test_an_empty_file_is_an_error(sound: pd.DataFrame) -> None:
    assert "empty" in codes(check_grid(sound.iloc[:0]))


def test_findings_can_be_read_by_people_and_programs(sound: pd.DataFrame) -> None:
    found = check_grid(changed(sound, 3, men_pauv=-1.0))
    assert "negative men_pauv" in str(found[0])
    assert sound.index[3] in str(found[0])
    assert findings_as_dicts(found)[0]["code"] == "negative"


@pytest.mark.real_data
def test_the_real_grid_lacks_its_border_and_its_flags(real_data: Path) -> None:
    cells = pd.read_csv(real_data / "grid/carreaux_200m_paris_2021.csv", index_col="idcar_200m")
    territory = gpd.read_file(real_data / "boundaries/paris_arrondissements.geojson")
    told = {finding.code: finding for finding in check_grid(cells, territory)}
    assert "flags" in told
    assert told["border"].cells > 200
    assert told["foreign"].cells == 103
    assert not any(finding.severity == "error" for finding in told.values())
