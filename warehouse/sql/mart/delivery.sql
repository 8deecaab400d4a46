-- mart.delivery: every file of every batch that left by itself, and where it stands.
CREATE OR REPLACE VIEW mart.delivery AS
SELECT
    file.seq,
    file.file,
    batch.delivery_mode AS mode,
    file.state,
    file.remote_name,
    file.rows,
    file.attempts,
    file.sent_at,
    file.receipted_at,
    file.words,
    file.sha256
FROM out.delivery_file AS file
LEFT JOIN out.batch AS batch ON file.seq = batch.seq;
