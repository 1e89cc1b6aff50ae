"""``observatory indicators ACTION``: figures listed, compared, classed, shared out, checked."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
from django.core.management.base import CommandParser

from carroyage.management.inhabitants import people_of_ages
from importers.interpolated import METHODS, Wanted, interpolate
from observatory.commands import Command as BaseCommand
from observatory.errors import ObservatoryError
from observatory.figures import classes, tell
from observatory.figures.errors import BadParameter
from observatory.figures.facilities import (
    NEAR,
    Asked,
    by_quarter,
    coverage,
    densities,
    serving,
)
from observatory.figures.statements import check_all
from observatory.models import Level, Typology

HELP = """\
  list                              the dictionary, with years, figures and what is missing
  show CODE --territory QP075011    one indicator and its figures, each with its source
  compare CODE YEAR QP075           quarters against a city, all quarters, the nation's ranks
  percentiles CODE QP075            national percentile of quarters, year by year
  evolution CODE 2012 2019 QP075    change between two years, never across a series break
  classes CODE,CODE YEAR            class the quarters of the latest generation that has such
                                    figures, most precarious first, and keep it
  again NUMBER                      make a stored classification again: is it the same?
  behind CODE,CODE 2012 2019        quarters that lose ground against the others
  interpolate CODE YEAR             share a figure of IRIS or communes out to quarters
  coverage library QP075            facilities in and near, quarters that have one
  errors                            printed figures that disagree with their own parts

QP075 stands for the start of the quarters' codes, or the code of a contract, city or EPT.
"""


class Command(BaseCommand):
    """Tell of figures, or work new ones out."""

    help = "Figures: list, show, compare, class, interpolate, check."
    user_errors = (ObservatoryError,)

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the actions."""
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = HELP
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        for name, (_, declare) in ACTIONS.items():
            action = actions.add_parser(name)
            action.add_argument("--json", action="store_true", help="print one JSON object")
            declare(action)

    def run(self, options: dict[str, Any]) -> Any:
        """Do what was asked."""
        return ACTIONS[options["action"]][0](options)


# -- what each action takes ----------------------------------------------------------------


def _takes(*names: str) -> Callable[[Any], None]:
    """Return what declares some of the arguments below."""

    def declare(parser: Any) -> None:
        for name in names:
            flags, told = ARGUMENTS[name]
            parser.add_argument(*flags, **told)

    return declare


ARGUMENTS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "code": (("code",), {"help": "code of the indicator"}),
    "codes": (("codes",), {"help": "codes of indicators, separated by commas"}),
    "year": (("year",), {"type": int}),
    "first": (("first",), {"type": int}),
    "last": (("last",), {"type": int}),
    "quarters": (("quarters",), {"help": "start of codes, or code of a contract, city or EPT"}),
    "number": (("number",), {"type": int, "help": "number of the classification"}),
    "category": (("category",), {"help": "library, school, social_centre…"}),
    "theme": (("--theme",), {"default": ""}),
    "kind": (("--kind",), {"default": ""}),
    "territory": (("--territory",), {"default": "", "help": "code of one territory"}),
    "of": (("--year",), {"type": int, "default": None}),
    "generation": (("--generation",), {"type": int, "default": None, "help": "2015 or 2024"}),
    "reference": (("--reference",), {"default": [], "action": "append",
                                     "help": "code of a city or EPT; may be given again"}),
    "against": (("--reference",), {"default": "", "help": "code of a city or EPT"}),
    "count": (("--count",), {"type": int, "default": 4, "help": "how many classes (4)"}),
    "method": (("--method",), {"default": "index", "choices": ["index", "profiles"]}),
    "within": (("--within",), {"default": "", "help": "class the quarters of one contract alone"}),
    "draws": (("--draws",), {"type": int, "default": 200, "help": "redraws for stability (200)"}),
    "name": (("--name",), {"default": ""}),
    "from": (("--from",), {"dest": "level", "default": "iris", "choices": Level.values,
                           "metavar": "LEVEL"}),
    "to": (("--to",), {"dest": "target", "default": "qpv", "choices": Level.values,
                       "metavar": "LEVEL"}),
    "by": (("--method",), {"default": METHODS[0], "choices": METHODS}),
    "on": (("--on",), {"type": date.fromisoformat, "default": None, "metavar": "DATE",
                       "help": "day of the outlines, 2015-01-01"}),
    "distance": (("--distance",), {"type": float, "default": NEAR, "help": "metres (300)"}),
    "ages": (("--ages",), {"default": "", "metavar": "ind_0_3,ind_4_5",
                           "help": "facilities per 1 000 inhabitants of these ages, from cells"}),
    "all": (("--all",), {"action": "store_true", "help": "those that agree too"}),
}  # fmt: skip


# -- actions -------------------------------------------------------------------------------


def _quarters(options: dict[str, Any], year: int | None = None) -> Any:
    day = options.get("on") or (date(year, 12, 31) if year else date.today())
    return tell.quarters_of(options["quarters"], day, options.get("generation"))


def _compare(options: dict[str, Any]) -> Any:
    year = options["year"]
    return tell.compared(options["code"], year, _quarters(options, year), options["reference"])


def _percentiles(options: dict[str, Any]) -> Any:
    return tell.percentiles_by_year(options["code"], _quarters(options))


def _evolution(options: dict[str, Any]) -> Any:
    first, last = options["first"], options["last"]
    quarters = _quarters(options, last)
    return tell.evolved(options["code"], first, last, quarters, options["reference"])


def _classes(options: dict[str, Any]) -> Any:
    typology = classes.store(
        classes.Asked(
            tuple(options["codes"].split(",")), options["year"], options["count"],
            options["method"], generation=options["generation"], within=options["within"],
            draws=options["draws"], name=options["name"],
        )
    )  # fmt: skip
    rows = typology.classes.select_related("territory").order_by("number", "-score")
    return {
        "typology": typology.pk,
        "name": typology.name,
        "generation": typology.parameters["generation"],
        **typology.facts,
        "classes": [
            {"code": r.territory.code, "name": r.territory.name, "class": r.number,
             "score": r.score, "stability": r.stability, "difficulties": r.difficulties}
            for r in rows
        ],
    }  # fmt: skip


def _again(options: dict[str, Any]) -> Any:
    typology = Typology.objects.filter(pk=options["number"]).first()
    if typology is None:
        known = ", ".join(str(pk) for pk in Typology.objects.values_list("pk", flat=True)) or "none"
        raise BadParameter(f"There is no classification {options['number']}.", f"Kept: {known}.")
    return classes.made_again(typology)


def _behind(options: dict[str, Any]) -> Any:
    years = list(range(options["first"], options["last"] + 1))
    found = classes.warnings_of(
        options["codes"].split(","), years, generation=options["generation"]
    )
    return found.to_dict("records")


def _interpolate(options: dict[str, Any]) -> Any:
    names = ("level", "target", "generation", "method")
    wanted = Wanted(
        options["code"], options["year"], day=options["on"],
        **{name: options[name] for name in names},
    )  # fmt: skip
    return interpolate(wanted).as_dict()


def _coverage(options: dict[str, Any]) -> Any:
    day = options["on"] or date.today()
    quarters = {q.pk: q for q in tell.quarters_of(options["quarters"], day)}
    asked = Asked(options["category"], day, options["distance"])
    rows = by_quarter(asked, list(quarters))
    density = pd.DataFrame(index=rows.index)
    if options["ages"]:
        people = people_of_ages(options["ages"].split(","), day=day, places=list(quarters))
        density = densities(serving(rows), people).add_prefix("density_")
    told = density.to_dict("index")
    return {
        **coverage(asked, list(quarters)).as_dict(),
        "by_quarter": [
            {
                "code": quarters[int(str(pk))].code,
                **{n: int(v) for n, v in row.items()},
                **told[pk],
            }
            for pk, row in rows.iterrows()
        ],
    }


def _errors(options: dict[str, Any]) -> Any:
    return [one.as_dict() for one in check_all(only_disagreements=not options["all"])]


Action = Callable[[dict[str, Any]], Any]
ACTIONS: dict[str, tuple[Action, Callable[[Any], None]]] = {
    "list": (lambda o: tell.listed(o["theme"], o["kind"]), _takes("theme", "kind")),
    "show": (lambda o: tell.shown(o["code"], o["territory"], o["year"]),
             _takes("code", "territory", "of")),
    "compare": (_compare, _takes("code", "year", "quarters", "generation", "reference")),
    "percentiles": (_percentiles, _takes("code", "quarters", "generation")),
    "evolution": (_evolution,
                  _takes("code", "first", "last", "quarters", "generation", "against")),
    "classes": (_classes,
                _takes("codes", "year", "count", "method", "generation", "within", "draws",
                       "name")),
    "again": (_again, _takes("number")),
    "behind": (_behind, _takes("codes", "first", "last", "generation")),
    "interpolate": (_interpolate,
                    _takes("code", "year", "from", "to", "by", "generation", "on")),
    "coverage": (_coverage, _takes("category", "quarters", "on", "distance", "ages")),
    "errors": (_errors, _takes("all")),
}  # fmt: skip
