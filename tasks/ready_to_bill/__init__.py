"""The core: which charges are Ready to Bill, and why the others are not. Pure polars."""
