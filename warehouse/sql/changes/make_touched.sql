-- The places that something changes about: what moves, what ends, what ended before today, what is open
-- though its CLI ends, what has no CLI.
-- Params: $as_of DATE. standing is made.
CREATE OR REPLACE TEMP TABLE touched AS
-- what begins on a CLI that ends keeps it open, and so does what goes on; what should have moved, and
-- was refused, may have lost its number to that
WITH ending AS (
    SELECT site_ref, cli, max(end_on) AS last_day
    FROM ops.cli_state
    WHERE status IN ('live', 'seen') AND end_on IS NOT NULL
    GROUP BY site_ref, cli
)

SELECT unnest([told_site_ref, site_ref]) AS site_ref, unnest([told_cli, cli]) AS cli
FROM standing AS after
WHERE
    (told_cli IS NOT NULL OR (told_customer_ref IS NOT NULL AND cli IS NOT NULL))
    AND (
        cli IS DISTINCT FROM told_cli
        OR site_ref IS DISTINCT FROM told_site_ref
        OR end_on IS DISTINCT FROM told_end_on
        OR end_on < $as_of
    )
UNION ALL
SELECT after.site_ref, after.cli
FROM standing AS after
INNER JOIN ending ON after.site_ref = ending.site_ref AND after.cli = ending.cli
WHERE
    (after.end_on IS NULL OR after.end_on > ending.last_day)
    AND after.start_on <= ending.last_day
    AND (
        after.told_cli IS NULL
        OR (after.stays AND (ending.last_day < $as_of OR after.is_open))
    )
UNION ALL
SELECT site_ref, cli
FROM standing AS after
WHERE is_without;
