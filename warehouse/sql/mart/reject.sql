-- mart.reject: every record that ever failed its feed's contract, cell by cell.
CREATE OR REPLACE VIEW mart.reject AS
SELECT run_id, feed, row_number, record_key, column_name, reason, raw_value
FROM ops.reject;
