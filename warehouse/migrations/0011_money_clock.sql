-- What the latest reconciliation found of money that is late, or taken and must not be, and what to put
-- right first.
CREATE TABLE out.money_clock (
    kind VARCHAR,
    side VARCHAR,
    record_key VARCHAR,
    match_id BIGINT,
    since DATE,
    age_days BIGINT,
    per_month DECIMAL(38, 4),
    once DECIMAL(38, 4)
);

CREATE TABLE out.repair (
    step BIGINT,
    reason VARCHAR,
    subject VARCHAR,
    charges BIGINT,
    per_month DECIMAL(38, 4),
    once DECIMAL(38, 4),
    fixes_so_far BIGINT,
    charges_so_far BIGINT,
    per_month_so_far DECIMAL(38, 4),
    once_so_far DECIMAL(38, 4)
);
