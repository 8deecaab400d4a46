"""A stand-in for The Layer's REST export: a folder of feeds, page by page, well or ill-behaved."""
