-- The CLI texts of live root service assets, and what their own product says of CLIs.
SELECT
    asset.asset_id,
    asset.cli AS cli_text,
    asset.connection_on,
    asset.cease_on,
    product.base_category,
    product.needs_cli
FROM core.assets AS asset
INNER JOIN core.products AS product ON asset.product_id = product.product_id
WHERE
    asset.is_live
    AND asset.parent_asset_id IS NULL
    AND asset.cli IS NOT NULL
    AND product.item_type = 'Service'
    /* listed only */;
