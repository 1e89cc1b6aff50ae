"""What the service of sheets refuses, in the words of the page."""

from __future__ import annotations

from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from maps.followup.words import FIELDS
from observatory.figures.errors import SheetRefusal

# By the sentence of the service, its places not yet filled. A page never sends some of what an
# address may (a name no sheet has): those are told as one.
MESSAGES: dict[str, Promise] = {
    "This sheet is another actor's.": _("Cette fiche est celle d’un autre acteur."),
    "The sheet is {state}.": _("La fiche est « {state} » : ce n’est pas possible à cette étape."),
    "A sheet has no {name!r}.": _("La fiche n’a pas de champ « {name} »."),
    "A line has no {name!r} to fill.": _("La fiche n’a pas de champ « {name} »."),
    "'results' is a list of lines.": _("Les résultats envoyés ne peuvent pas être lus."),
    "The sheet has no line {order}.": _("La fiche n’a pas de ligne {order}."),
    "Nothing is said of: {lines}.": _("Rien n’est dit de : {lines}."),
    "A sheet is sent back with a reason.": _("Une fiche est renvoyée avec un motif."),
    "Only the steering side of the contract decides.": _(
        "Seul le pilotage du contrat peut le décider."
    ),
    "Only the steering side of the contract opens a year.": _(
        "Seul le pilotage du contrat ouvre une année."
    ),
    "Only the steering side of the contract freezes a year.": _(
        "Seul le pilotage du contrat fige un bilan."
    ),
    "{line}: {name} is not a number.": _("{line} : {name} n’est pas un nombre."),
    "{name} is a text of at most {longest} signs.": _(
        "Le texte « {name} » dépasse {longest} signes."
    ),
    "{line}: a count under zero.": _("{line} : un effectif ne peut pas être négatif."),
    "{line}: a whole that is not over zero.": _("{line} : le dénominateur doit dépasser zéro."),
    "{line}: a part over its whole.": _("{line} : le numérateur dépasse le dénominateur."),
    "{line}: {written:g} % is written, the counts give {exact:.1f} %.": _(
        "{line} : {written} % est écrit, mais les effectifs donnent {exact} %."
    ),
    "{name} has a sign that no text holds.": _("Le texte « {name} » a un signe illisible."),
    "{line}: a count that is not whole.": _("{line} : un effectif est un nombre entier."),
    "{line}: a share is from 0 to 100.": _("{line} : une part va de 0 à 100 %."),
}
ADVICE: dict[str, Promise] = {
    "Ask the contract's lead.": _("Demandez au pilote du contrat."),
    "Ask its lead.": _("Demandez au pilote du contrat."),
    "The contract's lead can send it back to be changed.": _(
        "Le pilote du contrat peut la renvoyer pour qu’elle soit changée."
    ),
    "It must be: {wanted}.": _("Rechargez la page pour voir où elle en est."),
    "It has: {names}.": _("Rechargez la page et recommencez."),
    "Give each with its order.": _("Rechargez la page et recommencez."),
    "Give the order of one.": _("Rechargez la page et recommencez."),
    "Give a result, or write in words why there is none.": _(
        "Donnez un résultat, ou dites pourquoi il n’y en a pas."
    ),
    "Say what is to be changed.": _("Dites ce qui est à changer."),
    "Hand the sheet in.": _("Remettez la fiche : il la validera."),
    "Give a number, or nothing at all.": _("Écrivez un nombre, ou laissez vide s’il n’y en a pas."),
    "Shorten it.": _("Raccourcissez-le."),
    "Correct the counts.": _("Corrigez les effectifs."),
    "Leave it blank if none.": _("Laissez vide s’il n’y en a pas."),
    "Correct one of them.": _("Corrigez l’un des deux."),
    "Take it out.": _("Retirez-le."),
    "Give the count itself.": _("Donnez l’effectif lui-même."),
    "Correct the result.": _("Corrigez le résultat."),
}


def in_words(error: SheetRefusal) -> str:
    """Return what a person reads of a refusal: what is wrong, and what to do."""
    message, advice = error.words
    given = {name: _said(name, value) for name, value in error.given.items()}
    told = (str(MESSAGES.get(message, message)), str(ADVICE.get(advice, advice)))
    return " ".join(text.format(**given) for text in told if text)


def _said(name: str, value: Any) -> Any:
    """Return what fills a place: fields and steps by their names there, numbers as written."""
    if name == "name":
        return FIELDS.get(value, value)
    if name == "state":
        return gettext(value)
    return number_format(value, 1) if isinstance(value, float) else value
