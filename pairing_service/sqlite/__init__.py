"""SQLite for several processes: the database engine of the settings."""
