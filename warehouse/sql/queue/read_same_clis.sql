-- The items of the CLIs whose rows are in the registered frame `named` (row_key): a CLI that is
-- added from another day has another row key, but is the same CLI.
-- Params: $seq BIGINT.
SELECT DISTINCT concat('cli:', other.row_key) AS subject
FROM named
INNER JOIN out.batch_cli AS cli ON named.row_key = cli.row_key
INNER JOIN out.batch_cli AS other ON cli.site_ref = other.site_ref AND cli.cli = other.cli
WHERE cli.seq = $seq
ORDER BY subject;
