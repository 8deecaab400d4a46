-- Charges of assets without references that are billed as one row of Affinity.

-- group_key: the row key of the ADD a group was made with, on every row that is about a group as a
-- whole; null on rows about one charge.
ALTER TABLE out.batch_product ADD COLUMN group_key VARCHAR;
ALTER TABLE out.batch_cease ADD COLUMN group_key VARCHAR;
ALTER TABLE out.due_product ADD COLUMN group_key VARCHAR;
ALTER TABLE out.due_cease ADD COLUMN group_key VARCHAR;

-- What Affinity was told of each group as a whole, one row per group; its members are the charges of
-- ops.billed with its key. refused_content: the row of it that Affinity refused last.
CREATE TABLE ops.billed_group (
    row_key VARCHAR,
    lead_line_id VARCHAR,
    charge_type VARCHAR,
    period BIGINT,
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
    refused_content VARCHAR
);

-- Who was ever in which group: one row per group, charge and stay; left_in null: still in it.
CREATE TABLE ops.group_member (
    row_key VARCHAR,
    lead_line_id VARCHAR,
    line_id VARCHAR,
    charge_type VARCHAR,
    quantity BIGINT,
    unit_price DECIMAL(18, 4),
    joined_in BIGINT,
    left_in BIGINT
);

-- What a row about a group says of each charge in it. kind: `charge` puts it In Billing, `change`
-- changes it, `cease`, `stop` and `undo` end it. action: ADD where it is new in this group. content:
-- what it alone would have been told as.
CREATE TABLE out.batch_member (
    seq BIGINT,
    row_key VARCHAR,
    group_key VARCHAR,
    lead_line_id VARCHAR,
    line_id VARCHAR,
    charge_type VARCHAR,
    kind VARCHAR,
    action VARCHAR,
    period BIGINT,
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
    cease_on DATE,
    cease_reason VARCHAR,
    shown_as VARCHAR,
    content VARCHAR
);

-- What the next batch's rows about groups will say of each charge; group_key null: of a group that
-- they make.
CREATE TABLE out.due_member (
    group_key VARCHAR,
    lead_line_id VARCHAR,
    line_id VARCHAR,
    charge_type VARCHAR,
    kind VARCHAR,
    action VARCHAR,
    period BIGINT,
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
    cease_on DATE,
    cease_reason VARCHAR,
    shown_as VARCHAR,
    content VARCHAR
);

-- What product rows say of charges: one row per charge, also where it went in a group's row.
CREATE VIEW out.batch_charge AS
SELECT
    seq,
    row_key,
    group_key,
    line_id,
    charge_type,
    kind,
    action,
    period,
    nth,
    fields,
    site_id,
    customer_ref,
    site_ref,
    cli,
    sku,
    product_name,
    quantity,
    unit_price,
    frequency,
    bill_start_on,
    bill_end_on,
    term_months,
    order_ref,
    po_ref,
    asset_id,
    CAST(NULL AS VARCHAR) AS content
FROM out.batch_product
WHERE group_key IS NULL
UNION ALL
SELECT
    seq,
    row_key,
    group_key,
    line_id,
    charge_type,
    kind,
    action,
    period,
    NULL AS nth,
    'in its group' AS fields,
    site_id,
    customer_ref,
    site_ref,
    cli,
    sku,
    product_name,
    quantity,
    unit_price,
    frequency,
    bill_start_on,
    bill_end_on,
    term_months,
    order_ref,
    po_ref,
    asset_id,
    content
FROM out.batch_member
WHERE kind IN ('charge', 'change');

-- What rows say of the ends of charges: one row per charge, also where it left or ended with a group.
CREATE VIEW out.batch_end AS
SELECT
    seq,
    row_key,
    group_key,
    line_id,
    charge_type,
    kind,
    period,
    cease_on,
    cease_reason,
    asset_id,
    shown_as
FROM out.batch_cease
WHERE group_key IS NULL
UNION ALL
SELECT
    seq,
    row_key,
    group_key,
    line_id,
    charge_type,
    kind,
    period,
    cease_on,
    cease_reason,
    asset_id,
    shown_as
FROM out.batch_member
WHERE kind IN ('cease', 'stop', 'undo');

-- Ready charges that go in the row of another, or of a group that is there: they have none.
CREATE VIEW out.follower AS
SELECT line_id, charge_type
FROM out.due_member
WHERE kind = 'charge' AND (group_key IS NOT NULL OR line_id <> lead_line_id);
