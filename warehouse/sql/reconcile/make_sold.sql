-- The lines of charges and the assets these were sold with: none yet.
-- Params: none.
CREATE OR REPLACE TEMP TABLE side_sold (line_id VARCHAR, asset_id VARCHAR);
