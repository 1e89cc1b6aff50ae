"""``observatory perimeters``: the life of perimeters, from the computation to the law."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import shapely
from django.core.management.base import CommandParser
from django.utils import timezone

from carroyage.errors import CarroyageError
from carroyage.management import perimeter_words as words
from carroyage.management.perimeter_options import READING, BadOption, add_actions
from observatory import lifecycle
from observatory.commands import Command as BaseCommand
from observatory.commands import ProgressBar
from observatory.errors import ObservatoryError
from observatory.lifecycle import Decision, Target, Validity
from observatory.lifecycle.history import operation_facts, version_facts
from observatory.lifecycle.selectors import find_all, find_one
from observatory.models import Operation, Perimeter, Run, User
from observatory.runs import RunRecorder, recorded


class Command(BaseCommand):
    """Work on perimeters, read their history, compare them."""

    help = "The life of perimeters: history, merge, split, trim, enact, undo, compare…"
    user_errors: ClassVar[tuple[type[Exception], ...]] = (ObservatoryError, CarroyageError)

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the actions."""
        add_actions(parser, super().add_arguments)

    def run(self, options: dict[str, Any]) -> Any:
        """Do what was asked; whatever is computed or changed is a recorded run."""
        action = options["action"]
        self.action = action
        if action in ("list", "history"):
            return {"list": self._list, "history": self._history}[action](options)
        kind, bar = f"perimeters {action}", ProgressBar()
        with recorded(
            kind, parameters=_given(options), echo=bar, refusals=self.user_errors
        ) as recorder:
            act = self._reading if action in READING or options.get("dry_run") else self._acting
            result: dict[str, Any] = act(options, recorder)
        bar.close()
        return {"run": recorder.run.pk, **result}

    def describe(self, result: Any) -> str:
        """Return the result in words."""
        return words.told(self.action, result)

    # -- reading ---------------------------------------------------------------------------

    def _list(self, options: dict[str, Any]) -> Any:
        if options["versions"]:
            found = find_versions(options["versions"])
        else:
            working = Perimeter.objects.filter(status__in=("computed", "negotiation")).current()
            found = list(working.select_related("territory", "source").order_by("pk"))
        return {"versions": [version_facts(version) for version in found]}

    def _history(self, options: dict[str, Any]) -> Any:
        return lifecycle.life_of(find_versions(options["versions"]))

    def _reading(self, options: dict[str, Any], recorder: RunRecorder) -> dict[str, Any]:
        if options["action"] == "qva":
            return _what_is_left(options)
        before, after = find_versions([options["before"]]), find_versions([options["after"]])
        recorder("ground read", 0, None)
        if options["action"] == "compare":
            from carroyage.management.comparing import compare

            told = compare(before, after, options["inside"]).as_dict()
            counts = {"cells": len(told["cells_gained"]) + len(told["cells_lost"])}
        else:
            from carroyage.management.generations import side_by_side

            found = side_by_side(before, after, same=options["same"], linked=options["linked"])
            counts = found.counts
            told = {"counts": counts, "notes": found.notes,
                    "quarters": [fate.as_dict() for fate in found.fates]}  # fmt: skip
        recorder.run.inputs = [*_as_inputs(before, "before"), *_as_inputs(after, "after")]
        recorder.run.counts, recorder.run.report = counts, told
        return {"before": words.named(before), "after": words.named(after), **told}

    # -- acting ----------------------------------------------------------------------------

    def _acting(self, options: dict[str, Any], recorder: RunRecorder) -> dict[str, Any]:
        decision = decision_of(options, recorder.run)
        operation = ACTS[options["action"]](options, decision)
        operation = Operation.objects.get(pk=operation.pk)
        told = operation_facts(operation)
        recorder.run.inputs = [{"version": part["version"], "label": part["label"]}
                               for part in told["took"]]  # fmt: skip
        recorder.run.counts = {name: len(told[name]) for name in ("took", "made", "changed")}
        recorder.run.report = {"operation": operation.pk}
        made = [p.perimeter for p in operation.parts.filter(role="output") if p.perimeter]
        return {"operation": told, "versions": [version_facts(version) for version in made]}


def find_versions(named: list[str]) -> list[Perimeter]:
    """Return the versions that words name, zones of a run (``run:12``) included."""
    return find_all(",".join(named), {"run": _zones_of_run})


def _zones_of_run(number: str) -> list[Perimeter]:
    rows = Perimeter.objects.filter(zone__run_id=int(number) if number.isdigit() else 0)
    return list(rows.select_related("territory", "source").order_by("zone__number"))


def decision_of(options: dict[str, Any], run: Run) -> Decision:
    """Return who decides, from the options; an account named with --as is asked its rights."""
    user = None
    if options["user"]:
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise BadOption(f"There is no account {options['user']!r}.", "Check --as.")
    author = options["author"] or (user.get_full_name() or user.username if user else "")
    on = options["date"] or timezone.localdate()
    return Decision(on, author, options["reason"], options["act"], user, run)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    unsaid = ("json", "verbosity", "settings", "pythonpath", "traceback", "no_color",
              "force_color", "skip_checks")  # fmt: skip
    return {
        name: value
        for name, value in options.items()
        if name not in unsaid and value not in ("", None, ())
    }


def _as_inputs(versions: list[Perimeter], role: str) -> list[dict[str, Any]]:
    return [
        {"role": role, "version": one.pk, "code": one.territory.code, "status": one.status}
        for one in versions
    ]


def _target(options: dict[str, Any], code: str = "") -> Target | None:
    code = code or options["into"]
    if not code:
        return None
    return Target(code, options["name"], options["level"], options["generation"])


def _open(options: dict[str, Any], decision: Decision) -> Operation:
    versions = find_versions(options["versions"])
    return lifecycle.open_negotiation(versions, decision, _target(options))


def _merge(options: dict[str, Any], decision: Decision) -> Operation:
    return lifecycle.merge(find_versions(options["versions"]), decision, _target(options))


def _split(options: dict[str, Any], decision: Decision) -> Operation:
    line = None
    if options["line"]:
        try:
            line = shapely.from_wkt(options["line"])
        except shapely.errors.ShapelyError as error:
            raise BadOption(
                f"--line cannot be read: {error}", "Write LINESTRING(2.40 48.85, 2.42 48.87)."
            ) from None
    into = [_target(options, code) for code in options["into"].split(",") if code]
    if len(into) not in (0, 2):
        raise BadOption("A split makes two versions.", "Give two codes: --into CODE,CODE.")
    return lifecycle.split(
        find_one(options["version"]),
        decision,
        line=line,
        blocks=options["blocks"],
        layer=options["layer"],
        on=options["blocks_on"],
        into=(into[0], into[1]) if into else None,  # type: ignore[arg-type]
    )


def _trim(options: dict[str, Any], decision: Decision) -> Operation:
    return lifecycle.trim(
        find_one(options["version"]),
        decision,
        layer=options["layer"],
        share=options["share"],
        blocks=options["blocks"],
        on=options["blocks_on"],
        into=_target(options),
    )


def _add(options: dict[str, Any], decision: Decision) -> Operation:
    version, layer = find_one(options["version"]), options["layer"]
    on = options["blocks_on"]
    return lifecycle.add_blocks(version, options["blocks"], decision, layer=layer, on=on)


def _drop(options: dict[str, Any], decision: Decision) -> Operation:
    versions = find_versions(options["versions"])
    if not options["blocks"]:
        return lifecycle.drop(versions, decision)
    if len(versions) > 1:
        raise BadOption("Blocks are taken away from one version at a time.")
    layer, on = options["layer"], options["blocks_on"]
    return lifecycle.remove_blocks(versions[0], options["blocks"], decision, layer=layer, on=on)


def _enact(options: dict[str, Any], decision: Decision) -> Operation:
    versions = find_versions(options["versions"])
    target = _target(options)
    if target is not None and len(versions) > 1:
        raise BadOption("--into names one quarter.", "Enact the versions one by one.")
    return lifecycle.enact(
        versions,
        decision,
        Validity(options["start"], options["end"]),
        closes=find_versions([options["closes"]]) if options["closes"] else (),
        close_previous=options["close_previous"],
        adopt=options["adopt"],
        into={versions[0].pk: target} if target is not None else None,
    )


def _supersede(options: dict[str, Any], decision: Decision) -> Operation:
    return lifecycle.supersede(find_versions(options["versions"]), decision, options["end"])


def _undo(options: dict[str, Any], decision: Decision) -> Operation:
    operation = Operation.objects.filter(pk=options["operation"]).first()
    if operation is None:
        raise lifecycle.errors.UnknownOperation(
            f"There is no operation {options['operation']}.",
            "'observatory perimeters history VERSION' lists them.",
        )
    return lifecycle.undo(operation, decision.author, decision.reason, decision.user)


def _qva_sets(options: dict[str, Any]) -> tuple[list[Perimeter], list[Perimeter], list[Perimeter]]:
    named = find_versions([options["named"]]) if options["named"] else []
    return find_versions([options["former"]]), find_versions([options["quarters"]]), named


def _what_is_left(options: dict[str, Any]) -> dict[str, Any]:
    former, quarters, named = _qva_sets(options)
    left = lifecycle.remainders(former, quarters, named, options["width"])
    rows = [
        {"of": str(one.of.territory), "area": one.area, "slivers": one.slivers, "parts": one.parts}
        for one in left
    ]
    return {"remainders": rows, "former": len(former), "quarters": len(quarters)}


def _qva(options: dict[str, Any], decision: Decision) -> Operation:
    former, quarters, named = _qva_sets(options)
    return lifecycle.derive_watch_quarters(
        former, quarters, decision, named=named, width=options["width"]
    )


ACTS: dict[str, Callable[[dict[str, Any], Decision], Operation]] = {
    "open": _open, "merge": _merge, "split": _split, "trim": _trim, "add": _add, "drop": _drop,
    "enact": _enact, "supersede": _supersede, "undo": _undo, "qva": _qva,
}  # fmt: skip
