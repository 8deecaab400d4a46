-- What looks odd among sites and charges: a warning each, never a hold.
SELECT
    'sites' AS subject,
    'Affinity site reference shared by sites of two customers' AS warning,
    count(*) AS records
FROM (
    SELECT ref.site_ref
    FROM work.site_ref AS ref
    INNER JOIN core.sites AS site ON ref.site_id = site.site_id
    WHERE ref.site_ref IS NOT NULL
    GROUP BY ref.site_ref
    HAVING count(DISTINCT site.customer_id) > 1
) AS shared
UNION ALL
SELECT
    'charges',
    'charge is In Billing in The Layer, but its batch is not confirmed',
    count(*)
FROM out.charge AS charge
INNER JOIN ops.charge_state AS state
    ON charge.line_id = state.line_id AND charge.charge_type = state.charge_type
WHERE charge.disposition = 'in_billing' AND state.status = 'exported'
UNION ALL
SELECT
    'charges',
    'charge is In Billing in The Layer, but was undone',
    count(*)
FROM out.charge AS charge
INNER JOIN ops.charge_state AS state
    ON charge.line_id = state.line_id AND charge.charge_type = state.charge_type
WHERE charge.disposition = 'in_billing' AND state.status = 'undone'
UNION ALL
SELECT
    'charges',
    'charge of an open batch has changed since it was written',
    count(*)
FROM out.charge AS charge
INNER JOIN out.batch_charge AS written
    ON
        charge.batch_seq = written.seq
        AND charge.line_id = written.line_id
        AND charge.charge_type = written.charge_type
        AND written.kind = 'charge'
WHERE
    charge.disposition = 'exported'
    AND (
        charge.quantity IS DISTINCT FROM written.quantity
        OR charge.unit_price IS DISTINCT FROM written.unit_price
        OR charge.sku IS DISTINCT FROM written.sku
        OR charge.cli IS DISTINCT FROM written.cli
        OR charge.bill_start_on IS DISTINCT FROM written.bill_start_on
    )
UNION ALL
SELECT 'charges', warning, count(DISTINCT subject)
FROM work.oddity
GROUP BY warning
ORDER BY subject;
