-- mart.price_book: how The Layer's price book and Affinity's catalogue hang together.
CREATE OR REPLACE VIEW mart.price_book AS
SELECT
    book.product_id,
    book.product_name,
    book.charge_type,
    book.sku,
    book.routed_by,
    book.link,
    book.same_sku,
    book.layer_price,
    book.affinity_price,
    book.drift,
    book.quantity,
    book.drift_value,
    book.closes_gate
FROM out.price_book AS book;
