-- The assets that the lines asked about may be about, or replace.
-- Params: none.
CREATE OR REPLACE TEMP TABLE asked_asset AS
WITH named AS (
    SELECT asset_id FROM asked_line
    UNION
    SELECT unnest([of_line.asset_id, of_line.first_asset_id])
    FROM work.asset_of_line AS of_line
    SEMI JOIN asked_line AS line ON of_line.line_id = line.line_id
)

SELECT asset_id FROM named
UNION
SELECT renewal.renewed_by
FROM work.renewal AS renewal
SEMI JOIN named ON renewal.asset_id = named.asset_id
UNION
SELECT target_asset_id FROM asked_line;
