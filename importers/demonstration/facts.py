"""Published facts the demonstration must honour, each with the line it comes from.

``D1:293`` is line 293 of the Contrat de ville de Paris 2015-2020. Only figures and names are
facts here: every shape, street and household of the demonstration is invented.
"""

from __future__ import annotations

from dataclasses import dataclass

# D1:269: inhabitants of the 20 quarters together.
TOTAL_POPULATION = 150_460
# D1:265: zones found by the computation; D1:269: two zones of the 20e were merged.
COMPUTED_ZONES = 21
# D1:265: "dont 3 sous forme de carreaux à périmétrer". The contract does not say which three;
# the demonstration chooses its three smallest quarters.
BARE_CELLS = ("QP075006", "QP075017", "QP075018")

# D1:253-255: the grid's cell and the smallest population of a quarter.
CELL_SIZE = 200
MIN_POPULATION = 1_000

# D1:257-261 and decree 2014-767: lines in euros per consumption unit and year.
PARIS_LINE = 12_800
USUAL_WEIGHTS_LINE = 11_914
# Medians entering the decree's formula: 11 250 / 0.6, and x in 12 800 = 0.6 (0.3 x 18 750 + 0.7 x).
NATIONAL_MEDIAN = 18_750
URBAN_UNIT_MEDIAN = 22_440

# D1:269, D1:265: dialogue opened on 19 June 2014, list fixed on 30 December 2014.
DIALOGUE_DATE = "2014-06-19"
DECREE_DATE = "2014-12-30"
DECREE_2015 = "décret n° 2014-1750 du 30 décembre 2014"
VALID_2015 = ("2015-01-01", "2024-01-01")
# Method, section 2: generation 2024.
DECREE_2024 = "décret n° 2023-1314 du 28 décembre 2023"
VALID_2024 = ("2024-01-01", "")
# D1:198, D1:2546: the former contract (CUCS) ran from 2007 to the end of 2014.
VALID_CUCS = ("2007-01-01", "2015-01-01")

INCOME_SOURCE = "Insee, RFL2011"  # D1:314


@dataclass(frozen=True)
class Quarter:
    """One row of the contract's table of quarters (D1:292-312).

    ``code`` is the code of the decree's list; ``median`` is the declared income per
    consumption unit (euros per year) under which half of the inhabitants live.
    """

    code: str
    name: str
    arrondissements: tuple[int, ...]
    population: int
    median: int

    @property
    def communes(self) -> tuple[str, ...]:
        """INSEE codes of the arrondissements."""
        return tuple(f"751{number:02d}" for number in self.arrondissements)

    @property
    def commune_label(self) -> str:
        """The arrondissements as the producer's shapefile words them."""
        names = [f"{number}ème" for number in self.arrondissements]
        if len(names) == 1:
            return f"Paris {names[0]} arrondissement"
        return f"Paris {', '.join(names[:-1])} et {names[-1]} arrondissements"


QUARTERS = (
    Quarter("QP075001", "Bédier-Boutroux", (13,), 1_850, 12_500),  # D1:293
    Quarter("QP075003", "Villa d'Este", (13,), 2_680, 11_690),
    Quarter("QP075004", "Kellermann-Paul Bourget", (13,), 2_080, 11_100),
    # 5 400 is 4 900 below the next lowest: kept as printed, perhaps a typing error.
    Quarter("QP075005", "Jeanne d'Arc-Clisson", (13,), 1_930, 5_400),
    Quarter("QP075006", "Oudiné-Chevaleret", (13,), 1_370, 12_100),
    Quarter("QP075007", "Didot-Porte de Vanves", (14,), 3_370, 12_200),
    Quarter("QP075008", "Porte de St-Ouen - Porte Pouchet", (17,), 3_880, 11_700),
    Quarter("QP075009", "Blémont", (18,), 2_510, 12_600),
    Quarter("QP075010", "Porte Montmartre-Porte des Poissonniers-Moskova", (18,), 14_970, 11_300),
    Quarter("QP075011", "La Chapelle-Evangile", (18,), 7_610, 12_300),
    Quarter("QP075012", "Goutte d'Or", (18,), 12_970, 10_800),
    Quarter("QP075013", "Porte de la Chapelle-Charles Hermite", (18, 19), 4_490, 10_300),
    Quarter("QP075014", "Stalingrad Riquet", (19,), 14_840, 11_900),
    Quarter("QP075015", "Michelet-Alphonse Karr-Rue de Nantes", (19,), 13_970, 11_800),
    Quarter("QP075002", "Chaufourniers", (19,), 2_310, 11_800),
    Quarter("QP075016", "Danube-Solidarité-Marseillaise", (19,), 8_990, 10_800),
    Quarter("QP075017", "Algérie", (19,), 1_430, 10_300),
    Quarter("QP075018", "Compans-Pelleport", (19, 20), 1_470, 12_100),
    Quarter("QP075019", "Les Portes du Vingtième", (20,), 17_530, 11_900),
    Quarter("QP075020", "Grand Belleville 10ème, 11ème, et 20ème", (10, 11, 20), 30_210, 12_300),
)  # D1:312

BY_CODE = {quarter.code: quarter for quarter in QUARTERS}

# D1:279: the seven places named as "quartiers de veille active", with their arrondissement.
NAMED_WATCH = (
    ("Porte de Vincennes", 12),
    ("Olympiades", 13),
    ("Cité de l'Eure", 14),
    ("Périchaux", 15),
    ("Joinville-Barbanègre", 19),
    ("Ourcq-Léon Giraud", 19),
    ("140 Ménilmontant", 20),
)
