"""``observatory raster``: a variable of the cells as GeoTIFF; statistics of a raster by zone."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from observatory.commands import Command as BaseCommand
from observatory.models import Level, Sharing
from observatory.runs import checksum, recorded

# The numerical libraries are imported by the action that uses them: help must not wait.


class Command(BaseCommand):
    """Publish a variable of the cells, or compute figures from a raster."""

    help = "Publish a variable of the cells as GeoTIFF; compute a raster's statistics by zone."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the actions."""
        actions = parser.add_subparsers(dest="action", required=True)
        publish = actions.add_parser("publish", help="write a variable of the cells as GeoTIFF")
        super().add_arguments(publish)
        publish.add_argument("variable", help="a column of the grid, such as ind or men_pauv")
        publish.add_argument("file", type=Path, help="GeoTIFF to write")
        publish.add_argument("--vintage", help="vintage of the grid (the latest by default)")
        publish.add_argument("--epsg", type=int, default=3035, help="system of the grid")
        zonal = actions.add_parser("zonal", help="compute one figure per zone from a raster")
        super().add_arguments(zonal)
        zonal.add_argument("file", type=Path, help="any raster GDAL reads")
        zonal.add_argument("--statistic", choices=("mean", "sum", "share"), default="mean")
        zonal.add_argument("--classes", default="", help="values a share is of, such as 1,2,3")
        zonal.add_argument("--band", type=int, default=1)
        zonal.add_argument("--indicator", required=True, help="code the figures are stored under")
        zonal.add_argument("--label", default="")
        zonal.add_argument("--unit", default="")
        zonal.add_argument("--year", type=int, required=True, help="year the raster describes")
        zonal.add_argument("--level", choices=Level.values, default=Level.QPV.value)
        zonal.add_argument("--generation", type=int, help="generation of the quarters")
        zonal.add_argument(
            "--date", type=date.fromisoformat, default=None, help="day of the outlines (today)"
        )
        zonal.add_argument("--source", required=True, help="code of the raster's source")
        zonal.add_argument("--title", default="", help="title of a source not known yet")
        zonal.add_argument("--producer", default="", help="its producer")
        zonal.add_argument("--vintage", default="", help="its vintage")
        zonal.add_argument("--licence", default="", help="its licence")
        zonal.add_argument("--sharing", choices=Sharing.values, default=Sharing.WORKING.value)
        zonal.add_argument(
            "--counts-persons", action="store_true", help="withhold small sums: they count people"
        )

    def run(self, options: dict[str, Any]) -> Any:
        """Do what was asked."""
        return self._publish(options) if options["action"] == "publish" else self._zonal(options)

    def _publish(self, options: dict[str, Any]) -> dict[str, Any]:
        from layers.rasters.publish import cells_of, write

        file: Path = options["file"]
        file.parent.mkdir(parents=True, exist_ok=True)
        write(cells_of(options["variable"], options["vintage"], options["epsg"]), file)
        return {"file": str(file), "bytes": file.stat().st_size}

    def _zonal(self, options: dict[str, Any]) -> dict[str, Any]:
        from layers.errors import BadRaster
        from layers.rasters.store import zonal_figures

        file: Path = options["file"]
        wanted = _wanted(options)
        if not file.is_file():
            raise BadRaster(f"There is no file {file}.")
        told = {name: options[name] for name in ("indicator", "year", "level", "statistic")}
        with recorded(
            "raster zonal", inputs=[checksum(file)], parameters=told, refusals=(BadRaster,)
        ) as recorder:
            counts = zonal_figures(file, wanted, recorder.run)
            recorder.run.counts = counts
        return {"run": recorder.run.pk, **counts}


def _wanted(options: dict[str, Any]) -> Any:
    """Return what the options ask for. Raises BadRaster."""
    from layers.errors import BadRaster
    from layers.rasters.store import Wanted
    from layers.rasters.zonal import Asked

    try:
        classes = tuple(float(one) for one in options["classes"].split(",") if one)
    except ValueError:
        raise BadRaster(f"'{options['classes']}' is not a list of numbers.") from None
    source = {name: options[name] for name in ("title", "producer", "vintage", "licence")}
    source["title"] = source["title"] or options["source"]
    return Wanted(
        indicator=options["indicator"],
        label=options["label"],
        unit=options["unit"],
        year=options["year"],
        level=options["level"],
        day=options["date"] or date.today(),
        asked=Asked(options["statistic"], options["band"], classes),
        source={"code": options["source"], **source},
        sharing=options["sharing"],
        counts_persons=options["counts_persons"],
        generation=options["generation"],
    )
