"""Where it is kept. The only package that imports duckdb."""
