"""REST: roles, administrators, the catalogue, and what the caller holds (contract §4, §5.5)."""
