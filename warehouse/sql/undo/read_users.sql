-- What still stands on CLIs: every charge that Affinity bills as we know it, where it is by now, and
-- every one that is exported.
SELECT row_key, site_ref, cli, asset_id
FROM ops.billed
WHERE ended_by IS NULL OR ended_by NOT IN ('stop', 'seen_stopped')
UNION ALL
SELECT product.row_key, product.site_ref, product.cli, product.asset_id
FROM ops.charge_state AS state
INNER JOIN out.batch_product AS product
    ON state.batch_seq = product.seq AND state.row_key = product.row_key
WHERE state.status = 'exported';
