-- The CLIs of what was billed when we first looked: seen, not added by us.
-- Params: none.
INSERT INTO ops.cli_state BY NAME
SELECT
    place.site_ref,
    place.cli,
    min(place.start_on) AS start_on,
    'seen' AS status,
    min(place.customer_ref) AS customer_ref,
    min(place.cli_type) AS cli_type,
    min(place.asset_id) AS asset_id
FROM (
    SELECT
        site_ref,
        cli,
        bill_start_on AS start_on,
        customer_ref,
        cli_type,
        asset_id
    FROM out.now_charge
    WHERE is_baseline AND site_ref IS NOT NULL AND cli IS NOT NULL AND bill_start_on IS NOT NULL
) AS place
ANTI JOIN ops.cli_state AS state ON place.site_ref = state.site_ref AND place.cli = state.cli
GROUP BY place.site_ref, place.cli;
