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
FROM out.charge AS charge
LEFT JOIN core.customers AS customer ON charge.customer_id = customer.customer_id
LEFT JOIN core.products AS product ON charge.product_id = product.product_id;
