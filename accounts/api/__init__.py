"""REST: accounts, users, logins (contract §5, §6, §8.1)."""
