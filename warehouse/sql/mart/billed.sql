-- mart.billed: what Affinity bills, as far as it was told.
CREATE OR REPLACE VIEW mart.billed AS
SELECT
    line_id,
    charge_type,
    site_ref,
    cli,
    sku,
    quantity,
    unit_price,
    CAST(quantity AS DECIMAL(38, 0)) * unit_price AS value,
    frequency,
    bill_start_on,
    bill_end_on,
    ended_by,
    period,
    updates,
    row_key IS NULL AS is_baseline,
    asset_id
FROM ops.billed;
