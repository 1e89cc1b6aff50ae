"""A small town with the streets that address lists confuse."""

from __future__ import annotations

from importers.matching import Match, Matcher
from importers.matching.index import StreetIndex

# street, commune, postcode, numbers, start (lon, lat): doors 20 m apart, going east.
STREETS = [
    ("Rue de la Chapelle", "75118", "75018", range(1, 61), (2.3590, 48.8900)),
    ("Boulevard de la Chapelle", "75110", "75010", range(2, 40, 2), (2.3560, 48.8840)),
    ("Boulevard de la Chapelle", "75118", "75018", range(1, 39, 2), (2.3560, 48.8842)),
    ("Avenue Parmentier", "75111", "75011", range(1, 90), (2.3750, 48.8640)),
    ("Rue Jacques Kellner", "75117", "75017", range(1, 30), (2.3250, 48.8970)),
    ("Rue des Peupliers", "75113", "75013", range(1, 80), (2.3520, 48.8230)),
    ("Rue de Belleville", "75119", "75019", range(1, 99, 2), (2.3800, 48.8730)),
    ("Rue de Belleville", "75120", "75020", range(2, 98, 2), (2.3800, 48.8728)),
    ("Rue Victor", "75105", "75005", range(1, 20), (2.3500, 48.8480)),
    ("Avenue Victor Hugo", "75116", "75116", range(1, 50), (2.2850, 48.8700)),
    ("Rue du Faubourg Saint-Antoine", "75111", "75011", range(1, 99, 2), (2.3720, 48.8520)),
    ("Rue Saint-Antoine", "75104", "75004", range(1, 99), (2.3640, 48.8540)),
    ("Rue du Huit Mai 1945", "75110", "75010", range(1, 12), (2.3590, 48.8765)),
    ("Avenue du Général Leclerc", "75114", "75014", range(1, 60), (2.3300, 48.8300)),
    ("Place de la Porte de Vanves", "75114", "75014", range(1, 20), (2.3050, 48.8270)),
    ("Villa d'Este", "75113", "75013", range(1, 20), (2.3640, 48.8200)),
    ("Rue Nanteuil", "75115", "75015", range(1, 20), (2.3030, 48.8360)),
    ("Voie B/18", "75118", "75018", range(1, 9), (2.3600, 48.8950)),
    ("Quai du Lot", "75119", "75019", range(1, 9), (2.3860, 48.8990)),
    ("Rue Piat", "75120", "75020", [8, 10, 16, 18], (2.3840, 48.8720)),
    ("Rue de la République", "93066", "93200", range(1, 40), (2.3560, 48.9360)),
]
METRE_EAST = 1 / 73_300.0


def rows():
    """Give the town's doors as the reference stores them."""
    for street, commune, postcode, numbers, (lon, lat) in STREETS:
        name = "Saint-Denis" if commune == "93066" else f"Paris {int(commune[3:])}e Arrondissement"
        for place, number in enumerate(numbers):
            yield (str(number), "", street, postcode, commune, name,
                   lon + 20 * place * METRE_EAST, lat)  # fmt: skip
    # A door that has a bis.
    yield (
        "62",
        "b",
        "Avenue Parmentier",
        "75011",
        "75111",
        "Paris 11e Arrondissement",
        2.3905,
        48.864,
    )


def the_town() -> Matcher:
    """Return a matcher over the town."""
    return Matcher(StreetIndex.of(rows()))


def found(match: Match) -> str:
    """Return the door that was found."""
    assert match.place is not None
    return match.place.label
