-- mart.cli_capture: where the CLI of each line was first captured, and whether it has drifted since.
CREATE OR REPLACE VIEW mart.cli_capture AS
SELECT
    capture.line_id,
    capture.customer_id,
    capture.product_id,
    capture.quotation_cli,
    capture.order_cli,
    capture.asset_cli,
    capture.cli_source_stage,
    capture.drift,
    capture.drift_between
FROM out.cli_capture AS capture;
