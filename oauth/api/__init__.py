"""REST: tokens, developer keys, what the mobile apps ask for (contract §9)."""
