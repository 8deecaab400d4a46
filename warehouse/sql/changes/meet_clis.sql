-- CLIs that Affinity had before a charge on them was billed: from then on they go where it goes, and end
-- with it.
-- Params: $seq BIGINT. outcomes is a registered frame.
WITH taken AS (
    SELECT product.site_ref, product.cli, product.asset_id
    FROM out.batch_product AS product
    INNER JOIN outcomes ON product.row_key = outcomes.row_key
    WHERE
        product.seq = $seq
        AND product.charge_type = 'recurring'
        AND outcomes.outcome = 'accepted'
),

met AS (
    SELECT site_ref, cli, asset_id, start_on
    FROM ops.cli_state
    WHERE status = 'met' AND batch_seq = $seq
),

seen AS (
    SELECT met.site_ref, met.cli, met.start_on
    FROM met
    INNER JOIN taken ON met.site_ref = taken.site_ref AND met.cli = taken.cli
    UNION
    SELECT met.site_ref, met.cli, met.start_on
    FROM met
    INNER JOIN taken ON met.site_ref = taken.site_ref AND met.asset_id = taken.asset_id
)

UPDATE ops.cli_state AS state
SET status = 'seen'
FROM (
    SELECT seen.site_ref, seen.cli
    FROM seen
    ANTI JOIN ops.cli_state AS life
        ON
            seen.site_ref = life.site_ref
            AND seen.cli = life.cli
            AND life.status IN ('exported', 'live', 'seen')
            AND (life.end_on IS NULL OR life.end_on >= seen.start_on)
) AS place
WHERE
    state.status = 'met'
    AND state.batch_seq = $seq
    AND state.site_ref = place.site_ref
    AND state.cli = place.cli;
