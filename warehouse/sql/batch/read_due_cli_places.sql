-- CLIs that changed charges need: where they arrive, and where a further period of one stands.
-- Params: none.
SELECT customer_ref, site_ref, cli, cli_type, bill_start_on, asset_id
FROM out.due_cli_place
UNION ALL
SELECT customer_ref, site_ref, cli, cli_type, bill_start_on, asset_id
FROM out.due_product
WHERE action = 'ADD' AND cli IS NOT NULL;
