-- Places of CLIs that are there, and that no billed charge stands on, nor anything that has no answer yet. The
-- additional numbers that The Layer lists are not among them.
-- Params: $as_of DATE. unanswered_place is made; listed_number is a registered frame. /* part */ stands for a condition by which some places are asked
-- about at a time: all would have to fit into memory.
SELECT life.site_ref, life.cli, life.customer_ref, life.asset_id
FROM (
    SELECT site_ref, cli, customer_ref, asset_id
    FROM ops.cli_state
    WHERE
        status IN ('live', 'seen')
        AND start_on IS NOT NULL
        AND (end_on IS NULL OR end_on >= $as_of)
        /* part */
) AS life
ANTI JOIN (
    SELECT site_ref, cli
    FROM ops.billed
    WHERE
        charge_type = 'recurring'
        AND (bill_end_on IS NULL OR bill_end_on >= $as_of)
        /* part */
) AS billed ON life.site_ref = billed.site_ref AND life.cli = billed.cli
ANTI JOIN unanswered_place AS asked
    ON life.site_ref = asked.site_ref AND life.cli = asked.cli
ANTI JOIN listed_number AS number
    ON life.asset_id = number.asset_id AND life.cli = number.cli;
