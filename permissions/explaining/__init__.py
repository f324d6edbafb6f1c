"""Why somebody may, or may not, do something (spec/permissions.md "Why")."""
