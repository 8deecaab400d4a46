-- Charges with ledger history whose line is in the feeds no more, with where they stand. They come first, by
-- themselves: joined with the charges at once, all there is would have to fit into memory.
-- Params: none.
CREATE OR REPLACE TEMP TABLE absent AS
SELECT state.*
FROM ops.charge_state AS state
ANTI JOIN core.order_lines AS line ON state.line_id = line.line_id;
