"""Addresses of this app: signing in (allauth's names), pages, and its part of the REST API."""

from allauth.account import views as allauth_views
from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.generic import RedirectView

from accounts.api import accounts as rest
from accounts.api import logins, providers, tokens, users
from accounts.views import (
    accounts,
    acting,
    admins,
    entrance,
    first_sign_ins,
    own_settings,
    own_tokens,
    password_reset,
    people,
    person,
    sessions,
    sign_on,
    sub_accounts,
)

_to_first_page = login_not_required(RedirectView.as_view(pattern_name="accounts:home"))
signing_in = [
    path("login", entrance.SignIn.as_view(), name="account_login"),
    path("logout", entrance.SignOut.as_view(), name="account_logout"),
    path("password/reset", allauth_views.password_reset, name="account_reset_password"),
    path(
        "password/reset/sent",
        allauth_views.password_reset_done,
        name="account_reset_password_done",
    ),
    path(
        "password/reset/choose",
        password_reset.reset_password,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/done",
        allauth_views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    # allauth's names, as well
    path("login/sso/<slug:provider_id>", sign_on.sign_on, name="openid_connect_login"),
    path(
        "login/sso/<slug:provider_id>/callback",
        sign_on.sign_on_callback,
        name="openid_connect_callback",
    ),
    # allauth asks for these names; nobody gets there (accounts.signin).
    path("login/inactive", _to_first_page, name="account_inactive"),
    path("signup", _to_first_page, name="account_signup"),
]
pages = [
    # Oneself
    path("", entrance.home, name="home"),
    path("language", entrance.language, name="language"),
    path("password/choose", entrance.password_choose, name="password-choose"),
    path("profile/settings", own_settings.settings, name="settings"),
    path("profile/tokens/new", own_tokens.token_add, name="token-add"),
    path("profile/tokens/<int:token_id>/end", own_tokens.token_end, name="token-end"),
    path(
        "profile/tokens/<int:token_id>/activate", own_tokens.token_activate, name="token-activate"
    ),
    path("profile/sessions/<slug:session_id>/end", sessions.session_end, name="session-end"),
    path("profile/sessions/end", sessions.own_sign_out_everywhere, name="sign-out-everywhere"),
    # Accounts
    path("accounts", accounts.account_list, name="account-list"),
    path("accounts/<int:account_id>", accounts.account, name="account"),
    path("accounts/<int:account_id>/settings", accounts.account_settings, name="account-settings"),
    path(
        "accounts/<int:account_id>/authentication",
        sign_on.sign_on_settings,
        name="sign-on-settings",
    ),
    path(
        "accounts/<int:account_id>/authentication/remove",
        sign_on.sign_on_remove,
        name="sign-on-remove",
    ),
    path("accounts/<int:account_id>/users", people.account_people, name="account-people"),
    path("accounts/<int:account_id>/users/new", people.person_add, name="person-add"),
    # Accounts below
    path("accounts/<int:account_id>/sub_accounts", sub_accounts.sub_accounts, name="sub-accounts"),
    path(
        "accounts/<int:account_id>/sub_accounts/new",
        sub_accounts.sub_account_add,
        name="sub-account-add",
    ),
    path(
        "accounts/<int:account_id>/sub_accounts/<int:sub_account_id>",
        sub_accounts.sub_account,
        name="sub-account",
    ),
    path(
        "accounts/<int:account_id>/sub_accounts/<int:sub_account_id>/remove",
        sub_accounts.sub_account_remove,
        name="sub-account-remove",
    ),
    # Administrators
    path("accounts/<int:account_id>/admins", admins.admins, name="admins"),
    path("accounts/<int:account_id>/admins/new", admins.admin_add, name="admin-add"),
    path("accounts/<int:account_id>/admins/<int:membership_id>", admins.admin_change, name="admin"),
    path(
        "accounts/<int:account_id>/admins/<int:membership_id>/remove",
        admins.admin_remove,
        name="admin-remove",
    ),
    # A person
    path("users/<int:user_id>", people.user, name="user"),
    path("users/<int:user_id>/edit", person.user_edit, name="user-edit"),
    path("users/<int:user_id>/suspend", person.user_suspend, name="user-suspend"),
    path("users/<int:user_id>/lift", person.user_lift, name="user-lift"),
    path("users/<int:user_id>/delete", person.user_delete, name="user-delete"),
    path("users/<int:user_id>/sign_out", sessions.user_sign_out, name="user-sign-out"),
    path("users/<int:user_id>/logins", person.login_add, name="login-add"),
    path(
        "users/<int:user_id>/logins/<int:login_id>/remove",
        person.login_remove,
        name="login-remove",
    ),
    path(
        "users/<int:user_id>/observers",
        people.link_add,
        {"other": "observer"},
        name="observer-add",
    ),
    path("users/<int:user_id>/students", people.link_add, {"other": "student"}, name="student-add"),
    path("users/<int:user_id>/links/<int:link_id>/remove", people.link_remove, name="link-remove"),
    path("users/<int:user_id>/links/<int:link_id>/settle", people.link_settle, name="link-settle"),
    path(
        "users/<int:user_id>/links/<int:link_id>/restore", people.link_restore, name="link-restore"
    ),
    # Acting as someone
    path("users/<int:user_id>/masquerade", acting.act_as, name="act-as"),
    path("masquerade/stop", acting.act_as_stop, name="act-as-stop"),
    # First sign-ins, and new ones for who forgot
    path("users/<int:user_id>/first_sign_in", first_sign_ins.first_sign_in, name="first-sign-in"),
    path("users/<int:user_id>/password", first_sign_ins.password_replace, name="password-replace"),
    path(
        "users/<int:user_id>/first_sign_in/mail",
        first_sign_ins.first_sign_in_mail,
        name="first-sign-in-mail",
    ),
    path(
        "courses/<int:course_id>/first_sign_ins",
        first_sign_ins.first_sign_ins,
        name="first-sign-ins",
    ),
]
api = [
    # Users
    path("users/<str:user_id>", users.OneUser.as_view()),
    # Access tokens
    path("users/<str:user_id>/user_generated_tokens", tokens.UserGeneratedTokens.as_view()),
    path("users/<str:user_id>/tokens", tokens.Tokens.as_view()),
    path("users/<str:user_id>/tokens/<str:token_id>", tokens.OneToken.as_view()),
    path("users/<str:user_id>/tokens/<str:token_id>/activate", tokens.ActivateToken.as_view()),
    path("users/<str:user_id>/profile", users.Profile.as_view()),
    path("users/<str:user_id>/settings", users.Preferences.as_view()),
    path("users/<str:user_id>/sessions", users.Sessions.as_view()),
    path("accounts/<str:account_id>/users", users.UsersOfAccount.as_view()),
    path("accounts/<str:account_id>/users/<str:user_id>", users.OneUserOfAccount.as_view()),
    path("accounts/<str:account_id>/self_registration", users.SelfRegistration.as_view()),
    # Logins
    path("users/<str:user_id>/logins", logins.LoginsOfUser.as_view()),
    path("users/<str:user_id>/logins/<str:login_id>", logins.OneLoginOfUser.as_view()),
    path("accounts/<str:account_id>/logins", logins.LoginsOfAccount.as_view()),
    path("accounts/<str:account_id>/logins/<str:login_id>", logins.OneLogin.as_view()),
    # Settings of the service, and how people sign in
    path("settings/environment", providers.Environment.as_view()),
    path("accounts/<str:account_id>/authentication_providers", providers.Providers.as_view()),
    path(
        "accounts/<str:account_id>/authentication_providers/<str:provider_id>",
        providers.OneProvider.as_view(),
    ),
    # Accounts
    path("accounts", rest.Accounts.as_view()),
    path("course_accounts", rest.CourseAccounts.as_view()),
    path("manageable_accounts", rest.ManageableAccounts.as_view()),
    path("accounts/<str:account_id>", rest.OneAccount.as_view()),
    path("accounts/<str:account_id>/settings", rest.Settings.as_view()),
    path("accounts/<str:account_id>/terms_of_service", rest.TermsOfService.as_view()),
    path("accounts/<str:account_id>/sub_accounts", rest.SubAccounts.as_view()),
    path(
        "accounts/<str:account_id>/sub_accounts/<str:sub_account_id>", rest.OneSubAccount.as_view()
    ),
]
