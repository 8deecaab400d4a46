-- The same lines, to be read by the product their assets are of today.
-- Params: none.
CREATE OR REPLACE TABLE work.upgraded_line AS
SELECT line_id, is_seen, TRUE AS is_by_asset
FROM work.billed_line;
