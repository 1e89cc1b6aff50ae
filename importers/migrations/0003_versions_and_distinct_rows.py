"""What went wrong in a word, counting a reference once, and the records a batch was made of."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("importers", "0002_private_rows")]

    operations = [
        migrations.AddField(
            "deposit",
            "problem",
            models.CharField(blank=True, help_text="Class of what went wrong.", max_length=60),
        ),
        migrations.AddField(
            "deposit",
            "distinct_rows",
            models.BooleanField(
                default=False, help_text="Count a reference once within the deposit."
            ),
        ),
        migrations.AddField(
            "deposit",
            "distinct_scheme",
            models.BooleanField(
                default=False,
                help_text="Leave out references already in a deposit of the scheme.",
            ),
        ),
        migrations.RunSQL(
            """
            ALTER TABLE deposits.batch ADD COLUMN records bytea NOT NULL DEFAULT '';
            COMMENT ON COLUMN deposits.batch.records IS
                'Keyed hash and group of each row, under the deposit''s key.';
            """,
            "ALTER TABLE deposits.batch DROP COLUMN records",
        ),
    ]
