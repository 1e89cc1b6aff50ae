"""The invented layout: rings, sectors, communes, and where quarters and decoys lie.

Angles are degrees, counter-clockwise from east; rings are numbered from the centre (1) to the
outline of the city (3), the neighbouring communes (4) and one commune beyond (5). A place is
(angle, ring position): 2.5 is half-way between ring 2 and ring 3. Lengths in metres, EPSG:3035.
"""

from __future__ import annotations

from dataclasses import dataclass

CENTRE = (2.35, 48.857)  # longitude, latitude: Paris's true place

# Semi-axes (east, north) of each ring and its shift to the north.
RINGS = {
    1: (1_350.0, 1_200.0, 250.0),
    2: (3_150.0, 2_600.0, 100.0),
    3: (6_400.0, 5_200.0, 0.0),
    4: (8_400.0, 7_100.0, 0.0),
    5: (10_700.0, 9_300.0, 0.0),
}
RINGS_WITH_BOULEVARD = 3
RING_STEP = {1: 15.0, 2: 8.0, 3: 4.0, 4: 4.0, 5: 4.0}


@dataclass(frozen=True)
class Sector:
    """A piece of a ring between two angles, belonging to one commune."""

    ring: int
    low: float
    high: float
    commune: str


def _city(number: int, ring: int, low: float, high: float) -> Sector:
    return Sector(ring, low, high, f"751{number:02d}")


# Numbers turn clockwise outward from the west of the centre, like a snail's shell.
SECTORS = (
    _city(1, 1, 160, 250), _city(2, 1, 80, 160), _city(3, 1, 10, 80), _city(4, 1, -110, 10),
    _city(5, 2, -88, -44), _city(6, 2, -125, -88), _city(7, 2, -165, -125),
    _city(8, 2, 140, 195), _city(9, 2, 95, 140), _city(10, 2, 38, 95), _city(11, 2, -14, 38),
    _city(12, 2, -44, -14),
    _city(12, 3, -44, -18), _city(13, 3, 275, 316), _city(14, 3, 242, 275),
    _city(15, 3, 207, 242), _city(16, 3, 165, 207), _city(17, 3, 122, 165),
    _city(18, 3, 87, 122), _city(19, 3, 48, 87), _city(20, 3, -18, 48),
    Sector(4, 103, 132, "93901"), Sector(4, 72, 103, "93902"), Sector(4, 38, 72, "93903"),
    Sector(4, 4, 38, "93904"), Sector(4, -20, 4, "94901"), Sector(4, -44, -20, "94902"),
    Sector(4, -72, -44, "94903"), Sector(4, -104, -72, "94904"),
    Sector(5, -40, -18, "94905"),
)  # fmt: skip

# The river: (ring it crosses outward or follows, from angle, to angle); equal angles = crossing.
RIVER = (
    (4, -44.0, -44.0), (3, -44.0, -44.0), (2, -44.0, -44.0), (1, -165.0, -44.0),
    (2, -165.0, -165.0), (2, 195.0, 207.0), (3, 207.0, 207.0),
)  # fmt: skip


@dataclass(frozen=True)
class Commune:
    """A neighbouring commune: everything about it is invented."""

    code: str
    name: str
    persons: int
    median: float
    ept: str
    contract: str
    urban_unit: str


BIG_UNIT, SMALL_UNIT = "00851", "94301"
COMMUNES = (
    Commune("93901", "Saint-Alban-la-Plaine", 34_000, 20_500, "EPT-NORD", "CV-NORD", BIG_UNIT),
    Commune("93902", "La Courtille-aux-Prés", 38_000, 19_000, "EPT-NORD", "CV-NORD", BIG_UNIT),
    Commune("93903", "Pré-l'Évêque", 31_000, 19_500, "EPT-NORD", "CV-NORD", BIG_UNIT),
    Commune("93904", "Montclair-sous-Bois", 36_000, 21_000, "EPT-NORD", "CV-NORD", BIG_UNIT),
    Commune("94901", "Bois-l'Abbesse", 30_000, 22_000, "EPT-SUD", "CV-SUD", BIG_UNIT),
    Commune("94902", "Vernay-sur-Rive", 27_000, 23_000, "EPT-SUD", "", BIG_UNIT),
    Commune("94903", "L'Haÿe-Blanche", 33_000, 21_500, "EPT-SUD", "CV-SUD", BIG_UNIT),
    Commune("94904", "Noyers-le-Vieux", 29_000, 22_000, "EPT-SUD", "", BIG_UNIT),
    Commune("94905", "Fontenelle-en-Brie", 14_000, 20_500, "", "", SMALL_UNIT),
)
COMMUNE_BY_CODE = {commune.code: commune for commune in COMMUNES}


@dataclass(frozen=True)
class ZonePlan:
    """Where one computed zone is to grow, and under which lines its cells must stay.

    ``below_usual`` cells have their low-income majority under both lines; the others only
    under the Paris line. ``quarter`` is empty for a decoy.
    """

    name: str
    quarter: str
    angle: float
    ring: float
    cells: int
    below_usual: bool
    communes: tuple[str, ...]


def _zone(
    quarter: str, angle: float, ring: float, cells: int, below: bool, *numbers: int, name: str = ""
) -> ZonePlan:
    communes = tuple(f"751{number:02d}" for number in numbers)
    return ZonePlan(name or quarter, quarter, angle, ring, cells, below, communes)


# The thirteen quarters whose median is under 11 914 euros are below both lines. The Portes du
# Vingtième are drawn as two zones, and only the larger one is below both: with one line of
# 11 914 euros everywhere thirteen zones remain, one for each of those quarters.
ZONES = (
    _zone("QP075003", -66, 2.62, 1, True, 13),
    _zone("QP075020", 40, 2.03, 19, False, 10, 11, 20),
    _zone("QP075013", 87, 2.84, 5, True, 18, 19),
    _zone("QP075018", 48, 2.50, 2, False, 19, 20),
    _zone("QP075017", 57, 2.86, 2, True, 19),
    _zone("QP075002", 56, 2.20, 2, True, 19),
    _zone("QP075019", 7, 2.80, 8, True, 20, name="QP075019-nord"),
    _zone("QP075019", -3, 2.80, 6, False, 20, name="QP075019-sud"),
    _zone("QP075012", 100, 2.20, 7, True, 18),
    _zone("QP075010", 109, 2.80, 14, True, 18),
    _zone("QP075011", 95, 2.52, 6, False, 18),
    _zone("QP075009", 116, 2.45, 2, False, 18),
    _zone("QP075014", 78, 2.22, 10, True, 19),
    _zone("QP075015", 75, 2.72, 11, True, 19),
    _zone("QP075016", 60, 2.52, 8, True, 19),
    _zone("QP075008", 128, 2.82, 5, True, 17),
    _zone("QP075007", -111, 2.80, 4, False, 14),
    _zone("QP075001", -50, 2.84, 2, False, 13),
    _zone("QP075006", -52, 2.35, 2, False, 13),
    _zone("QP075005", -62, 2.15, 2, True, 13),
    _zone("QP075004", -80, 2.84, 3, True, 13),
)
SMALL_UNIT_ZONE = ZonePlan("decoy-small-unit", "", -27, 4.62, 5, False, ("94905",))

# (angle, ring): a poor zone of two cells kept under 1 000 inhabitants, then lone poor cells.
SMALL_ZONE = (-30.0, 2.80)
LONE_CELLS = ((20.0, 1.7), (-135.0, 2.6), (150.0, 2.75), (70.0, 1.5), (30.0, 2.7), (88.0, 3.5))

# The seven watch quarters named by the contract, in its order.
WATCH_PLACES = (
    (-20.0, 2.86), (-72.0, 2.36), (-100.0, 2.45), (-128.0, 2.80), (81.0, 2.48), (66.0, 2.18),
    (24.0, 2.45),
)  # fmt: skip

# The fourteen perimeters of the former contract, larger than the quarters of 2015. The
# contract gives their number (D1:2546), not their outlines: names and shapes are invented.
FORMER = (
    ("Porte d'Ivry-Bédier", ("QP075001", "QP075006")),
    ("Sud 13e", ("QP075003", "QP075004")),
    ("Clisson", ("QP075005",)),
    ("Plaisance-Porte de Vanves", ("QP075007",)),
    ("Porte Pouchet-Porte de Saint-Ouen", ("QP075008",)),
    ("Porte Montmartre-Porte de Clignancourt", ("QP075010", "QP075009")),
    ("Goutte d'Or", ("QP075012",)),
    ("La Chapelle", ("QP075011", "QP075013")),
    ("Flandre", ("QP075014",)),
    ("Michelet-Nantes", ("QP075015",)),
    ("Danube-Solidarité", ("QP075016", "QP075017")),
    ("Chaufourniers", ("QP075002",)),
    ("Belleville-Télégraphe", ("QP075020", "QP075018")),
    ("Portes du Vingtième", ("QP075019",)),
)

# Generation 2024: kept as they were, out, all others redrawn, and one new quarter.
UNCHANGED_2024 = (
    "QP075003", "QP075004", "QP075007", "QP075009", "QP075011", "QP075016", "QP075017",
)  # fmt: skip
OUT_2024 = "QP075018"
NEW_2024 = ("QN09391I", "Les Deux-Rives", 4.0, 3.35, ("93904", "94901"))

# Large green places: (angle, ring, square metres of the plot that stays uncut).
GREEN = (
    (187.0, 2.88, 900_000.0), (-36.0, 2.88, 700_000.0), (-92.0, 2.72, 260_000.0),
    (70.0, 2.40, 120_000.0), (-150.0, 2.35, 180_000.0), (-108.0, 1.5, 200_000.0),
    (140.0, 2.4, 150_000.0), (18.0, 2.25, 330_000.0), (-50.0, 3.5, 800_000.0),
    (110.0, 3.6, 700_000.0), (15.0, 3.75, 900_000.0),
)  # fmt: skip
FOREST_DEPTH = 0.42  # the inner part of ring 5 is forest: it keeps the small urban unit apart

# Invented median declared incomes per consumption unit of the arrondissements, euros per year.
MEDIANS = dict(
    enumerate(
        (31e3, 29e3, 30e3, 31e3, 32e3, 37e3, 39e3, 38e3, 31e3, 25e3, 26e3, 26e3, 22.5e3, 26e3,
         28e3, 37e3, 28.5e3, 21e3, 19.5e3, 20.5e3),
        1,
    )
)  # fmt: skip
# Households per front, relative to the others: offices and embassies empty some arrondissements.
CROWDING = {1: 0.55, 2: 0.85, 6: 0.8, 7: 0.6, 8: 0.5, 10: 1.1, 11: 1.35, 15: 1.15, 16: 0.75,
            17: 1.15, 18: 1.3, 20: 1.2}  # fmt: skip
CITY_PERSONS = 2_070_000  # before the larger households near poor zones

# Streets that carry a quarter's name, drawn inside it: a list of quarters can then be located
# by its names alone.
QUARTER_STREETS = {
    "QP075001": ("Rue Bédier", "Avenue Boutroux"),
    "QP075002": ("Rue des Chaufourniers",),
    "QP075003": ("Rue de la Villa d'Este",),
    "QP075004": ("Boulevard Kellermann", "Rue Paul Bourget"),
    "QP075005": ("Rue Jeanne d'Arc", "Rue Clisson"),
    "QP075006": ("Rue Oudiné", "Rue du Chevaleret"),
    "QP075007": ("Rue Didot", "Avenue de la Porte de Vanves"),
    "QP075008": ("Avenue de la Porte de Saint-Ouen", "Avenue de la Porte Pouchet"),
    "QP075009": ("Rue Blémont",),
    "QP075010": (
        "Avenue de la Porte Montmartre", "Avenue de la Porte des Poissonniers",
        "Rue de la Moskova",
    ),
    "QP075011": ("Rue de la Chapelle", "Rue de l'Évangile"),
    "QP075012": ("Rue de la Goutte d'Or",),
    "QP075013": ("Avenue de la Porte de la Chapelle", "Rue Charles Hermite"),
    "QP075014": ("Rue de Stalingrad", "Rue Riquet"),
    "QP075015": ("Rue Michelet", "Rue Alphonse Karr", "Rue de Nantes"),
    "QP075016": ("Rue du Danube", "Rue de la Solidarité", "Rue de la Marseillaise"),
    "QP075017": ("Boulevard d'Algérie",),
    "QP075018": ("Rue Compans", "Rue Pelleport"),
    "QP075019": ("Avenue de la Porte de Bagnolet", "Avenue de la Porte de Montreuil"),
    "QP075020": ("Rue de Belleville", "Boulevard de Belleville"),
}  # fmt: skip

# Invented reference: 60 % of a national median living standard (disposable) of 19 500 euros.
POVERTY_LINE = 11_700.0
