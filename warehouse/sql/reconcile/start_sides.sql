-- Room for what every charge that is or was to be billed, in Affinity or elsewhere, is about.
-- `any_asset_id`: where The Layer names no asset, the one it was told with.
-- Params: none.
CREATE OR REPLACE TABLE work.side_charge (
    line_id VARCHAR,
    charge_type VARCHAR,
    customer_id VARCHAR,
    product_id VARCHAR,
    disposition VARCHAR,
    is_told BOOLEAN,
    asset_id VARCHAR,
    any_asset_id VARCHAR,
    site_id VARCHAR,
    site_ref VARCHAR,
    cli VARCHAR,
    sku VARCHAR,
    quantity BIGINT,
    unit_price DECIMAL(18, 4),
    frequency VARCHAR,
    start_on DATE,
    end_on DATE
);
