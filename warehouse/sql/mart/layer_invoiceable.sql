-- mart.layer_invoiceable: who invoices or bills each charge, as the last run found it and as what was
-- handed over has moved on since.
CREATE OR REPLACE VIEW mart.layer_invoiceable AS
SELECT
    charge.line_id,
    charge.charge_type,
    charge.customer_id,
    customer.name AS customer_name,
    charge.product_id,
    product.name AS product_name,
    charge.item_type,
    charge.route,
    charge.disposition,
    CASE
        WHEN charge.is_stopped AND charge.disposition <> 'billed_in_layer' THEN charge.disposition
        WHEN charge.is_stopped
            THEN CASE
                WHEN charge.layer_is_due IS NULL THEN 'neither'
                WHEN charge.layer_is_due THEN 'layer_due'
                ELSE 'layer_waiting'
            END
        WHEN
            charge.invoicing IN ('affinity', 'affinity_to_come')
            OR (charge.invoicing IS NULL AND charge.disposition IN ('in_billing', 'exported'))
            THEN CASE
                WHEN charge.disposition = 'in_billing' THEN 'affinity' ELSE 'affinity_to_come'
            END
        WHEN charge.invoicing_reason = 'exported' AND charge.disposition = 'in_billing'
            THEN 'both'
        ELSE charge.invoicing
    END AS class,
    charge.layer_is_due IS NOT NULL AS may_invoice,
    charge.layer_is_due AS is_due,
    CASE
        WHEN
            charge.is_stopped
            AND charge.disposition = 'billed_in_layer'
            AND charge.layer_is_due IS NULL
            THEN 'recurring'
        WHEN charge.is_stopped THEN NULL
        WHEN charge.disposition <> 'in_billing' AND charge.invoicing = 'affinity' THEN NULL
        WHEN
            charge.disposition = 'in_billing'
            AND (charge.invoicing_reason = 'exported' OR charge.invoicing = 'affinity_to_come')
            THEN 'ledger'
        ELSE charge.invoicing_reason
    END AS reason,
    charge.quantity,
    charge.unit_price,
    charge.value
FROM (
    SELECT
        *,
        -- since the run that judged it; what a snapshot shows is not so by an answer
        NOT as_judged
        AND disposition IN ('do_not_bill', 'other_platform', 'billed_in_layer')
        AND invoicing_reason IS DISTINCT FROM 'snapshot' AS is_stopped
    FROM out.charge
) AS charge
LEFT JOIN core.customers AS customer ON charge.customer_id = customer.customer_id
LEFT JOIN core.products AS product ON charge.product_id = product.product_id;
