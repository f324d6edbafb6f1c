"""Addresses of this app: its part of the REST API, and what lies beside it, under /login."""

from django.urls import path

from oauth.api import tokens
from oauth.views import approving, integrations

pages = [
    # Applications that act for people (contract §9)
    path("login/oauth2/auth", approving.auth, name="auth"),
    path("login/oauth2/token", tokens.Tokens.as_view(), name="token"),
    path(
        "profile/integrations/<int:key_id>/end",
        integrations.integration_end,
        name="integration-end",
    ),
]
