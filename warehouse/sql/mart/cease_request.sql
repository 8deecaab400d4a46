-- mart.cease_request: every cease request of Affinity, and how far it has come.
CREATE OR REPLACE VIEW mart.cease_request AS
SELECT
    request.object_uid,
    request.completed_on,
    request.asset_id,
    request.customer_id,
    customer.name AS customer_name,
    request.layer_cease_on,
    request.told_cease_on,
    request.state,
    request.is_listed
FROM out.cease_request AS request
LEFT JOIN core.customers AS customer ON request.customer_id = customer.customer_id;
