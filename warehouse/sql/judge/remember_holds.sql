-- Keep since when each hold stands; one that went away begins anew. An answer may have dated it by the calendar,
-- which is ahead of a run for an earlier day.
-- Params: $as_of DATE.
CREATE OR REPLACE TABLE out.hold_since AS
SELECT
    hold.line_id,
    hold.charge_type,
    hold.reason,
    least(known.since, $as_of::DATE) AS since
FROM out.hold AS hold
LEFT JOIN out.hold_since AS known
    ON
        hold.line_id = known.line_id
        AND hold.charge_type = known.charge_type
        AND hold.reason = known.reason;
