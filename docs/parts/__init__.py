"""The generated parts of the pages, one module per kind of source."""
