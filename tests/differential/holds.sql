-- Every reason for which a triggered charge must wait, from the public rules, in SQL.
-- Reads what `benchmarks.rivals.duckdb_job.bill_in` leaves in an open database. Grain of `hold`: one row
-- per line, charge type and reason.
-- Variable: as_of DATE, the day of the run.
CREATE TEMP TABLE triggered AS
SELECT
    charge.*,
    fact.cli_text,
    fact.profile,
    fact.needs_cli,
    fact.item_type,
    fact.base_category,
    fact.customer_status,
    fact.is_live,
    fact.asset_product_id,
    fact.asset_customer_id,
    fact.site_refs,
    fact.site_customer_id,
    fact.target_is_known,
    coalesce(product.is_custom, FALSE) AS is_custom,
    code.product_code IS NOT NULL AS is_in_catalogue,
    coalesce(code.is_active, TRUE) AS is_active
FROM charge_fact AS charge
INNER JOIN line_fact AS fact ON charge.line_id = fact.line_id
INNER JOIN products AS product ON charge.product_id = product.product_id
LEFT JOIN affinity_products AS code ON charge.sku = code.product_code
WHERE
    charge.disposition IN ('held', 'ready')
    AND lower(charge.route) IN ('affinity', 'aurora affinity');

CREATE TEMP TABLE hold AS
WITH verdict AS (
    SELECT
        line_id,
        charge_type,
        charge_type = 'recurring' AND item_type = 'Product' AS recurring_on_product,
        sku IS NULL AND NOT is_custom AS sku_missing,
        sku IS NULL AND is_custom AS sku_pending,
        sku IS NOT NULL AND NOT is_in_catalogue AS sku_unknown,
        sku IS NOT NULL AND is_in_catalogue AND NOT is_active AS sku_inactive,
        customer_ref IS NULL AS customer_unlinked,
        customer_status = 'Cancelled' AS customer_not_live,
        site_id IS NULL AS site_missing,
        site_id IS NOT NULL AND site_refs = 0 AS site_unlinked,
        site_id IS NOT NULL AND site_refs > 1 AS site_link_conflict,
        site_id IS NOT NULL AND site_customer_id <> customer_id AS site_mismatch,
        asset_product_id <> product_id OR asset_customer_id <> customer_id AS asset_mismatch,
        NOT is_live AS asset_not_live,
        action = 'New & Cease' AND NOT coalesce(target_is_known, FALSE) AS target_asset_missing,
        needs_cli AND (cli_text IS NULL OR profile = 'none') AS cli_missing,
        cli_text IS NOT NULL AND profile = 'uk_number' AND cli IS NULL AND (
            regexp_full_match(cli_text, '[+-]?[0-9]+(\.[0-9]*)?[eE][+-]?[0-9]+')
            OR (
                NOT regexp_matches(cli_text, '\p{L}')
                AND regexp_full_match(without_prefix(cli_text), '[1-9][0-9]{9}')
            )
        ) AS cli_damaged,
        cli_text IS NOT NULL AND profile <> 'none' AND cli IS NULL AND NOT cli_damaged
            AS cli_malformed,
        cli IS NOT NULL AND (asset_id, cli) IN (SELECT (asset_id, cli) FROM contested)
            AS cli_conflict,
        bill_start_on IS NULL AS bill_start_missing,
        bill_start_on > cease_on AS bill_start_after_cease,
        bill_start_on < getvariable('as_of') - INTERVAL 13 MONTH
        OR bill_start_on > getvariable('as_of') + INTERVAL 13 MONTH AS bill_start_implausible,
        charge_type = 'recurring' AND frequency IS NULL AS frequency_missing,
        length(product_name) > 200 AS layout_unfit,
        base_category = 'licences' AND quantity >= 100 AS "rule:large_order"
    FROM triggered
)
SELECT line_id, charge_type, reason
FROM (UNPIVOT verdict ON COLUMNS(* EXCLUDE (line_id, charge_type)) INTO NAME reason VALUE applies)
WHERE applies;

-- A twin that nothing else holds keeps the others, whatever holds those.
INSERT INTO hold
WITH clean AS (
    SELECT triggered.* FROM triggered ANTI JOIN hold USING (line_id, charge_type)
)
SELECT DISTINCT this.line_id, this.charge_type, 'suspected_duplicate'
FROM triggered AS this
INNER JOIN clean AS other
    ON this.cli = other.cli
    AND this.charge_type = other.charge_type
    AND this.site_id IS NOT DISTINCT FROM other.site_id
    AND this.sku IS NOT DISTINCT FROM other.sku
    AND this.bill_start_on IS NOT DISTINCT FROM other.bill_start_on
    AND this.line_id <> other.line_id;

INSERT INTO hold
SELECT line_id, charge_type, 'unknown_route'
FROM charge_fact
WHERE disposition = 'held' AND lower(route) NOT IN ('affinity', 'aurora affinity');
