-- mart.validation_issue: every accepted record that breaks a rule of the profile, rule by rule.
CREATE OR REPLACE VIEW mart.validation_issue AS
SELECT
    issue.stage,
    issue.record_key,
    issue.line_id,
    issue.customer_id,
    issue.product_id,
    issue.scope,
    issue.field,
    issue.rule,
    issue.severity,
    issue.message,
    issue.text,
    issue_since.since
FROM out.issue AS issue
LEFT JOIN out.issue_since AS issue_since
    ON
        issue.stage = issue_since.stage
        AND issue.record_key = issue_since.record_key
        AND issue.rule = issue_since.rule;
