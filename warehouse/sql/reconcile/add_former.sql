-- Earlier stretches of billing, which a change or a stop has left behind, with the last end that was taken
-- of each: as it was last told, or, where that was before we first looked, as it was last seen.
-- Params: none.
INSERT INTO layer_side BY NAME
WITH ended AS (
    SELECT
        cease.line_id,
        cease.charge_type,
        cease.period,
        arg_max(cease.cease_on, cease.seq) AS end_on,
        min(batch.as_of) AS left_on
    FROM out.batch_cease AS cease
    INNER JOIN out.batch_outcome AS outcome
        ON cease.seq = outcome.seq AND cease.row_key = outcome.row_key
    INNER JOIN out.batch AS batch ON cease.seq = batch.seq
    INNER JOIN ops.billed AS told
        ON cease.line_id = told.line_id AND cease.charge_type = told.charge_type
    WHERE
        outcome.outcome = 'accepted'
        AND cease.charge_type = 'recurring'
        AND cease.kind <> 'undo'
        AND cease.group_key IS NULL
        AND (cease.period < told.period OR told.ended_by = 'stop')
    GROUP BY cease.line_id, cease.charge_type, cease.period
),

former AS (
    SELECT *
    FROM (
        SELECT
            ended.*,
            product.asset_id,
            product.site_ref,
            product.cli,
            product.sku,
            product.quantity,
            product.unit_price,
            product.frequency,
            product.bill_start_on AS start_on,
            product.seq AS told_in,
            CAST(NULL AS DATE) AS seen_on
        FROM ended
        INNER JOIN out.batch_product AS product
            ON
                ended.line_id = product.line_id
                AND ended.charge_type = product.charge_type
                AND ended.period = product.period
        INNER JOIN out.batch_outcome AS outcome
            ON product.seq = outcome.seq AND product.row_key = outcome.row_key
        WHERE outcome.outcome = 'accepted'
        UNION ALL
        SELECT
            ended.*,
            fact.asset_id,
            fact.site_ref,
            fact.cli,
            fact.sku,
            fact.quantity,
            fact.unit_price,
            fact.frequency,
            fact.start_on,
            NULL AS told_in,
            fact.known_from AS seen_on
        FROM ended
        INNER JOIN ops.layer_fact AS fact
            ON
                concat('line:', ended.line_id, ':', ended.charge_type) = fact.layer_key
                AND fact.known_from < ended.left_on
        WHERE ended.period = 1
    ) AS was
    QUALIFY
        row_number() OVER (
            PARTITION BY line_id, charge_type, period
            ORDER BY told_in DESC NULLS LAST, seen_on DESC
        ) = 1
)

SELECT
    concat('line:', former.line_id, ':', former.charge_type, ':', former.period) AS layer_key,
    former.line_id,
    former.charge_type,
    former.asset_id,
    charge.customer_id,
    charge.site_id,
    charge.product_id,
    former.site_ref,
    former.cli,
    former.sku,
    former.quantity,
    former.unit_price,
    former.frequency,
    former.start_on,
    former.end_on,
    'in_billing' AS disposition,
    TRUE AS is_told
FROM former
INNER JOIN out.charge AS charge
    ON former.line_id = charge.line_id AND former.charge_type = charge.charge_type
/* listed only */;
