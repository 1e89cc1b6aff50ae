"""Who belongs to what: departments, communes, contracts, urban units, and the list of quarters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from importers.demonstration import facts, plan
from importers.demonstration.city import CITY
from importers.demonstration.files import to_toml, write_csv, write_text
from importers.demonstration.layers import PARIS, communes_of
from importers.demonstration.manifest import Manifest
from importers.demonstration.naming import town_of
from importers.demonstration.territory import Territory

PARIS_CONTRACT = "CV-PARIS"
CONTRACT_DATES = facts.VALID_2015
EPT_DATES = ("2016-01-01", "")
ALWAYS = ("2007-01-01", "")
UNITS: tuple[dict[str, Any], ...] = (
    {
        "code": plan.BIG_UNIT,
        "name": "Agglomération parisienne (démonstration)",
        # Over five million: the decree's weights are inverted (D1:261).
        "population": 10_500_000,
        "median": facts.URBAN_UNIT_MEDIAN,
        "national_median": facts.NATIONAL_MEDIAN,
    },
    {
        "code": plan.SMALL_UNIT,
        "name": "Fontenelle-en-Brie (démonstration)",
        "population": 14_000,
        "median": facts.URBAN_UNIT_MEDIAN,
        "national_median": facts.NATIONAL_MEDIAN,
    },
)
CONTRACTS = (
    (PARIS_CONTRACT, "Contrat de ville de Paris"),
    ("CV-NORD", "Contrat de ville Plaine et Coteaux (fictif)"),
    ("CV-SUD", "Contrat de ville Deux-Rives Sud (fictif)"),
)
EPTS = (("EPT-NORD", "Plaine et Coteaux (fictif)"), ("EPT-SUD", "Rives du Sud (fictif)"))
DEPARTMENTS = (("75", "Paris"), ("93", "Seine-Saint-Denis"), ("94", "Val-de-Marne"))


def write_registers(territory: Territory, folder: Path, manifest: Manifest) -> None:
    """Write ``territories.toml``, the dated memberships and the planner's list of quarters."""
    path = "territories/territories.toml"
    write_text(folder / path, to_toml(_document()))
    manifest.add(path, "territories", "Territoires et unités urbaines", vintage="2015")
    path = "territories/memberships.csv"
    columns = ["member_level", "member", "group_level", "group", "valid_from", "valid_to"]
    write_csv(folder / path, pd.DataFrame(_memberships(territory), columns=columns))
    manifest.add(path, "memberships", "Appartenances datées", vintage="2015")
    path = "quarters_list/quartiers_2015.csv"
    write_csv(folder / path, _quarters(), ";")
    manifest.add(path, "quarters_list", "Liste des quartiers du contrat", vintage="2011",
                 valid=facts.VALID_2015, generation=2015, act=facts.DECREE_2015)  # fmt: skip


def _document() -> dict[str, Any]:
    communes = [{"code": PARIS, "name": "Paris", "department": "75", "urban_unit": plan.BIG_UNIT,
                 "ept": "", "contract": PARIS_CONTRACT}]  # fmt: skip
    communes += [
        {"code": c.code, "name": c.name, "department": c.code[:2], "urban_unit": c.urban_unit,
         "ept": c.ept, "contract": c.contract}
        for c in plan.COMMUNES
    ]  # fmt: skip
    arrondissements = sorted({s.commune for s in plan.SECTORS if s.commune.startswith(CITY)})
    return {
        "demonstration": True,
        "national_median": facts.NATIONAL_MEDIAN,
        "national_median_source": "11 250 € / 0,6 (contrat de ville de Paris, seuil national)",
        "poverty_line": plan.POVERTY_LINE,
        "poverty_line_source": "60 % d'un niveau de vie médian fictif de 19 500 €",
        "department": _named(DEPARTMENTS),
        "urban_unit": [{**u, "source": "donnée d'entrée, non estimée"} for u in UNITS],
        "ept": _named(EPTS),
        "contract": [{**c, "valid_from": CONTRACT_DATES[0]} for c in _named(CONTRACTS)],
        "commune": communes,
        "arrondissement": [
            {"code": code, "name": town_of(code).name, "commune": PARIS} for code in arrondissements
        ],
    }


def _named(pairs: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
    return [{"code": code, "name": name} for code, name in pairs]


def _memberships(territory: Territory) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for code in [c for c in territory.city.communes if c.startswith(CITY)]:
        rows.append(("arrondissement", code, "commune", PARIS, *ALWAYS))
    rows.append(("commune", PARIS, "department", "75", *ALWAYS))
    rows.append(("commune", PARIS, "urban_unit", plan.BIG_UNIT, *ALWAYS))
    rows.append(("commune", PARIS, "contract", PARIS_CONTRACT, *CONTRACT_DATES))
    for commune in plan.COMMUNES:
        rows += _of_commune(commune)
    for generation, dates in (
        (territory.legal, facts.VALID_2015),
        (territory.second, facts.VALID_2024),
    ):
        for quarter in sorted(generation, key=lambda q: q.code):
            rows += _of_quarter(quarter.code, communes_of(territory, quarter), dates)
    return rows


def _of_commune(commune: plan.Commune) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("commune", commune.code, "department", commune.code[:2], *ALWAYS),
        ("commune", commune.code, "urban_unit", commune.urban_unit, *ALWAYS),
    ]
    if commune.ept:
        rows.append(("commune", commune.code, "ept", commune.ept, *EPT_DATES))
    if commune.contract:
        rows.append(("commune", commune.code, "contract", commune.contract, *CONTRACT_DATES))
    return rows


def _of_quarter(code: str, communes: list[str], dates: tuple[str, str]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    contracts = set()
    for commune in communes:
        in_city = commune.startswith(CITY)
        level = "arrondissement" if in_city else "commune"
        rows.append(("qpv", code, level, commune, *dates))
        if in_city:
            contracts.add(PARIS_CONTRACT)
        else:
            contracts.add(plan.COMMUNE_BY_CODE[commune].contract)
    if contracts == {PARIS_CONTRACT}:
        rows.append(("qpv", code, "commune", PARIS, *dates))
    rows += [("qpv", code, "contract", c, *dates) for c in sorted(contracts - {""})]
    return rows


def _quarters() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "code": q.code,
                "nom": q.name,
                "arrondissements": " ".join(q.communes),
                "population": q.population,
                "revenu_median": q.median,
                "source": facts.INCOME_SOURCE,
            }
            for q in facts.QUARTERS
        ]
    )
