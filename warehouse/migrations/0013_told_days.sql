-- The first and last day that Affinity was last told of a charge that is changing, since when the line or
-- the asset of a billed charge is in the feeds no more, and whether the last day is only the one by which
-- a run saw that it was over. Null where nothing changes, where both are there, and where it is not.
ALTER TABLE ops.layer_fact ADD COLUMN told_start_on DATE;
ALTER TABLE ops.layer_fact ADD COLUMN told_end_on DATE;
ALTER TABLE ops.layer_fact ADD COLUMN source_gone_from DATE;
ALTER TABLE ops.layer_fact ADD COLUMN end_is_unknown BOOLEAN;
