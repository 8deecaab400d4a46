-- The lives on CLIs that billed charges come to.
-- Params: none. changed_claim is made.
SELECT life.*
FROM work.life AS life
WHERE life.cli IN (SELECT claim.cli FROM changed_claim AS claim);
