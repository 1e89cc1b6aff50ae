"""``observatory status``: what is loaded, and the last runs."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Count, Q

from observatory.commands import Command as BaseCommand
from observatory.models import Address, Run, Source, Territory

METROPOLITAN = 2154  # the system that metropolitan territories are measured in


class Command(BaseCommand):
    """Say what the database holds."""

    help = "What is loaded: territories by level, cells, addresses, sources, the last runs."

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        """Count what is stored."""
        levels = Territory.objects.values("level", "generation").annotate(
            count=Count("id"), overseas=Count("id", filter=~Q(srid=METROPOLITAN))
        )
        return {
            "database": connection.settings_dict["NAME"],
            "demonstration": Source.objects.filter(is_demonstration=True).exists(),
            "territories": [
                {**row, "generation": row["generation"] or ""}
                for row in levels.order_by("level", "generation")
            ],
            "cells": apps.get_model("carroyage", "Cell").objects.count(),
            "zones": apps.get_model("carroyage", "ComputedZone").objects.count(),
            "addresses": Address.objects.count(),
            "sources": [str(source) for source in Source.objects.all()],
            "runs": [str(run) for run in Run.objects.all()[:5]],
        }

    def describe(self, result: dict[str, Any]) -> str:
        """Return the counts, one a line."""
        kind = "demonstration" if result["demonstration"] else "real data"
        kind = kind if result["sources"] else "empty"
        lines = [f"Database {result['database']} ({kind})"]
        for row in result["territories"]:
            label = f"{row['level']} {row['generation']}".strip()
            apart = f"  of which {row['overseas']} overseas" if row["overseas"] else ""
            lines.append(f"  {label:<24} {row['count']:>9}{apart}")
        for name in ("cells", "zones", "addresses"):
            lines.append(f"  {name:<24} {result[name]:>9}")
        lines += ["Sources"] + [f"  {text}" for text in result["sources"]]
        lines += ["Last runs"] + [f"  {text}" for text in result["runs"]]
        return "\n".join(lines)
