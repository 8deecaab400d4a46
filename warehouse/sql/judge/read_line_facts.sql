-- Everything the judgement needs to know of each accepted order line, one row per line and reading.
-- Keys are resolved here; nothing is decided here.
-- Params: none.
SELECT
    line.line_id,
    sales_order.order_ref,
    sales_order.po_ref,
    sales_order.status AS order_status,
    sales_order.customer_id,
    customer.status AS customer_status,
    coalesce(customer.integration_id, learnt_customer.ref) AS customer_ref,
    line.action,
    line.target_asset_id,
    target.asset_id IS NOT NULL AS target_is_known,
    product.product_id,
    line.product_id AS line_product_id,
    product.name AS product_name,
    product.item_type,
    product.base_category,
    product.needs_cli,
    product.is_custom,
    product.fixed_billing,
    product.external_sku AS upfront_sku,
    coalesce(product.external_sku_recurring, product.external_sku) AS recurring_sku,
    upfront_item.is_active AS upfront_sku_is_active,
    recurring_item.is_active AS recurring_sku_is_active,
    line.quantity,
    coalesce(line.upfront_price, product.upfront_price) AS upfront_unit_price,
    coalesce(line.recurring_price, product.recurring_price) AS recurring_unit_price,
    coalesce(line.billing_frequency, product.billing_frequency) AS frequency,
    coalesce(
        first_asset.upfront_billing_route,
        line.upfront_billing_route,
        product.upfront_billing_route
    ) AS upfront_route,
    coalesce(
        asset.recurring_billing_route,
        line.recurring_billing_route,
        product.recurring_billing_route
    ) AS recurring_route,
    coalesce(line.upfront_billing_route, product.upfront_billing_route) AS upfront_order_route,
    line.upfront_bill_status,
    line.recurring_bill_status,
    coalesce(line.upfront_do_not_bill, FALSE) OR coalesce(first_asset.do_not_bill, FALSE)
        AS upfront_do_not_bill,
    coalesce(line.recurring_do_not_bill, FALSE) OR coalesce(asset.do_not_bill, FALSE)
        AS recurring_do_not_bill,
    line.bill_start_override,
    line.converted_on,
    line.connected_on,
    line.issued_on,
    line.term_months,
    line.cli AS line_cli,
    line.asset_id AS named_asset_id,
    coalesce(of_line.assets, 0) AS assets_of_line,
    asset.asset_id,
    asset.customer_id AS asset_customer_id,
    asset.product_id AS asset_product_id,
    asset_product.item_type AS asset_item_type,
    CASE WHEN heir.asset_id IS NULL THEN asset.is_live ELSE heir.is_live END AS asset_is_live,
    asset.cli AS asset_cli,
    CASE WHEN renewal.asset_id IS NULL THEN asset.connection_on ELSE first_asset.connection_on END
        AS connection_on,
    coalesce(
        CASE WHEN heir.asset_id IS NULL THEN asset.cease_on ELSE heir.cease_on END,
        request.completed_on
    ) AS cease_on,
    CASE WHEN heir.asset_id IS NULL THEN asset.cease_on ELSE heir.cease_on END IS NULL
    AND request.completed_on IS NOT NULL AS is_cease_requested,
    CASE WHEN heir.asset_id IS NULL THEN asset.cease_reason ELSE heir.cease_reason END AS cease_reason,
    asset.object_uid,
    asset.quantity AS asset_quantity,
    asset.recurring_price AS asset_price,
    line.do_not_bill_reason,
    coalesce(reading.reading, 'new') AS reading,
    coalesce(reading.is_split, FALSE) AS is_split,
    replacement.last_day AS replaced_after,
    replacement.line_id AS replaced_by_line,
    coalesce(asset.site_id, line.site_id, sales_order.site_id) AS site_id,
    site.customer_id AS site_customer_id,
    coalesce(site_ref.site_refs, 0) AS site_refs,
    site_ref.site_ref,
    upfront_state.status AS upfront_ledger_status,
    recurring_state.status AS recurring_ledger_status,
    CASE
        WHEN upfront_state.status IN ('exported', 'in_billing') THEN upfront_state.batch_seq
    END AS upfront_batch_seq,
    CASE
        WHEN recurring_state.status IN ('exported', 'in_billing') THEN recurring_state.batch_seq
    END AS recurring_batch_seq,
    upfront_state.in_billing_on AS upfront_in_billing_on,
    recurring_state.in_billing_on AS recurring_in_billing_on,
    upfront_state.refused_content AS upfront_refused_content,
    recurring_state.refused_content AS recurring_refused_content,
    upfront_told.period AS upfront_told_period,
    recurring_told.period AS recurring_told_period,
    upfront_told.content AS upfront_told_content,
    recurring_told.content AS recurring_told_content,
    upfront_told.ended_by AS upfront_told_ended_by,
    recurring_told.ended_by AS recurring_told_ended_by,
    upfront_told.bill_start_on AS upfront_told_start_on,
    recurring_told.bill_start_on AS recurring_told_start_on,
    upfront_told.bill_end_on AS upfront_told_end_on,
    recurring_told.bill_end_on AS recurring_told_end_on,
    upfront_told.resumes_on AS upfront_resumes_on,
    recurring_told.resumes_on AS recurring_resumes_on
    /* extra columns */
FROM core.order_lines AS line
INNER JOIN core.orders AS sales_order ON line.order_id = sales_order.order_id
INNER JOIN core.customers AS customer ON sales_order.customer_id = customer.customer_id
LEFT JOIN ops.billed AS upfront_told
    ON line.line_id = upfront_told.line_id AND upfront_told.charge_type = 'upfront'
LEFT JOIN ops.billed AS recurring_told
    ON line.line_id = recurring_told.line_id AND recurring_told.charge_type = 'recurring'
LEFT JOIN work.reading AS reading ON line.line_id = reading.line_id
LEFT JOIN work.asset_of_line AS of_line
    ON line.asset_id IS NULL AND line.line_id = of_line.line_id
LEFT JOIN core.assets AS first_asset
    ON
        first_asset.asset_id
        = coalesce(
            line.asset_id,
            CASE
                WHEN of_line.assets = 1 THEN of_line.asset_id
                WHEN reading.reading <> 'new' AND of_line.first_assets = 1
                    THEN of_line.first_asset_id
            END
        )
-- of what Affinity bills, the asset that renewed it by itself counts, from the day it begins
LEFT JOIN work.renewal AS renewal
    ON
        reading.reading <> 'new'
        AND first_asset.asset_id = renewal.asset_id
        AND renewal.is_last
LEFT JOIN core.assets AS asset
    ON asset.asset_id = coalesce(renewal.renewed_by, first_asset.asset_id)
INNER JOIN core.products AS product
    ON
        product.product_id
        = CASE
            WHEN reading.reading IN ('asset', 'seen') THEN coalesce(asset.product_id, line.product_id)
            ELSE line.product_id
        END
-- its end, though, is that of the one it will come to
LEFT JOIN (
    SELECT to_come.asset_id AS renews, heir.asset_id, heir.is_live, heir.cease_on, heir.cease_reason
    FROM work.renewal AS to_come
    INNER JOIN core.assets AS heir ON to_come.renewed_by = heir.asset_id
    WHERE to_come.is_to_come
) AS heir
    ON reading.reading <> 'new' AND first_asset.asset_id = heir.renews
LEFT JOIN work.replacement AS replacement
    ON coalesce(heir.asset_id, asset.asset_id) = replacement.asset_id
LEFT JOIN (
    SELECT asset_id, min(completed_on) AS completed_on FROM ops.cease_request GROUP BY asset_id
) AS request
    ON
        reading.reading <> 'new'
        AND coalesce(heir.asset_id, asset.asset_id) = request.asset_id
LEFT JOIN ops.entity_state AS learnt_customer
    ON
        learnt_customer.file = 'customers'
        AND sales_order.customer_id = learnt_customer.layer_id
LEFT JOIN core.products AS asset_product ON asset.product_id = asset_product.product_id
LEFT JOIN core.assets AS target ON line.target_asset_id = target.asset_id
LEFT JOIN core.sites AS site
    ON site.site_id = coalesce(asset.site_id, line.site_id, sales_order.site_id)
LEFT JOIN work.site_ref AS site_ref ON site.site_id = site_ref.site_id
LEFT JOIN work.catalogue AS upfront_item ON product.external_sku = upfront_item.product_code
LEFT JOIN work.catalogue AS recurring_item
    ON
        coalesce(product.external_sku_recurring, product.external_sku)
        = recurring_item.product_code
LEFT JOIN ops.charge_state AS upfront_state
    ON line.line_id = upfront_state.line_id AND upfront_state.charge_type = 'upfront'
LEFT JOIN ops.charge_state AS recurring_state
    ON line.line_id = recurring_state.line_id AND recurring_state.charge_type = 'recurring'
/* extra joins */
WHERE
    reading.reading IS DISTINCT FROM 'asset' OR asset.product_id <> line.product_id;
