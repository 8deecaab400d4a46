-- Ready charges that were handed over before, and that Affinity was seen to bill by their row key, though our ledger
-- has them as given up or refused: of what cannot be journalled, for its batch's folder is gone, nothing is decided.
-- Params: none.
SELECT DISTINCT
    charge.line_id,
    charge.charge_type,
    'suspected_duplicate' AS reason
FROM out.charge AS charge
INNER JOIN (
    FROM ops.charge_state WHERE status IN ('abandoned', 'returned', 'rejected')
) AS state ON charge.line_id = state.line_id AND charge.charge_type = state.charge_type
SEMI JOIN (
    SELECT row_key FROM core.affinity_site_products WHERE end_on IS NULL OR end_on > start_on
    UNION ALL
    SELECT row_key
    FROM ops.affinity_fact
    WHERE known_to IS NULL AND (end_on IS NULL OR end_on > start_on)
) AS there ON state.row_key = there.row_key
WHERE charge.disposition = 'ready';
