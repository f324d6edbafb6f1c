"""Addresses of this app: its part of the REST API, and what lies beside it, under /login."""

from django.urls import path

from oauth.api import keys as keys_api
from oauth.api import mobile, tokens
from oauth.views import approving, integrations, keys, qr, sessions

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
    # Signing in on a phone (contract §9.7)
    path("profile/qr_mobile_login", qr.qr_mobile_login, name="qr-mobile-login"),
    path("canvas/login", qr.qr_sign_in, name="qr-sign-in"),
    # Which applications there are
    path("accounts/<int:account_id>/developer_keys", keys.developer_keys, name="developer-keys"),
    path(
        "accounts/<int:account_id>/developer_keys/new",
        keys.developer_key_add,
        name="developer-key-add",
    ),
    path(
        "accounts/<int:account_id>/developer_keys/<int:key_id>",
        keys.developer_key,
        name="developer-key",
    ),
    path(
        "accounts/<int:account_id>/developer_keys/<int:key_id>/secret",
        keys.developer_key_secret,
        name="developer-key-secret",
    ),
    path(
        "accounts/<int:account_id>/developer_keys/<int:key_id>/switch",
        keys.developer_key_switch,
        name="developer-key-switch",
    ),
    path(
        "accounts/<int:account_id>/developer_keys/<int:key_id>/delete",
        keys.developer_key_delete,
        name="developer-key-delete",
    ),
]
api = [
    # Mobile apps
    path("mobile_verify.json", mobile.MobileVerify.as_view()),
    # Developer keys
    path("accounts/<str:account_id>/developer_keys", keys_api.DeveloperKeys.as_view()),
    path("developer_keys/<str:key_id>", keys_api.OneDeveloperKey.as_view()),
]
