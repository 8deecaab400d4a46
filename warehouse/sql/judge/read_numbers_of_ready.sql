-- The additional numbers that go out with the charges found ready.
SELECT charge.line_id, charge.charge_type, number.cli, number.range_end
FROM out.charge AS charge
INNER JOIN core.asset_numbers AS number ON charge.asset_id = number.asset_id
WHERE charge.disposition = 'ready';
