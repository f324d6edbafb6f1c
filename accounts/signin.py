"""Signing in within one tenant: allauth's seams (LIBRARIES row 3)."""

from __future__ import annotations

import zlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext_lazy as _

from accounts.actions import choose_password, stop_acting
from accounts.actor import Actor
from accounts.confirming import FOLLOWED, WAITING_FOR, confirm_email
from accounts.hosts import address_of
from accounts.models import Account, User
from pairing.cookies import browser_of
from pairing.guesses import is_own
from pairing.mail import tell_after_commit
from pairing_service.statements import row_of

_COUNTS_OF_A_SCHOOL = 20
# By hand: every page asks it, and the ORM takes three times as long.
_PERSON = "WHERE id = %(id)s"


class TenantBackend(BaseBackend):
    """A login id and password, looked up in the tenant that the request's host names."""

    def authenticate(
        self, request: HttpRequest | None, username: str = "", password: str = "", **_: Any
    ) -> User | None:
        root_account = getattr(request, "root_account", None)
        if root_account is None or not username or not password:
            return None
        user = _person_named(root_account.pk, username)
        if user is None or not user.has_usable_password():
            # Costs as much as a wrong password, so that timing does not tell who has an account.
            make_password(password)
            return None
        if user.one_time_password_until is not None:
            password = password.strip().lower()  # from paper, and phones begin with a capital
        return user if user.check_password(password) and self.user_can_authenticate(user) else None

    def user_can_authenticate(self, user: User) -> bool:
        """Active, and not with a handed-out password whose time is over.

        Who has not confirmed their e-mail gets as far as `TenantAdapter.pre_login`.
        """
        until = user.one_time_password_until
        is_known = user.is_active or user.state == User.State.UNPROVEN
        return is_known and (until is None or until > timezone.now())

    def get_user(self, user_id: int) -> User | None:
        return row_of(User, _PERSON, id=user_id)


def _person_named(root_account_id: int, text: str) -> User | None:
    """By the login, else by an e-mail address that only one person here has: parents who came with
    a roster know no other."""
    user = User.objects.with_login(root_account_id, text).first()
    if user is not None or "@" not in text:
        return user
    having = list(User.objects.with_email(root_account_id, text)[:2])
    return having[0] if len(having) == 1 else None


def comes_from_school(request: HttpRequest) -> bool:
    """Whether a request comes from the root account's own networks."""
    root_account: Account = request.root_account  # type: ignore[attr-defined]
    return is_own(address_of(request), root_account.settings.own_networks)


class TenantAdapter(DefaultAccountAdapter):
    """What allauth asks of the project: its words, its mail, and that it stays in the tenant."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _(
            "This login and password don't go together. Capital letters matter in the password."
        ),
        "too_many_login_attempts": _(
            "There were too many wrong tries. Wait five minutes, then try again."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: observers register with a code, everybody else is enrolled."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Only addresses of this very host: another one may be another tenant's."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts={self.request.get_host()})

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whose tries are counted together, where that is an address.

        A school comes from one, all at eight o'clock: in its own networks the browsers share
        twenty counts, so that neither one of them nor all together may try without end.
        """
        address: str = super().get_client_ip(request)
        browser = browser_of(request) if comes_from_school(request) else None
        if browser:
            return f"{address}#{zlib.crc32(browser.encode()) % _COUNTS_OF_A_SCHOOL}"
        return address

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Per person, whichever of their logins and addresses is typed, and per text that names
        nobody; within the tenant: allauth's is per host name, of which one may have any number."""
        root_account_id = request.root_account.pk  # type: ignore[attr-defined]
        text = credentials.get("username", "")
        user = _person_named(root_account_id, text)
        return f"{root_account_id}/{user.pk}" if user else f"{root_account_id}:{text}"

    def pre_login(self, request: HttpRequest, user: User, **more: Any) -> HttpResponse | None:
        """Who followed the link to confirm their e-mail, and knows the password, is let in."""
        if request.session.pop(FOLLOWED, None) == [user.pk, user.email]:
            confirm_email(actor=Actor(user.root_account, address=address_of(request)), user=user)
        answer: HttpResponse | None = super().pre_login(request, user, **more)
        return answer

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """To where a link to confirm the e-mail is asked for anew."""
        if user.state == User.State.UNPROVEN:
            request.session[WAITING_FOR] = user.pk
            return redirect("pairing:register-confirm")
        return redirect("account_login")

    def set_password(self, user: User, password: str) -> None:
        """What a reset ends with: the same as choosing a password while signed in.

        The link to it was mailed, too, and whoever registered with this address knows the new
        password only if they read it.
        """
        actor = Actor(self.request.root_account, user, user, address_of(self.request))
        with transaction.atomic():
            confirm_email(actor=actor, user=user)
            choose_password(actor=actor, user=user, password=password)
        # Whoever failed to remember the old one may come in with the new one at once.
        if login := user.logins.first():
            self._delete_login_attempts_cached_email(self.request, username=login.login_key)

    def get_reset_password_from_key_url(self, key: str) -> str:
        return _link_with(self.request, key)

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Beside the request, so that its time does not tell who has an account."""
        link = context["password_reset_url"]
        tell_after_commit(self.request.root_account, [user], "password_reset", link=link)

    def logout(self, request: HttpRequest) -> None:
        """Signing out ends acting as someone, too."""
        stop_acting(actor=request.actor)  # type: ignore[attr-defined]
        super().logout(request)


def link_to_choose_password(request: HttpRequest, user: User) -> str:
    """The address at which the user chooses a password: good once, for PASSWORD_RESET_TIMEOUT.

    What opens it is no part of the path: paths are in the logs of servers.
    """
    return _link_with(
        request, f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    )


def _link_with(request: HttpRequest, key: str) -> str:
    path = reverse("account_reset_password_from_key")
    return request.build_absolute_uri(f"{path}?{urlencode({'key': key})}")
