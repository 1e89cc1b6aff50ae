"""Names of the published grid's columns, under INSEE's own names.

Source: INSEE, Filosofi gridded data, documentation of the 2019 vintage.
"""

from __future__ import annotations

PERSONS = "ind"
HOUSEHOLDS = "men"
POOR = "men_pauv"
INCOME_SUM = "ind_snv"

AGES = (
    "ind_0_3", "ind_4_5", "ind_6_10", "ind_11_17", "ind_18_24", "ind_25_39",
    "ind_40_54", "ind_55_64", "ind_65_79", "ind_80p", "ind_inc",
)  # fmt: skip
PERIODS = ("log_av45", "log_45_70", "log_70_90", "log_ap90", "log_inc")
DWELLINGS = ("men_coll", "men_mais")

# Every additive column of the published files, in the producer's order.
PUBLISHED = (
    PERSONS, HOUSEHOLDS, POOR, "men_1ind", "men_5ind", "men_prop", "men_fmp", INCOME_SUM,
    "men_surf", *DWELLINGS, *PERIODS, "log_soc", *AGES,
)  # fmt: skip

# Columns that must add up to another one: breakdown -> total.
BREAKDOWNS = {AGES: PERSONS, PERIODS: HOUSEHOLDS, DWELLINGS: HOUSEHOLDS}

# Counts of households that can never exceed the number of households.
PARTS_OF_HOUSEHOLDS = (
    POOR, "men_1ind", "men_5ind", "men_prop", "men_fmp", *DWELLINGS, *PERIODS, "log_soc",
)  # fmt: skip

# Only computed from records, never published by the statistics office.
LOW_INCOME_PERSONS = "low_income_persons"
DECLARED_MEDIAN = "declared_median"

COMMUNES = "lcog_geo"
MIN_HOUSEHOLDS = 11
# Decree 2014-767: fewer inhabitants make no priority quarter.
MIN_POPULATION = 1_000
