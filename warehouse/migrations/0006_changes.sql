-- What Affinity was told of customers, sites, addresses, contacts, products and charges, and what
-- has changed since.

-- Frozen rows of files 01 to 05. `file` is the file's name, cells the text of its columns in the
-- contract's order without the row key, nth the number of this row among the entity's own.
CREATE TABLE out.batch_entity (
    seq BIGINT,
    file VARCHAR,
    row_key VARCHAR,
    layer_id VARCHAR,
    customer_id VARCHAR,
    action VARCHAR,
    nth BIGINT,
    cells VARCHAR[]
);

-- Where each customer, site, address, contact and new product stands: the link learned from a
-- result, the cells Affinity last took (null: none yet), how many rows of it were taken, and what
-- was refused.
CREATE TABLE ops.entity_state (
    file VARCHAR,
    layer_id VARCHAR,
    ref VARCHAR,
    told VARCHAR[],
    taken BIGINT,
    is_baseline BOOLEAN,
    refused VARCHAR[]
);

-- The runs that compared entities with it.
ALTER TABLE ops.run ADD COLUMN saw_entities BOOLEAN;

-- kind: `charge` puts a charge In Billing, `change` changes one that is. period: which stretch of
-- billing of the charge it is about, from 1.
ALTER TABLE out.batch_product ADD COLUMN kind VARCHAR DEFAULT 'charge';
ALTER TABLE out.batch_product ADD COLUMN period BIGINT DEFAULT 1;
ALTER TABLE out.batch_product ADD COLUMN nth BIGINT;
ALTER TABLE out.batch_product ADD COLUMN fields VARCHAR;

-- kind: `undo`, `cease`, `stop` (Do Not Bill, another route) or `change` (ceased and added anew).
-- shown_as: the disposition a stopped charge has then; nth: how often this end was told.
ALTER TABLE out.batch_cease ADD COLUMN kind VARCHAR DEFAULT 'undo';
ALTER TABLE out.batch_cease ADD COLUMN period BIGINT DEFAULT 1;
ALTER TABLE out.batch_cease ADD COLUMN nth BIGINT DEFAULT 1;
ALTER TABLE out.batch_cease ADD COLUMN shown_as VARCHAR;
ALTER TABLE out.batch_cease ADD COLUMN value DECIMAL(38, 4);

ALTER TABLE out.batch_cli ADD COLUMN nth BIGINT DEFAULT 1;
ALTER TABLE out.batch_cli ADD COLUMN previous_site_ref VARCHAR;

ALTER TABLE ops.cli_state ADD COLUMN customer_ref VARCHAR;
ALTER TABLE ops.cli_state ADD COLUMN cli_type VARCHAR;
ALTER TABLE ops.cli_state ADD COLUMN range_end VARCHAR;
ALTER TABLE ops.cli_state ADD COLUMN end_on DATE;
ALTER TABLE ops.cli_state ADD COLUMN asset_id VARCHAR;

UPDATE ops.cli_state AS state
SET
    customer_ref = cli.customer_ref,
    cli_type = cli.cli_type,
    range_end = cli.range_end,
    end_on = cli.end_on,
    asset_id = cli.asset_id
FROM out.batch_cli AS cli
WHERE cli.seq = state.batch_seq AND cli.row_key = state.row_key;

-- What Affinity bills as far as it was told: one row per charge that it took, or that was billed
-- when we first looked (row_key null). `content` is what the charge looked like when it was last
-- found to be as told, so that it is not compared again; null: compare. `refused_content` and
-- `refused_end` are what Affinity refused of a change and of an end of it.
CREATE TABLE ops.billed (
    line_id VARCHAR,
    charge_type VARCHAR,
    period BIGINT,
    updates BIGINT,
    row_key VARCHAR,
    site_id VARCHAR,
    customer_ref VARCHAR,
    site_ref VARCHAR,
    cli VARCHAR,
    sku VARCHAR,
    product_name VARCHAR,
    quantity BIGINT,
    unit_price DECIMAL(18, 4),
    frequency VARCHAR,
    bill_start_on DATE,
    bill_end_on DATE,
    term_months BIGINT,
    order_ref VARCHAR,
    po_ref VARCHAR,
    asset_id VARCHAR,
    ended_by VARCHAR,
    resumes_on DATE,
    refused_content VARCHAR,
    content VARCHAR,
    refused_end VARCHAR
);

INSERT INTO ops.billed
SELECT
    product.line_id,
    product.charge_type,
    1 AS period,
    0 AS updates,
    product.row_key,
    product.site_id,
    product.customer_ref,
    product.site_ref,
    product.cli,
    product.sku,
    product.product_name,
    product.quantity,
    product.unit_price,
    product.frequency,
    product.bill_start_on,
    product.bill_end_on,
    product.term_months,
    product.order_ref,
    product.po_ref,
    product.asset_id,
    NULL AS ended_by,
    NULL AS resumes_on,
    NULL AS refused_content,
    NULL AS content,
    NULL AS refused_end
FROM out.batch_product AS product
INNER JOIN ops.charge_state AS state
    ON product.seq = state.batch_seq AND product.row_key = state.row_key
WHERE state.status = 'in_billing';

-- Which asset renewed which by itself: kept, for both may change afterwards.
CREATE TABLE ops.renewal (asset_id VARCHAR, renewed_by VARCHAR);

-- What the latest run found to have changed, for people: one row per charge or entity and field.
CREATE TABLE out.change (
    subject VARCHAR,
    layer_id VARCHAR,
    charge_type VARCHAR,
    customer_id VARCHAR,
    action VARCHAR,
    field VARCHAR,
    told VARCHAR,
    now VARCHAR,
    state VARCHAR,
    value DECIMAL(38, 4)
);

CREATE TABLE out.change_hold (
    subject VARCHAR,
    layer_id VARCHAR,
    charge_type VARCHAR,
    customer_id VARCHAR,
    reason VARCHAR
);

-- What the next batch takes besides ready charges: rows as they will be frozen.
CREATE TABLE out.due_entity (
    file VARCHAR, layer_id VARCHAR, customer_id VARCHAR, action VARCHAR, cells VARCHAR[]
);
CREATE TABLE out.due_product (
    line_id VARCHAR,
    charge_type VARCHAR,
    action VARCHAR,
    period BIGINT,
    nth BIGINT,
    fields VARCHAR,
    site_id VARCHAR,
    customer_ref VARCHAR,
    site_ref VARCHAR,
    cli VARCHAR,
    cli_type VARCHAR,
    sku VARCHAR,
    product_name VARCHAR,
    quantity BIGINT,
    unit_price DECIMAL(18, 4),
    frequency VARCHAR,
    bill_start_on DATE,
    bill_end_on DATE,
    term_months BIGINT,
    order_ref VARCHAR,
    po_ref VARCHAR,
    asset_id VARCHAR
);
CREATE TABLE out.due_cease (
    line_id VARCHAR,
    charge_type VARCHAR,
    kind VARCHAR,
    period BIGINT,
    shown_as VARCHAR,
    value DECIMAL(38, 4),
    customer_ref VARCHAR,
    site_ref VARCHAR,
    cli VARCHAR,
    sku VARCHAR,
    object_uid VARCHAR,
    cease_on DATE,
    cease_reason VARCHAR,
    replaced_by_line VARCHAR,
    asset_id VARCHAR
);
CREATE TABLE out.due_cli (
    customer_ref VARCHAR,
    site_ref VARCHAR,
    cli VARCHAR,
    action VARCHAR,
    cli_type VARCHAR,
    range_end VARCHAR,
    start_on DATE,
    end_on DATE,
    previous_cli VARCHAR,
    asset_id VARCHAR,
    previous_site_ref VARCHAR
);
-- CLIs that changed charges need and that may have to be added for them.
CREATE TABLE out.due_cli_place (
    customer_ref VARCHAR,
    site_ref VARCHAR,
    cli VARCHAR,
    cli_type VARCHAR,
    bill_start_on DATE,
    asset_id VARCHAR
);
-- Ready charges that must not go before the charge they replace can end in the same batch.
CREATE TABLE out.pair_wait (line_id VARCHAR, charge_type VARCHAR);

-- What Do Not Bill withholds, and why.
CREATE TABLE out.do_not_bill (
    line_id VARCHAR,
    charge_type VARCHAR,
    reason VARCHAR,
    marked VARCHAR,
    stopped_on DATE
);

-- What became of Affinity's cease requests.
CREATE TABLE out.cease_request (
    object_uid VARCHAR,
    completed_on DATE,
    asset_id VARCHAR,
    customer_id VARCHAR,
    layer_cease_on DATE,
    told_cease_on DATE,
    state VARCHAR
);

-- What the latest judgement says of billed charges that may no longer be as told.
CREATE TABLE out.now_charge (
    line_id VARCHAR,
    charge_type VARCHAR,
    customer_id VARCHAR,
    site_id VARCHAR,
    item_type VARCHAR,
    route VARCHAR,
    cli_type VARCHAR,
    stops_because VARCHAR,
    shown_as VARCHAR,
    end_kind VARCHAR,
    cease_reason VARCHAR,
    object_uid VARCHAR,
    asset_is_live BOOLEAN,
    replaced_by_line VARCHAR,
    is_baseline BOOLEAN,
    holds VARCHAR[],
    customer_ref VARCHAR,
    site_ref VARCHAR,
    cli VARCHAR,
    sku VARCHAR,
    product_name VARCHAR,
    quantity BIGINT,
    unit_price DECIMAL(18, 4),
    frequency VARCHAR,
    bill_start_on DATE,
    bill_end_on DATE,
    term_months BIGINT,
    order_ref VARCHAR,
    po_ref VARCHAR,
    asset_id VARCHAR
);

-- Every row of every batch, whatever its file: what it is about, and its place in the file's order.
CREATE VIEW out.batch_row AS
SELECT
    seq,
    file,
    row_key,
    action,
    'entity' AS kind,
    concat(
        CASE file
            WHEN 'customers' THEN 'customer'
            WHEN 'sites' THEN 'site'
            WHEN 'addresses' THEN 'address'
            WHEN 'contacts' THEN 'contact'
            ELSE 'new_product'
        END,
        ':', layer_id
    ) AS subject,
    CAST(NULL AS VARCHAR) AS line_id,
    CAST(NULL AS VARCHAR) AS charge_type,
    customer_id AS customer,
    CAST(NULL AS VARCHAR) AS site_ref,
    CAST(NULL AS VARCHAR) AS cli,
    CAST(NULL AS VARCHAR) AS asset_id,
    layer_id AS place_1,
    CAST(NULL AS VARCHAR) AS place_2,
    CAST(NULL AS VARCHAR) AS place_3,
    CAST(NULL AS VARCHAR) AS place_4,
    CAST(NULL AS VARCHAR) AS place_5,
    CAST(NULL AS VARCHAR) AS place_6
FROM out.batch_entity
UNION ALL
SELECT
    seq,
    'clis' AS file,
    row_key,
    action,
    'cli' AS kind,
    concat('cli:', row_key) AS subject,
    NULL AS line_id,
    NULL AS charge_type,
    customer_ref AS customer,
    site_ref,
    cli,
    asset_id,
    customer_ref AS place_1,
    site_ref AS place_2,
    cli AS place_3,
    NULL AS place_4,
    NULL AS place_5,
    NULL AS place_6
FROM out.batch_cli
UNION ALL
SELECT
    seq,
    'ceases' AS file,
    row_key,
    'CEASE' AS action,
    kind,
    concat(CASE kind WHEN 'undo' THEN 'cease:' ELSE 'end:' END, line_id, ':', charge_type)
        AS subject,
    line_id,
    charge_type,
    customer_ref AS customer,
    site_ref,
    cli,
    asset_id,
    customer_ref AS place_1,
    site_ref AS place_2,
    cli AS place_3,
    sku AS place_4,
    asset_id AS place_5,
    NULL AS place_6
FROM out.batch_cease
UNION ALL
SELECT
    seq,
    'products' AS file,
    row_key,
    action,
    kind,
    concat(CASE kind WHEN 'charge' THEN 'charge:' ELSE 'change:' END, line_id, ':', charge_type)
        AS subject,
    line_id,
    charge_type,
    customer_ref AS customer,
    site_ref,
    cli,
    asset_id,
    customer_ref AS place_1,
    site_ref AS place_2,
    cli AS place_3,
    sku AS place_4,
    charge_type AS place_5,
    line_id AS place_6
FROM out.batch_product;
