-- A renewal counts from its own day; until a run has looked anew, those that were seen have begun.

ALTER TABLE IF EXISTS work.renewal ADD COLUMN is_to_come BOOLEAN DEFAULT FALSE;
