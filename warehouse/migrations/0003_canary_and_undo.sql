-- Canaries and undos: which batch is one, and the frozen rows of a batch that takes back another.

ALTER TABLE out.batch ADD COLUMN is_canary BOOLEAN DEFAULT FALSE;
ALTER TABLE out.batch ADD COLUMN undoes BIGINT;

-- cease_on is the charge's bill start, undoes_key the key of the product row that is taken back.
CREATE TABLE out.batch_cease (
    seq BIGINT,
    row_key VARCHAR,
    customer_ref VARCHAR,
    site_ref VARCHAR,
    cli VARCHAR,
    sku VARCHAR,
    object_uid VARCHAR,
    charge_type VARCHAR,
    cease_on DATE,
    cease_reason VARCHAR,
    replaced_by VARCHAR,
    asset_id VARCHAR,
    line_id VARCHAR,
    undoes_key VARCHAR
);
