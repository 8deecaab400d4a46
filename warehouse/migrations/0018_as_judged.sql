-- Whether a charge still stands as the judgement wrote it: whoever changes it later says so, and the next run
-- judges its line anew.
ALTER TABLE out.charge ADD COLUMN as_judged BOOLEAN DEFAULT TRUE;
