"""The command for rasters, as the tests of both its actions run it."""

import io
import json

from django.core.management import call_command


def run_command(*words):
    """Run ``observatory raster`` and return what it tells."""
    held = io.StringIO()
    call_command("raster", *map(str, words), "--json", stdout=held)
    return json.loads(held.getvalue())
