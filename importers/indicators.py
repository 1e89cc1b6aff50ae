"""Figures from files: the statistical tables known by name, and a template for any other.

The template has one figure a row. Its columns, in English or French: indicator (indicateur),
level (niveau), territory (territoire), year (annee), period (periode), scope (champ), value
(valeur), numerator (numerateur), denominator (denominateur), low (bas), high (haut), standing
(statut), outline_on (contour), extracted_on (extraction), note.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from importers import errors
from importers.datasets import Dataset, beside, datasets, recognised_dataset
from importers.dictionary import ensure_indicators
from importers.figures import check_figures, set_aside_impossible
from importers.figurestore import store_figures
from importers.files import local_file
from importers.knowntables import figures_of
from importers.options import LoadOptions
from importers.report import Report
from importers.sheets import columns_of, each, read_sheet
from importers.sources import local, source_of
from importers.template import TEMPLATE_COLUMNS, figures_of_template, is_template
from observatory.history import acting
from observatory.models import Indicator, Run, SeriesBreak, Source, SourceTerms, Standing
from observatory.runs import Progress, silent


@dataclass
class _Part:
    """Figures of one source, ready to be checked and stored."""

    known: Dataset | None
    frame: pd.DataFrame


def load_indicators(
    path: Path | str, options: LoadOptions, *, run: Run | None = None, progress: Progress = silent
) -> Report:
    """Load one file of figures, whole or not at all.

    Raises
    ------
    FileRefused
        A value outside its unit's range, a share over 100, a percentage in a count, the same
        figure twice, an unknown territory or one that did not exist that year.
    UnknownProduct
        Neither a known table nor the template.
    """
    file = local_file(path)
    report = Report("indicators", file.name)
    with acting(run=run, reason=f"load of {file.name}"):
        parts = _parts(file, options, report, progress)
        sources = [_source(part.known, options, file) for part in parts]
        for part, source in zip(parts, sources, strict=True):
            indicators = ensure_indicators(part.frame["indicator"].unique(), source)
            _refuse_unknown(part.frame, indicators, report)
            frame = part.frame[part.frame["indicator"].isin(list(indicators))]
            if part.known and part.known.sets_aside_impossible:
                frame = set_aside_impossible(frame, indicators, report)
            part.frame = check_figures(frame, indicators, report)
        report.raise_if_refused()
        for part, source in zip(parts, sources, strict=True):
            progress("figures stored", 0, len(part.frame))
            store_figures(part.frame, source, report, run)
            _store_breaks(part.known, source)
            progress("figures stored", len(part.frame), len(part.frame))
        _tell(parts, sources, report)
    return report


def is_figures_table(headers: list[tuple[str, ...]]) -> str:
    """Return what a table of figures is, in words, or ''."""
    known = recognised_dataset(headers)
    if known:
        return known.title
    return "figures in the template" if any(map(is_template, headers)) else ""


def _parts(file: Path, options: LoadOptions, report: Report, progress: Progress) -> list[_Part]:
    headers = columns_of(file)
    known = _asked(options) or recognised_dataset(headers)
    progress("rows read", 0, None)
    if known is None:
        if not any(map(is_template, headers)):
            raise errors.UnknownProduct(
                f"{file.name} is neither a table known here nor the template.",
                f"Known: {', '.join(datasets())}. Any other table goes through the template, "
                f"whose columns are {', '.join(TEMPLATE_COLUMNS)}.",
            )
        return [_Part(None, figures_of_template(file, report))]
    parts = []
    for table in [known, *beside(known)]:
        required = sorted(table.signature())
        sheet = read_sheet(file, report, required, table.sheet)
        source = _source(table, options, file)
        parts.append(_Part(table, figures_of(sheet, table, options, source, report)))
    return parts


def _asked(options: LoadOptions) -> Dataset | None:
    if not options.product:
        return None
    if options.product not in datasets():
        raise errors.UnknownProduct(
            f"No table is called {options.product!r}.", f"Known: {', '.join(datasets())}."
        )
    return datasets()[options.product]


def _source(known: Dataset | None, options: LoadOptions, file: Path) -> Source:
    stem = file.name.split(".")[0]
    described = known or local(f"figures-{stem}", f"Indicateurs : {stem}")
    alone = known is None or not known.beside
    source = source_of(
        described,
        options.vintage or described.vintage,
        code=options.source if alone else "",
        title=options.title if alone else "",
        producer=options.producer,
        demonstration=options.demonstration,
    )
    if known:
        told = {"frequency": known.frequency, "geography": known.level}
        SourceTerms.objects.get_or_create(source=source, defaults=told)
    return source


def _refuse_unknown(frame: pd.DataFrame, indicators: dict[str, Indicator], report: Report) -> None:
    unknown = frame[~frame["indicator"].isin(list(indicators))]
    for row in each(unknown):
        report.refuse(
            row.row, "indicator", row.indicator, "no indicator has this code",
            "Add it to the dictionary first (observatory load dictionary FILE).",
        )  # fmt: skip


def _store_breaks(known: Dataset | None, source: Source) -> None:
    for code, told in (known.breaks if known else {}).items():
        SeriesBreak.objects.get_or_create(
            indicator=Indicator.objects.get(code=code),
            territory=None,
            year=told.year,
            defaults={"reason": told.reason, "source": source},
        )


def _tell(parts: list[_Part], sources: list[Source], report: Report) -> None:
    """Say what is missing, indicator by indicator where it is not too long."""
    report.facts["source"] = sources[0].code
    report.facts["figures"] = sum(len(part.frame) for part in parts)
    for part in parts:
        if part.known and part.known.year_assumed:
            report.note(
                f"The file does not say its year: taken as {int(part.frame['year'].iloc[0])}. "
                "Say another with --vintage."
            )
        gone = part.frame[part.frame["standing"].isin([Standing.WITHHELD, Standing.NOT_AVAILABLE])]
        counts = gone.groupby(["indicator", "year", "standing"]).size().reset_index(name="n")
        report.facts.setdefault("missing", {}).update(
            {f"{r.indicator} {r.year} {r.standing}": int(r.n) for r in each(counts)}
        )
        told = gone.groupby("standing").size()
        words = ", ".join(f"{n} {str(s).replace('_', ' ')}" for s, n in told.items())
        share = np.round(100 * len(gone) / max(len(part.frame), 1), 1)
        report.note(
            f"{len(part.frame)} figures of {part.frame['indicator'].nunique()} indicators and "
            f"{part.frame['territory'].nunique()} territories; "
            + (f"{words} ({share} %)." if words else "none missing.")
        )
