-- What Affinity took of entities is no longer different from what it was told.
-- Params: $seq BIGINT. outcomes is a registered frame.
DELETE FROM out.change
WHERE
    concat(subject, ':', layer_id) IN (
        SELECT written.subject
        FROM out.batch_row AS written
        INNER JOIN outcomes ON written.row_key = outcomes.row_key
        WHERE written.seq = $seq AND written.kind = 'entity' AND outcomes.stands_as = 'changed'
    );
