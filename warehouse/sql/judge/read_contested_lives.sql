-- The lives on CLIs that are claimed.
SELECT life.*
FROM work.life AS life
WHERE life.cli IN (SELECT claim.cli FROM work.claim AS claim);
