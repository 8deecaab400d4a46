-- Whether a charge still stands as the judgement wrote it: whoever changes it later says so, and the next run
-- judges its line anew.
ALTER TABLE out.charge ADD COLUMN as_judged BOOLEAN DEFAULT TRUE;

-- Work that no later step reads is temporary from here on; what older runs left of it goes.
DROP TABLE IF EXISTS work.before;
DROP TABLE IF EXISTS work.rival;
DROP TABLE IF EXISTS work.side_charge;
DROP TABLE IF EXISTS work.side_change;
DROP TABLE IF EXISTS work.side_gone;
DROP TABLE IF EXISTS work.side_held;
DROP TABLE IF EXISTS work.side_unsold;
DROP TABLE IF EXISTS work.layer_side;
DROP TABLE IF EXISTS work.affinity_side;
