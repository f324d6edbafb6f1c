"""REST: logins (contract §8.1)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actions.logins import LastLogin, add_login, change_login, remove_login
from accounts.actor import Actor
from accounts.api.users import LAST_ADMINISTRATOR
from accounts.authentication import ApiRequest
from accounts.disclosure import told
from accounts.ids import get_account, id_condition, require_user
from accounts.models import Login, User
from accounts.people import people_of
from accounts.rules import MANAGE_LOGINS
from accounts.serializers.logins import (
    ChangedLoginParams,
    LoginsParams,
    NewLoginParams,
    PersonsLoginJson,
    login_changes,
    login_json,
    require_built_in_provider,
)
from accounts.serializers.people import change_refused
from courses.rules import SEE_LOGINS_OF
from pairing_service.http.described import Paged, described
from pairing_service.http.errors import FieldErrors, invalid, refusal
from pairing_service.http.pages import page_of
from pairing_service.http.params import Params, params_of
from permissions.actions.administrators import LastAdministrator

# How a client names whose login it is: the parameter, and the form of id that it holds.
_EXISTING = {
    "existing_user_id": "",
    "existing_sis_user_id": "sis_user_id:",
    "existing_integration_id": "sis_integration_id:",
}


class LoginsOfAccount(APIView):
    @described(Paged[PersonsLoginJson], takes=LoginsParams)
    def get(self, request: ApiRequest, account_id: str) -> Response:
        """The logins of one person of the account, `user[id]`."""
        account = get_account(request.actor, account_id)
        named = params_of(request).group("user").required("id")
        user = require_user(request.actor, SEE_LOGINS_OF, named, annotate=told)
        if not people_of(account).filter(pk=user.pk).exists():
            raise Http404
        return _listed(request, user)

    @described(PersonsLoginJson, takes=NewLoginParams, refuses={400: FieldErrors})
    def post(self, request: ApiRequest, account_id: str) -> Response:
        """Give a person a further login. They sign in with each, with their one password."""
        _require_root(request, account_id)
        actor, params = request.actor, params_of(request)
        user = require_user(actor, MANAGE_LOGINS, _named(params), annotate=told)
        given = params.group("login")
        given.required("unique_id")
        require_built_in_provider(actor.root_account, given)
        changes = login_changes(given)
        if any(changes.pop("ids", {}).values()):
            raise invalid(sis_user_id=("invalid", "is the person's, and set at their own login"))
        changes.pop("suspended", None)
        try:
            login = add_login(actor=actor, user=user, **changes)
        except ValidationError as error:
            raise change_refused(error) from error
        return Response(login_json(login, user))


class OneLogin(APIView):
    @described(PersonsLoginJson, takes=ChangedLoginParams, refuses={400: FieldErrors})
    def put(self, request: ApiRequest, account_id: str, login_id: str) -> Response:
        """Change a login's text, and its person's password, SIS id or state."""
        _require_root(request, account_id)
        login = _login(request.actor, login_id)
        given = params_of(request).group("login")
        require_built_in_provider(request.actor.root_account, given)
        changes = login_changes(given)
        if "ids" in changes and login.login_key != login.user.login_key:
            raise invalid(sis_user_id=("invalid", "is the person's, and set at their own login"))
        try:
            change_login(actor=request.actor, login=login, **changes)
        except ValidationError as error:
            raise change_refused(error) from error
        except LastAdministrator as error:
            raise refusal(400, LAST_ADMINISTRATOR) from error
        return _shown(request, login.pk)


class LoginsOfUser(APIView):
    @described(Paged[PersonsLoginJson])
    def get(self, request: ApiRequest, user_id: str) -> Response:
        """The logins of a person."""
        user = require_user(request.actor, SEE_LOGINS_OF, user_id, annotate=told)
        return _listed(request, user)


class OneLoginOfUser(APIView):
    @described(PersonsLoginJson)
    def delete(self, request: ApiRequest, user_id: str, login_id: str) -> Response:
        """Take a login away; the last one stays."""
        user = require_user(request.actor, MANAGE_LOGINS, user_id, annotate=told)
        login = _login(request.actor, login_id, user=user)
        body = login_json(login, user)
        try:
            remove_login(actor=request.actor, login=login)
        except LastLogin as error:
            raise refusal(400, "The last login of a person can't be removed.") from error
        except Login.DoesNotExist as error:
            raise Http404 from error
        body["workflow_state"] = "deleted"
        return Response(body)


def _require_root(request: ApiRequest, account_id: str) -> None:
    """Logins are the root account's."""
    if not get_account(request.actor, account_id).is_root:
        raise Http404


def _named(params: Params) -> str:
    for name, form in _EXISTING.items():
        if text := params.text(name) or params.group("user").text(name):
            return form + text
    return params.group("user").required("id")


def _listed(request: ApiRequest, user: User) -> Response:
    return page_of(
        request,
        Login.objects.filter(user=user).order_by("pk"),
        lambda page: [login_json(login, user) for login in page],
    )


def _login(actor: Actor, text: str, **of: Any) -> Login:
    """A login of someone whose logins the actor may change: 404 when there is none."""
    condition = id_condition(text, {})
    logins = Login.objects.filter(root_account=actor.root_account, **of).select_related("user")
    login = logins.filter(condition).first() if condition else None
    if login is None:
        raise Http404
    require_user(actor, MANAGE_LOGINS, str(login.user_id))
    return login


def _shown(request: ApiRequest, login_id: int) -> Response:
    login = Login.objects.get(pk=login_id)
    user: User = told(User.objects.filter(pk=login.user_id), request.actor).get()
    return Response(login_json(login, user))
