"""Every request gets its tenant, and every page its actor."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone, translation

from accounts.actions import stop_acting
from accounts.actor import Actor
from accounts.hosts import address_of, host_of, root_account_for
from accounts.models import Account, User
from accounts.rules import ACT_AS
from accounts.time_zones import time_zones
from oauth.actions.sessions import is_still_good
from pairing_service.http.errors import api_not_found
from pairing_service.middleware import is_api
from permissions.policy import may

# What someone whose password was handed out gets to.
_WITHOUT_OWN_PASSWORD = ("accounts:password-choose", "accounts:language", "account_logout")
# Where a session keeps the id of the person acted as.
ACTING_AS = "acting_as"
# Where it keeps the digest of the token through which an app opened it.
OPENED_WITH = "opened_with"
# Where it keeps the e-mail with which somebody wanted to register who has an account already.
TYPED_LOGIN = "typed_login"

GetResponse = Callable[[HttpRequest], HttpResponse]


class TenantRequest(HttpRequest):
    """A request as views get it, after both middlewares.

    `account` is set by the views of an account's pages: the frame shows its rail. `page_url` by
    those that answer a form with a page that has another address.
    """

    root_account: Account
    actor: Actor
    user: User  # type: ignore[assignment]
    account: Account
    page_url: str


class RootAccountMiddleware:
    """Sets `request.root_account` from the host name; 404 where nobody answers."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: TenantRequest) -> HttpResponse:
        root_account = root_account_for(host_of(request))
        if root_account is None and is_api(request):
            return api_not_found(request)
        if root_account is None:
            raise Http404("No school answers at this address.")
        request.root_account = root_account
        return self.get_response(request)


class ActorMiddleware:
    """Sets `request.actor` for pages, in the person's language and time zone.

    A session of another tenant, of someone who is no longer active, or opened through a token that
    has ended, ends here. Someone whose
    password was handed out gets to nothing else before choosing their own.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: TenantRequest) -> HttpResponse:
        if is_api(request):  # its actor comes from the token (accounts.authentication)
            return self.get_response(request)
        request.actor = _actor(request)
        person = request.actor.person
        if person is None:
            return self.get_response(request)
        if _must_choose_password(request):
            return HttpResponseRedirect(reverse("accounts:password-choose"))
        language = person.locale if person.locale in dict(settings.LANGUAGES) else None
        with translation.override(language or translation.get_language()), _clock(request, person):
            request.LANGUAGE_CODE = translation.get_language()
            return self.get_response(request)


def _actor(request: TenantRequest) -> Actor:
    address = address_of(request)
    nobody = Actor(request.root_account, address=address)
    if not request.user.is_authenticated:
        return nobody
    real: User = request.user
    actor = Actor(request.root_account, real, real, address)
    acting = _acting(request, actor)  # also of who may do nothing now: that it ends is recorded
    if not actor.is_able or not _is_still_open(request):
        if acting is not None:
            stop_acting(actor=acting)
        logout(request)
        return nobody
    return acting or actor


def _is_still_open(request: TenantRequest) -> bool:
    made_with = request.session.get(OPENED_WITH)
    return made_with is None or is_still_good(made_with)


def _acting(request: TenantRequest, actor: Actor) -> Actor | None:
    """The actor while acting as someone; asked anew each time, so that a lost right ends it."""
    target_id = request.session.get(ACTING_AS)
    if target_id is None:
        return None
    target = User.objects.filter(pk=target_id, root_account=request.root_account).first()
    if target is not None and may(actor, ACT_AS, target):
        return actor.acting_as(target)
    del request.session[ACTING_AS]
    if target is not None:
        stop_acting(actor=actor.acting_as(target))
    return None


def _must_choose_password(request: TenantRequest) -> bool:
    handed_out = request.user.one_time_password_until is not None
    return handed_out and request.path not in map(reverse, _WITHOUT_OWN_PASSWORD)


def _clock(request: TenantRequest, person: User) -> timezone.override:
    name = person.time_zone or request.root_account.time_zone
    known = name in time_zones()
    return timezone.override(ZoneInfo(name if known else settings.TIME_ZONE))
