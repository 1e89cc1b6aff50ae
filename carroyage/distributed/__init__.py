"""The same gridding, secrecy and zoning on a Dask cluster, to the byte.

Ground is dealt out by whole 64 km squares of the natural grid, beyond which no secrecy rule
looks; every amount is an integer until it is summed, so no result depends on which worker
added what, or when.
"""
