"""What INSEE's columns of the 200 m grid mean, for legends, TileJSON and documentation.

Names are the producer's own; wording after the documentation of Filosofi's gridded data.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from carroyage.models import MEASURES
from layers.registry import Attribute

PERSONS, HOUSEHOLDS, DWELLINGS = _("personnes"), _("ménages"), _("logements")

# name: (label, unit)
MEANINGS: dict[str, tuple[Promise, str | Promise]] = {
    "ind": (_("Personnes"), PERSONS),
    "men": (_("Ménages"), HOUSEHOLDS),
    "men_pauv": (_("Ménages pauvres"), HOUSEHOLDS),
    "men_1ind": (_("Ménages d’une seule personne"), HOUSEHOLDS),
    "men_5ind": (_("Ménages de cinq personnes ou plus"), HOUSEHOLDS),
    "men_prop": (_("Ménages propriétaires"), HOUSEHOLDS),
    "men_fmp": (_("Ménages monoparentaux"), HOUSEHOLDS),
    "ind_snv": (_("Somme des niveaux de vie winsorisés"), "€"),
    "men_surf": (_("Somme des surfaces des logements"), "m²"),
    "men_coll": (_("Ménages en logement collectif"), HOUSEHOLDS),
    "men_mais": (_("Ménages en maison"), HOUSEHOLDS),
    "log_av45": (_("Logements construits avant 1945"), DWELLINGS),
    "log_45_70": (_("Logements construits de 1945 à 1969"), DWELLINGS),
    "log_70_90": (_("Logements construits de 1970 à 1989"), DWELLINGS),
    "log_ap90": (_("Logements construits depuis 1990"), DWELLINGS),
    "log_inc": (_("Logements de date de construction inconnue"), DWELLINGS),
    "log_soc": (_("Logements sociaux"), DWELLINGS),
    "ind_0_3": (_("Personnes de 0 à 3 ans"), PERSONS),
    "ind_4_5": (_("Personnes de 4 à 5 ans"), PERSONS),
    "ind_6_10": (_("Personnes de 6 à 10 ans"), PERSONS),
    "ind_11_17": (_("Personnes de 11 à 17 ans"), PERSONS),
    "ind_18_24": (_("Personnes de 18 à 24 ans"), PERSONS),
    "ind_25_39": (_("Personnes de 25 à 39 ans"), PERSONS),
    "ind_40_54": (_("Personnes de 40 à 54 ans"), PERSONS),
    "ind_55_64": (_("Personnes de 55 à 64 ans"), PERSONS),
    "ind_65_79": (_("Personnes de 65 à 79 ans"), PERSONS),
    "ind_80p": (_("Personnes de 80 ans ou plus"), PERSONS),
    "ind_inc": (_("Personnes d’âge inconnu"), PERSONS),
}

DETAILS: dict[str, Promise] = {
    "men_pauv": _(
        "Sous le seuil de pauvreté ; plafonné par l’INSEE à 80 % des ménages du carreau."
    ),
    "ind_snv": _(
        "Divisée par le nombre de personnes, elle donne le niveau de vie moyen du carreau ; "
        "aucune médiane n’existe à cette échelle."
    ),
}


def measure_attributes() -> tuple[Attribute, ...]:
    """Return one attribute per stored measure, in the stored order."""
    return tuple(
        Attribute(
            name,
            MEANINGS[name][0],
            kind="number",
            unit=MEANINGS[name][1],
            decimals=1,
            description=DETAILS.get(name, ""),
        )
        for name in MEASURES
    )
