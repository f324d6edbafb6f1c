"""Addresses of this app: signing in (allauth's names), pages, and its part of the REST API."""

from allauth.account import views as allauth_views
from django.urls import path, re_path

signing_in = [
    path("login", allauth_views.login, name="account_login"),
    path("logout", allauth_views.logout, name="account_logout"),
    path("password/reset", allauth_views.password_reset, name="account_reset_password"),
    path(
        "password/reset/sent",
        allauth_views.password_reset_done,
        name="account_reset_password_done",
    ),
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)$",
        allauth_views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/done",
        allauth_views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("login/inactive", allauth_views.account_inactive, name="account_inactive"),
    # allauth asks for this name; nobody signs up there (accounts.signin.TenantAdapter).
    path("signup", allauth_views.signup, name="account_signup"),
]
pages: list = []
api: list = []
