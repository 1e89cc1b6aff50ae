"""Rasters out (a variable of the cells as GeoTIFF) and in (statistics of any raster by zone)."""
