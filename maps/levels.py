"""Kinds of territories in the reader's language: the stored domain names them in French alone."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from observatory.models import Level

NAMES = {
    Level.BLOCK: _("Îlot"),
    Level.IRIS: _("IRIS"),
    Level.ADMIN_QUARTER: _("Quartier administratif"),
    Level.ARRONDISSEMENT: _("Arrondissement"),
    Level.COMMUNE: _("Commune"),
    Level.DEPARTMENT: _("Département"),
    Level.REGION: _("Région"),
    Level.COUNTRY: _("Pays"),
    Level.METROPOLIS: _("Métropole"),
    Level.EPT: _("Établissement public territorial"),
    Level.CONTRACT: _("Contrat de ville"),
    Level.URBAN_UNIT: _("Unité urbaine"),
    Level.ZONE: _("Zone calculée"),
    Level.QPV: _("Quartier prioritaire (QPV)"),
    Level.QVA: _("Quartier de veille active (QVA)"),
    Level.CUCS: _("Ancien périmètre CUCS"),
    Level.ZUS: _("Ancienne ZUS"),
    Level.ZSP: _("Zone de sécurité prioritaire"),
    Level.NPNRU: _("Projet de renouvellement urbain (NPNRU)"),
    Level.GROUP: _("Groupe libre"),
}


def level_name(level: str) -> str:
    """Return what one territory of a level is called. Raises ValueError for no level."""
    return str(NAMES[Level(level)])
