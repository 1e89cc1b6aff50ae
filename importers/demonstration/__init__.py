"""A complete fictitious territory, written as the files real producers would deliver.

The same seed gives the same bytes. Names, populations and medians of the 20 quarters of the
Contrat de ville de Paris 2015-2020 are published facts; everything else is invented.
"""

from importers.demonstration.writing import Summary, write_demonstration

__all__ = ["Summary", "write_demonstration"]
