-- What Affinity was last told of a charge that is changing: a change under way explains that, and
-- nothing else. Null where nothing changes.
ALTER TABLE ops.layer_fact ADD COLUMN told_quantity BIGINT;
ALTER TABLE ops.layer_fact ADD COLUMN told_unit_price DECIMAL(18, 4);
ALTER TABLE ops.layer_fact ADD COLUMN told_sku VARCHAR;
ALTER TABLE ops.layer_fact ADD COLUMN told_site_ref VARCHAR;
ALTER TABLE ops.layer_fact ADD COLUMN told_cli VARCHAR;
