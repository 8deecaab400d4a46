-- What is checked besides each charge: every record by the profile's rules, and where CLIs came from.

CREATE TABLE out.issue (
    stage VARCHAR,
    record_key VARCHAR,
    line_id VARCHAR,
    customer_id VARCHAR,
    product_id VARCHAR,
    scope VARCHAR,
    field VARCHAR,
    rule VARCHAR,
    severity VARCHAR,
    message VARCHAR,
    text VARCHAR
);

-- Since when a record has broken a rule: kept from run to run.
CREATE TABLE out.issue_since (stage VARCHAR, record_key VARCHAR, rule VARCHAR, since DATE);

CREATE TABLE out.cli_capture (
    line_id VARCHAR,
    customer_id VARCHAR,
    product_id VARCHAR,
    quotation_cli VARCHAR,
    order_cli VARCHAR,
    asset_cli VARCHAR,
    cli_source_stage VARCHAR,
    drift VARCHAR,
    drift_between VARCHAR
);

-- The price book beside Affinity's catalogue: what is routed to Affinity, and codes nobody uses.
CREATE TABLE out.price_book (
    product_id VARCHAR,
    product_name VARCHAR,
    charge_type VARCHAR,
    sku VARCHAR,
    routed_by VARCHAR,
    link VARCHAR,
    same_sku BIGINT,
    layer_price DECIMAL(18, 4),
    affinity_price DECIMAL(18, 4),
    drift DECIMAL(18, 4),
    quantity DECIMAL(38, 0),
    drift_value DECIMAL(38, 4),
    closes_gate BOOLEAN
);

-- Who invoices or bills a charge, and why; null until the next run judges.
ALTER TABLE out.charge ADD COLUMN invoicing VARCHAR;
ALTER TABLE out.charge ADD COLUMN invoicing_reason VARCHAR;
ALTER TABLE out.charge ADD COLUMN layer_is_due BOOLEAN;
