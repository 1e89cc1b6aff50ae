"""What ``observatory zones`` says: zones, assessments and stabilities as lines of text."""

from __future__ import annotations

from typing import Any


def zone_lines(result: dict[str, Any]) -> list[str]:
    """Tell the lines used, then the zones."""
    lines = list(result["lines"])
    for row in result["zones"]:
        lines.append(
            f"{row['zone']:>4}  {row['name'][:44]:<44} {row['cells']:>4} cells "
            f"{row['ind']:>9,.0f} inhabitants  score {row['score']:.3f}"
        )
    counts = result["counts"]
    known = "" if result["made_now"] else " (already recorded)"
    lines.append(
        f"{counts['zones']} zones, {counts['population']:,} inhabitants; "
        f"{counts['dropped']} clusters dropped{known}"
    )
    return lines


def assessment_lines(result: dict[str, Any]) -> list[str]:
    """Tell the ceiling of whole cells, then one line per threshold."""
    first = result["rows"][0]
    lines = [
        f"Cells: {result['vintages']['cells']}; quarters: {result['vintages']['quarters']}",
        f"Territory: {result['territory']}",
        f"Fitted on {result['fitted_on']}. A reconstruction, not the legal zoning.",
        f"Ceiling of whole cells: IoU {first['ceiling_iou']:.3f}, "
        f"population-weighted {first['ceiling_population_iou']:.3f}",
        "AUC: " + ", ".join(f"{name} {value:.3f}" for name, value in first["auc"].items()),
        "threshold  zones    IoU  popIoU  recall  precision  touched  covered  outline m",
    ]
    for row in result["rows"]:
        lines.append(
            f"{row['threshold']:>9g} {row['zones']:>6} {row['iou']:>6.3f} "
            f"{row['population_iou']:>7.3f} {row['population_recall']:>7.3f} "
            f"{row['population_precision']:>10.3f} {row['touched']:>5}/{row['quarters']} "
            f"{row['covered']:>5}/{row['quarters']} "
            f"{row['selected_to_legal_m']:>5.0f}/{row['legal_to_selected_m']:.0f}"
        )
    return [*lines, *_by_imputation(result["rows"]), *result["notes"]]


def _by_imputation(rows: list[dict[str, Any]]) -> list[str]:
    """Tell the overlap apart on imputed cells and on the others."""
    lines = []
    for row in rows:
        parts = [
            f"{name} cells {told['iou']:.3f} ({told['selected_area'] / 10_000:,.0f} ha drawn, "
            f"{told['legal_area'] / 10_000:,.0f} ha legal)"
            for name, told in row["by_imputation"].items()
        ]
        if parts:
            lines.append(f"{row['threshold']:>9g}  IoU on {'; on '.join(parts)}")
    return lines


def stability_lines(result: dict[str, Any]) -> list[str]:
    """Tell how often each zone exists, then what each choice does."""
    lines = [f"{'zone':>4}  {'':<44} {'inhabitants':>11}  exists in  mean overlap"]
    for row in result["zones"]:
        lines.append(
            f"{row['zone']:>4}  {row['name'][:44]:<44} {row['ind']:>11,.0f} "
            f"{row['exists']:>9.0%} {row['overlap']:>13.2f}"
        )
    spread = result["zones_per_draw"]
    lines.append(
        f"{result['counts']['draws']} draws: {spread['least']:.0f} to {spread['most']:.0f} zones, "
        f"median {spread['median']:.0f}"
    )
    for row in result["by_choice"]:
        lines.append(
            f"  {row['choice']:<28} {row['value']:<22} {row['zones']:>6.1f} zones "
            f"{row['ind']:>10,.0f} inhabitants, {row['found']:.1f} of the reference found"
        )
    return lines
