"""Tries that are limited like signing in: allauth counts them, per address and per what is tried.

Proving to be with a student by their own login and password, or token (contract §3.3), where only
failures count; and registering, where every try with a live code does.
"""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.models import AccessToken, Account, User, login_key
from accounts.tokens import digest_of
from pairing.codes import digest_of as code_digest
from pairing.codes import read_code

# The longest that allauth's limit of failed sign-ins can hold somebody up.
RETRY_AFTER_SECONDS = 300
_FAILED = "login_failed"


class UnknownObservee(Exception):
    """There is nobody of this login, or whose token this is."""


class WrongPassword(Exception):
    """It is not the password of this login, or nobody can sign in with it."""


class TooManyFailures(Exception):
    """There were so many wrong tries that right ones are refused, too, for a while."""


def student_by_password(
    request: HttpRequest, root_account: Account, login: str, password: str
) -> User:
    """Whose login and password these are; never somebody suspended.

    A password that staff handed out proves nothing: it signs in once, to choose another.
    Raises UnknownObservee, WrongPassword, TooManyFailures.
    """
    try:
        # In the form that is compared, so that no other spelling of it is counted apart.
        user = get_adapter(request).authenticate(
            request, username=login_key(login), password=password
        )
    except ValidationError as error:
        raise TooManyFailures from error
    if isinstance(user, User) and user.is_active and user.one_time_password_until is None:
        return user
    if User.objects.with_login(root_account.pk, login).exists():
        raise WrongPassword
    raise UnknownObservee


def student_by_token(
    request: HttpRequest, root_account: Account, tried_by: User | None, text: str
) -> User:
    """Whose live token it is; never somebody suspended. Raises UnknownObservee, TooManyFailures.

    One with scopes proves nothing: it was given away for what they name, not for this.
    """
    key = f"token tried by {tried_by.pk if tried_by else None} of {root_account.pk}"
    if not ratelimit.consume(request, action=_FAILED, key=key, dry_run=True):
        raise TooManyFailures
    tokens = AccessToken.objects.live().select_related("user")
    token = tokens.filter(digest=digest_of(text), root_account=root_account).first()
    if token is None or token.scopes or not token.user.is_active:
        ratelimit.consume(request, action=_FAILED, key=key)
        raise UnknownObservee
    return token.user


def may_try_to_register(request: HttpRequest, what: str) -> bool:
    """Whether a visitor may send the form once more, with this code or (without one) address.

    The code under its keyed digest: a plain one, as allauth makes, of ten characters would be
    guessed from a copy of the cache.
    """
    code = read_code(what)
    return ratelimit.consume(
        request, action="signup", key=code_digest(code) if code else what.casefold()
    )
