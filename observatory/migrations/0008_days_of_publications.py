"""A published table says which days it tells of: tables of overlapping days meet in the check."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("observatory", "0007_key_of_framework_rows")]

    operations = [
        migrations.AddField("publication", "first_day", models.DateField(blank=True, null=True)),
        migrations.AddField("publication", "last_day", models.DateField(blank=True, null=True)),
    ]
