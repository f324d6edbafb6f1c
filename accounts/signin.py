"""Signing in within one tenant: allauth's seams (LIBRARIES row 3)."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User


class TenantBackend(BaseBackend):
    """A login id and password, looked up in the tenant that the request's host names."""

    def authenticate(
        self, request: HttpRequest | None, username: str = "", password: str = "", **_: Any
    ) -> User | None:
        root_account = getattr(request, "root_account", None)
        if root_account is None or not username or not password:
            return None
        user = User.objects.with_login(root_account.pk, username).first()
        if user is None or not user.has_usable_password():
            # Costs as much as a wrong password, so that timing does not tell who has an account.
            User().set_password(password)
            return None
        return user if user.check_password(password) and self.user_can_authenticate(user) else None

    def user_can_authenticate(self, user: User) -> bool:
        """Active, and not with a handed-out password whose time is over."""
        until = user.one_time_password_until
        return user.is_active and (until is None or until > timezone.now())

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id).first()


class TenantAdapter(DefaultAccountAdapter):
    """allauth makes no accounts here: observers register with a code, others are enrolled."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
