"""Addok at its best, to be compared with: run by the Python that addok is installed in.

    python peer_addok.py index ADDRESSES.csv.gz     # fills the Redis it is pointed at
    python peer_addok.py search < lists.json        # answers, and the seconds they took

Pointed at its Redis by REDIS_SOCKET. Imports nothing of ours.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
import multiprocessing
import os
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import redirect_stdout

PROCESSES = 2
PIECE = 100  # queries handed to a process at a time
# What the three packages' own pages advise, in the order they advise it.
CONFIG = """
QUERY_PROCESSORS_PYPATHS = [
    "addok.helpers.text.check_query_length",
    "addok_france.extract_address",
    "addok_france.clean_query",
    "addok_france.remove_leading_zeros",
]
PROCESSORS_PYPATHS = [
    "addok.helpers.text.tokenize",
    "addok.helpers.text.normalize",
    "addok_france.glue_ordinal",
    "addok_france.fold_ordinal",
    "addok_france.flag_housenumber",
    "addok.helpers.text.synonymize",
    "addok_fr.phonemicize",
]
SEARCH_RESULT_PROCESSORS_PYPATHS = [
    "addok.helpers.results.match_housenumber",
    "addok_france.make_labels",
    "addok.helpers.results.score_by_importance",
    "addok.helpers.results.score_by_autocomplete_distance",
    "addok.helpers.results.score_by_ngram_distance",
    "addok.helpers.results.score_by_geo_distance",
    "addok.helpers.results.adjust_scores",
]
"""


def documents(path: str):
    """Give a document for each street of a commune, and for each commune, as the BAN's are."""
    streets, communes = defaultdict(list), defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        for row in csv.DictReader(handle, delimiter=";"):
            streets[row["code_insee"], row["nom_voie"]].append(row)
            communes[row["code_insee"]].append(row)
    for place, ((code, name), rows) in enumerate(streets.items()):
        doors = {
            f"{r['numero']} {r['rep']}".strip(): {
                "id": r["id"], "lat": float(r["lat"]), "lon": float(r["lon"])
            }
            for r in rows if r["numero"]
        }  # fmt: skip
        yield {
            **_document(f"{code}_{place}", "street", name, rows),
            "housenumbers": doors,
            "importance": min(1.0, math.log10(1 + len(rows)) / 4),
        }
    for code, rows in communes.items():
        town = rows[0]["nom_commune"]
        yield {**_document(code, "municipality", town, rows), "importance": 0.6}


def _document(key: str, kind: str, name: str, rows: list) -> dict:
    town = rows[0]["nom_commune"]
    return {
        "id": key,
        "type": kind,
        "name": name,
        "postcode": sorted({row["code_postal"] for row in rows}),
        "citycode": rows[0]["code_insee"],
        "city": [town, town.split()[0]],
        "context": "75, Paris, Île-de-France",
        "lat": sum(float(row["lat"]) for row in rows) / len(rows),
        "lon": sum(float(row["lon"]) for row in rows) / len(rows),
    }


def index(path: str) -> None:
    """Fill Redis by addok's own import."""
    with tempfile.NamedTemporaryFile("w", suffix=".ndjson", encoding="utf-8") as file:
        for document in documents(path):
            file.write(json.dumps(document, ensure_ascii=False) + "\n")
        file.flush()
        from addok.batch import process_file

        process_file(file.name)


def search(queries: list[str]) -> list:
    """Return (longitude, latitude, type, score, label) of the first answer to each query."""
    from addok.core import search as ask

    answers = []
    for query in queries:
        found = ask(query, limit=1, autocomplete=False)
        answers.append(
            [float(found[0].lon), float(found[0].lat), found[0].type, found[0].score, str(found[0])]
            if found
            else None
        )
    return answers


def configure() -> None:
    """Load addok with the advised configuration."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(CONFIG)
        file.flush()
        os.environ["ADDOK_CONFIG_MODULE"] = file.name
        from addok.config import config

        with redirect_stdout(sys.stderr):  # it prints what it loads
            config.load()


def main() -> None:
    configure()
    if sys.argv[1] == "index":
        with redirect_stdout(sys.stderr):
            index(sys.argv[2])
        return
    told = []
    with multiprocessing.get_context("spawn").Pool(PROCESSES, configure) as pool:
        pool.map(search, [["1 rue de Rivoli 75001 Paris"]] * 2 * PROCESSES, 1)  # warm
        for queries in json.load(sys.stdin):
            begun = time.perf_counter()
            pieces = [queries[i : i + PIECE] for i in range(0, len(queries), PIECE)]
            answers = [answer for found in pool.map(search, pieces, 1) for answer in found]
            told.append({"seconds": time.perf_counter() - begun, "answers": answers})
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
