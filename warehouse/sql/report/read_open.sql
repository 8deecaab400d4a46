-- What of the latest reconciliation is neither matched nor explained, the most money first, and how many
-- there are of it in all.
-- Params: $most BIGINT.
SELECT
    customer_name,
    line_id,
    charge_type,
    object_uid,
    site_ref,
    cli,
    sku,
    class,
    why,
    fields,
    remedy,
    since,
    age_days,
    difference_per_month,
    difference_once,
    count(*) OVER () AS in_all
FROM mart.reconciliation
WHERE class NOT IN ('matched', 'explained')
ORDER BY
    abs(difference_per_month) DESC,
    abs(difference_once) DESC,
    line_id NULLS LAST,
    charge_type,
    object_uid,
    match_id
LIMIT $most;
