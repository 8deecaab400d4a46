-- mart.repair: what to put right first, by the latest reconciliation: the fewest fixes for the most money.
CREATE OR REPLACE VIEW mart.repair AS
SELECT
    step,
    reason,
    subject,
    charges,
    per_month,
    once,
    fixes_so_far,
    charges_so_far,
    per_month_so_far,
    once_so_far
FROM out.repair;
