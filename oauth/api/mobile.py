"""REST: what the mobile apps ask for beside their data (contract §9.4, §9.6)."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ApiRequest
from accounts.credentials import insufficient_scopes
from accounts.hosts import host_of
from oauth.actions.sessions import make_session_token
from oauth.models import DeveloperKey
from oauth.serializers import (
    SessionUrlJson,
    SessionUrlParams,
    VerifiedJson,
    VerifyParams,
    verified_json,
)
from pairing_service.http.described import described
from pairing_service.http.errors import refusal
from pairing_service.http.params import params_of


class MobileVerify(APIView):
    permission_classes = (AllowAny,)

    @described(VerifiedJson, takes=VerifyParams)
    def get(self, request: ApiRequest) -> Response:
        """Which client the mobile apps are here, for this very host.

        `result` is 0, 1 when no key is for the apps, 2 for another host.
        """
        base = request.build_absolute_uri("/")
        if not _is_this_host(request, params_of(request).text("domain") or ""):
            return Response(verified_json(None, base, result=2))
        keys = DeveloperKey.objects.active().filter(root_account=request.actor.root_account)
        key = keys.filter(for_mobile=True).first()
        return Response(verified_json(key, base, result=0 if key else 1))


def _is_this_host(request: ApiRequest, domain: str) -> bool:
    """People type the host with and without its port, and paste whole addresses."""
    _, _, rest = domain.lower().rpartition("://")
    host = rest.partition("/")[0]
    return host in (host_of(request._request), request.get_host().lower())


class SessionUrl(APIView):
    @described(SessionUrlJson, takes=SessionUrlParams)
    def get(self, request: ApiRequest) -> Response:
        """An address that opens once, within two minutes, and signs the caller in to the pages,
        until what they asked with has ended.

        A token with scopes gets none: the pages have no such limits.
        """
        if request.auth.is_limited:
            raise insufficient_scopes()
        return_to = params_of(request).text("return_to") or "/"
        here = {request.get_host()}
        if not url_has_allowed_host_and_scheme(return_to, here, request.is_secure()):
            raise refusal(400, "return_to must be an address of this host")
        text = make_session_token(actor=request.actor, credential=request.auth, return_to=return_to)
        path = f"{reverse('oauth:session-open')}?{urlencode({'session_token': text})}"
        return Response({"session_url": request.build_absolute_uri(path)})
