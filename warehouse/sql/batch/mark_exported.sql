-- The frozen charges are exported from here on.
-- Params: $seq BIGINT.
UPDATE out.charge
SET as_judged = FALSE, disposition = 'exported', batch_seq = $seq
WHERE disposition = 'ready';
