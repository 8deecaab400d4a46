-- An asset that the line of a charge of ours names was sold.
-- Params: none.
DELETE FROM side_unsold
WHERE asset_id IN (
    SELECT line.asset_id
    FROM core.order_lines AS line
    SEMI JOIN side_unsold AS unsold ON line.asset_id = unsold.asset_id
    SEMI JOIN side_sold AS charge ON line.line_id = charge.line_id
);
