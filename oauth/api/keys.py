"""REST: developer keys of the root account, under the paths that Canvas clients know."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import Http404
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ApiRequest
from accounts.ids import get_account, id_condition
from oauth.actions.keys import (
    HasNoSecret,
    create_key,
    delete_key,
    update_key,
)
from oauth.models import DeveloperKey
from oauth.panels import keys_with_use
from oauth.rules import CHANGE_DEVELOPER_KEY, MANAGE_DEVELOPER_KEYS
from oauth.serializers import (
    ChangedKeyParams,
    KeyJson,
    NewKeyParams,
    key_fields,
    key_json,
    key_refused,
    new_kind,
    new_state,
    required_key,
)
from pairing_service.http.described import Paged, described
from pairing_service.http.errors import FieldErrors, invalid
from pairing_service.http.pages import page_of
from pairing_service.http.params import params_of
from permissions.policy import permitted, require


class DeveloperKeys(APIView):
    @described(Paged[KeyJson])
    def get(self, request: ApiRequest, account_id: str) -> Response:
        """The root account's keys; never their secrets."""
        require(request.actor, MANAGE_DEVELOPER_KEYS, get_account(request.actor, account_id))
        keys = permitted(request.actor, CHANGE_DEVELOPER_KEY).existing()
        return page_of(
            request,
            keys_with_use(keys).order_by("pk"),
            lambda page: [key_json(one) for one in page],
        )

    @described(KeyJson, takes=NewKeyParams, refuses={400: FieldErrors})
    def post(self, request: ApiRequest, account_id: str) -> Response:
        """Add a key. `api_key` is its secret, told this once; only `kind` server has one."""
        require(request.actor, MANAGE_DEVELOPER_KEYS, get_account(request.actor, account_id))
        given = required_key(params_of(request))
        try:
            key, secret = create_key(
                actor=request.actor, kind=new_kind(given), fields=key_fields(given)
            )
        except ValidationError as error:
            raise key_refused(error) from error
        return _shown(key, secret)


class OneDeveloperKey(APIView):
    @described(KeyJson, takes=ChangedKeyParams, refuses={400: FieldErrors})
    def put(self, request: ApiRequest, key_id: str) -> Response:
        """Change a key, switch it on or off, or (`regenerate_secret`) give it another secret."""
        key = _key(request, key_id)
        given = required_key(params_of(request))
        try:
            secret = update_key(
                actor=request.actor,
                key=key,
                fields=key_fields(given),
                on=new_state(given),
                renew=given.boolean("regenerate_secret") or False,
            )
        except ValidationError as error:
            raise key_refused(error) from error
        except HasNoSecret as error:
            raise invalid(
                regenerate_secret=("invalid", "a client of this kind has none")
            ) from error
        except DeveloperKey.DoesNotExist as error:
            raise Http404 from error
        return _shown(key, secret)

    @described(KeyJson)
    def delete(self, request: ApiRequest, key_id: str) -> Response:
        """Delete a key: what people have approved for it ends."""
        try:
            return _shown(delete_key(actor=request.actor, key=_key(request, key_id)))
        except DeveloperKey.DoesNotExist as error:
            raise Http404 from error


def _key(request: ApiRequest, key_id: str) -> DeveloperKey:
    """Who may not manage keys is told so whatever the number: it tells nothing."""
    require(request.actor, MANAGE_DEVELOPER_KEYS, request.actor.root_account)
    condition = id_condition(key_id, {})
    keys = permitted(request.actor, CHANGE_DEVELOPER_KEY).existing()
    key: DeveloperKey | None = keys.filter(condition).first() if condition else None
    if key is None:
        raise Http404
    return key


def _shown(key: DeveloperKey, secret: str | None = None) -> Response:
    return Response(key_json(keys_with_use(DeveloperKey.objects.filter(pk=key.pk)).get(), secret))
