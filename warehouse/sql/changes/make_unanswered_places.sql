-- Places of CLIs that a batch has a row about which has no answer yet.
-- Params: none.
CREATE OR REPLACE TEMP TABLE unanswered_place AS
SELECT
    coalesce(cli.previous_site_ref, cli.site_ref) AS site_ref,
    coalesce(cli.previous_cli, cli.cli) AS cli
FROM out.batch_cli AS cli
ANTI JOIN out.batch_outcome AS outcome
    ON cli.seq = outcome.seq AND cli.row_key = outcome.row_key;
