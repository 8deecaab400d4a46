-- Keep since when the holds stand that an answer brought about.
-- Params: $today DATE.
INSERT INTO out.hold_since (line_id, charge_type, reason, since)
SELECT
    hold.line_id,
    hold.charge_type,
    hold.reason,
    $today AS since
FROM out.hold AS hold
ANTI JOIN out.hold_since AS known
    ON
        hold.line_id = known.line_id
        AND hold.charge_type = known.charge_type
        AND hold.reason = known.reason;
