"""The REST API: layers, territories, zones and observations as GeoJSON and JSON."""
