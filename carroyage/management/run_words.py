"""A run as it is printed: from what, by which version, with which parameters."""

from __future__ import annotations

from typing import Any

from observatory.models import Run

SHOWN_DIGITS = 12  # of a checksum


def record_of(run: Run) -> dict[str, Any]:
    """Return a run's record as plain data, as it is stored."""
    return {
        "run": run.pk,
        "kind": run.kind,
        "version": run.version,
        "inputs": run.inputs,
        "parameters": run.parameters,
        "counts": run.counts,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
    }


def record_lines(record: dict[str, Any]) -> list[str]:
    """Tell a run's record: number, version, inputs with their checksums, parameters."""
    lines = [f"Run {record['run']}: {record['kind']}, version {record['version']}."]
    lines += [f"  from {_input(one)}" for one in record["inputs"]]
    given = {
        name: value
        for name, value in record["parameters"].items()
        if value is not None and value != "" and value != []
    }
    told = ", ".join(f"{name} {value}" for name, value in given.items())
    return [*lines, f"  with {told}"] if told else lines


def _input(one: dict[str, Any]) -> str:
    if "sha256" in one:
        return f"{one['name']}, {one['size']:,} bytes, sha256 {one['sha256'][:SHOWN_DIGITS]}…"
    if "source" in one:
        files = "; ".join(_input(file) for file in one["files"]) or "no recorded file"
        loaded = f", loaded by run {one['loaded_by_run']}" if one["loaded_by_run"] else ""
        return f"{one['source']} {one['vintage']}, {one['cells']:,} cells{loaded} ({files})"
    return f"run {one['run']} ({one['role']})"
