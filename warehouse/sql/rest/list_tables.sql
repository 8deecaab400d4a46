-- The tables that hold anything a run could decide by, or has decided: by name, what is read of each.
SELECT
    concat(schema_name, '.', table_name) AS name,
    CASE
        WHEN schema_name = 'work' AND table_name IN ('run_feed', 'run_reject')
            THEN 'SELECT * EXCLUDE (run_id) FROM '
        ELSE 'FROM '
    -- somebody else's table may be called anything
    END || format('"{}"."{}"', replace(schema_name, '"', '""'), replace(table_name, '"', '""'))
        AS reading
FROM duckdb_tables()
WHERE
    database_name = current_database()
    AND NOT internal
    AND NOT temporary
    -- what a judgement saw: where it is not what is there now, work.changed says so
    AND NOT (schema_name = 'work' AND starts_with(table_name, 'was_'))
ORDER BY name;
