-- Keep since when each record has broken each rule; what was put right begins anew.
-- Params: $as_of DATE.
CREATE OR REPLACE TABLE out.issue_since AS
SELECT DISTINCT
    issue.stage,
    issue.record_key,
    issue.rule,
    coalesce(known.since, $as_of::DATE) AS since
FROM out.issue AS issue
LEFT JOIN out.issue_since AS known
    ON
        issue.stage = known.stage
        AND issue.record_key = known.record_key
        AND issue.rule = known.rule;
