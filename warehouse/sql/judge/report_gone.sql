-- Report exported and billed charges whose line, or whose asset, is in the feeds no more, until a cease
-- settles them. A record that is broken is not gone.
-- Params: none. `absent` holds those whose line is.
INSERT INTO out.hold
-- materialized: joined with charges at once, all there is would have to fit into memory
WITH gone AS MATERIALIZED (
    SELECT absent.line_id, absent.charge_type
    FROM absent
    ANTI JOIN (
        FROM ops.broken WHERE feed = 'order_lines' AND until_run IS NULL
    ) AS broken ON absent.line_id = broken.record_key
    UNION
    -- the asset it was handed over with, and the one Affinity was told of since, or had when we
    -- first looked
    SELECT named.line_id, named.charge_type
    FROM (
        SELECT state.line_id, state.charge_type, state.asset_id
        FROM ops.charge_state AS state
        ANTI JOIN core.assets AS asset ON state.asset_id = asset.asset_id
        UNION
        SELECT billed.line_id, billed.charge_type, billed.asset_id
        FROM ops.billed AS billed
        ANTI JOIN core.assets AS asset ON billed.asset_id = asset.asset_id
    ) AS named
    ANTI JOIN (
        FROM ops.broken WHERE feed = 'assets' AND until_run IS NULL
    ) AS broken ON named.asset_id = broken.record_key
    WHERE named.asset_id IS NOT NULL
)

SELECT charge.line_id, charge.charge_type, 'source_gone' AS reason, charge.value
FROM out.charge AS charge
SEMI JOIN gone ON charge.line_id = gone.line_id AND charge.charge_type = gone.charge_type
ANTI JOIN (
    FROM ops.billed WHERE ended_by = 'cease'
) AS ended ON charge.line_id = ended.line_id AND charge.charge_type = ended.charge_type
WHERE charge.disposition IN ('exported', 'in_billing');
