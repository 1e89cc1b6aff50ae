"""A deposit may be for one contract: a right held on that contract alone is enough for it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("importers", "0004_rows_placed_since_shared"),
        ("observatory", "0009_figures_that_betray_and_references"),
    ]

    operations = [
        migrations.AddField(
            "deposit",
            "contract",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deposits",
                to="observatory.territory",
            ),
        ),
    ]
