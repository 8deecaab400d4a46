-- Which charges stand on which CLIs once the next batch was taken, and which did before: is_touched at every
-- place that something changes about, and the charges of assets with additional numbers, their own or those of
-- what they renewed. A CLI that nobody
-- stands on, or wants to, is left: it goes along where its charges have gone, or ends.
-- Params: none. standing and touched are made.
SELECT * EXCLUDE (told_end_on, stays, is_open)
FROM (
    SELECT
        after.*,
        EXISTS (
            SELECT 1 FROM touched
            WHERE touched.site_ref = after.site_ref AND touched.cli = after.cli
        )
        OR EXISTS (
            SELECT 1 FROM touched
            WHERE touched.site_ref = after.told_site_ref AND touched.cli = after.told_cli
        ) AS is_touched
    FROM standing AS after
) AS marked
WHERE
    is_touched
    OR asset_id IN (
        SELECT asset_id FROM core.asset_numbers
        UNION ALL
        SELECT renewal.renewed_by
        FROM work.renewal AS renewal
        SEMI JOIN core.asset_numbers AS number ON renewal.asset_id = number.asset_id
    );
