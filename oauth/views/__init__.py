"""Pages: approving an application, one's approved ones, developer keys, signing in from an app."""
