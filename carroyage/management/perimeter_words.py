"""What ``observatory perimeters`` says: versions, operations and comparisons as lines of text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from observatory.models import Perimeter

SHOWN = 12


def told(action: str, result: dict[str, Any]) -> str:
    """Return the result of an action in words."""
    if "remainders" in result:
        return "\n".join(_remainders(result))
    return "\n".join(WORDS.get(action, _operation)(result))


def named(versions: Sequence[Perimeter]) -> str:
    """Return what a set of versions is called: its members, or how many they are."""
    words = [f"{one.territory.code or one.territory.name} (v{one.pk})" for one in versions]
    return ", ".join(words[:3]) + (f"… {len(words)} in all" if len(words) > 3 else "")


def _versions(result: dict[str, Any]) -> list[str]:
    if not result["versions"]:
        return ["No version is being worked on."]
    return [_version(version) for version in result["versions"]]


def _version(version: dict[str, Any]) -> str:
    start, end = version["valid_from"] or "", version["valid_to"] or ""
    dates = f"[{start}, {end})" if start or end else ""
    return (
        f"v{version['version']:<6} {version['code'][:16]:<16} {version['name'][:36]:<36} "
        f"{version['status']:<11} {version['area'] / 10_000:>8,.1f} ha {dates}"
    ).rstrip()


def _history(result: dict[str, Any]) -> list[str]:
    lines, family = [], {version["version"] for version in result["versions"]}
    for one in result["operations"]:
        lines += _operation_lines(one, family)
    return [*lines, "Versions:", *(f"  {_version(one)}" for one in result["versions"])]


def _operation(result: dict[str, Any]) -> list[str]:
    lines = _operation_lines(result["operation"])
    lines += [f"  {_version(one)}" for one in result["versions"]]
    return [*lines, f"Run {result['run']}."]


def _operation_lines(one: dict[str, Any], family: Collection[int] = ()) -> list[str]:
    """Tell an operation; of a long one, what belongs to ``family`` first."""
    act = f" — {one['act']}" if one["act"] else ""
    lines = [f"Operation {one['operation']}: {one['kind']}, {one['day']}, {one['author']}{act}"]
    lines.append(f"  because: {one['reason']}")
    for name, sign in (("took", "←"), ("made", "→"), ("changed", "↺")):
        own = [part for part in one[name] if part["version"] in family] or one[name]
        lines += [f"  {sign} {part['label']}" for part in own[:SHOWN]]
        if len(one[name]) > len(own[:SHOWN]):
            lines.append(f"  {sign} and {len(one[name]) - len(own[:SHOWN])} more")
    adopted = one["parameters"].get("adopted")
    if adopted:
        lowest = min(adopted.values())
        lines.append(f"  {len(adopted)} delivered shape(s) adopted, lowest IoU {lowest:.3f}")
    if one["undone_at"]:
        when = one["undone_at"][:10]
        lines.append(f"  UNDONE on {when} by {one['undone_by']}: {one['undone_reason']}")
    return lines


def comparison_lines(result: dict[str, Any]) -> list[str]:
    """Tell what one set gains and loses against another, and the fate of each zone if known."""
    lines = [f"{result['before']}  →  {result['after']}: IoU {result['iou']:.3f}"]
    lines.append(f"{'':<14}{'before':>14}{'after':>14}{'in both':>14}{'gained':>14}{'lost':>14}")
    scale = {"area": ("area, ha", 1 / 10_000, 2)}
    for name in ("area", "inhabitants", "addresses", "cells", "blocks"):
        title, factor, decimals = scale.get(name, (name, 1.0, 0))
        if name == "blocks" and result["block_level"] == "iris":
            title = "IRIS"
        if result[name] is None:
            lines.append(f"{title:<14}{'not known here':>14}")
            continue
        figures = [result[name][key] for key in ("before", "after", "kept", "gained", "lost")]
        lines.append(f"{title:<14}" + "".join(f"{v * factor:>14,.{decimals}f}" for v in figures))
    for name in ("cells_gained", "cells_lost", "blocks_gained", "blocks_lost"):
        if result[name]:
            lines.append(f"{name.replace('_', ' ')}: {_some(result[name])}")
    for name, (was, is_now) in result.get("changed_parameters", {}).items():
        lines.append(f"{name}: {was} → {is_now}")
    if "zones" in result:
        lines += _fates(result["zones"])
        lines.append(", ".join(f"{n} {status}" for status, n in result["counts"].items()))
    return [*lines, *result["notes"]]


def _compared(result: dict[str, Any]) -> list[str]:
    return [*comparison_lines(result), f"Run {result['run']}."]


def _generations(result: dict[str, Any]) -> list[str]:
    lines = [f"{result['before']}  →  {result['after']}", *_fates(result["quarters"])]
    counts = ", ".join(f"{count} {status}" for status, count in result["counts"].items())
    return [*lines, counts, *result["notes"], f"Run {result['run']}."]


def _fates(fates: list[dict[str, Any]]) -> list[str]:
    lines = []
    for one in fates:
        later = one["status"] != "out"
        shares = [
            f"{link['earlier' if later else 'later']} "
            f"({_percent(link['persons_share_of_earlier'])} of its inhabitants, "
            f"{_percent(link['share_of_earlier'])} of its area)"
            for link in one["links"]
        ]
        persons = "" if one["persons"] is None else f"{one['persons']:>9,.0f} inh."
        lines.append(
            f"{one['status']:<10} {one['code']:<10} {one['name'][:34]:<34} {persons:>14}  "
            + ", ".join(shares)
        )
    return [line.rstrip() for line in lines]


def _remainders(result: dict[str, Any]) -> list[str]:
    lines = [
        f"{one['of'][:44]:<44} {one['area'] / 10_000:>9,.1f} ha in {one['parts']} part(s), "
        f"slivers left out {one['slivers']:,.0f} m²"
        for one in result["remainders"]
    ]
    return [*lines, f"{len(lines)} watch quarters would be made; nothing is stored."]


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.0%}"


def _some(words: list[str]) -> str:
    more = len(words) - SHOWN
    return ", ".join(words[:SHOWN]) + (f" and {more} more" if more > 0 else "")


WORDS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "list": _versions,
    "history": _history,
    "compare": _compared,
    "generations": _generations,
}
