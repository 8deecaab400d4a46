-- The CLIs Affinity says it has at some sites.
-- Params: none. named_site is a registered frame.
SELECT there.site_ref, there.cli, there.end_on
FROM core.affinity_clis AS there
SEMI JOIN named_site AS site ON there.site_ref = site.site_ref;
