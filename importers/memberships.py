"""What belongs to what, worked out from codes and outlines after each load of areas."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from observatory.figures.differencing import protect
from observatory.models import Observation

# Areas of the policy, which may straddle; administrative areas nest and are known by code.
POLICY_LEVELS = ("qpv", "qva", "cucs", "zus", "zsp", "npnru")
HOLDING_LEVELS = ("arrondissement", "commune")
NESTED_LEVELS = ("arrondissement", "commune", "iris", "block", "admin_quarter")
# Outlines of two producers never meet exactly: less than this share of the member is a sliver.
SLIVER = 0.01
MANY = 100  # territories from which the tables' statistics are worth a new look

# Shares are measured in the member's own projected system, never in degrees or in 3857.
STATEMENT = """
WITH touched AS (SELECT unnest(%(touched)s::bigint[]) AS id),
-- The three cities cut into arrondissements, then what codes say of their own containers.
expected AS (
    SELECT t.id, t.source_id, c.level, c.code FROM observatory_territory t
    CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_array_length(t.commune_codes) = 1
        THEN t.commune_codes ->> 0 ELSE left(t.code, 5) END AS code) home
    CROSS JOIN LATERAL (VALUES
        ('commune', CASE WHEN t.level <> 'arrondissement' THEN NULL
            WHEN t.code LIKE '751%%' THEN '75056' WHEN t.code LIKE '6938%%' THEN '69123'
            WHEN t.code LIKE '132%%' THEN '13055' END),
        ('department', CASE WHEN t.level <> 'commune' THEN NULL
            WHEN left(t.code, 2) IN ('97', '98') THEN left(t.code, 3) ELSE left(t.code, 2) END),
        ('commune', CASE WHEN t.level IN ('iris', 'block') THEN home.code END),
        ('arrondissement', CASE WHEN t.level IN ('iris', 'block', 'admin_quarter')
            THEN home.code END)
    ) AS c(level, code)
    WHERE t.code <> '' AND c.code IS NOT NULL AND t.level = ANY(%(nested)s)
),
by_code AS (
    SELECT m.id AS member, c.id AS container, NULL::date AS starts, NULL::date AS ends,
        1.0::float8 AS share, m.source_id AS source
    FROM expected m
    JOIN observatory_territory c ON c.level = m.level AND c.code = m.code
    WHERE m.id IN (TABLE touched) OR c.id IN (TABLE touched)
),
-- Materialised, so that boxes and levels sort out what need not be measured.
quarter AS MATERIALIZED (
    SELECT p.id, p.territory_id, p.geom, p.valid_from, p.valid_to FROM observatory_perimeter p
    JOIN observatory_territory t ON t.id = p.territory_id AND t.level = ANY(%(policy)s)
    WHERE p.status IN ('legal', 'superseded', 'reference')
),
pair AS MATERIALIZED (
    SELECT q.id AS member, c.id AS container FROM quarter q
    JOIN observatory_perimeter c ON c.geom && q.geom AND c.status = 'reference'
        AND daterange(c.valid_from, c.valid_to) && daterange(q.valid_from, q.valid_to)
    JOIN observatory_territory ct ON ct.id = c.territory_id AND ct.level = ANY(%(holding)s)
    WHERE q.territory_id IN (TABLE touched) OR ct.id IN (TABLE touched)
),
by_area AS (
    SELECT DISTINCT ON (m.territory_id, c.territory_id, starts)
        m.territory_id AS member, c.territory_id AS container,
        greatest(m.valid_from, c.valid_from) AS starts, least(m.valid_to, c.valid_to) AS ends,
        least(part.share, 1.0) AS share, m.source_id AS source
    FROM pair
    JOIN observatory_perimeter m ON m.id = pair.member
    JOIN observatory_perimeter c ON c.id = pair.container
    CROSS JOIN LATERAL (SELECT CASE WHEN NOT ST_Intersects(m.geom, c.geom) THEN 0.0
        WHEN ST_CoveredBy(m.geom, c.geom) THEN 1.0
        ELSE ST_Area(ST_Transform(ST_Intersection(m.geom, c.geom), m.measure_srid)) / m.area
        END AS share OFFSET 0) part
    WHERE part.share >= %(sliver)s
    ORDER BY m.territory_id, c.territory_id, starts, part.share DESC
),
found AS (
    SELECT * FROM (TABLE by_code UNION ALL TABLE by_area) f
    WHERE NOT EXISTS (SELECT 1 FROM observatory_membership d
        WHERE d.declared AND d.member_id = f.member AND d.container_id = f.container)
),
stale AS (
    DELETE FROM observatory_membership old USING observatory_territory mt, observatory_territory ct
    WHERE mt.id = old.member_id AND ct.id = old.container_id AND NOT old.declared
        AND (mt.id IN (TABLE touched) OR ct.id IN (TABLE touched))
        AND NOT EXISTS (SELECT 1 FROM found f WHERE f.member = old.member_id
            AND f.container = old.container_id AND f.starts IS NOT DISTINCT FROM old.valid_from)
)
INSERT INTO observatory_membership AS kept
    (member_id, container_id, valid_from, valid_to, area_share, declared, source_id)
SELECT member, container, starts, ends, share, false, source FROM found
ON CONFLICT (member_id, container_id, valid_from) DO UPDATE SET
    valid_to = EXCLUDED.valid_to, area_share = EXCLUDED.area_share, source_id = EXCLUDED.source_id
WHERE NOT kept.declared AND (kept.valid_to, kept.area_share, kept.source_id)
    IS DISTINCT FROM (EXCLUDED.valid_to, EXCLUDED.area_share, EXCLUDED.source_id)
"""


def refresh_memberships(touched: Iterable[int]) -> int:
    """Work out again what the given territories belong to and hold; return rows written.

    Administrative areas nest by code, with a share of 1. Quarters are laid over communes and
    arrondissements; the share is that of the quarter's own area. Memberships somebody
    declared are left alone. Running it twice changes nothing.
    """
    territories = list(touched)
    if not territories:
        return 0
    with connection.cursor() as cursor:
        if len(territories) >= MANY:
            # Right after a load the planner still believes the tables empty.
            cursor.execute(
                "ANALYZE observatory_territory, observatory_perimeter, observatory_membership"
            )
        cursor.execute(
            STATEMENT,
            {
                "touched": territories,
                "policy": list(POLICY_LEVELS),
                "holding": list(HOLDING_LEVELS),
                "nested": list(NESTED_LEVELS),
                "sliver": SLIVER,
            },
        )
        written = int(cursor.rowcount)
    # What lies in what decides which figures can be taken from which.
    counted = Observation.objects.filter(territory__in=territories, indicator__counts_persons=True)
    protect(set(counted.values_list("indicator", flat=True)))
    return written
