-- How batches leave: by which way, and where each of their files stands.

ALTER TABLE out.batch ADD COLUMN delivery_mode VARCHAR;
ALTER TABLE out.batch ADD COLUMN in_doubt_at TIMESTAMP;
ALTER TABLE out.batch ADD COLUMN delivered_at TIMESTAMP;

-- A projection of each batch's delivery.json, which is the truth.
CREATE TABLE out.delivery_file (
    seq BIGINT,
    file VARCHAR,
    remote_name VARCHAR,
    sha256 VARCHAR,
    rows BIGINT,
    state VARCHAR,
    attempts BIGINT,
    words VARCHAR,
    sent_at TIMESTAMP,
    receipted_at TIMESTAMP
);
