-- The frozen charges are exported from here on.
-- Params: $seq BIGINT.
UPDATE out.charge
SET disposition = 'exported', batch_seq = $seq
WHERE disposition = 'ready';
