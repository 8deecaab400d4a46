-- All lines that this side has, or was remembered to have.
-- Params: none.
CREATE OR REPLACE TEMP TABLE side_line AS
SELECT line_id FROM out.charge
UNION
SELECT line_id FROM ops.layer_fact WHERE known_to IS NULL AND starts_with(layer_key, 'line:');
