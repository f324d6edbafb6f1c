"""Pages: the grid of permissions and roles, one cell, one role."""
