"""OGC API Features and Tiles, from the same registry, rights and statements as the rest."""
