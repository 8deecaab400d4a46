-- The claims on CLIs that some live root service asset other than the claim's own holds too.
SELECT claim.*
FROM work.claim AS claim
WHERE
    claim.cli IN (SELECT life.cli FROM work.life AS life GROUP BY life.cli HAVING count(*) > 1)
    OR EXISTS (
        SELECT 1
        FROM work.life AS life
        WHERE life.cli = claim.cli AND life.asset_id IS DISTINCT FROM claim.asset_id
    );
