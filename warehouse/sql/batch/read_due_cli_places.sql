-- CLIs that changed charges need: where they arrive, and where a further period of one stands.
-- Params: $part INTEGER, $parts INTEGER: of which part of the sites.
SELECT customer_ref, site_ref, cli, cli_type, bill_start_on, asset_id
FROM (
    SELECT customer_ref, site_ref, cli, cli_type, bill_start_on, asset_id
    FROM out.due_cli_place
    UNION ALL
    SELECT customer_ref, site_ref, cli, cli_type, bill_start_on, asset_id
    FROM out.due_product
    WHERE action = 'ADD' AND cli IS NOT NULL
) AS needed
WHERE hash(site_ref) % $parts = $part;
