-- Freeze the CLI rows of $cli_rows, keyed by what they say; one that was taken before and is told
-- again has a number in its key. Retention takes the CLI from old rows, so these are known by their keys.
-- Params: $seq BIGINT, $tenant VARCHAR. cli_rows is a registered frame.
INSERT INTO out.batch_cli BY NAME
SELECT
    $seq AS seq,
    left(
        sha256(
            concat(
                $tenant, '|cli|', row.site_ref, '|', row.cli, '|', lower(row.action), '|',
                strftime(row.start_on, '%Y-%m-%d'),
                CASE WHEN row.nth > 1 THEN concat('|', row.nth) END
            )
        ),
        32
    ) AS row_key,
    row.*
FROM (
    SELECT
        cli_rows.*,
        greatest(coalesce(told.nth, 0), coalesce(forgotten.nth, 0)) + 1 AS nth
    FROM cli_rows
    LEFT JOIN (
        SELECT before.site_ref, before.cli, before.action, before.start_on, max(before.nth) AS nth
        FROM out.batch_cli AS before
        INNER JOIN out.batch_outcome AS outcome
            ON before.seq = outcome.seq AND before.row_key = outcome.row_key
        WHERE outcome.outcome = 'accepted'
        GROUP BY ALL
    ) AS told
        ON
            cli_rows.site_ref = told.site_ref
            AND cli_rows.cli = told.cli
            AND cli_rows.action = told.action
            AND cli_rows.start_on = told.start_on
    LEFT JOIN (
        SELECT asked.site_ref, asked.cli, asked.action, asked.start_on, max(before.nth) AS nth
        FROM cli_rows AS asked
        CROSS JOIN (SELECT DISTINCT nth FROM out.batch_cli WHERE cli IS NULL) AS numbered
        INNER JOIN out.batch_cli AS before
            ON
                before.cli IS NULL
                AND numbered.nth = before.nth
                AND before.row_key = left(
                    sha256(
                        concat(
                            $tenant, '|cli|', asked.site_ref, '|', asked.cli, '|', lower(asked.action), '|',
                            strftime(asked.start_on, '%Y-%m-%d'),
                            CASE WHEN numbered.nth > 1 THEN concat('|', numbered.nth) END
                        )
                    ),
                    32
                )
        INNER JOIN out.batch_outcome AS outcome
            ON before.seq = outcome.seq AND before.row_key = outcome.row_key
        WHERE outcome.outcome = 'accepted'
        GROUP BY ALL
    ) AS forgotten
        ON
            cli_rows.site_ref = forgotten.site_ref
            AND cli_rows.cli = forgotten.cli
            AND cli_rows.action = forgotten.action
            AND cli_rows.start_on = forgotten.start_on
) AS row;
