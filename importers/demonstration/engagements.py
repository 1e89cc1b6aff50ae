"""The contract's framework, its follow-up and its money: all invented, in the importers' tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from importers.demonstration.files import write_csv
from importers.demonstration.manifest import Manifest
from importers.demonstration.registers import PARIS_CONTRACT
from importers.demonstration.territory import Territory

# The importer names a framework after its file, and its indicators after the framework.
FRAMEWORK = "demonstration-referentiel"
FIRST_YEAR, SHEETS_YEAR = 2016, 2021
CITY_HALL, STATE, HEALTH = "Ville de Paris", "Préfecture de Paris", "ARS Île-de-France"


@dataclass(frozen=True)
class Promise:
    """One indicator of the framework, its target's wording and its figures since 2016."""

    key: str
    label: str
    nature: str
    unit: str
    target: str
    values: tuple[float, ...] = ()


@dataclass(frozen=True)
class Action:
    """One action with who leads it and what it promises."""

    key: str
    label: str
    actor: str
    promises: tuple[Promise, ...]


@dataclass(frozen=True)
class Theme:
    """One theme: its objectives, each with its actions."""

    key: str
    label: str
    objectives: tuple[tuple[str, tuple[Action, ...]], ...]


THEMES = (
    Theme("cohesion", "Cohésion sociale", (
        ("Accompagner la réussite scolaire", (
            Action("scolarite", "Accompagnement à la scolarité", CITY_HALL, (
                Promise("eleves", "Part d’élèves accompagnés parmi les élèves repérés", "share",
                        "%", "au moins 60 % d'ici 2020", (48, 52, 55, 58, 61, 63)),
                Promise("clubs", "Nombre d’enfants inscrits dans un club de lecture", "count",
                        "enfants", "au moins 1 200 d'ici 2019",
                        (950, 1010, 1080, 1100, 1040, 1130)),
            )),
        )),
        ("Rapprocher les habitants des soins", (
            Action("sante", "Ateliers santé et médiation", HEALTH, (
                Promise("medecin", "Part d’adultes sans médecin traitant", "share", "%",
                        "au plus 8 % d'ici 2028", (14, 13.5, 13, 12.2, 11.6, 11)),
            )),
        )),
    )),
    Theme("emploi", "Emploi et développement économique", (
        ("Faciliter l’accès à l’emploi", (
            Action("contrats", "Contrats aidés et clauses sociales", STATE, (
                Promise("signataires", "Part des signataires habitant un quartier", "share", "%",
                        "au moins 25 % d'ici 2022", (18, 19.2, 20.5, 22, 21.4, 23.1)),
            )),
            Action("stages", "Stages et parrainage", STATE, (
                Promise("stages", "Nombre de stages de troisième proposés", "count", "stages",
                        "au moins 900 d'ici 2028", (500, 540, 590, 640, 600, 700)),
            )),
        )),
        ("Soutenir la création d’entreprise", (
            Action("creation", "Accompagnement des créateurs", CITY_HALL, (
                Promise("createurs", "Nombre de créateurs accompagnés", "count", "personnes",
                        "au moins 400 d'ici 2020", (310, 335, 362, 401, 415, 430)),
            )),
        )),
    )),
    Theme("cadre", "Cadre de vie", (
        ("Améliorer le logement et l’espace public", (
            Action("rehabilitation", "Réhabilitation du parc social", "Bailleurs sociaux", (
                Promise("logements", "Part de logements réhabilités", "share", "%",
                        "au moins 70 % d'ici 2020"),
            )),
            Action("proprete", "Propreté et jardins", CITY_HALL, (
                Promise("encombrants", "Délai moyen d’enlèvement des encombrants", "mean", "jours",
                        "au plus 2 jours d'ici 2020", (5, 4.2, 3.4, 2.6, 2, 1.8)),
                Promise("jardins", "Nombre de jardins partagés ouverts", "count", "jardins",
                        "objectif à définir"),
            )),
        )),
    )),
)  # fmt: skip


def write_engagements(
    territory: Territory, folder: Path, manifest: Manifest, rng: np.random.Generator
) -> None:
    """Write the framework with its targets, the follow-up sheets and the funding lines."""
    for path, kind, title, rows in (
        ("contract/referentiel.csv", "framework", "Référentiel de suivi du contrat (fictif)",
         _tree()),
        ("contract/fiches.csv", "sheets", "Fiches de suivi (fictives)", _sheets()),
        ("contract/enonces.csv", "statements", "Chiffres imprimés au rapport (fictifs)",
         _statements()),
        ("contract/subventions.csv", "funding", "Subventions (fictives)", _money(territory, rng)),
    ):  # fmt: skip
        write_csv(folder / path, pd.DataFrame(list(rows), dtype=object).fillna(""), ";")
        manifest.add(path, kind, title, vintage=str(SHEETS_YEAR), sharing="public",
                     contract=PARIS_CONTRACT)  # fmt: skip


def _actions() -> Iterator[tuple[Theme, str, str, Action]]:
    for theme in THEMES:
        for number, (objective, actions) in enumerate(theme.objectives, 1):
            for action in actions:
                yield theme, f"{theme.key}-{number}", objective, action


def _tree() -> Iterator[dict[str, str]]:
    told: set[str] = set()
    for theme, key, objective, action in _actions():
        for row in (
            {"key": theme.key, "parent": "", "kind": "theme", "label": theme.label},
            {"key": key, "parent": theme.key, "kind": "objective", "label": objective},
            {"key": action.key, "parent": key, "kind": "action", "label": action.label,
             "actors": action.actor},
        ):  # fmt: skip
            if row["key"] not in told:
                told.add(row["key"])
                yield row
        for one in action.promises:
            yield {
                "key": f"i-{one.key}", "parent": action.key, "kind": "indicator",
                "label": one.label, "indicator_kind": "result", "nature": one.nature,
                "unit": one.unit, "spatial_rule": "none", "target": one.target,
            }  # fmt: skip


def contract_figures() -> Iterator[dict[str, Any]]:
    """Rows of the figures' template: the follow-up of each promise, at the contract's level."""
    for _theme, _key, _objective, action in _actions():
        for one in action.promises:
            for year, value in enumerate(one.values, FIRST_YEAR):
                yield {
                    "indicateur": f"{FRAMEWORK}-i-{one.key}", "niveau": "contract",
                    "territoire": PARIS_CONTRACT, "annee": year, "champ": "whole",
                    "valeur": value,
                }  # fmt: skip


def _sheets() -> Iterator[dict[str, Any]]:
    for theme, _key, objective, action in _actions():
        for order, one in enumerate(action.promises, 1):
            aim = "".join(c for c in one.target.split(" d'ici")[0] if c.isdigit())
            known = bool(one.values)
            yield {
                "code": f"demo-{SHEETS_YEAR}-{action.key}", "year": SHEETS_YEAR,
                "title": action.label, "theme": theme.label, "objective": objective,
                "organisation": action.actor, "action": f"{FRAMEWORK}:{action.key}",
                "due_on": f"{SHEETS_YEAR + 1}-03-01", "order": order, "label": one.label,
                "unit": one.unit, "previous": one.values[-2] if known else "",
                "target": aim if known else "", "result": one.values[-1] if known else "",
                "formula": "result_over_target" if known and "moins" in one.target else "",
                "declared": DECLARED.get(one.key, ""),
                "declared_unit": "%" if one.key in DECLARED else "",
                "analysis": "Fiche fictive de la démonstration.",
                "alerts": "" if known else "Donnée non transmise (fictif).",
            }  # fmt: skip


# The rates that the actors tell; one is not what its own result and target give, as in life.
DECLARED = {"eleves": 105, "clubs": 94, "signataires": 95, "stages": 78, "createurs": 108}


def _statements() -> Iterator[dict[str, Any]]:
    """What the invented report prints, and what should give it: one rate and one sum are wrong."""
    for key, label, printed, unit, formula, operands in (
        ("signataires", "Taux de réalisation des contrats aidés", 95, "%", "percent", "23.1 25"),
        ("stages", "Stages proposés en deux ans", 1300, "stages", "sum", "600 700"),
        (
            "createurs",
            "Créateurs accompagnés en trois ans",
            1264,
            "personnes",
            "sum",
            "401 415 430",
        ),
        ("eleves", "Taux de réalisation de l’accompagnement", 105, "%", "percent", "63 60"),
    ):
        yield {
            "key": key, "label": f"{label} (fictif)", "printed": printed, "decimals": 0,
            "unit": unit, "formula": formula, "operands": operands, "line": "", "remark": "",
        }  # fmt: skip


FUNDERS = ((STATE, "specific"), (CITY_HALL, "specific"), ("CAF de Paris", "common"))
TITLES = (
    "Ateliers d’éveil et lecture", "Permanences d’accès aux droits", "Chantiers éducatifs",
    "Sport et vacances de proximité", "Fête de quartier et jardins", "Cours de français",
)  # fmt: skip
MONEY_2015, MONEY_2024 = range(2015, 2022), range(2024, 2026)
EUROS = 9.0  # a year and inhabitant, about, as the amounts of one funder
MOST_PROJECTS, PER_PROJECT = 12, 4_500


def _money(territory: Territory, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    block = territory.addresses["block"].to_numpy()[territory.door]
    persons = np.bincount(
        block, territory.households["persons"], minlength=len(territory.city.shapes)
    )
    for years, quarters in ((MONEY_2015, territory.legal), (MONEY_2024, territory.second)):
        for year in years:
            for quarter in sorted(quarters, key=lambda one: one.code):
                people = float(persons[list(quarter.blocks)].sum())
                yield _line(quarter.code, year, people, rng)
            pair = [one.code for one in sorted(quarters, key=lambda one: one.code)[:3]]
            yield _shared(f"multi-{year}", year, "qpv", "; ".join(pair), "multi_site")
            yield _shared(f"contrat-{year}", year, "contract", PARIS_CONTRACT, "wider")


def _line(code: str, year: int, people: float, rng: np.random.Generator) -> dict[str, Any]:
    funder, credit = FUNDERS[int(rng.integers(len(FUNDERS)))]
    amount = max(2_000, int(round(people * EUROS * rng.uniform(0.6, 1.4), -2)))
    return {
        "key": f"{code}-{year}", "title": TITLES[int(rng.integers(len(TITLES)))] + " (fictif)",
        "funder": funder, "year": year, "amount": amount, "level": "qpv", "territory": code,
        "credit": credit, "reach": "zone",
        "projects": min(MOST_PROJECTS, 1 + amount // PER_PROJECT),
    }  # fmt: skip


def _shared(key: str, year: int, level: str, territory: str, reach: str) -> dict[str, Any]:
    return {
        "key": key, "title": "Ingénierie et actions sur plusieurs sites (fictif)",
        "funder": STATE, "year": year, "amount": 120_000 if level == "contract" else 36_000,
        "level": level, "territory": territory, "credit": "specific", "reach": reach,
        "projects": 3,
    }  # fmt: skip
