"""The `r2b` command: parse, call, print, exit code. Prefect is imported only where a flow runs."""
