"""The words of the field, in plain words: shown at a hover on any page, and all on one page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from maps.areas import alphabetical

# By key, which is also the word's place on the page: the word, and what it means.
GLOSSARY = {
    "additif": (
        _("additif"),
        _(
            "Se dit d’un nombre qui s’additionne d’un territoire à l’autre, comme un effectif. "
            "Une part ou une médiane ne s’additionne pas : on divise une somme par une somme."
        ),
    ),
    "carreau": (
        _("carreau"),
        _(
            "Carré de 200 m de côté pour lequel l’Insee publie des sommes de personnes, de ménages "
            "et de revenus. Un carreau ne se lit jamais seul."
        ),
    ),
    "cible": (
        _("cible"),
        _(
            "Ce qu’un contrat vise pour un indicateur, à une échéance. Elle est atteinte, en "
            "cours, en retard, ou sans donnée pour le dire."
        ),
    ),
    "contrat": (
        _("contrat de ville"),
        _(
            "Contrat entre l’État, les collectivités et leurs partenaires pour un ensemble de "
            "quartiers : axes, objectifs, actions, indicateurs et cibles."
        ),
    ),
    "ecart": (
        _("écart"),
        _(
            "Différence entre la valeur d’un quartier et celle d’une référence : en points pour "
            "une part, dans l’unité de la valeur sinon."
        ),
    ),
    "ept": (
        _("EPT"),
        _(
            "Établissement public territorial : groupement de communes de la métropole du Grand "
            "Paris, qui porte les contrats de ville hors de Paris."
        ),
    ),
    "generation": (
        _("génération"),
        _("Ensemble de quartiers fixés par un même décret : 2015, puis 2024."),
    ),
    "iris": (
        _("IRIS"),
        _("Petit secteur de la statistique publique, d’environ 2 000 habitants."),
    ),
    "mediane": (
        _("médiane"),
        _(
            "Valeur qui partage une population en deux moitiés. Elle ne se calcule pas à partir "
            "des médianes des parties."
        ),
    ),
    "millesime": (
        _("millésime"),
        _("Année que décrit une donnée, et non celle où elle a été chargée."),
    ),
    "npnru": (
        _("NPNRU"),
        _(
            "Nouveau programme national de renouvellement urbain : des projets de travaux, dont "
            "le périmètre n’est pas celui du quartier."
        ),
    ),
    "qpv": (
        _("QPV"),
        _(
            "Quartier prioritaire de la politique de la ville, fixé par décret : au moins 1 000 "
            "habitants, dont la moitié sous un seuil de bas revenus."
        ),
    ),
    "qva": (
        _("QVA"),
        _(
            "Quartier de veille active : ancien quartier prioritaire, ou quartier nommé par le "
            "contrat, qui reste suivi sans être un QPV."
        ),
    ),
    "referentiel": (
        _("référentiel"),
        _("Arbre d’un contrat : ses objectifs, ses actions, leurs indicateurs et leurs cibles."),
    ),
    "reste": (
        _("ville hors quartiers"),
        _(
            "Le territoire de référence moins ses quartiers prioritaires : somme des numérateurs "
            "restants sur somme des dénominateurs restants."
        ),
    ),
    "retenu": (
        _("retenu"),
        _(
            "Valeur qui existe mais n’est pas publiée, parce qu’elle porterait sur trop peu de "
            "personnes. Ce n’est ni un zéro ni une absence de donnée."
        ),
    ),
    "rupture": (
        _("rupture de série"),
        _("Année à partir de laquelle les valeurs ne se comparent plus aux précédentes."),
    ),
    "seuil": (
        _("seuil de bas revenus"),
        _(
            "60 % d’une moyenne pondérée du revenu médian national et de celui de l’unité "
            "urbaine, arrondis à 10 €, par unité de consommation."
        ),
    ),
    "typologie": (
        _("typologie"),
        _(
            "Quartiers rangés en classes d’après plusieurs indicateurs à la fois, 1 pour la plus "
            "précaire. La stabilité dit combien de fois sur cent un quartier garde sa classe quand "
            "on refait le calcul sur d’autres tirages."
        ),
    ),
    "zone": (
        _("zone calculée"),
        _(
            "Carreaux contigus qui remplissent un critère de revenu et de population. Ce n’est "
            "jamais le périmètre légal."
        ),
    ),
}


def meaning_of(key: str) -> tuple[str, str]:
    """Return a word and its meaning, in the page's language. Raises KeyError."""
    word, meaning = GLOSSARY[key]
    return str(word), str(meaning)


def entries() -> list[tuple[str, str, str]]:
    """Return key, word and meaning of every entry, in the order of the words."""
    found = [(key, str(word), str(meaning)) for key, (word, meaning) in GLOSSARY.items()]
    return sorted(found, key=lambda entry: alphabetical(entry[1]))
