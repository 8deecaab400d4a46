-- The lines that are asked about, with what they name.
-- Params: those of the condition.
CREATE OR REPLACE TEMP TABLE asked_line AS
SELECT line_id, order_id, asset_id, target_asset_id
FROM core.order_lines
WHERE /* which */;
