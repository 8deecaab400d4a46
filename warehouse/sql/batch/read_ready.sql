-- What the CLI rows of a batch are made from: its ready charges with a CLI, or with additional numbers.
-- Params: $part INTEGER, $parts INTEGER: of which part of the sites.
SELECT customer_ref, site_ref, cli, cli_type, bill_start_on, asset_id
FROM out.charge
WHERE
    disposition = 'ready'
    AND (cli IS NOT NULL OR asset_id IN (SELECT asset_id FROM core.asset_numbers))
    AND hash(site_ref) % $parts = $part;
