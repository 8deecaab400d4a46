-- The lines of charges and the assets these were sold with.
-- Params: none.
CREATE OR REPLACE TEMP TABLE side_sold AS
SELECT line_id, asset_id
FROM side_charge;
