"""What is left to each caller of the open APIs; nothing that must survive a crash."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("layers", "0006_watch_figures")]
    operations = [
        migrations.CreateModel(
            name="Allowance",
            fields=[
                (
                    "caller",
                    models.CharField(max_length=64, primary_key=True, serialize=False),
                ),
                (
                    "full_at",
                    models.DateTimeField(help_text="When the whole allowance is there again."),
                ),
            ],
        ),
        migrations.RunSQL(
            "ALTER TABLE layers_allowance SET UNLOGGED", "ALTER TABLE layers_allowance SET LOGGED"
        ),
    ]
