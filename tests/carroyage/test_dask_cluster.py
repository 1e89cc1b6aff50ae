"""On a Dask cluster of separate processes: the same bytes as on one machine, no endless wait."""

from __future__ import annotations

import io
import json
import pickle
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import dask
import distributed
import numpy as np
import pandas as pd
import pytest
import shapely
from django.core.management import call_command

from carroyage import errors, grid
from carroyage.accumulate import Lines, finish
from carroyage.distributed.connection import cluster, in_order, workers
from carroyage.distributed.households import cut_in_batches, read_on_cluster
from carroyage.distributed.publishing import publish_on_cluster
from carroyage.distributed.zoning import zones_on_cluster
from carroyage.gridding import grid_households
from carroyage.models import Cell, ComputedZone, GridDataset
from carroyage.scores import SHARE_POOR
from carroyage.secrecy import publish_in_parts
from carroyage.streaming import read_households
from carroyage.zones import Rules, UrbanUnits, zones_by
from observatory.models import Run
from tests.carroyage.makers import make_households
from tests.factories import a_source

LINES = Lines(13_890.0, 12_800.0)
WIDE = 1_500  # cells: 300 km, some twenty squares of 64 km


@pytest.fixture(scope="module")
def two_processes() -> Iterator[distributed.LocalCluster]:
    """A scheduler and two workers, each a process started afresh (never forked) with one thread."""
    # On a busy machine a process takes long to start: its own patience, not the commands'.
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "120s"}),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            timeout=120,
        ) as made,
    ):
        yield made


@pytest.fixture
def client(two_processes: distributed.LocalCluster) -> Iterator[distributed.Client]:
    with cluster(two_processes.scheduler_address) as connected:
        connected.wait_for_workers(2, timeout=60)
        yield connected


def spread(n: int = 1_500, width: int = WIDE) -> pd.DataFrame:
    return make_households(n, seed=4, width=width)


def save(frame: pd.DataFrame, folder: Path, rows: int = 100) -> Path:
    path = folder / "menages.parquet"
    frame.to_parquet(path, row_group_size=rows)
    return path


def both(client: distributed.Client, path: Path, lines: Lines = LINES, **options: object):
    here = read_households(path, lines, details=True, **options)  # type: ignore[arg-type]
    there = read_on_cluster(client, path, lines, batch=300, **options)  # type: ignore[arg-type]
    return here, there


def same_cells(here: object, there: object, cells: int, size: int = 200) -> int:
    parts = [[finish(part, size, 3035) for part in read.parts(cells)] for read in (here, there)]
    for mine, theirs in zip(*parts, strict=True):
        pd.testing.assert_frame_equal(mine, theirs, check_exact=True)
    return len(parts[0])


class TestHouseholds:
    def test_workers_are_processes_of_their_own(self, client):
        import os

        pids = client.run(os.getpid)
        assert len(set(pids.values()) | {os.getpid()}) == 3

    def test_every_cell_is_the_same_to_the_last_bit(self, client, tmp_path):
        here, there = both(client, save(spread(), tmp_path))
        assert same_cells(here, there, cells=50) > 10
        assert same_cells(here, there, cells=10**9) == 1
        assert there.bounds == here.bounds
        assert there.records == here.records == 1_500

    def test_a_crowd_in_one_square_is_the_same_too(self, client, tmp_path):
        here, there = both(client, save(spread(900, width=4), tmp_path))
        assert same_cells(here, there, cells=10) == 1
        assert there.sums["declared_median"].notna().all()
        assert there.sums["lcog_geo"].str.len().max() >= 10

    def test_kilometres_are_the_same_too(self, client, tmp_path):
        here, there = both(client, save(spread(), tmp_path), size=1_000)
        same_cells(here, there, cells=40, size=1_000)

    def test_unusable_and_repeated_records_are_listed_alike(self, client, tmp_path):
        frame = spread()
        frame.loc[10, "persons"] = 0
        frame.loc[1_250, "declared_income"] = -1.0
        frame.loc[[5, 700, 1_390], "household_id"] = "twice"  # far apart: three batches
        frame.loc[[20, 1_300], "household_id"] = "spoilt twice"
        frame.loc[20, "floor_area"] = np.nan
        here, there = both(client, save(frame, tmp_path))
        pd.testing.assert_frame_equal(there.rejected, here.rejected, check_dtype=False)
        assert there.rejected["row"].tolist() == [10, 20, 700, 1_250, 1_390]
        same_cells(here, there, cells=50)

    def test_lines_by_urban_unit_and_given_bounds(self, client, tmp_path):
        frame = spread()
        frame["urban_unit"] = np.where(frame["x"] % 2 < 1, "00851", "59702")
        lines = Lines(13_890.0, {"00851": 12_800.0, "59702": 9_000.0})
        bounds = {"75": (9_000.0, 50_000.0), "93": (8_000.0, 40_000.0)}
        here, there = both(client, save(frame, tmp_path), lines, bounds=bounds)
        same_cells(here, there, cells=50)

    def test_without_a_line_nor_single_parents(self, client, tmp_path):
        frame = spread(400).drop(columns="single_parent")
        here, there = both(client, save(frame, tmp_path), Lines(13_890.0))
        same_cells(here, there, cells=50)
        assert "declared_median" not in there.sums

    def test_how_records_are_dealt_out_changes_nothing(self, client, tmp_path):
        path = save(spread(600), tmp_path, rows=50)
        few = read_on_cluster(client, path, LINES, batch=600)
        many = read_on_cluster(client, path, LINES, batch=50)
        assert (len(cut_in_batches(path, 600)), len(cut_in_batches(path, 50))) == (1, 12)
        pd.testing.assert_frame_equal(few.sums, many.sums, check_exact=True)

    def test_departments_without_bounds_are_named(self, client, tmp_path):
        with pytest.raises(errors.MissingWinsorBounds, match="93"):
            read_on_cluster(client, save(spread(), tmp_path), LINES, {"75": (1.0, 2.0)})

    @pytest.mark.parametrize(
        ("change", "words"), [({"persons": 0}, "no person: 40"), ({"x": 1.0}, "outside the grid")]
    )
    def test_a_file_without_a_usable_record_is_refused(self, client, tmp_path, change, words):
        path = save(spread(40).assign(**change), tmp_path)
        with pytest.raises(errors.NothingLeft, match=words):
            read_on_cluster(client, path, LINES)

    def test_an_empty_file_is_refused(self, client, tmp_path):
        with pytest.raises(errors.NothingLeft, match="empty"):
            read_on_cluster(client, save(spread(4).iloc[:0], tmp_path), LINES)


class TestSecrecy:
    def test_groups_never_cross_partitions_and_every_level_is_the_same(self, client):
        raw = grid_households(spread(3_000), poverty_line=13_890, line=12_800).cells
        here = list(publish_in_parts(raw, 200))
        there = list(publish_on_cluster(client, raw, 200))
        assert len(there) > 5
        for mine, theirs in zip(here, there, strict=True):
            for level in ("cells", "kilometres", "natural", "residuals"):
                pd.testing.assert_frame_equal(
                    getattr(mine, level), getattr(theirs, level), check_exact=True
                )
        groups = [set(part.cells["groupe"].dropna()) for part in there]
        assert sum(map(len, groups)) == len(set().union(*groups)) > 0

    def test_a_refusal_comes_back_from_the_worker_in_its_own_words(self, client):
        raw = grid_households(spread(200), poverty_line=13_890).cells
        with pytest.raises(errors.ThresholdTooLow, match="5 households is under 11") as refused:
            list(publish_on_cluster(client, raw, 100, min_households=5))
        assert refused.value.advice == errors.ThresholdTooLow.advice


def ground(n: int = 20_000, side: int = 640) -> pd.DataFrame:
    """Cells over four 64 km squares, with amounts of one decimal as published."""
    rng = np.random.default_rng(8)
    flat = rng.choice(side * side, n, replace=False)
    men = rng.integers(1, 300, n).astype(float)
    return pd.DataFrame(
        {
            "ind": np.round(men * rng.uniform(1, 3, n), 1),
            "men": men,
            "men_pauv": np.round(men * rng.random(n), 1),
            "ind_snv": np.round(men * 31_234.56, 1),
            "unit": rng.choice(["00851", "small"], n),
        },
        index=grid.format_ids(2_880_000 + flat // side * 200, 3_712_000 + flat % side * 200, 200),
    )


class TestZones:
    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"contiguity": "rook", "bridge_gaps": True, "fill_holes": True},
            {"urban_units": UrbanUnits("unit", {"00851": 10_000_000, "small": 9_000})},
        ],
        ids=["queen", "rook, gaps and holes", "urban units"],
    )
    def test_zones_across_partitions_are_the_same_to_the_byte(self, client, options):
        cells, rules = ground(), Rules(SHARE_POOR, 0.55, **options)
        here = zones_by(cells, rules)
        there = zones_on_cluster(client, cells.sample(frac=1, random_state=2), rules, part=2_000)
        assert len(here.table) > 20
        for name in ("members", "table", "dropped"):
            pd.testing.assert_frame_equal(
                getattr(here, name), getattr(there, name), check_exact=True
            )
        assert there.parameters == here.parameters
        assert shapely.to_wkb(there.outlines()).tolist() == shapely.to_wkb(here.outlines()).tolist()

    def test_some_zone_does_cross_a_border(self, client):
        members = zones_by(ground(), Rules(SHARE_POOR, 0.55)).members
        square = grid.cell_keys(members["north"], members["east"], 64_000)
        assert pd.Series(square).groupby(members["zone"]).nunique().max() > 1

    def test_no_poor_cell_gives_no_zone(self, client):
        cells = ground(200).assign(men_pauv=0.0)
        assert zones_on_cluster(client, cells, Rules(SHARE_POOR, 0.5)).table.empty

    def test_a_cell_given_twice_is_refused(self, client):
        cells = ground(200)
        with pytest.raises(errors.DuplicateCells):
            zones_on_cluster(client, pd.concat([cells, cells.iloc[:1]]), Rules(SHARE_POOR, 0.5))


def slowly(seconds: float, value: int) -> int:
    time.sleep(seconds)
    return value


def out_of_time() -> None:
    raise TimeoutError("of its own")


class TestWaiting:
    """Whatever becomes of the cluster, the command ends and says why."""

    def test_a_scheduler_that_does_not_answer(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(errors.ClusterUnreachable, match="does not answer"), cluster(address, 1):
            pass

    @pytest.mark.parametrize("address", ["here", "ftp://127.0.0.1:1", "tcp://", "tcp://h:port"])
    def test_an_address_that_is_none(self, address):
        with (
            pytest.raises(errors.ClusterUnreachable, match="is no address like tcp://host:8786"),
            cluster(address, 1),
        ):
            pass

    def test_a_scheduler_without_a_worker(self):
        alone = distributed.LocalCluster(
            n_workers=0,
            processes=False,
            protocol="tcp://",
            host="127.0.0.1",
            dashboard_address=None,
        )
        with (
            alone,
            pytest.raises(errors.ClusterUnreachable, match="has no worker") as refused,
            cluster(alone.scheduler_address, 1),
        ):
            pass
        assert "dask worker" in refused.value.advice

    def test_workers_that_go_away_for_good(self):
        from dask.delayed import delayed

        leaving = distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, protocol="tcp://",
            host="127.0.0.1", dashboard_address=None,
        )  # fmt: skip
        with leaving, cluster(leaving.scheduler_address, 10) as client:
            assert workers(client) == 1
            assert list(in_order(client, [delayed(sum)([1, 2])])) == [3]
            leaving.scale(0)
            with pytest.raises(errors.ClusterLost):
                list(in_order(client, [delayed(sum)([3, 4])], abandoned=0.5))

    def test_work_longer_than_a_look_is_waited_for(self, monkeypatch):
        from dask.delayed import delayed

        monkeypatch.setattr("carroyage.distributed.connection.LOOK", 0.05)
        busy = distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, protocol="tcp://",
            host="127.0.0.1", dashboard_address=None,
        )  # fmt: skip
        with busy, cluster(busy.scheduler_address, 10) as client:
            tasks = [delayed(slowly)(0.12, number) for number in range(12)]
            assert list(in_order(client, tasks, abandoned=5)) == list(range(12))
            with pytest.raises(TimeoutError, match="of its own"):
                list(in_order(client, [delayed(out_of_time)()]))

    def test_a_failure_travels_between_processes_whole(self):
        error = errors.DuplicateCells(["a", "b"], 2)
        again = pickle.loads(pickle.dumps(error))  # noqa: S301
        assert (type(again), str(again), again.advice) == (type(error), str(error), error.advice)


@pytest.mark.django_db
class TestCommands:
    def run(self, command, *words):
        out = io.StringIO()
        call_command(command, *map(str, words), "--json", stdout=out)
        return json.loads(out.getvalue())

    @pytest.fixture
    def address(self, client):
        return client.scheduler.address

    @pytest.mark.parametrize("suffix", ["parquet", "csv"])
    def test_the_grid_made_and_published_on_a_cluster_is_the_same_file(
        self, address, tmp_path, suffix
    ):
        path = save(spread(800), tmp_path)
        files = {}
        for where, more in (("here", ()), ("there", ("--scheduler", address))):
            cells, out = tmp_path / f"{where}.{suffix}", tmp_path / where
            self.run("grid", "make", path, "-o", cells, "--poverty-line", 13_890,
                     "--line", 12_800, *more)  # fmt: skip
            told = self.run("grid", "publish", cells, "-o", out, "--format", suffix, *more)
            released = sorted(out.iterdir())
            assert len(released) == 4
            files[where] = [one.read_bytes() for one in (cells, *released)]
        assert files["here"] == files["there"]
        assert told["computed_on"] == "a Dask cluster of 2 worker process(es)"

    def test_zones_built_on_a_cluster_are_the_same_rows(self, address):
        dataset = GridDataset.objects.create(source=a_source("filosofi"))
        Cell.objects.bulk_create(
            Cell(dataset=dataset, north=2_890_000 + 200 * i, east=3_760_000 + 400 * j,
                 ind=600.5, men=250.0, men_pauv=99.9, ind_snv=9e6)
            for i in range(3) for j in range(4)
        )  # fmt: skip
        zones = {}
        for more in ((), ("--scheduler", address)):
            told = self.run("zones", "build", "--score", "share_poor", "--again", *more)
            rows = ComputedZone.objects.filter(run=told["run"]).order_by("number")
            zones[bool(more)] = [
                (row.cell_keys, row.ind, row.score, row.perimeter.geom.wkb) for row in rows
            ]
        assert len(zones[False]) == 4
        assert zones[False] == zones[True]
        assert told["computed_on"].startswith("a Dask cluster of 2")

    def test_a_cluster_out_of_reach_leaves_no_file_and_a_refused_run(self, tmp_path, capsys):
        path, out = save(spread(50), tmp_path), tmp_path / "cells.parquet"
        with pytest.raises(SystemExit):
            call_command("grid", "make", str(path), "-o", str(out), "--poverty-line", "11700",
                         "--scheduler", "nowhere")  # fmt: skip
        assert "The scheduler nowhere is no address like tcp://host:8786" in capsys.readouterr().err
        assert Run.objects.get().state == "refused"
        assert not out.exists()
