"""How French addresses are spelt: types of way, titles, suffixes, words that say nothing.

Everything is written without accents, in capitals.
"""

from __future__ import annotations

import re
import unicodedata

_LIGATURES = str.maketrans(
    {"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "’": "'", "`": "'", "´": "'", "ß": "ss",
     "°": " ", "º": " ", "–": "-", "—": "-", "−": "-", "\u00ad": "", "«": " ", "»": " "}
)  # fmt: skip


def fold(text: str) -> str:
    """Return ``text`` in capitals without accents; every sign but letters and digits is kept."""
    if text.isascii():
        return text.upper()
    spread = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    return "".join(sign for sign in spread if not unicodedata.combining(sign)).upper()


# -- types of way --------------------------------------------------------------------------

TYPES: dict[str, str] = {
    "RUE": "RUE RUES R",
    "AVENUE": "AVENUE AVENUES AV AVE AVEN AVN",
    "BOULEVARD": "BOULEVARD BOULEVARDS BD BLD BLVD BVD BOUL BOULV BVRD BLVRD",
    "PLACE": "PLACE PL PLCE PLA",
    "IMPASSE": "IMPASSE IMP IMPAS IPASSE",
    "PASSAGE": "PASSAGE PASS PASSG PSG PSGE PAS",
    "SQUARE": "SQUARE SQ SQR SQUAR",
    "VILLA": "VILLA VLA VIL",
    "ALLEE": "ALLEE ALLEES ALL",
    "QUAI": "QUAI QUAIS QU QAI",
    "CITE": "CITE CTE",
    "COUR": "COUR",
    "COURS": "COURS CRS",
    "ROUTE": "ROUTE RTE",
    "CHEMIN": "CHEMIN CHEM CHE CHM CH",
    "SENTIER": "SENTIER SENT",
    "SENTE": "SENTE",
    "HAMEAU": "HAMEAU HAM",
    "GALERIE": "GALERIE GALERIES GALE",
    "RUELLE": "RUELLE RLE",
    "PORT": "PORT",
    "ESPLANADE": "ESPLANADE ESP ESPL",
    "CARREFOUR": "CARREFOUR CARF",
    "PARVIS": "PARVIS PRV",
    "TERRASSE": "TERRASSE TSSE",
    "PROMENADE": "PROMENADE PROM",
    "PONT": "PONT",
    "PERISTYLE": "PERISTYLE",
    "ROND POINT": "RONDPOINT RPT",
    "CHAUSSEE": "CHAUSSEE CHS",
    "PORTE": "PORTE PTE",
    "PASSERELLE": "PASSERELLE",
    "VOIE": "VOIE",
    "RESIDENCE": "RESIDENCE",
    "MAIL": "MAIL",
    "CLOS": "CLOS",
    "JARDIN": "JARDIN JARDINS",
    "MONTEE": "MONTEE",
    "VENELLE": "VENELLE",
    "TRAVERSE": "TRAVERSE",
    "LOTISSEMENT": "LOTISSEMENT",
    "ROCADE": "ROCADE",
    "COTE": "COTE",
    "GRANDE RUE": "GRANDERUE",
}
TYPE_OF = {spelling: name for name, spellings in TYPES.items() for spelling in spellings.split()}
# Spellings that are words of names or single letters as often: only a type where one may stand.
SHORT_TYPES = {"R", "CH", "PAS", "PLA", "CAR", "QU", "ALL", "VIL", "PORT", "PONT", "COTE", "ESP"}
# Types that people misspell, worth finding at a letter or two.
LONG_TYPES = tuple(
    name for name in ("RUE", "AVENUE", "BOULEVARD", "PLACE", "IMPASSE", "PASSAGE", "SQUARE",
                      "VILLA", "ALLEE", "QUAI", "CITE", "COURS", "ROUTE", "CHEMIN", "SENTIER",
                      "HAMEAU", "GALERIE", "RESIDENCE", "VOIE", "COUR", "ESPLANADE", "PROMENADE",
                      "CARREFOUR", "RUELLE")
)  # fmt: skip

# -- words of names ------------------------------------------------------------------------

STOPS = frozenset(["DE", "DU", "DES", "LA", "LE", "LES", "L", "D", "ET", "AU", "AUX", "A", "EN"])
EXPANSIONS: dict[str, str] = {
    "ST": "SAINT", "STE": "SAINTE", "STS": "SAINTS", "SNT": "SAINT",
    "FG": "FAUBOURG", "FBG": "FAUBOURG", "FBRG": "FAUBOURG", "FAUB": "FAUBOURG",
    "FAUBG": "FAUBOURG", "FBOURG": "FAUBOURG",
    "GAL": "GENERAL", "GEN": "GENERAL", "GNAL": "GENERAL", "GNRL": "GENERAL",
    "MAL": "MARECHAL", "MARECH": "MARECHAL", "MCHAL": "MARECHAL",
    "DR": "DOCTEUR", "DOCT": "DOCTEUR", "DOC": "DOCTEUR",
    "PR": "PROFESSEUR", "PROF": "PROFESSEUR",
    "CDT": "COMMANDANT", "CMDT": "COMMANDANT", "CDANT": "COMMANDANT",
    "CPT": "CAPITAINE", "CAPT": "CAPITAINE", "CNE": "CAPITAINE",
    "COL": "COLONEL", "LT": "LIEUTENANT", "LTT": "LIEUTENANT", "SGT": "SERGENT",
    "PDT": "PRESIDENT", "PRDT": "PRESIDENT", "PT": "PETIT",
    "AML": "AMIRAL", "AMAL": "AMIRAL", "MGR": "MONSEIGNEUR", "CARD": "CARDINAL",
    "ND": "NOTRE DAME", "GD": "GRAND", "GDE": "GRANDE", "GDS": "GRANDS", "GDES": "GRANDES",
    "PTS": "PETITS", "PTES": "PETITES", "PTE": "PORTE", "ING": "INGENIEUR",
    "UN": "1", "DEUX": "2", "TROIS": "3", "QUATRE": "4", "CINQ": "5", "SIX": "6", "SEPT": "7",
    "HUIT": "8", "NEUF": "9", "DIX": "10", "ONZE": "11", "DOUZE": "12", "TREIZE": "13",
    "QUATORZE": "14", "QUINZE": "15", "SEIZE": "16", "VINGT": "20", "TRENTE": "30",
}  # fmt: skip

# -- numbers -------------------------------------------------------------------------------

SUFFIXES: dict[str, str] = {
    "BIS": "B", "TER": "T", "QUATER": "Q", "QUATTER": "Q", "QUAT": "Q", "QTER": "Q",
    "QUINQUIES": "C", "QUINQUIE": "C", "QUINTER": "C", "SEXIES": "SEXIES", "BI": "B",
}  # fmt: skip
SUFFIX_WORDS = frozenset(SUFFIXES)

# -- what stands in a cell beside the address ----------------------------------------------

# Words after which a number or a letter is no house number, whatever follows.
UNIT_WORDS = frozenset(
    [
        "LOT",
        "LOTS",
        "BAT",
        "BATS",
        "BATIMENT",
        "BATIMENTS",
        "BLOC",
        "BLOCK",
        "ESC",
        "ESCALIER",
        "ESCALIERS",
        "APT",
        "APPT",
        "APPART",
        "APPARTEMENT",
        "APP",
        "LOGEMENT",
        "LGT",
        "LOGT",
        "ETAGE",
        "HALL",
        "ILOT",
        "ILOTS",
        "TRANCHE",
        "PHASE",
        "PARCELLE",
        "CAGE",
        "CHAMBRE",
        "CHB",
        "STUDIO",
        "BOITE",
        "BAL",
        "CODE",
        "DIGICODE",
        "PALIER",
        "INTERPHONE",
        "CASE",
        "BP",
        "CS",
        "TSA",
        "MACROLOT",
        "PLOT",
    ]
)
# Words that are parts of names as often: only where nothing else can take their number.
WEAK_UNIT_WORDS = ("PORTE", "ENTREE", "TOUR", "MAISON", "GROUPE", "SECTEUR", "BUREAU", "SORTIE",
                   "DEPOT", "ZAC", "CITE", "PORTES")  # fmt: skip
ROMAN = {
    "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "X": 10,
    "XI": 11, "XII": 12, "XIII": 13, "XIV": 14, "XV": 15, "XVI": 16, "XVII": 17, "XVIII": 18,
    "XIX": 19, "XX": 20,
}  # fmt: skip


def name_tokens(folded: str) -> list[str]:
    """Return the telling words of a street's name: abbreviations written out, small words gone.

    >>> name_tokens("FG ST-ANTOINE"), name_tokens("DE LA PAIX")
    (['FAUBOURG', 'SAINT', 'ANTOINE'], ['PAIX'])
    """
    found: list[str] = []
    for word in re.findall(r"[A-Z]+|\d+", folded):
        if word not in STOPS:
            found += EXPANSIONS.get(word, word).split()
    return found


_GLUED = re.compile(r"^\d+[A-Z]\d? ")


def split_street(name: str) -> tuple[str, list[str]]:
    """Return the type of way and the telling words of a street of the reference.

    >>> split_street("Boulevard de la Chapelle")
    ('BOULEVARD', ['CHAPELLE'])
    """
    folded = fold(name).replace("-", " ").replace("'", " ")
    folded = _GLUED.sub("", folded).replace("ROND POINT", "RONDPOINT")
    if folded.startswith("GRANDE RUE"):
        return "GRANDE RUE", name_tokens(folded[10:]) or ["GRANDE", "RUE"]
    first, _, rest = folded.partition(" ")
    if first == "VOIE" and rest:
        return first, re.findall(r"[A-Z]+|\d+", rest)
    if first in TYPE_OF and rest:
        return TYPE_OF[first], name_tokens(rest) or rest.split()
    return "", name_tokens(folded) or folded.split()
