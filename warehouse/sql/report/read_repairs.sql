-- What to put right, step by step.
-- Params: none.
SELECT
    step,
    string_agg(
        concat(replace(reason, '_', ' '), ': ', regexp_replace(subject, ':', ' ')),
        chr(10) ORDER BY reason, subject
    ) AS fixes,
    any_value(charges) AS charges,
    any_value(per_month) AS per_month,
    any_value(once) AS once,
    max(fixes_so_far) AS fixes_so_far,
    max(charges_so_far) AS charges_so_far,
    max(per_month_so_far) AS per_month_so_far,
    max(once_so_far) AS once_so_far
FROM mart.repair
GROUP BY step
ORDER BY step;
