"""The words of ``observatory perimeters``: its actions, what each takes, and examples."""

from __future__ import annotations

import argparse
from datetime import date
from typing import Any

from observatory.errors import ObservatoryError

NAMING = """\
versions are named so:
  v42                    version number 42 ('perimeters list' shows the numbers)
  QP075019               the version of that code being worked on, else the legal one
  QP075019@2016-05-01    what was in force on that day
  QP075019@negotiation   of that status: computed, negotiation, legal, superseded
sets, wherever several may be given:
  qpv:2015  qva  cucs    all of a level (and generation); qpv@2016-05-01 those of a day
  run:12                 the zones that a run computed
  negotiation            all that is under negotiation
  op:12                  what operation 12 made
  v42,v43                a list, of sets too
"""

LIST = """\
List versions with their numbers: those being worked on, or the ones named.

  observatory perimeters list
  observatory perimeters list qpv:2015
  observatory perimeters list run:12
"""
HISTORY = """\
Tell the life of a perimeter: where it comes from, what came of it, who decided each step,
when and why, and what was undone.

  observatory perimeters history QP075019
"""
OPEN = """\
Put versions under negotiation as they are. A legal quarter opened for a redraw stays in force.

  observatory perimeters open v7 --into QP075001 --name "Bédier-Boutroux" \\
      --author "Ville de Paris" --reason "Ouverture du dialogue" --date 2014-06-19
  observatory perimeters open QP075001@legal --author "Ville" --reason "Nouvelle génération"
"""
MERGE = """\
Make one version of several. They need not touch: a trim to blocks often joins them.

  observatory perimeters merge v19 v20 --into QP075019 --name "Portes du Vingtième" \\
      --author "Ville et préfecture" --reason "Deux zones du 20e réunies" --date 2014-06-19
"""
SPLIT = """\
Make two versions of one, along a line (longitude latitude, WGS 84) or by setting blocks apart.
The first result is what lies left of the line, or the blocks.

  observatory perimeters split QP075019 --line "LINESTRING(2.40 48.85, 2.42 48.87)" \\
      --into QP075021,QP075022 --author "Ville" --reason "Deux conseils citoyens"
  observatory perimeters split v7 --blocks ILOT00012,ILOT00013 --author … --reason …
"""
TRIM = """\
Bring a version to whole blocks: those of which at least --share of the area is covered, or
the ones a negotiation settled on. The layer is that of loaded territories of level block or iris.

  observatory perimeters trim QP075019 --author "Ville" --reason "Contour mené le long des rues"
  observatory perimeters trim v7 --layer iris --share 60% --author … --reason …
  observatory perimeters trim v7 --blocks ILOT00012,ILOT00013 --author … --reason …
"""
ADD = """\
Add whole blocks to a version. They must touch it, or each other up to it.

  observatory perimeters add QP075019 ILOT00412 ILOT00413 --author … --reason "Résidence oubliée"
"""
DROP = """\
Give a version up, or take blocks away from it.

  observatory perimeters drop v12 --author … --reason "Moins de mille habitants"
  observatory perimeters drop QP075019 --blocks ILOT00412 --author … --reason "Stade"
"""
ENACT = """\
Make negotiated versions legal by an act; --from is their first day in force.

  observatory perimeters enact negotiation --act "Décret n° 2014-1750 du 30 décembre 2014" \\
      --date 2014-12-30 --from 2015-01-01 --author "État" --reason "Liste fixée par décret"
  observatory perimeters enact op:31 --act "Décret n° 2023-1314" --date 2023-12-28 \\
      --from 2024-01-01 --closes qpv:2015 --author … --reason …

--close-previous ends the shape each quarter had until then; --closes ends other ones. --adopt
ties the version to the legal shape that a producer's file already gave for that first day,
which stays as delivered.
"""
SUPERSEDE = """\
End legal perimeters by an act; --to is the first day they no longer hold.

  observatory perimeters supersede qpv:2015 --act "Décret n° 2023-1314" --date 2023-12-28 \\
      --to 2024-01-01 --author "État" --reason "Nouvelle génération"
"""
UNDO = """\
Take an operation back: the state before it, exactly. It stays in the history, as undone.

  observatory perimeters undo 31 --author "Apur" --reason "Mauvais îlot"
"""
COMPARE = """\
Say what a version, or a set, gains and loses against another: area, inhabitants (of cells,
located at addresses), addresses, cells and blocks.

  observatory perimeters compare QP075019@negotiation QP075019@legal
  observatory perimeters compare run:12 qpv:2015
"""
GENERATIONS = """\
Lay two generations side by side: unchanged, redrawn, new, out, with the share of the
population in common.

  observatory perimeters generations qpv:2015 qpv:2024
"""
QVA = """\
Make watch quarters: former perimeters minus the priority quarters, plus named quarters;
without what is narrower than --width metres.

  observatory perimeters qva --former cucs --quarters qpv:2015 --named qva \\
      --author "Apur" --reason "Contrat de ville 2015-2020" --date 2015-06-01
  observatory perimeters qva --former cucs --quarters qpv:2015 --dry-run
"""
ACTIONS = {
    "list": LIST, "history": HISTORY, "open": OPEN, "merge": MERGE, "split": SPLIT, "trim": TRIM,
    "add": ADD, "drop": DROP, "enact": ENACT, "supersede": SUPERSEDE, "undo": UNDO,
    "compare": COMPARE, "generations": GENERATIONS, "qva": QVA,
}  # fmt: skip
READING = ("list", "history", "compare", "generations")


class BadOption(ObservatoryError):
    """An option whose value says nothing."""


def add_actions(parser: argparse.ArgumentParser, add_common: Any) -> None:
    """Add every action; ``add_common`` adds what all commands take."""
    raw = argparse.RawDescriptionHelpFormatter
    actions = parser.add_subparsers(dest="action", required=True, metavar="|".join(ACTIONS))
    for name, told in ACTIONS.items():
        action = actions.add_parser(
            name, description=told, epilog=NAMING, formatter_class=raw, help=_first_sentence(told)
        )
        add_common(action)
        _OPTIONS[name](action.add_argument)
        if name not in READING:
            _decision(action.add_argument)


def _first_sentence(told: str) -> str:
    words = " ".join(told.split())
    return words[: min(words.find(sign) for sign in (". ", ": ") if sign in words)]


def _decision(add: Any) -> None:
    add("--author", default="", help="who decided")
    add("--reason", default="", help="why")
    add("--date", type=day, help="day of the decision, 2014-06-19 (today)")
    add("--act", default="", help="decree or decision that says so")
    add("--as", dest="user", default="", metavar="LOGIN", help="account whose rights are asked")


def _versions(add: Any) -> None:
    add("versions", nargs="+", metavar="VERSION")


def _into(add: Any) -> None:
    add("--into", default="", metavar="CODE", help="quarter the result belongs to")
    add("--name", default="", help="its name, where the quarter is new")
    add("--level", default="qpv", help="its level (qpv)")
    add("--generation", type=int, help="its generation, 2015 or 2024")


def _blocks(add: Any) -> None:
    add("--layer", default="block", choices=["block", "iris"], help="the layer of blocks")
    add("--blocks-on", type=day, metavar="DATE", help="a day the layer holds (the decision's)")


def _list(add: Any) -> None:
    add("versions", nargs="*", metavar="VERSION")


def _open(add: Any) -> None:
    _versions(add)
    _into(add)


def _split(add: Any) -> None:
    add("version", metavar="VERSION")
    add("--line", default="", help="LINESTRING(longitude latitude, …)")
    add("--blocks", type=codes, default=(), help="ILOT00012,ILOT00013")
    _into(add)
    _blocks(add)


def _trim(add: Any) -> None:
    add("version", metavar="VERSION")
    add("--share", type=share, default=0.5, help="of a block's area: 0.5 or 50%%")
    add("--blocks", type=codes, default=(), help="the blocks to keep, instead of a share")
    _into(add)
    _blocks(add)


def _add(add: Any) -> None:
    add("version", metavar="VERSION")
    add("blocks", nargs="+", metavar="BLOCK")
    _blocks(add)


def _drop(add: Any) -> None:
    _versions(add)
    add("--blocks", type=codes, default=(), help="blocks to take away, instead of the whole")
    _blocks(add)


def _enact(add: Any) -> None:
    _versions(add)
    add("--from", dest="start", type=day, required=True, help="first day in force")
    add("--to", dest="end", type=day, help="first day no longer in force, where it is known")
    add("--closes", default="", metavar="VERSIONS", help="legal perimeters that end then")
    add("--close-previous", action="store_true", help="end each quarter's earlier shape")
    add("--adopt", action="store_true", help="tie to the shape a producer delivered")
    _into(add)


def _supersede(add: Any) -> None:
    _versions(add)
    add("--to", dest="end", type=day, required=True, help="first day no longer in force")


def _undo(add: Any) -> None:
    add("operation", type=int, metavar="NUMBER", help="as 'perimeters history' shows it")


def _compare(add: Any) -> None:
    add("before", metavar="BEFORE")
    add("after", metavar="AFTER")
    add("--inside", type=share, default=0.5, help="share from which a cell or block is in (50%%)")


def _generations(add: Any) -> None:
    add("before", metavar="EARLIER")
    add("after", metavar="LATER")
    add("--same", type=share, default=0.98, help="IoU from which a quarter is unchanged (98%%)")
    add("--linked", type=share, default=0.05, help="share in common from which one is another's")


def _qva(add: Any) -> None:
    add("--former", default="cucs", metavar="VERSIONS", help="former perimeters (cucs)")
    add("--quarters", default="qpv:2015", metavar="VERSIONS", help="subtracted (qpv:2015)")
    add("--named", default="", metavar="VERSIONS", help="quarters added by name")
    add("--width", type=float, default=20.0, help="metres under which a strip is a sliver (20)")
    add("--dry-run", action="store_true", help="say what would be made, and store nothing")


_OPTIONS = {
    "list": _list, "history": _versions, "open": _open, "merge": _open, "split": _split,
    "trim": _trim, "add": _add, "drop": _drop, "enact": _enact, "supersede": _supersede,
    "undo": _undo, "compare": _compare, "generations": _generations, "qva": _qva,
}  # fmt: skip


def day(text: str) -> date:
    """Read a day as 2014-06-19."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: write 2014-06-19") from None


def codes(text: str) -> tuple[str, ...]:
    """Read a list of codes."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def share(text: str) -> float:
    """Read 0.5 or 50%."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share: write 0.5 or 50%")
    return value
