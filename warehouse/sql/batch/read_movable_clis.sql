-- CLIs that Affinity shows at a site of one of our customers where no charge of ours stands on them, or is to,
-- and none hangs on one as an additional number.
-- Params: none. named_customer is a registered frame: whose.
SELECT DISTINCT customer.ref AS customer_ref, there.site_ref, there.cli, there.end_on
FROM core.affinity_clis AS there
INNER JOIN work.site_ref AS ref ON there.site_ref = ref.site_ref
INNER JOIN core.sites AS site ON ref.site_id = site.site_id
INNER JOIN (
    SELECT
        customer.customer_id,
        coalesce(customer.integration_id, learnt.ref) AS ref
    FROM core.customers AS customer
    LEFT JOIN ops.entity_state AS learnt
        ON learnt.file = 'customers' AND customer.customer_id = learnt.layer_id
) AS customer ON site.customer_id = customer.customer_id
SEMI JOIN named_customer AS named ON customer.ref = named.customer_ref
ANTI JOIN (
    SELECT site_ref, cli FROM ops.billed WHERE cli IS NOT NULL
    UNION ALL
    SELECT product.site_ref, product.cli
    FROM ops.charge_state AS state
    INNER JOIN out.batch_product AS product
        ON state.batch_seq = product.seq AND state.row_key = product.row_key
    WHERE state.status = 'exported' AND product.cli IS NOT NULL
    UNION ALL
    SELECT charge.site_ref, charge.cli
    FROM out.charge AS charge
    WHERE charge.disposition = 'ready' AND charge.cli IS NOT NULL
    UNION ALL
    SELECT life.site_ref, life.cli
    FROM ops.cli_state AS life
    SEMI JOIN core.asset_numbers AS number ON life.asset_id = number.asset_id
    WHERE life.status IN ('live', 'seen', 'exported') AND life.end_on IS NULL
) AS standing ON there.site_ref = standing.site_ref AND there.cli = standing.cli;
