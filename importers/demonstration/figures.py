"""Yearly figures of every place, worked out from the territory's own households.

The figures of 2021 are those of the households; earlier years follow invented slopes. Shares
have their numerator and denominator, and the city's are the sums of its arrondissements'.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from importers.demonstration import plan
from importers.demonstration.city import CITY
from importers.demonstration.engagements import contract_figures
from importers.demonstration.files import write_csv
from importers.demonstration.incomes import consumption_units, weighted_median
from importers.demonstration.layers import PARIS
from importers.demonstration.manifest import Manifest
from importers.demonstration.people import AGE_COLUMNS
from importers.demonstration.perimeters import Perimeter
from importers.demonstration.territory import Territory

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

YEARS = range(2015, 2022)
VINTAGE = "2021"
OUTLINES_2024 = "2024-01-01"
# Share of school children in priority education: in a quarter, poor elsewhere, others.
IN_NETWORK = (0.82, 0.30, 0.05)
# Share of persons of 18 to 64 registered as jobseekers: in a poor household, in another.
REGISTERED = (0.21, 0.075)
# Change a year of each share, relative to 2021, and how far places differ.
SLOPES = {
    "poverty-rate": 0.006, "demo-jobseekers": -0.012, "demo-under-25": -0.004,
    "demo-single-parents": 0.008, "demo-social-housing": 0.010, "demo-rep-pupils": 0.003,
}  # fmt: skip
GROWTH, INCOME_GROWTH, SPREAD = 0.002, 0.013, 0.005
BREAK_CODE, BREAK_YEAR, BEFORE_BREAK = "demo-jobseekers", 2018, 0.87
BREAK_REASON = "les inscrits en formation sont comptés à partir de cette année (fictif)"

ENTRIES: tuple[tuple[str, str, str, str, str, str, str], ...] = (
    ("demo-jobseekers", "Demandeurs d’emploi parmi les 18-64 ans", "demandeurs d’emploi inscrits",
     "habitants de 18 à 64 ans", "lower", "residence", "emploi"),
    ("demo-under-25", "Part des moins de 25 ans", "habitants de moins de 25 ans", "habitants",
     "neutral", "residence", "population"),
    ("demo-single-parents", "Part des familles monoparentales", "ménages monoparentaux",
     "ménages", "lower", "residence", "population"),
    ("demo-social-housing", "Part des ménages logés en parc social", "ménages locataires d’un "
     "logement social", "ménages", "neutral", "residence", "logement"),
    ("demo-rep-pupils", "Part des écoliers en éducation prioritaire", "écoliers en REP ou REP+",
     "habitants de 6 à 10 ans", "neutral", "residence", "éducation"),
)  # fmt: skip
# What is missing, by quarter of 2015 (and by the one of 2024 that comes from it).
WITHHELD = {("demo-single-parents", "QP075017", 2021)}
MISSING = {
    ("median-income", "QP075006", 2021), ("demo-rep-pupils", "QP075018", 2019),
    ("demo-rep-pupils", "QP075009", 2019), ("demo-social-housing", "QP075017", 2015),
}  # fmt: skip


def write_figures(
    territory: Territory, folder: Path, manifest: Manifest, rng: np.random.Generator
) -> None:
    """Write the dictionary of what the product does not deliver, and the figures."""
    path = "figures/dictionnaire.csv"
    write_csv(folder / path, _dictionary(), ";")
    manifest.add(path, "dictionary", "Dictionnaire d’indicateurs (fictif)", vintage=VINTAGE,
                 sharing="public")  # fmt: skip
    path = "figures/indicateurs.csv"
    table = pd.DataFrame([*_figures(territory, rng), *contract_figures()], dtype=object)
    write_csv(folder / path, table.fillna(""), ";")
    manifest.add(path, "indicators", "Indicateurs annuels (fictifs)", vintage=VINTAGE,
                 sharing="public")  # fmt: skip


def _dictionary() -> pd.DataFrame:
    names = ["code", "label", "numerator", "denominator", "polarity", "spatial_rule", "theme"]
    table = pd.DataFrame(ENTRIES, columns=names).assign(
        definition="Indicateur de la démonstration : ses valeurs sont fictives",
        kind="context", nature="share", unit="%", level="qpv", periodicity="annuelle", decimals=1,
    )  # fmt: skip
    broken = table["code"] == BREAK_CODE
    return table.assign(
        break_year=np.where(broken, str(BREAK_YEAR), ""),
        break_reason=np.where(broken, BREAK_REASON, ""),
    )


# -- the state of 2021 ---------------------------------------------------------------------


def _counts(territory: Territory) -> pd.DataFrame:
    """Numerators and denominators of each household, persons or households."""
    homes = territory.households
    units = consumption_units(homes)
    persons = homes["persons"].to_numpy(np.float64)
    poor = homes["disposable_income"].to_numpy(np.float64) / units < plan.POVERTY_LINE
    ages = {name: homes[name].to_numpy(np.float64) for name in AGE_COLUMNS}
    adults = _added(ages, "18_24", "25_39", "40_54", "55_64")
    young = _added(ages, "0_3", "4_5", "6_10", "11_17", "18_24")
    network = np.where(
        territory.quarter >= 0, IN_NETWORK[0], np.where(poor, IN_NETWORK[1], IN_NETWORK[2])
    )
    return pd.DataFrame(
        {
            "persons": persons,
            "households": np.ones(len(homes)),
            "adults": adults,
            "pupils": ages["ind_6_10"],
            "poverty-rate": persons * poor,
            "demo-jobseekers": adults * np.where(poor, REGISTERED[0], REGISTERED[1]),
            "demo-under-25": young,
            "demo-single-parents": homes["single_parent"].to_numpy(np.float64),
            "demo-social-housing": (homes["tenure"] == "social").to_numpy(np.float64),
            "demo-rep-pupils": ages["ind_6_10"] * network,
        }
    )


def _added(ages: dict[str, Floats], *bands: str) -> Floats:
    """Persons of several bands of age, household by household."""
    return np.sum([ages[f"ind_{band}"] for band in bands], axis=0, dtype=np.float64)


UNDER = {
    "poverty-rate": "persons", "demo-jobseekers": "adults", "demo-under-25": "persons",
    "demo-single-parents": "households", "demo-social-housing": "households",
    "demo-rep-pupils": "pupils",
}  # fmt: skip


def _places(territory: Territory) -> Iterator[tuple[str, str, Ints]]:
    """Level and code of each place that has households of its own, with their numbers."""
    block = territory.addresses["block"].to_numpy()[territory.door]
    commune = territory.city.commune[block]
    for code in territory.city.communes:
        level = "arrondissement" if code.startswith(CITY) else "commune"
        yield level, code, np.flatnonzero(commune == code)
    for number, quarter in enumerate(territory.legal):
        yield "qpv", quarter.code, np.flatnonzero(territory.quarter == number)
    for quarter in territory.second:
        yield "qpv", quarter.code, np.flatnonzero(_inside(quarter, territory)[block])


def _inside(quarter: Perimeter, territory: Territory) -> npt.NDArray[np.bool_]:
    inside = np.zeros(len(territory.city.shapes), bool)
    inside[list(quarter.blocks)] = True
    return inside


# -- year by year --------------------------------------------------------------------------


def _figures(territory: Territory, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    counts = _counts(territory)
    income = territory.households["declared_income"].to_numpy(np.float64)
    income = income / consumption_units(territory.households)
    persons = counts["persons"].to_numpy(np.int64)
    city: dict[int, pd.Series] = {}
    for level, code, own in _places(territory):
        years = _years(counts.iloc[own].sum(), rng)
        median = weighted_median(income[own], persons[own])
        yield from _of_place(territory, level, code, years, median)
        if level == "arrondissement":
            city = {year: row.add(city.get(year, 0.0)) for year, row in years.items()}
    inside = np.flatnonzero(np.char.startswith(territory.households["commune"].to_numpy(str), CITY))
    median = weighted_median(income[inside], persons[inside])
    yield from _of_place(territory, "commune", PARIS, city, median)


def _years(now: pd.Series, rng: np.random.Generator) -> dict[int, pd.Series]:
    """Whole counts of a place in every year; the last year is the households' own."""
    growth = rng.normal(GROWTH, SPREAD / 2)
    slopes = {code: rng.normal(slope, SPREAD) for code, slope in SLOPES.items()}
    found = {}
    for year in YEARS:
        back = YEARS[-1] - year
        counts = now / (1 + growth) ** back
        for code, slope in slopes.items():
            counts[code] *= 1 - slope * back
        if year < BREAK_YEAR:
            counts[BREAK_CODE] *= BEFORE_BREAK
        counts = np.rint(counts)
        for code, under in UNDER.items():
            counts[code] = min(counts[code], counts[under])
        found[year] = counts
    return found


def _of_place(
    territory: Territory, level: str, code: str, years: dict[int, pd.Series], median: float
) -> Iterator[dict[str, Any]]:
    origin = territory.origins.get(code, code)
    second = code in territory.origins
    for year, counts in years.items():
        figures: dict[str, dict[str, Any]] = {
            "population": {"value": int(counts["persons"])},
            "median-income": {
                "value": int(round(median / (1 + INCOME_GROWTH) ** (YEARS[-1] - year), -1))
            },
        }
        for name, under in UNDER.items():
            top, whole = int(counts[name]), int(counts[under])
            share = round(100 * top / whole, 1)
            figures[name] = {"value": share, "numerator": top, "denominator": whole}
        for name, told in figures.items():
            yield {
                "indicateur": name, "niveau": level, "territoire": code, "annee": year,
                "champ": "whole", "valeur": told["value"],
                "numerateur": told.get("numerator", ""),
                "denominateur": told.get("denominator", ""), "statut": "",
                "contour": OUTLINES_2024 if second else "", "note": "",
            } | _absent(name, origin, year)  # fmt: skip


def _absent(name: str, quarter: str, year: int) -> dict[str, Any]:
    """What replaces a figure that is withheld or was never received."""
    nothing = {"valeur": "", "numerateur": "", "denominateur": ""}
    if (name, quarter, year) in WITHHELD:
        return {**nothing, "statut": "withheld", "note": "secret statistique (fictif)"}
    if (name, quarter, year) in MISSING:
        return {**nothing, "statut": "not_available", "note": "non transmis (fictif)"}
    return {}
