"""Addresses of this app: pages, and its part of the REST API."""

pages: list = []
api: list = []
