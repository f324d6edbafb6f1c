"""Single sign-on through a root account's OpenID Connect provider: allauth's seams.

Everything begins with the root account that the host names: its provider, its people. Nobody is
looked up by what another tenant's provider says, and nothing of a sign-on is kept, so no row of one
tenant can be found from another (LIBRARIES row 3).
"""

from __future__ import annotations

import logging
import secrets
import traceback
from typing import Any, cast

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accounts.actions.sign_on import NobodyHere, find_or_make_person
from accounts.actor import Actor
from accounts.addresses import is_safe_address
from accounts.confirming import FOLLOWED
from accounts.hosts import address_of
from accounts.models import Account, SignOnProvider
from accounts.sealing import CannotUnseal, unseal
from pairing_service.statements import row_of

log = logging.getLogger(__name__)
_KIND = "openid_connect"


class Refused(OAuth2Error):
    """What came from the provider is not to be trusted."""


# What a provider can do wrong: say something untrue, or nothing, or something that is no JSON, no
# object, or without what must be in it. (Of a name that is too long allauth says that the settings
# are wrong.)
FAILURES = (
    OAuth2Error,
    requests.RequestException,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    ImproperlyConfigured,
)


def provider_of(root_account: Account) -> SignOnProvider | None:
    """The provider through which a root account's people may sign in now."""
    return row_of(SignOnProvider, _ON, root=root_account.pk)


# By hand: allauth asks for its application at every step.
_ON = "WHERE root_account_id = %(root)s AND is_on"


def provider_id_of(root_account: Account) -> str:
    """How addresses name it."""
    return str(root_account.pk)


# --- Talking to it ---


class Discovery(OpenIDConnectOAuth2Adapter):
    """allauth's, which believes a provider only about itself (OpenID Connect Discovery 4.3)."""

    @property
    def openid_config(self) -> dict[str, Any]:
        config: dict[str, Any] = super().openid_config
        _check_config(self.get_provider().app.settings["issuer"], config)
        return config

    def _fetch_user_info(self, access_token: str) -> dict[str, Any]:
        if "userinfo_endpoint" not in self.openid_config:
            return {}
        return _about_somebody(super()._fetch_user_info(access_token))

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        # allauth lets TLS do for a token that it fetched itself; here the signature counts, too.
        self.did_fetch_access_token = False
        return _about_somebody(super()._decode_id_token(app, id_token))


def _about_somebody(claims: Any) -> dict[str, Any]:
    """The claims; allauth looks the `sub` up, which not every database can do with any text.

    Raises Refused.
    """
    sub = claims.get("sub") if isinstance(claims, dict) else None
    if not isinstance(sub, str) or not sub or not sub.isprintable():
        raise Refused("no sub")
    return cast(dict[str, Any], claims)


def _check_config(issuer: str, config: Any) -> None:
    """Raise Refused unless it is the issuer's, and all of its addresses may be asked."""
    if not isinstance(config, dict) or config.get("issuer") != issuer:
        raise Refused("another issuer")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
        if name != "userinfo_endpoint" or name in config:
            _check_address(config[name])


def _check_address(address: str) -> None:
    if not is_safe_address(address):
        raise Refused("an address without TLS")


def _session() -> requests.Session:
    """It follows nobody elsewhere, and waits for nobody for long."""
    session = requests.Session()
    send = session.request

    def limited(method: str, url: str, **more: Any) -> requests.Response:
        return send(method, url, **{"timeout": 5, **more, "allow_redirects": False})

    session.request = limited  # type: ignore[assignment, method-assign]
    return session


def check_issuer(issuer: str) -> None:
    """Raise ValidationError unless a provider answers there that calls itself so."""
    try:
        with _session() as session:
            answer = session.get(_config_address(issuer))
            answer.raise_for_status()
            _check_config(issuer, answer.json())
    except FAILURES as error:
        wrong = _("No OpenID Connect provider with this issuer answers at %(address)s.")
        raise ValidationError(wrong % {"address": _config_address(issuer)}) from error


def _config_address(issuer: str) -> str:
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


# --- allauth's seams ---


class SchoolSignOn(DefaultSocialAccountAdapter):
    """What allauth asks of the project about single sign-on."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The one of the request's root account, if it has one; never a row of allauth's."""
        root_account: Account = request.root_account  # type: ignore[attr-defined]
        held = provider_of(root_account)
        if held is None or provider not in (None, _KIND, provider_id_of(root_account)):
            return []
        try:
            return [_as_app(held)]
        except CannotUnseal:
            log.exception("the secret of a sign-on provider can't be read: SECRET_KEY has changed")
            return []

    def get_provider(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> Any:
        found = super().get_provider(request, provider, client_id)
        found.oauth2_adapter_class = Discovery
        return found

    def get_requests_session(self) -> requests.Session:
        return _session()

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: Any) -> Any:
        """Nothing: allauth's new user is never kept."""
        return sociallogin.user

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Whoever the provider names, among the people of this root account; nobody else."""
        root_account: Account = request.root_account  # type: ignore[attr-defined]
        held = provider_of(root_account)
        if held is None:
            raise Refused("switched off meanwhile")
        claims = _claims_of(sociallogin)
        visitor = Actor(root_account, address=address_of(request))
        try:
            sociallogin.user = find_or_make_person(actor=visitor, provider=held, claims=claims)
        except NobodyHere as nobody:
            context = {"provider": held, "came_as": nobody.came_as, "root": root_account}
            page = render(request, "account/sign_on_refused.html", context, status=403)
            raise ImmediateHttpResponse(page) from nobody
        # A link to confirm an e-mail counts with the password alone: who has registered with the
        # address may be another than who has it, and would come in from now on, too.
        request.session.pop(FOLLOWED, None)
        # Nobody has asked to stay signed in on this computer, which may be the school's.
        request.session.set_expiry(0)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,
    ) -> None:
        """A page of ours; who cancelled is back at signing in."""
        if error == AuthError.CANCELLED:
            raise ImmediateHttpResponse(redirect("account_login"))
        raise ImmediateHttpResponse(sign_on_failed(request, exception))


def sign_on_failed(request: HttpRequest, error: Exception | None = None) -> HttpResponse:
    """The page for when it went wrong, at the provider or between.

    What the error says stays out of the log: it may hold a token, or a name.
    """
    where = traceback.extract_tb(error.__traceback__)[-1] if error else None
    at = f"{where.filename}:{where.lineno}" if where else "the answer"
    log.warning("a sign-on failed: %s at %s", type(error).__name__ if error else "refused", at)
    return render(request, "account/sign_on_failed.html", status=401)


def _as_app(held: SignOnProvider) -> SocialApp:
    return SocialApp(
        provider=_KIND,
        provider_id=str(held.root_account_id),
        name=held.label,
        client_id=held.client_id,
        secret=unseal(held.sealed_secret),
        settings={
            "server_url": _config_address(held.issuer),
            "issuer": held.issuer,
            "oauth_pkce_enabled": True,
        },
    )


def start(request: HttpRequest, provider: Any, *, next_url: str | None) -> HttpResponse:
    """To the provider. The answer counts in this browser alone, within ten minutes, once."""
    nonce = secrets.token_urlsafe(16)
    answer: HttpResponse = provider.redirect(
        request,
        AuthProcess.LOGIN,
        next_url=next_url,
        data={"nonce": nonce},
        auth_params={"nonce": nonce},
    )
    return answer


def _claims_of(sociallogin: SocialLogin) -> dict[str, Any]:
    """What the provider says of whom it signed in; all of it about one and the same person."""
    told = sociallogin.account.extra_data
    id_token, userinfo = told.get("id_token"), told.get("userinfo") or {}
    if not id_token:
        raise Refused("no id_token")
    nonce = (sociallogin.state.get("data") or {}).get("nonce", "")
    if not nonce or not constant_time_compare(str(id_token.get("nonce", "")), nonce):
        raise Refused("another nonce")
    if userinfo and userinfo.get("sub") != id_token.get("sub"):
        raise Refused("another person's userinfo")
    # What is said of one address does not hold for another.
    if "email" not in id_token:
        id_token = _without_verified(id_token)
    elif userinfo.get("email") != id_token["email"]:
        userinfo = _without_verified(userinfo)
    return {**userinfo, **id_token}


def _without_verified(claims: dict[str, Any]) -> dict[str, Any]:
    return {name: said for name, said in claims.items() if name != "email_verified"}
