"""The core of the billing job as a team without this product would write it, engine by engine.

`python -m benchmarks.rivals.pandas_job FEEDS OUT AS_OF`, likewise `duckdb_job` and `polars_job`.
"""
