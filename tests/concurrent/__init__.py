"""Several programs and people at once on one warehouse: no charge is ever claimed twice."""
