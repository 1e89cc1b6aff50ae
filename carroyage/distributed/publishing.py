"""Secrecy on a Dask cluster: whole 64 km squares are protected apart, then numbered on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import distributed
import pandas as pd
from dask.delayed import delayed

from carroyage import columns
from carroyage.distributed.connection import in_order
from carroyage.secrecy import (
    PublishedGrid,
    WholeSquares,
    numbered_on,
    publish_sorted,
    squares_apart,
)


def publish_on_cluster(
    client: distributed.Client,
    raw: pd.DataFrame,
    cells: int,
    *,
    min_households: int = columns.MIN_HOUSEHOLDS,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[PublishedGrid]:
    """Protect true cells part by part, as `carroyage.secrecy.publish_in_parts`, on workers.

    Raises
    ------
    ThresholdTooLow, MissingColumns, MissingValues, DuplicateCells, UnexpectedCellSize,
    SecrecyBroken, ClusterLost
    """
    tasks = [
        delayed(_publish)(client.scatter(part), min_households)
        for part in squares_apart(raw, cells)
    ]
    yield from numbered_on(in_order(client, tasks, progress))


def _publish(part: WholeSquares, min_households: int) -> PublishedGrid:
    return publish_sorted(
        part.cells, part.north, part.east, part.epsg, min_households=min_households
    )
