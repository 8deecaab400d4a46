-- mart.restated: what a past day shows otherwise by what is known now than by what was known then.
CREATE OR REPLACE VIEW mart.restated AS
SELECT
    side,
    record_key,
    class_then,
    class_now,
    per_month_then,
    per_month_now,
    once_then,
    once_now
FROM out.restated;
