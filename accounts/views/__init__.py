"""Pages: entrance, own settings, accounts, people, acting as, first sign-ins."""
