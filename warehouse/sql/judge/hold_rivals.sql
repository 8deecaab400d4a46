-- Hold the charges of `rival`: a ready one is ready no more.
UPDATE out.charge
SET
    as_judged = FALSE,
    disposition = 'held',
    customer_ref = NULL,
    site_ref = NULL,
    cli_type = NULL,
    bill_end_on = NULL,
    term_months = NULL,
    order_ref = NULL,
    po_ref = NULL,
    asset_id = NULL
FROM rival AS rival
WHERE
    charge.line_id = rival.line_id
    AND charge.charge_type = rival.charge_type
    AND charge.disposition = 'ready';
