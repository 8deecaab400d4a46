-- What is one chain of renewals with the asset of a changed claim: it lives on that chain's CLI by right.
-- Params: none. changed_claim is made.
WITH link AS (
    SELECT asset_id, renewed_by AS other_id
    FROM work.renewal
    UNION
    SELECT renewed_by, asset_id
    FROM work.renewal
    UNION
    SELECT one.asset_id, other.asset_id
    FROM work.renewal AS one
    INNER JOIN work.renewal AS other ON one.renewed_by = other.renewed_by
)

SELECT asset_id, other_id
FROM link
WHERE asset_id IN (SELECT claim.asset_id FROM changed_claim AS claim) AND asset_id <> other_id;
