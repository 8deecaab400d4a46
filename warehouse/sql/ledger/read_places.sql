-- Where in its file each row of a batch stands, from 1.
-- Params: $seq BIGINT.
SELECT
    row_key,
    row_number() OVER (
        PARTITION BY file
        ORDER BY
            place_1 NULLS FIRST,
            place_2 NULLS FIRST,
            place_3 NULLS FIRST,
            place_4 NULLS FIRST,
            place_5 NULLS FIRST,
            place_6 NULLS FIRST,
            row_key
    ) AS place
FROM out.batch_row
WHERE seq = $seq;
