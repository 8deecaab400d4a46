-- How many accepted assets name each line, and which one where it is one.
CREATE OR REPLACE TABLE work.asset_of_line AS
SELECT line_id, count(*) AS assets, min(asset_id) AS asset_id
FROM core.assets
WHERE line_id IS NOT NULL
GROUP BY line_id;
