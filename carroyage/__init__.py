"""From household records to 200 m cells, to zones, to outlines scored against the law.

The engine is pure: arrays and frames in, arrays and frames out. Nothing here knows a database.
"""
