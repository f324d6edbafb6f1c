"""What nobody does while acting as somebody, with all rights there are: ways in are not made or
changed in another's name (spec/pairing.md "Acting as", issue "Trust"). Each is tried acting, which
changes nothing, and then by the person themself, which does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db.models import Model

from accounts.models import AccessToken, User
from audit.models import Event
from oauth.models import AuthorizationCode, DeveloperKey, Integration, QrSignIn, SessionToken
from tests.cast import PASSWORD, Cast, enrol, make_admin, make_user
from tests.oauth.conftest import BACK, CLIENT, make_key

NEW = "my-very-own-horse"
AUTH = f"/login/oauth2/auth?response_type=code&client_id={CLIENT}&redirect_uri={BACK}"
KEPT: list[tuple[type[Model], list[str]]] = [
    (User, ["pk", "password", "email", "login_id", "one_time_password_until", "sessions_ended_at"]),
    (AccessToken, ["pk", "digest", "is_pending", "revoked_at", "purpose"]),
    (Integration, ["pk", "ended_at"]),
    (AuthorizationCode, ["pk"]),
    (SessionToken, ["pk"]),
    (QrSignIn, ["pk"]),
    (Event, ["pk"]),
]


def ways_in() -> list[list[tuple[Any, ...]]]:
    """All that opens something, and what was told of it."""
    return [list(model.objects.order_by("pk").values_list(*names)) for model, names in KEPT]


@dataclass
class World:
    """Tess is an Account Admin like the one who acts as her; Nova has no password yet."""

    cast: Cast
    tess: User
    nova: User
    key: DeveloperKey
    pending: AccessToken
    token: AccessToken


@pytest.fixture
def world(cast: Cast) -> World:
    tess = make_user(cast.root, "Tess Twin", email="tess@school.example")
    make_admin(cast, tess, cast.root)
    nova = make_user(cast.root, "Nova Newcomer", email="nova@school.example")
    nova.set_unusable_password()
    nova.save()
    enrol(cast, nova, cast.courses.biology, "StudentEnrollment")
    key = make_key(cast)
    Integration.objects.create(root_account=cast.root, user=tess, key=key)

    def made(digest: str, **more: Any) -> AccessToken:
        return AccessToken.objects.create(
            root_account=cast.root, user=tess, purpose="a row", digest=digest, hint=digest, **more
        )

    return World(cast, tess, nova, key, made("p", is_pending=True), made("t"))


Deed = Callable[[World, Any], Any]
SETTINGS = "/profile/settings"
NAMES = {"name": "Nova", "short_name": "Nova", "sortable_name": "Nova"}
ON_PAGES: dict[str, Deed] = {
    "change the password": lambda w, c: c.post(
        SETTINGS, {"form": "password", "current_password": PASSWORD, "password": NEW}
    ),
    "change the e-mail": lambda w, c: c.post(
        SETTINGS, {"form": "email", "current_password": PASSWORD, "email": "x@evil.example"}
    ),
    "make a token": lambda w, c: c.post("/profile/tokens/new", {"purpose": "spying"}),
    "activate a token": lambda w, c: c.post(f"/profile/tokens/{w.pending.pk}/activate"),
    "end a token": lambda w, c: c.post(f"/profile/tokens/{w.token.pk}/end"),
    "make a QR sign-in": lambda w, c: c.post("/profile/qr_mobile_login"),
    "approve an integration": lambda w, c: c.post(AUTH, {"decision": "allow"}),
    "end an integration": lambda w, c: c.post(f"/profile/integrations/{w.key.pk}/end"),
    "act as a third person": lambda w, c: c.post(f"/users/{w.cast.student.pk}/masquerade"),
    "replace a third person's password": lambda w, c: c.post(
        f"/users/{w.cast.student.pk}/password"
    ),
    "give a third person a password": lambda w, c: c.post(f"/users/{w.nova.pk}/first_sign_in"),
    "mail a third person a way in": lambda w, c: c.post(f"/users/{w.nova.pk}/first_sign_in/mail"),
    "give a course passwords": lambda w, c: c.post(
        f"/courses/{w.cast.courses.biology.pk}/first_sign_ins"
    ),
    "change a third person's e-mail": lambda w, c: c.post(
        f"/users/{w.cast.student.pk}/edit", {**NAMES, "email": "x@evil.example", "sis_id": "s-ada"}
    ),
    "change a newcomer's e-mail": lambda w, c: c.post(
        f"/users/{w.nova.pk}/edit", {**NAMES, "email": "x@evil.example"}
    ),
}


@pytest.mark.parametrize("deed", ON_PAGES)
def test_on_pages(world: World, signed_in: Callable[..., Any], deed: str) -> None:
    User.objects.filter(pk__in=[world.cast.student.pk, world.nova.pk]).update(
        name="Nova", short_name="Nova", sortable_name="Nova"
    )
    admin = signed_in(world.cast.root_admin)
    admin.post(f"/users/{world.tess.pk}/masquerade")
    before = ways_in()
    assert ON_PAGES[deed](world, admin).status_code in (302, 403)
    assert ways_in() == before
    assert admin.session["acting_as"] == world.tess.pk
    ON_PAGES[deed](world, signed_in(world.tess))
    assert ways_in() != before


def login_of(user: User) -> str:
    return f"/api/v1/accounts/self/logins/{user.logins.get().pk}"


ME = "/api/v1/users/self"
OVER_REST: dict[str, Callable[[World, Any, dict[str, Any]], Any]] = {
    "make a token": lambda w, c, more: c.post(
        f"{ME}/tokens", {"token": {"purpose": "spying"}} | more, format="json"
    ),
    "give a token a new text": lambda w, c, more: c.put(
        f"{ME}/tokens/{w.token.pk}", {"token": {"regenerate": True}} | more, format="json"
    ),
    "activate a token": lambda w, c, more: c.post(f"{ME}/tokens/{w.pending.pk}/activate", more),
    "end a token": lambda w, c, more: c.delete(f"{ME}/tokens/{w.token.pk}", more),
    "make a token for a third person": lambda w, c, more: c.post(
        f"/api/v1/users/{w.cast.student.pk}/tokens",
        {"token": {"purpose": "spying"}} | more,
        format="json",
    ),
    "open a session": lambda w, c, more: c.get("/login/session_token", more),
    "change a third person's e-mail": lambda w, c, more: c.put(
        f"/api/v1/users/{w.cast.student.pk}",
        {"user": {"email": "x@evil.example"}} | more,
        format="json",
    ),
    "change a newcomer's e-mail": lambda w, c, more: c.put(
        f"/api/v1/users/{w.nova.pk}", {"user": {"email": "x@evil.example"}} | more, format="json"
    ),
    "change a third person's password": lambda w, c, more: c.put(
        login_of(w.cast.student), {"login": {"password": NEW}} | more, format="json"
    ),
    "give a newcomer a password": lambda w, c, more: c.put(
        login_of(w.nova), {"login": {"password": NEW}} | more, format="json"
    ),
}


@pytest.mark.parametrize("deed", OVER_REST)
def test_over_rest(world: World, rest: Callable[..., Any], deed: str) -> None:
    admin, tess = rest(world.cast.root_admin), rest(world.tess)
    before = ways_in()
    refused = OVER_REST[deed](world, admin, {"as_user_id": world.tess.pk})
    assert refused.status_code == 403
    assert ways_in() == before
    OVER_REST[deed](world, tess, {})
    assert ways_in() != before


@pytest.mark.parametrize("field", ["email", "password"])
def test_over_rest_not_one_s_own_either(world: World, rest: Callable[..., Any], field: str) -> None:
    """Acting as Nova, who is an administrator by now and has chosen no password yet."""
    make_admin(world.cast, world.nova, world.cast.root)
    admin = rest(world.cast.root_admin)
    as_nova = {"as_user_id": world.nova.pk}
    before = ways_in()
    if field == "email":
        refused = admin.put(ME, {"user": {"email": "x@evil.example"}} | as_nova, format="json")
    else:
        given = {"login": {"password": NEW}} | as_nova
        refused = admin.put(login_of(world.nova), given, format="json")
    assert refused.status_code == 403
    assert ways_in() == before


def test_a_password_handed_out_meanwhile_is_not_chosen_for_them(
    world: World, signed_in: Callable[..., Any]
) -> None:
    """The page for it is about who is signed in, and that one has their own."""
    admin = signed_in(world.cast.root_admin)
    admin.post(f"/users/{world.tess.pk}/masquerade")
    before = ways_in()
    assert admin.post("/password/choose", {"password": NEW}).status_code == 302
    assert ways_in() == before
