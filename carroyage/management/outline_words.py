"""What ``observatory zones --outlines`` says: what was used, what could not be, how far off."""

from __future__ import annotations

from typing import Any

SHOWN_WEIGHTS = 8


def drawn_lines(result: dict[str, Any]) -> list[str]:
    """Tell the inputs and the score, then the outlines."""
    lines = _inputs(result)
    for row in result["zones"]:
        lines.append(
            f"{row['zone']:>4}  {row['name'][:44]:<44} {row['hectares']:>8,.1f} ha "
            f"{row['ind']:>9,.0f} inhabitants"
        )
    counts = result["counts"]
    return [*lines, f"{counts['zones']} outlines, {counts['population']:,} inhabitants."]


def judged_lines(result: dict[str, Any]) -> list[str]:
    """Tell the inputs, then one line per way of drawing and of holding out."""
    lines = _inputs(result)
    lines += [f"{name}: {vintage}" for name, vintage in result["vintages"].items()]
    if result["not_judged"]:
        return [*lines, f"Not judged: {result['not_judged']}."]
    lines.append(
        f"{'drawn by':<28}{'held out':<32}{'IoU':>6}{'popIoU':>8}{'recall':>8}"
        f"{'precision':>11}{'touched':>9}{'covered':>9}  outline m"
    )
    for row in result["rows"]:
        lines.append(
            f"{row['drawn']:<28}{row['held_out']:<32}{row['iou']:>6.3f}"
            f"{row['population_iou']:>8.3f}{row['population_recall']:>8.3f}"
            f"{row['population_precision']:>11.3f}{row['touched']:>6}/{row['quarters']}"
            f"{row['covered']:>6}/{row['quarters']}"
            f"  {row['selected_to_legal_m']:.0f}/{row['legal_to_selected_m']:.0f}"
        )
    return [*lines, "Nothing was fitted on what it is judged on."]


def _inputs(result: dict[str, Any]) -> list[str]:
    lines = [
        f"Territory: {result['territory']}",
        f"Used: {', '.join(result['used'])}",
        f"Could not be used: {', '.join(result['not_used']) or 'nothing'}",
    ]
    if result["weights"]:
        first = list(result["weights"].items())[:SHOWN_WEIGHTS]
        told = ", ".join(f"{name} {weight:+.2f}" for name, weight in first)
        lines.append(f"Fitted on {result['score']['fitted_on']}; largest weights: {told}")
    return [*lines, *(f"Note: {note}." for note in result["notes"])]
