-- Quantity and money of what a batch puts In Billing, by charge type.
-- Params: $seq BIGINT.
SELECT
    charge_type,
    CAST(sum(quantity) AS VARCHAR) AS quantity,
    CAST(sum(CAST(quantity AS DECIMAL(38, 0)) * unit_price) AS VARCHAR) AS value
FROM out.batch_charge
WHERE seq = $seq AND kind = 'charge'
GROUP BY charge_type
ORDER BY charge_type;
