"""A role's own page: renaming, switching off and on; adding a role, from a base or as a copy."""

from __future__ import annotations

import html
from typing import Any

import pytest

from audit.models import Event
from permissions.models import Override, Role
from tests.cast import Cast, make_account_role, make_admin

CODE = "generate_observer_pairing_code"


@pytest.fixture
def aide(cast: Cast) -> Role:
    """A custom role of High."""
    return Role.objects.create(
        root_account=cast.root, account=cast.accounts.high, label="Aide", base_role="TaEnrollment"
    )


def _url(account: Any, role: Role | None = None, action: str = "") -> str:
    which = f"{role.pk}" if role else "new"
    return f"/accounts/{account.pk}/permissions/roles/{which}" + (f"/{action}" if action else "")


def _text(response: Any) -> str:
    return " ".join(html.unescape(response.content.decode()).split())


@pytest.fixture
def admin(cast: Cast, signed_in: Any) -> Any:
    return signed_in(cast.sub_admin)


def test_it_tells_base_account_state_and_every_permission(cast, admin, aide):
    cast.override("TaEnrollment", CODE)  # another role's: nothing of this one
    text = _text(admin.get(_url(cast.accounts.high, aide) + "?show=all"))
    for told in ("Built on", "TA", "Belongs to", "High", "active", "Make a code for that student"):
        assert told in text
    assert f'id="words-{aide.pk}-{CODE}">Off, by default<' in text
    assert f'id="words-{aide.pk}-manage_files_add"' in text
    below = _text(admin.get(_url(cast.accounts.science, aide)))
    assert "renamed and deactivated there" in below
    assert "Activate the role" not in below


def test_roles_of_others_are_not_there(cast, signed_in, aide):
    root, neighbour = signed_in(cast.root_admin), signed_in(cast.neighbour_admin)
    assert root.get(_url(cast.root, aide)).status_code == 404
    assert neighbour.get(_url(cast.accounts.elementary, aide)).status_code == 404
    assert root.get(_url(cast.accounts.elementary, aide)).status_code == 404


def test_a_role_is_renamed(cast, admin, aide):
    assert (
        admin.post(_url(cast.accounts.high, aide, "rename"), {"label": "Helper"}).status_code == 302
    )
    aide.refresh_from_db()
    assert aide.label == "Helper"


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("", "Give the role a name."),
        (" ", "Give the role a name."),
        ("teacher", "belongs to a built-in role"),
        ("Clerk", "could be confused"),
        ("x" * 256, "255"),
    ],
)
def test_a_wrong_name_is_told_at_the_field_and_changes_nothing(cast, admin, aide, label, told):
    make_account_role(cast, "Clerk")
    for url in (_url(cast.accounts.high, aide, "rename"), _url(cast.accounts.high)):
        response = admin.post(url, {"label": label, "start": "base:TaEnrollment"})
        assert response.status_code == 422
        assert told in _text(response)
    aide.refresh_from_db()
    assert aide.label == "Aide"
    assert Role.objects.filter(base_role="TaEnrollment").exclude(state="built_in").count() == 1


def test_built_in_and_inherited_roles_are_not_renamed_nor_switched_off(cast, signed_in, aide):
    admin, teacher = signed_in(cast.root_admin), cast.roles["TeacherEnrollment"]
    assert admin.post(_url(cast.root, teacher, "rename"), {"label": "X"}).status_code == 422
    assert admin.post(_url(cast.root, teacher, "deactivate")).status_code == 302
    teacher.refresh_from_db()
    assert (teacher.label, teacher.state) == ("Teacher", "built_in")
    top = make_account_role(cast, "Top")
    sub = signed_in(cast.sub_admin)
    assert sub.post(_url(cast.accounts.high, top, "rename"), {"label": "X"}).status_code == 404
    assert sub.post(_url(cast.accounts.high, top, "deactivate")).status_code == 404


def test_a_role_is_switched_off_and_on_again(cast, admin, aide):
    admin.post(_url(cast.accounts.high, aide, "deactivate"))
    aide.refresh_from_db()
    assert aide.state == "inactive"
    page = _text(admin.get(f"/accounts/{cast.accounts.high.pk}/permissions"))
    assert "Inactive roles" in page
    assert f"cell-{aide.pk}-" not in page
    assert "Activate the role" in _text(admin.get(_url(cast.accounts.high, aide)))
    admin.post(_url(cast.accounts.high, aide, "activate"))
    again = admin.post(_url(cast.accounts.high, aide, "activate"), follow=True)
    assert "It is active already" in _text(again)
    aide.refresh_from_db()
    assert aide.state == "active"
    actions = list(Event.objects.filter(data__role=aide.pk).values_list("action", flat=True))
    assert actions == ["role_deactivated", "role_activated"]


def test_a_role_is_added_from_a_base(cast, admin):
    response = admin.post(_url(cast.accounts.high), {"label": "Aide", "start": "base:TaEnrollment"})
    role = Role.objects.get(label="Aide")
    assert response.url == _url(cast.accounts.high, role)
    assert (role.account, role.base_role) == (cast.accounts.high, "TaEnrollment")


def test_a_role_is_added_as_a_copy(cast, admin):
    cast.override("TeacherEnrollment", CODE)
    teacher = cast.roles["TeacherEnrollment"]
    page = _text(admin.get(_url(cast.accounts.high) + f"?copy={teacher.pk}"))
    assert f'value="copy:{teacher.pk}" selected' in page
    admin.post(_url(cast.accounts.high), {"label": "Lead", "start": f"copy:{teacher.pk}"})
    role = Role.objects.get(label="Lead")
    assert role.base_role == "TeacherEnrollment"
    assert Override.objects.get(role=role, permission=CODE).enabled


def test_a_copy_that_lets_act_as_others_is_asked_about_once(cast, signed_in):
    client, source = signed_in(cast.root_admin), make_account_role(cast, "IT", "become_user")
    data = {"label": "IT 2", "start": f"copy:{source.pk}"}
    response = client.post(_url(cast.root), data)
    assert response.status_code == 422
    assert "Everyone with the role “IT 2” could then:" in _text(response)
    assert not Role.objects.filter(label="IT 2").exists()
    assert client.post(_url(cast.root), data | {"confirmed": "on"}).status_code == 302


def test_nobody_copies_more_than_they_hold(cast, signed_in):
    clerk = make_account_role(cast, "Clerk", "manage_role_overrides")
    make_admin(cast, cast.observer, cast.root, clerk)
    source = make_account_role(cast, "Strong", "read_roster")
    data = {"label": "Copy", "start": f"copy:{source.pk}"}
    response = signed_in(cast.observer).post(_url(cast.root), data)
    assert response.status_code == 422
    assert "more than you hold here yourself" in _text(response)
    assert not Role.objects.filter(label="Copy").exists()


@pytest.mark.parametrize("start", ["", "base:AccountAdmin", "base:x", "copy:0", "copy:x", "x"])
def test_nonsense_is_refused(cast, admin, start):
    response = admin.post(_url(cast.accounts.high), {"label": "Aide", "start": start})
    assert response.status_code == 422
    assert admin.get(_url(cast.accounts.high) + "?copy=nonsense").status_code == 200
