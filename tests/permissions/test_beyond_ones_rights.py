"""Ways to more than one holds, each of which was open once."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.actions import move_sub_account, replace_password
from accounts.models import User
from accounts.rules import ACT_AS, REPLACE_PASSWORD
from permissions.actions import add_administrator, update_overrides
from permissions.catalogue import PERMISSIONS
from permissions.overrides import OverrideChange
from permissions.policy import Denied, may
from tests.cast import Cast, make_account_role, make_admin

# All that nobody can take from Account Admin, and what the doors tried below need.
KEYS = (
    "manage_role_overrides", "manage_account_memberships", "manage_account_settings",
    "become_user", "manage_user_logins", "read_roster",
)  # fmt: skip


def desk(cast: Cast, *keys: str) -> User:
    make_admin(cast, cast.ta, cast.root, make_account_role(cast, "Desk", *keys))
    return cast.ta


def test_an_emptied_account_admin_is_still_more_than_others_hold(cast: Cast) -> None:
    user = desk(cast, *KEYS)
    admin = cast.roles["AccountAdmin"]
    off = {key: OverrideChange(enabled=False) for key in PERMISSIONS if key not in KEYS}
    update_overrides(actor=cast.actor(user), account=cast.fresh(), role=admin, changes=off)
    with pytest.raises(Denied):
        add_administrator(actor=cast.actor(user), account=cast.fresh(), user=user, role=admin)
    for rule in (ACT_AS, REPLACE_PASSWORD):
        assert not may(cast.actor(user), rule, cast.root_admin)


def test_whoever_moves_an_account_administers_both_ends(cast: Cast) -> None:
    user = desk(cast, "manage_account_settings")
    make_admin(cast, user, cast.accounts.elementary, cast.roles["AccountAdmin"])
    with pytest.raises(Denied):
        move_sub_account(
            actor=cast.actor(user), account=cast.accounts.high, parent=cast.accounts.elementary
        )
    with pytest.raises(Denied):
        move_sub_account(
            actor=cast.actor(cast.sub_admin), account=cast.accounts.science, parent=cast.fresh()
        )


def test_a_new_password_takes_what_acting_as_them_takes(cast: Cast) -> None:
    assert not may(cast.actor(desk(cast, "manage_user_logins")), REPLACE_PASSWORD, cast.student)
    make_admin(cast, cast.ta, cast.root, make_account_role(cast, "Stand-in", "become_user"))
    assert may(cast.actor(cast.ta), REPLACE_PASSWORD, cast.student)


def test_the_last_account_admin_keeps_their_own_password(cast: Cast) -> None:
    second = make_admin(cast, cast.ta, cast.root, cast.roles["AccountAdmin"]).user
    replace_password(actor=cast.actor(cast.root_admin), user=second)
    with pytest.raises(Denied):
        replace_password(actor=cast.actor(second), user=cast.root_admin)


def test_an_accounts_name_is_text_in_the_help_of_a_field(cast: Cast, signed_in: Any) -> None:
    type(cast.root).objects.filter(pk=cast.root.pk).update(name="<meta name=x>")
    admin: Client = signed_in(cast.root_admin)
    page = admin.get(f"/accounts/{cast.root.pk}/permissions/explain").content.decode()
    assert "<meta name=x>" not in page
    assert "&lt;meta name=x&gt;" in page


def test_switching_off_gives_nothing_further_down(cast: Cast) -> None:
    role = make_account_role(cast, "Desk", "manage_role_overrides")
    high, science = cast.accounts.high, cast.accounts.science
    update_overrides(
        actor=cast.actor(cast.root_admin), account=high, role=role,
        changes={"read_roster": OverrideChange(True, applies_to_descendants=False)},
    )  # fmt: skip
    update_overrides(
        actor=cast.actor(cast.root_admin), account=science, role=role,
        changes={"read_roster": OverrideChange(True)},
    )  # fmt: skip
    make_admin(cast, cast.ta, high, role)
    # Held in High it ends there, with "here only"; without that, the row of Science counts.
    with pytest.raises(Denied):
        update_overrides(
            actor=cast.actor(cast.ta), account=high, role=role,
            changes={"read_roster": OverrideChange(enabled=False)},
        )  # fmt: skip
