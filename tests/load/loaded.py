"""Loads all of the product: what is forked from where this was imported need not."""

from django.urls import get_resolver

from pairing_service.wsgi import application

assert application
assert get_resolver().url_patterns
