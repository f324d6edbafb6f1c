"""Addresses of this app: pages, and its part of the REST API."""

from django.urls import URLPattern, path

from permissions import api as rest

pages: list[URLPattern] = []
api = [
    path("accounts/<str:account_id>/roles", rest.Roles.as_view()),
    path("accounts/<str:account_id>/roles/<str:role_id>", rest.OneRole.as_view()),
]
