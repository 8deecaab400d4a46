-- mart.retry_event: every change of every item of the retry queue.
CREATE OR REPLACE VIEW mart.retry_event AS
SELECT
    event.item_id,
    event."at",
    event.action,
    event.actor,
    event.from_state,
    event.to_state,
    event.detail,
    item.subject
FROM ops.retry_event AS event
LEFT JOIN ops.retry_item AS item ON event.item_id = item.id;
