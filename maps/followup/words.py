"""Steps, forms, kinds and reasons as a reader says them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from maps.portraits.rows import said
from observatory.figures.targets import Progress
from observatory.models import NodeKind, RateFormula, SheetState

STATES = {
    SheetState.EXPECTED: _("attendue"),
    SheetState.DRAFT: _("en cours"),
    SheetState.SUBMITTED: _("remise"),
    SheetState.VALIDATED: _("validée"),
    SheetState.SENT_BACK: _("renvoyée"),
}
PROGRESS = {
    Progress.REACHED: _("atteinte"),
    Progress.UNDER_WAY: _("en cours"),
    Progress.LATE: _("en retard"),
    Progress.NO_DATA: _("sans donnée"),
    Progress.NOT_MEASURABLE: _("non mesurable"),
    Progress.UNSET: _("sans cible fixée"),
}
KINDS = {
    NodeKind.THEME: _("Thème"),
    NodeKind.AXIS: _("Axe"),
    NodeKind.PILLAR: _("Pilier"),
    NodeKind.SUB_AXIS: _("Sous-axe"),
    NodeKind.OBJECTIVE: _("Objectif"),
    NodeKind.SUB_OBJECTIVE: _("Sous-objectif"),
    NodeKind.OPERATIONAL_OBJECTIVE: _("Objectif opérationnel"),
    NodeKind.HEADING: _("Intitulé de tableau"),
    NodeKind.PRIORITY: _("Priorité"),
    NodeKind.ENGAGEMENT: _("Engagement"),
    NodeKind.MEASURE: _("Mesure"),
    NodeKind.ACTION: _("Action"),
    NodeKind.EXAMPLE: _("Exemple d’action"),
    NodeKind.STAKE: _("Enjeu des conseils citoyens"),
}
FORMULAS = {
    RateFormula.RESULT_OVER_TARGET: _("résultat / cible"),
    RateFormula.GAP_REDUCTION: _("réduction de l’écart"),
    RateFormula.POINTS_OVER_BASELINE: _("points depuis le départ"),
    RateFormula.POINTS_OVER_TARGET: _("points au-dessus de la cible"),
    RateFormula.INCREASE_OVER_TARGET: _("résultat / augmentation visée"),
    RateFormula.MULTIPLE: _("multiple"),
    RateFormula.COVERAGE: _("couverture"),
    RateFormula.DONE: _("fait ou non"),
    RateFormula.NONE: _("sans taux"),
}
VERDICTS = {
    "agrees": _("concorde"),
    "truncated": _("tronqué"),
    "disagrees": _("diffère"),
    "unknown": _("table non chargée"),
}
REASONS = {
    "aucune valeur": _("aucune valeur"),
    "retenu : effectif trop petit": _("retenu : effectif trop petit"),
    "sans point de départ ni référence": _("sans point de départ ni référence"),
    "aucune série de référence n’est nommée": _("aucune série de référence n’est nommée"),
    "se compte par unité": _("se compte par unité"),
    "sens seulement, sans point de départ": _("sens seulement, sans point de départ"),
}
FIELDS = {
    "state": _("état"),
    "method": _("méthode"),
    "analysis": _("analyse"),
    "alerts": _("points d’alerte"),
    "adjustment": _("ajustement"),
    "previous": _("résultat précédent"),
    "result": _("résultat"),
    "numerator": _("numérateur"),
    "denominator": _("dénominateur"),
    "declared": _("taux déclaré"),
    "declared_text": _("pourquoi il n’y a pas de résultat"),
    "result_label": _("date du résultat"),
}


def reason(text: str) -> Any:
    """Return a reason of the engine in the reader's language."""
    return REASONS.get(text) or said(text)
