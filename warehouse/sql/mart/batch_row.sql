-- mart.batch_row: every row of every file of every batch, and what became of it.
CREATE OR REPLACE VIEW mart.batch_row AS
SELECT
    written.seq,
    CASE written.file
        WHEN 'customers' THEN '01_customers.csv'
        WHEN 'sites' THEN '02_sites.csv'
        WHEN 'addresses' THEN '03_addresses.csv'
        WHEN 'contacts' THEN '04_contacts.csv'
        WHEN 'new_products' THEN '05_new_products.csv'
        WHEN 'clis' THEN '06_clis.csv'
        WHEN 'ceases' THEN '07_ceases.csv'
        WHEN 'products' THEN '08_products.csv'
    END AS file,
    written.row_key,
    CASE
        WHEN outcome.outcome IS NOT NULL THEN outcome.outcome
        WHEN batch.state = 'abandoned' THEN 'abandoned'
        ELSE 'pending'
    END AS outcome,
    outcome.code,
    outcome.message,
    written.line_id,
    written.charge_type,
    written.action,
    written.subject
FROM out.batch_row AS written
LEFT JOIN out.batch AS batch ON written.seq = batch.seq
LEFT JOIN out.batch_outcome AS outcome
    ON written.seq = outcome.seq AND written.row_key = outcome.row_key;
