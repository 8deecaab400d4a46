-- What our side said of lines that have ended, and of assets without a line that are gone for long.
-- Params: $before DATE. present and ended_line are temporary tables.
CREATE OR REPLACE TEMP TABLE ended_fact AS
SELECT fact.layer_key
FROM ops.layer_fact AS fact
SEMI JOIN ended_line ON fact.line_id = ended_line.line_id
UNION
SELECT fact.layer_key
FROM ops.layer_fact AS fact
ANTI JOIN present ON present.feed = 'assets' AND fact.asset_id = present.id
WHERE
    starts_with(fact.layer_key, 'asset:')
    AND EXISTS (SELECT 1 FROM present WHERE feed = 'assets')
GROUP BY fact.layer_key
HAVING bool_and(coalesce(fact.known_to < $before, FALSE));
