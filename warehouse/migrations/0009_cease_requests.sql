-- Affinity's cease requests as last seen, one row per object and asset of ours; asset_id null: none
-- has the object. What its list leaves out is not taken back: only a request without a day does that.
CREATE TABLE ops.cease_request (
    object_uid VARCHAR,
    asset_id VARCHAR,
    completed_on DATE
);

ALTER TABLE out.cease_request ADD COLUMN is_listed BOOLEAN;
