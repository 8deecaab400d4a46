-- All that stands at some places once the next batch was taken, or stood there before.
-- Params: none. standing is made; named_place is a registered frame (site_ref, cli).
SELECT * EXCLUDE (told_end_on, stays, is_open)
FROM standing AS after
WHERE
    EXISTS (
        SELECT 1 FROM named_place AS place
        WHERE place.site_ref = after.site_ref AND place.cli = after.cli
    )
    OR EXISTS (
        SELECT 1 FROM named_place AS place
        WHERE place.site_ref = after.told_site_ref AND place.cli = after.told_cli
    );
