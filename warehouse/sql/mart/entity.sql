-- mart.entity: where each customer, site, address, contact and new product stands.
CREATE OR REPLACE VIEW mart.entity AS
SELECT
    coalesce(known.entity, found.subject) AS entity,
    coalesce(known.layer_id, found.layer_id) AS layer_id,
    known.ref,
    coalesce(
        found.state,
        CASE WHEN known.taken > 0 THEN 'taken' WHEN known.is_baseline THEN 'baseline' END
    ) AS state,
    coalesce(known.taken, 0) AS rows_taken,
    told.seq AS told_in
FROM (
    SELECT
        CASE file
            WHEN 'customers' THEN 'customer'
            WHEN 'sites' THEN 'site'
            WHEN 'addresses' THEN 'address'
            WHEN 'contacts' THEN 'contact'
            ELSE 'new_product'
        END AS entity,
        layer_id,
        ref,
        taken,
        is_baseline
    FROM ops.entity_state
) AS known
FULL OUTER JOIN (
    SELECT DISTINCT subject, layer_id, state
    FROM out.change
    WHERE subject <> 'charge'
) AS found ON known.entity = found.subject AND known.layer_id = found.layer_id
LEFT JOIN (
    SELECT written.subject, max(written.seq) AS seq
    FROM out.batch_row AS written
    INNER JOIN out.batch_outcome AS outcome
        ON written.seq = outcome.seq AND written.row_key = outcome.row_key
    WHERE outcome.outcome = 'accepted'
    GROUP BY written.subject
) AS told
    ON
        told.subject
        = concat(coalesce(known.entity, found.subject), ':', coalesce(known.layer_id, found.layer_id));
