-- Everything Affinity remembers. One file per state folder; `learnt` marks what was there before
-- the first batch. Dates are ISO text, amounts decimal text, so nothing is ever rounded. `fields` is
-- a JSON object: what a row said last, by the headings of its file.
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS customer (
    ref TEXT NOT NULL,
    layer_id TEXT NOT NULL,
    fields TEXT NOT NULL,
    learnt INTEGER NOT NULL,
    PRIMARY KEY (ref, layer_id)
);
CREATE INDEX IF NOT EXISTS customer_by_layer_id ON customer (layer_id);

CREATE TABLE IF NOT EXISTS site (
    ref TEXT NOT NULL,
    layer_id TEXT NOT NULL,
    customer_ref TEXT NOT NULL,
    fields TEXT NOT NULL,
    learnt INTEGER NOT NULL,
    PRIMARY KEY (ref, layer_id)
);
CREATE INDEX IF NOT EXISTS site_by_layer_id ON site (layer_id);

CREATE TABLE IF NOT EXISTS product_code (
    code TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    is_active INTEGER NOT NULL,
    price TEXT NOT NULL,
    frequency TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS new_product (
    code TEXT PRIMARY KEY,
    layer_id TEXT NOT NULL,
    fields TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS cli (
    id INTEGER PRIMARY KEY,
    site_ref TEXT NOT NULL,
    cli TEXT NOT NULL,
    range_end TEXT NOT NULL,
    start_on TEXT NOT NULL,
    end_on TEXT NOT NULL,
    row_key TEXT NOT NULL,
    learnt INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS cli_by_place ON cli (site_ref, cli);

CREATE TABLE IF NOT EXISTS site_product (
    object_uid TEXT PRIMARY KEY,
    site_ref TEXT NOT NULL,
    cli TEXT NOT NULL,
    product_code TEXT NOT NULL,
    charge_type TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    unit_price TEXT NOT NULL,
    frequency TEXT NOT NULL,
    start_on TEXT NOT NULL,
    end_on TEXT NOT NULL,
    line_id TEXT NOT NULL,
    asset_id TEXT NOT NULL,
    description TEXT NOT NULL,
    term_months TEXT NOT NULL,
    order_ref TEXT NOT NULL,
    po_ref TEXT NOT NULL,
    is_ceased INTEGER NOT NULL,
    row_key TEXT NOT NULL,
    double_bill TEXT NOT NULL,
    learnt INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS site_product_by_line ON site_product (line_id, charge_type);
CREATE INDEX IF NOT EXISTS site_product_by_asset ON site_product (asset_id, charge_type);
CREATE INDEX IF NOT EXISTS site_product_by_place
ON site_product (site_ref, cli, product_code, charge_type);

-- The days on which a site product is charged for. A one-off that was ceased is taken back, and a
-- period that ends before it starts charges nothing.
CREATE VIEW IF NOT EXISTS bill AS
SELECT
    object_uid,
    line_id,
    asset_id,
    charge_type,
    CASE WHEN charge_type = 'UPFRONT' THEN '' ELSE start_on END AS from_on,
    CASE WHEN charge_type = 'UPFRONT' OR end_on = '' THEN '9999-12-31' ELSE end_on END AS to_on
FROM site_product
WHERE CASE
    WHEN charge_type = 'UPFRONT' THEN NOT is_ceased
    ELSE end_on = '' OR end_on >= start_on
END;

-- Addresses and contacts, which have no name of Affinity's own.
CREATE TABLE IF NOT EXISTS record (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    layer_id TEXT NOT NULL,
    fields TEXT NOT NULL,
    learnt INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS record_by_layer_id ON record (kind, layer_id);

CREATE TABLE IF NOT EXISTS file (
    id INTEGER PRIMARY KEY,
    batch TEXT NOT NULL,
    name TEXT NOT NULL,
    loaded INTEGER NOT NULL,
    problem TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS file_by_name ON file (batch, name);

CREATE TABLE IF NOT EXISTS answer (
    id INTEGER PRIMARY KEY,
    file_id INTEGER NOT NULL REFERENCES file,
    kind TEXT NOT NULL,
    row_key TEXT NOT NULL,
    accepted INTEGER NOT NULL,
    code TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS answer_by_key ON answer (row_key, accepted);
