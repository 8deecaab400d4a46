-- mart.hold: every reason a charge is held, or reported, today.
CREATE OR REPLACE VIEW mart.hold AS
SELECT
    hold.line_id,
    hold.charge_type,
    hold.reason,
    hold_since.since,
    hold.value
FROM out.hold AS hold
LEFT JOIN out.hold_since AS hold_since
    ON
        hold.line_id = hold_since.line_id
        AND hold.charge_type = hold_since.charge_type
        AND hold.reason = hold_since.reason;
