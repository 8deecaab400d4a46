-- Which migrations have run, where contract section 7 has them; the table is older than the namespaces.

CREATE VIEW ops.migration AS
SELECT
    number,
    name,
    sha256,
    applied_at
FROM main.migration;
