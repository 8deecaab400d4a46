"""The published copy as Parquet: files named by their content, and one pointer to the newest."""
