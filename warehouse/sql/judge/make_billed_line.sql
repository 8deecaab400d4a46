-- The lines Affinity was told something of: of these the asset counts as it is today.
-- Params: none.
CREATE OR REPLACE TABLE work.billed_line AS
SELECT DISTINCT line_id, FALSE AS is_seen, FALSE AS is_by_asset
FROM ops.billed;
