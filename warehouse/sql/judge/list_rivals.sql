-- Say why: one hold per charge of `rival`.
INSERT INTO out.hold
SELECT charge.line_id, charge.charge_type, rival.reason, charge.value
FROM rival AS rival
INNER JOIN out.charge AS charge
    ON rival.line_id = charge.line_id AND rival.charge_type = charge.charge_type;
