"""Writes: developer keys, what people approve, what clients exchange it for."""
