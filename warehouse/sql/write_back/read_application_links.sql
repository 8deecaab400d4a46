-- What Affinity called the sites that a batch created.
-- Params: $seq BIGINT, $application VARCHAR, $entity_type BIGINT.
SELECT
    $application AS "Application Name",
    state.layer_id AS "Entity Id",
    CAST($entity_type AS VARCHAR) AS "Entity Type",
    state.ref AS "Integration Id"
FROM out.batch_entity AS written
INNER JOIN out.batch_outcome AS outcome
    ON written.seq = outcome.seq AND written.row_key = outcome.row_key
INNER JOIN ops.entity_state AS state
    ON written.file = state.file AND written.layer_id = state.layer_id
WHERE
    written.seq = $seq
    AND written.file = 'sites'
    AND written.action = 'ADD'
    AND outcome.outcome = 'accepted'
    AND state.ref IS NOT NULL
ORDER BY state.layer_id;
