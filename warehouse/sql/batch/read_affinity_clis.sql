-- The CLIs Affinity says it has.
SELECT site_ref, cli, end_on
FROM core.affinity_clis;
