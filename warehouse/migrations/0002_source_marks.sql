-- How far each feed was read, in the source's own words: where the next delta starts. One row per
-- feed, written with the records it is about.

CREATE TABLE ops.source_mark (feed VARCHAR, mark VARCHAR, run_id VARCHAR);
