-- The first warehouse: namespaces and tables of contract section 7.
-- No keys and no indexes on purpose: bulk inserts are many times slower with them, and every
-- uniqueness that matters is checked in bulk. All *_at columns are UTC.

CREATE SCHEMA raw;
CREATE SCHEMA core;
CREATE SCHEMA known;
CREATE SCHEMA out;
CREATE SCHEMA ops;
CREATE SCHEMA mart;
CREATE SCHEMA work;

-- core: the accepted records of the feeds, typed; row_number as in the file they came from.

CREATE TABLE core.customers (
    row_number BIGINT,
    customer_id VARCHAR,
    name VARCHAR,
    registered_name VARCHAR,
    status VARCHAR,
    integration_id VARCHAR,
    vat_number VARCHAR,
    email VARCHAR,
    telephone VARCHAR,
    bill_run VARCHAR,
    payment_terms VARCHAR,
    payment_method VARCHAR,
    modified_at VARCHAR,
    is_deleted BOOLEAN
);

CREATE TABLE core.sites (
    row_number BIGINT,
    site_id VARCHAR,
    customer_id VARCHAR,
    parent_site_id VARCHAR,
    name VARCHAR,
    site_ref VARCHAR,
    is_default BOOLEAN,
    integration_id VARCHAR,
    modified_at VARCHAR,
    is_deleted BOOLEAN
);

CREATE TABLE core.addresses (
    row_number BIGINT,
    address_id VARCHAR,
    customer_id VARCHAR,
    site_id VARCHAR,
    address_type VARCHAR,
    line1 VARCHAR,
    line2 VARCHAR,
    line3 VARCHAR,
    town VARCHAR,
    county VARCHAR,
    postcode VARCHAR,
    country VARCHAR,
    modified_at VARCHAR,
    is_deleted BOOLEAN
);

CREATE TABLE core.contacts (
    row_number BIGINT,
    contact_id VARCHAR,
    customer_id VARCHAR,
    site_id VARCHAR,
    first_name VARCHAR,
    last_name VARCHAR,
    role VARCHAR,
    email VARCHAR,
    telephone VARCHAR,
    modified_at VARCHAR,
    is_deleted BOOLEAN
);

CREATE TABLE core.billing_platforms (
    row_number BIGINT,
    name VARCHAR,
    is_deleted BOOLEAN
);

CREATE TABLE core.products (
    row_number BIGINT,
    product_id VARCHAR,
    name VARCHAR,
    base_category VARCHAR,
    item_type VARCHAR,
    external_sku VARCHAR,
    external_sku_recurring VARCHAR,
    upfront_billing_route VARCHAR,
    recurring_billing_route VARCHAR,
    upfront_price DECIMAL(18, 4),
    recurring_price DECIMAL(18, 4),
    billing_frequency VARCHAR,
    needs_cli BOOLEAN,
    fixed_billing BOOLEAN,
    is_custom BOOLEAN,
    modified_at VARCHAR,
    is_deleted BOOLEAN
);

CREATE TABLE core.orders (
    row_number BIGINT,
    order_id VARCHAR,
    order_ref VARCHAR,
    customer_id VARCHAR,
    site_id VARCHAR,
    status VARCHAR,
    po_ref VARCHAR,
    created_on DATE,
    modified_at VARCHAR,
    is_deleted BOOLEAN
);

CREATE TABLE core.order_lines (
    row_number BIGINT,
    line_id VARCHAR,
    order_id VARCHAR,
    product_id VARCHAR,
    site_id VARCHAR,
    asset_id VARCHAR,
    converted_on DATE,
    action VARCHAR,
    target_asset_id VARCHAR,
    quantity BIGINT,
    upfront_price DECIMAL(18, 4),
    recurring_price DECIMAL(18, 4),
    billing_frequency VARCHAR,
    upfront_billing_route VARCHAR,
    recurring_billing_route VARCHAR,
    upfront_bill_status VARCHAR,
    recurring_bill_status VARCHAR,
    bill_start_override DATE,
    upfront_do_not_bill BOOLEAN,
    recurring_do_not_bill BOOLEAN,
    do_not_bill_reason VARCHAR,
    cli VARCHAR,
    connected_on DATE,
    issued_on DATE,
    term_months BIGINT,
    parent_line_id VARCHAR,
    modified_at VARCHAR,
    is_deleted BOOLEAN
);

CREATE TABLE core.assets (
    row_number BIGINT,
    asset_id VARCHAR,
    line_id VARCHAR,
    customer_id VARCHAR,
    site_id VARCHAR,
    product_id VARCHAR,
    cli VARCHAR,
    is_live BOOLEAN,
    connection_on DATE,
    expiry_on DATE,
    cease_on DATE,
    cease_reason VARCHAR,
    quantity BIGINT,
    recurring_price DECIMAL(18, 4),
    upfront_billing_route VARCHAR,
    recurring_billing_route VARCHAR,
    do_not_bill BOOLEAN,
    parent_asset_id VARCHAR,
    object_uid VARCHAR,
    is_auto_renew BOOLEAN,
    modified_at VARCHAR,
    is_deleted BOOLEAN
);

CREATE TABLE core.asset_numbers (
    row_number BIGINT,
    asset_id VARCHAR,
    cli VARCHAR,
    range_end VARCHAR,
    start_on DATE,
    end_on DATE,
    is_deleted BOOLEAN
);

CREATE TABLE core.quotation_lines (
    row_number BIGINT,
    quotation_line_id VARCHAR,
    quotation_ref VARCHAR,
    customer_id VARCHAR,
    line_id VARCHAR,
    product_id VARCHAR,
    cli VARCHAR,
    modified_at VARCHAR,
    is_deleted BOOLEAN
);

CREATE TABLE core.application_links (
    row_number BIGINT,
    application_name VARCHAR,
    entity_type BIGINT,
    entity_id VARCHAR,
    integration_id VARCHAR,
    is_deleted BOOLEAN
);

CREATE TABLE core.affinity_products (
    row_number BIGINT,
    product_code VARCHAR,
    name VARCHAR,
    is_active BOOLEAN,
    price DECIMAL(18, 4),
    is_deleted BOOLEAN
);

CREATE TABLE core.affinity_clis (
    row_number BIGINT,
    site_ref VARCHAR,
    cli VARCHAR,
    start_on DATE,
    end_on DATE,
    is_deleted BOOLEAN
);

CREATE TABLE core.affinity_site_products (
    row_number BIGINT,
    object_uid VARCHAR,
    site_ref VARCHAR,
    cli VARCHAR,
    product_code VARCHAR,
    charge_type VARCHAR,
    quantity BIGINT,
    unit_price DECIMAL(18, 4),
    start_on DATE,
    end_on DATE,
    row_key VARCHAR,
    is_deleted BOOLEAN
);

CREATE TABLE core.affinity_cease_requests (
    row_number BIGINT,
    object_uid VARCHAR,
    completed_on DATE,
    is_deleted BOOLEAN
);

-- known: while feeds are deltas, the latest fit version of every record, whatever it points at;
-- core is then what of it has all its references. Tables appear with the first delta.

-- out: what was decided, and what was handed over.

CREATE TABLE out.charge (
    line_id VARCHAR,
    charge_type VARCHAR,
    customer_id VARCHAR,
    site_id VARCHAR,
    product_id VARCHAR,
    item_type VARCHAR,
    route VARCHAR,
    is_platform_route BOOLEAN,
    disposition VARCHAR,
    waiting_reason VARCHAR,
    bill_status VARCHAR,
    quantity BIGINT,
    unit_price DECIMAL(18, 4),
    value DECIMAL(38, 4),
    frequency VARCHAR,
    bill_start_on DATE,
    bill_start_source VARCHAR,
    cli VARCHAR,
    sku VARCHAR,
    batch_seq BIGINT,
    in_billing_on DATE,
    customer_ref VARCHAR,
    site_ref VARCHAR,
    cli_type VARCHAR,
    bill_end_on DATE,
    term_months BIGINT,
    order_ref VARCHAR,
    po_ref VARCHAR,
    asset_id VARCHAR
);

CREATE TABLE out.hold (
    line_id VARCHAR,
    charge_type VARCHAR,
    reason VARCHAR,
    value DECIMAL(38, 4)
);

-- When a charge was first ready, and since when a hold has stood: kept from run to run.
CREATE TABLE out.first_ready (line_id VARCHAR, charge_type VARCHAR, first_ready_on DATE);
CREATE TABLE out.hold_since (line_id VARCHAR, charge_type VARCHAR, reason VARCHAR, since DATE);

CREATE TABLE out.batch (
    seq BIGINT,
    run_id VARCHAR,
    as_of DATE,
    state VARCHAR,
    path VARCHAR,
    created_at TIMESTAMP,
    written_at TIMESTAMP,
    confirmed_at TIMESTAMP,
    abandoned_at TIMESTAMP,
    manifest_sha256 VARCHAR,
    previous_manifest_sha256 VARCHAR,
    row_count BIGINT,
    value DECIMAL(38, 4),
    totals VARCHAR,
    actor VARCHAR,
    reason VARCHAR
);

-- Frozen rows: what the files of a batch are a pure function of.
CREATE TABLE out.batch_cli (
    seq BIGINT,
    row_key VARCHAR,
    customer_ref VARCHAR,
    site_ref VARCHAR,
    cli VARCHAR,
    action VARCHAR,
    cli_type VARCHAR,
    range_end VARCHAR,
    start_on DATE,
    end_on DATE,
    previous_cli VARCHAR,
    asset_id VARCHAR
);

CREATE TABLE out.batch_product (
    seq BIGINT,
    row_key VARCHAR,
    customer_ref VARCHAR,
    site_ref VARCHAR,
    cli VARCHAR,
    sku VARCHAR,
    charge_type VARCHAR,
    action VARCHAR,
    product_name VARCHAR,
    quantity BIGINT,
    unit_price DECIMAL(18, 4),
    frequency VARCHAR,
    bill_start_on DATE,
    bill_end_on DATE,
    term_months BIGINT,
    order_ref VARCHAR,
    po_ref VARCHAR,
    line_id VARCHAR,
    asset_id VARCHAR,
    site_id VARCHAR
);

CREATE TABLE out.batch_outcome (
    seq BIGINT,
    row_key VARCHAR,
    outcome VARCHAR,
    code VARCHAR,
    message VARCHAR
);

-- ops: runs, rejects, the ledger and the queue.

CREATE TABLE ops.run (
    run_id VARCHAR,
    as_of DATE,
    started_at TIMESTAMP,
    finished_at TIMESTAMP,
    status VARCHAR,
    exit_code INTEGER,
    message VARCHAR,
    counts VARCHAR,
    profile_sha256 VARCHAR
);

CREATE TABLE ops.feed_read (
    run_id VARCHAR,
    feed VARCHAR,
    sha256 VARCHAR,
    path VARCHAR,
    records_read BIGINT,
    accepted BIGINT,
    rejected BIGINT
);

CREATE TABLE ops.reject (
    run_id VARCHAR,
    feed VARCHAR,
    row_number BIGINT,
    record_key VARCHAR,
    column_name VARCHAR,
    reason VARCHAR,
    raw_value VARCHAR
);

CREATE TABLE ops.warning (run_id VARCHAR, subject VARCHAR, warning VARCHAR, records BIGINT);

-- One commit per transfer, claim or abandon; each carries the hash of the one before it, and each
-- ledger row the hash of its commit's predecessor: nothing can be edited, dropped or moved unseen.
CREATE TABLE ops.ledger_commit (
    commit_no BIGINT,
    committed_at TIMESTAMP,
    what VARCHAR,
    batch_seq BIGINT,
    actor VARCHAR,
    rows BIGINT,
    previous_hash VARCHAR,
    hash VARCHAR
);

CREATE TABLE ops.ledger (
    commit_no BIGINT,
    "at" TIMESTAMP,
    line_id VARCHAR,
    charge_type VARCHAR,
    from_status VARCHAR,
    to_status VARCHAR,
    batch_seq BIGINT,
    actor VARCHAR,
    reason VARCHAR,
    hash VARCHAR
);

-- The ledger folded: where each charge we ever exported stands now.
CREATE TABLE ops.charge_state (
    line_id VARCHAR,
    charge_type VARCHAR,
    status VARCHAR,
    batch_seq BIGINT,
    row_key VARCHAR,
    in_billing_on DATE,
    refused_content VARCHAR,
    site_id VARCHAR,
    cli VARCHAR,
    sku VARCHAR,
    asset_id VARCHAR,
    bill_start_on DATE
);

CREATE TABLE ops.cli_state (
    site_ref VARCHAR,
    cli VARCHAR,
    start_on DATE,
    status VARCHAR,
    batch_seq BIGINT,
    row_key VARCHAR
);

CREATE TABLE ops.retry_item (
    id BIGINT,
    kind VARCHAR,
    subject VARCHAR,
    reason VARCHAR,
    message VARCHAR,
    attempts BIGINT,
    max_attempts BIGINT,
    first_seen_at TIMESTAMP,
    last_seen_at TIMESTAMP,
    next_at TIMESTAMP,
    state VARCHAR,
    value DECIMAL(38, 4),
    batch_seq BIGINT,
    actor VARCHAR,
    outcome VARCHAR
);
