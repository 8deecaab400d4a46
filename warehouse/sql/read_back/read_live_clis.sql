-- What Affinity shows at the sites where a CLI row has no answer yet.
-- Params: none.
SELECT there.site_ref, there.cli, there.end_on
FROM core.affinity_clis AS there
SEMI JOIN (
    SELECT cli.site_ref
    FROM out.batch_cli AS cli
    ANTI JOIN out.batch_outcome AS outcome
        ON cli.seq = outcome.seq AND cli.row_key = outcome.row_key
) AS asked ON there.site_ref = asked.site_ref;
