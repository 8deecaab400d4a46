-- Everything Affinity remembers. One file per state folder; `learnt` marks what was there before
-- the first batch. Dates are ISO text, amounts decimal text, so nothing is ever rounded.
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS customer (
    ref TEXT NOT NULL,
    layer_id TEXT NOT NULL,
    learnt INTEGER NOT NULL,
    PRIMARY KEY (ref, layer_id)
);
CREATE INDEX IF NOT EXISTS customer_by_layer_id ON customer (layer_id);

CREATE TABLE IF NOT EXISTS site (
    ref TEXT NOT NULL,
    layer_id TEXT NOT NULL,
    customer_ref TEXT NOT NULL,
    learnt INTEGER NOT NULL,
    PRIMARY KEY (ref, layer_id)
);
CREATE INDEX IF NOT EXISTS site_by_layer_id ON site (layer_id);

CREATE TABLE IF NOT EXISTS product_code (
    code TEXT PRIMARY KEY,
    is_active INTEGER NOT NULL,
    frequency TEXT NOT NULL
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
    row_key TEXT NOT NULL,
    double_bill TEXT NOT NULL,
    learnt INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS site_product_by_line ON site_product (line_id, charge_type);
CREATE INDEX IF NOT EXISTS site_product_by_asset ON site_product (asset_id, charge_type);
CREATE INDEX IF NOT EXISTS site_product_by_place
ON site_product (site_ref, cli, product_code, charge_type);

CREATE TABLE IF NOT EXISTS record (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    layer_id TEXT NOT NULL,
    row_key TEXT NOT NULL
);

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
