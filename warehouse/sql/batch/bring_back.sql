-- What was set aside is ready, as it was.
UPDATE out.charge
SET disposition = 'ready'
WHERE disposition = 'set_aside';
