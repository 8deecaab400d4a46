-- What still stands on CLIs: every charge that is exported or In Billing by our ledger.
SELECT product.row_key, product.site_ref, product.cli, product.asset_id
FROM ops.charge_state AS state
INNER JOIN out.batch_product AS product
    ON state.batch_seq = product.seq AND state.row_key = product.row_key
WHERE state.status IN ('exported', 'in_billing');
