"""Three answers to the same feeds: the product, the plain-Python oracle, and DuckDB's SQL.

The product is run as it is run every night. The oracle is `tests/oracle`. The SQL is that of the
benchmarks, `benchmarks/rivals/duckdb_job.py`, with `holds.sql` for the reasons it does not give by
itself. None of them imports what decides in another. `answers` asks each, `comparison` says what
differs and what was compared, `deep` does it over millions of lines.
"""
