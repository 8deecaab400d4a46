-- Keep the renewals that have begun: from then on the new asset may be renumbered or moved. Until then
-- The Layer may take one back.
-- Params: $as_of DATE. renewal_seen is made.
INSERT INTO ops.renewal
SELECT asset_id, renewed_by
FROM renewal_seen
WHERE begins_on <= $as_of;
