-- Both sides of the reconciliation, with two clocks: the days in a record are when it is in force,
-- known_from and known_to the as-of days of the runs that first saw it so, and first saw it otherwise
-- (null: it still is). Nothing is ever changed but a known_to that is null.
CREATE TABLE ops.layer_fact (
    layer_key VARCHAR,
    line_id VARCHAR,
    charge_type VARCHAR,
    asset_id VARCHAR,
    customer_id VARCHAR,
    site_id VARCHAR,
    product_id VARCHAR,
    site_ref VARCHAR,
    cli VARCHAR,
    sku VARCHAR,
    quantity BIGINT,
    unit_price DECIMAL(18, 4),
    frequency VARCHAR,
    start_on DATE,
    end_on DATE,
    object_uid VARCHAR,
    group_key VARCHAR,
    disposition VARCHAR,
    is_told BOOLEAN,
    change_state VARCHAR,
    changing VARCHAR,
    reasons VARCHAR,
    known_from DATE,
    known_to DATE,
    run_id VARCHAR
);

CREATE TABLE ops.affinity_fact (
    object_uid VARCHAR,
    charge_type VARCHAR,
    site_ref VARCHAR,
    cli VARCHAR,
    sku VARCHAR,
    quantity BIGINT,
    unit_price DECIMAL(18, 4),
    start_on DATE,
    end_on DATE,
    row_key VARCHAR,
    frequency VARCHAR,
    known_from DATE,
    known_to DATE,
    run_id VARCHAR
);

-- The latest reconciliation: what was found of each thing, and every record of either side with it.
-- The record's key is unique on its side.
CREATE TABLE out.reconciliation (
    match_id BIGINT,
    class VARCHAR,
    why VARCHAR,
    fields VARCHAR,
    remedy VARCHAR,
    since DATE,
    age_days BIGINT,
    layer_records BIGINT,
    affinity_records BIGINT,
    layer_per_month DECIMAL(38, 4),
    affinity_per_month DECIMAL(38, 4),
    layer_once DECIMAL(38, 4),
    affinity_once DECIMAL(38, 4)
);

CREATE TABLE out.reconciled_layer (
    match_id BIGINT,
    layer_key VARCHAR,
    line_id VARCHAR,
    charge_type VARCHAR,
    asset_id VARCHAR,
    customer_id VARCHAR,
    site_id VARCHAR,
    product_id VARCHAR,
    site_ref VARCHAR,
    cli VARCHAR,
    sku VARCHAR,
    quantity BIGINT,
    unit_price DECIMAL(18, 4),
    frequency VARCHAR,
    start_on DATE,
    end_on DATE,
    disposition VARCHAR,
    reasons VARCHAR,
    bills BOOLEAN,
    per_month DECIMAL(38, 4),
    once DECIMAL(38, 4)
);

CREATE TABLE out.reconciled_affinity (
    match_id BIGINT,
    object_uid VARCHAR,
    charge_type VARCHAR,
    site_ref VARCHAR,
    cli VARCHAR,
    sku VARCHAR,
    quantity BIGINT,
    unit_price DECIMAL(18, 4),
    start_on DATE,
    end_on DATE,
    row_key VARCHAR,
    bills BOOLEAN,
    per_month DECIMAL(38, 4),
    once DECIMAL(38, 4)
);

-- Records that a past day shows otherwise by what is known today than by what was known then; null on
-- the side of a clock by which there was no such record.
CREATE TABLE out.restated (
    side VARCHAR,
    record_key VARCHAR,
    class_then VARCHAR,
    class_now VARCHAR,
    per_month_then DECIMAL(38, 4),
    per_month_now DECIMAL(38, 4),
    once_then DECIMAL(38, 4),
    once_now DECIMAL(38, 4)
);
