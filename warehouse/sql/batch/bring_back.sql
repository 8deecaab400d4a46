-- What was set aside is ready, as it was.
UPDATE out.charge
SET as_judged = FALSE, disposition = 'ready'
WHERE disposition = 'set_aside';
