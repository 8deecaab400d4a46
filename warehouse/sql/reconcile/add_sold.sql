-- Of the charges that are looked at.
-- Params: none.
INSERT INTO side_sold
SELECT line_id, asset_id
FROM side_charge;
