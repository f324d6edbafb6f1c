"""Addresses of this app: its part of the REST API, and what lies beside it, under /login."""

from django.urls import path

from oauth.api import mobile, tokens
from oauth.views import approving, integrations, sessions

pages = [
    # Applications that act for people (contract §9)
    path("login/oauth2/auth", approving.auth, name="auth"),
    path("login/oauth2/token", tokens.OAuthTokens.as_view(), name="token"),
    path("login/session_token", mobile.SessionUrl.as_view(), name="session-token"),
    path("login/session", sessions.session_open, name="session-open"),
    path(
        "profile/integrations/<int:key_id>/end",
        integrations.integration_end,
        name="integration-end",
    ),
]
api = [
    # Mobile apps
    path("mobile_verify.json", mobile.MobileVerify.as_view()),
]
