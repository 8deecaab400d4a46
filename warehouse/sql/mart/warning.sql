-- mart.warning: what looked odd in a run but stopped nothing.
CREATE OR REPLACE VIEW mart.warning AS
SELECT run_id, subject, warning, records
FROM ops.warning;
