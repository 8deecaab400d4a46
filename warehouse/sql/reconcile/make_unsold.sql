-- Assets that no charge of ours was sold with, whose line names no such charge, and that renew nothing.
-- Params: none.
CREATE OR REPLACE TEMP TABLE side_unsold AS
SELECT asset.asset_id, asset.line_id
FROM core.assets AS asset
ANTI JOIN side_sold AS sold ON asset.asset_id = sold.asset_id
ANTI JOIN side_sold AS of_line ON asset.line_id = of_line.line_id
ANTI JOIN work.renewal AS renewed ON asset.asset_id = renewed.asset_id
ANTI JOIN work.renewal AS renewing ON asset.asset_id = renewing.renewed_by;
