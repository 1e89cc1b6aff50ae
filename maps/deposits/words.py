"""What goes wrong with a deposit, in the words of the page."""

from __future__ import annotations

import re

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from importers.deposits.columns import Private, Role
from importers.deposits.outcomes import Fate
from importers.matching.match import Why
from observatory.errors import ObservatoryError

MESSAGES: dict[str, Promise] = {
    "TooLarge": gettext_lazy(
        "Le fichier dépasse 200 Mo. Ne gardez que les colonnes utiles, ou coupez-le par période."
    ),
    "TooManyRows": gettext_lazy("Le fichier dépasse un million de lignes. Coupez-le par période."),
    "TooManyColumns": gettext_lazy(
        "Le fichier a plus de 200 colonnes. Gardez l’adresse ou les coordonnées, une date, une "
        "référence, et supprimez les autres."
    ),
    "CellTooLong": gettext_lazy(
        "Une cellule contient plus de 10 000 caractères. Cherchez un guillemet oublié : la suite "
        "du fichier se retrouve alors dans une seule cellule."
    ),
    "NothingToLocate": gettext_lazy(
        "Aucune colonne d’adresses ou de coordonnées n’est désignée. Dites quelle colonne contient "
        "l’adresse, ou lesquelles contiennent les coordonnées."
    ),
    "NoReferenceColumn": gettext_lazy(
        "Pour compter chaque personne une seule fois, il faut une colonne de références. "
        "Désignez-la, ou décochez cette demande."
    ),
    "WorkbookTrouble": gettext_lazy(
        "Ce classeur est ancien, protégé ou contient des macros. Enregistrez-le en .xlsx simple, "
        "ou en CSV UTF-8."
    ),
    "QuotaReached": gettext_lazy(
        "Votre organisation a atteint le nombre de dépôts non purgés. Purgez un dépôt ancien."
    ),
    "KeyDestroyed": gettext_lazy("Ce dépôt est purgé : ses lignes sont détruites."),
    "EmptyFile": gettext_lazy("Le fichier est vide, ou n’a qu’un en-tête. Exportez-le de nouveau."),
    "WrongContent": gettext_lazy(
        "Le contenu du fichier n’est pas celui que dit son nom. Déposez un CSV, un XLSX, un "
        "GeoPackage ou un GeoJSON."
    ),
    "WebPageGiven": gettext_lazy("Ce fichier est une page web. Téléchargez le tableau lui-même."),
    "UnsafeArchive": gettext_lazy(
        "Cette archive se déploie de façon anormale et n’est pas ouverte. Exportez le tableau en "
        "CSV UTF-8."
    ),
    "NoReference": gettext_lazy(
        "Aucun référentiel d’adresses n’est chargé : les adresses ne peuvent pas être situées. "
        "Prévenez l’administrateur du site."
    ),
    "MayNotDeposit": gettext_lazy(
        "Ce compte ne peut pas déposer de fichier. Demandez à un administrateur une organisation "
        "et le rôle de partenaire."
    ),
    "NotForThisContract": gettext_lazy(
        "Ce compte ne dépose pas pour ce contrat. Choisissez un contrat dont vous êtes partenaire."
    ),
    "BadChoice": gettext_lazy("Ce choix n’est pas possible. Rechargez la page et recommencez."),
    "NotInReview": gettext_lazy(
        "Cette ligne n’attend plus de correction, ou ce lieu ne convient pas. Rechargez la liste."
    ),
    "OverlapUnknown": gettext_lazy(
        "Ces chiffres ne peuvent pas être partagés : les lignes d’un dépôt purgé ou supprimé du "
        "même dispositif et des mêmes jours manquent pour vérifier que, lus ensemble, ils ne "
        "disent rien de personne. Vos comptes exacts n’en dépendent pas."
    ),
    "GivenUp": gettext_lazy(
        "Le traitement a échoué ; rien n’a été conservé du fichier. Déposez-le de nouveau."
    ),
}
UNREADABLE = gettext_lazy(
    "Le fichier n’a pas pu être lu. Ouvrez-le dans un tableur, vérifiez-le, et enregistrez-le en "
    "CSV UTF-8."
)
_ROW = re.compile(r"\b(?:row|line) #?(\d+)")

ROLES = {
    Role.ADDRESS: gettext_lazy("Adresse entière"),
    Role.NUMBER: gettext_lazy("Numéro"),
    Role.STREET: gettext_lazy("Voie"),
    Role.POSTCODE: gettext_lazy("Code postal"),
    Role.CITY: gettext_lazy("Ville"),
    Role.X: gettext_lazy("X ou longitude"),
    Role.Y: gettext_lazy("Y ou latitude"),
    Role.DATE: gettext_lazy("Date"),
    Role.REFERENCE: gettext_lazy("Référence"),
    Role.SEX: gettext_lazy("Sexe"),
    Role.AGE: gettext_lazy("Âge"),
    Role.STRUCTURE: gettext_lazy("Structure"),
}
PRIVATE = {
    Private.NAME: gettext_lazy("nom"),
    Private.BIRTH: gettext_lazy("date de naissance"),
    Private.PHONE: gettext_lazy("téléphone"),
    Private.EMAIL: gettext_lazy("courriel"),
    Private.SOCIAL: gettext_lazy("numéro de sécurité sociale"),
    Private.UNNEEDED: gettext_lazy("inutile au comptage"),
}
FATES = {
    Fate.QPV: gettext_lazy("Dans un quartier prioritaire (QPV)"),
    Fate.QVA: gettext_lazy("Dans un quartier de veille active (QVA)"),
    Fate.PROXIMITY: gettext_lazy("À proximité d’un quartier prioritaire"),
    Fate.OUTSIDE: gettext_lazy("Ailleurs"),
    Fate.AMBIGUOUS: gettext_lazy("Ambiguës"),
    Fate.NOT_LOCATED: gettext_lazy("Non situées"),
}
WHYS = {
    Why.POSTCODE_NEXT: gettext_lazy("code postal d’à côté"),
    Why.POSTCODE_FAR: gettext_lazy("code postal d’ailleurs"),
    Why.TYPE_MISSING: gettext_lazy("type de voie absent"),
    Why.TYPE_MISSPELT: gettext_lazy("type de voie mal écrit"),
    Why.TYPE_DIFFERS: gettext_lazy("autre type de voie"),
    Why.NAME_MISSPELT: gettext_lazy("nom de voie mal écrit"),
    Why.NAME_PARTIAL: gettext_lazy("nom de voie incomplet"),
    Why.SUFFIX_UNKNOWN: gettext_lazy("bis ou ter inconnu"),
    Why.NUMBER_UNKNOWN: gettext_lazy("numéro inconnu dans la voie"),
    Why.NUMBER_MISSING: gettext_lazy("pas de numéro"),
    Why.SEVERAL_ADDRESSES: gettext_lazy("plusieurs adresses"),
    Why.SEVERAL_STREETS: gettext_lazy("plusieurs voies possibles"),
    Why.OUTSIDE_REFERENCE: gettext_lazy("hors du territoire chargé"),
    Why.NO_STREET: gettext_lazy("aucune voie reconnue"),
    Why.EMPTY: gettext_lazy("adresse vide"),
}


def in_words(error: ObservatoryError) -> str:
    """Return what a person reads of a failure: what is wrong, where, and what to do."""
    return problem_in_words(type(error).__name__, str(error))


def problem_in_words(name: str, message: str) -> str:
    """Return the same for a failure that is known by its class and its English message."""
    told = str(MESSAGES.get(name, UNREADABLE))
    row = _ROW.search(message)
    return _("Ligne %(row)s : %(told)s") % {"row": row[1], "told": told} if row else told
