-- mart.group_member: who is, or was, in a group that Affinity bills as one row.
CREATE OR REPLACE VIEW mart.group_member AS
SELECT
    lead_line_id,
    line_id,
    charge_type,
    quantity,
    unit_price,
    CAST(quantity AS DECIMAL(38, 0)) * unit_price AS value,
    joined_in,
    left_in
FROM ops.group_member;
