"""From squares to plausible outlines: pieces finer than cells, scored by a plain model.

An approximation of the legal zoning, never the legal zoning itself.
"""
