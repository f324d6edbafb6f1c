"""admins.csv: administrators come and go, the last one stays."""

from __future__ import annotations

import pytest

from accounts.models import User
from permissions.models import AccountMembership, Role
from tests.cast import Cast, make_account_role, make_admin
from tests.sis.conftest import Take, reasons

HEAD = "user_id,account_id,role,status\n"


def held_by(user: User) -> set[tuple[str, str, str]]:
    found = AccountMembership.objects.filter(user=user)
    return set(found.values_list("account__name", "role__label", "state"))


def test_a_blank_account_is_the_root(roster: Cast, take: Take) -> None:
    report = take(a=HEAD + "teacher,,AccountAdmin,active")
    assert report.changes["admins"] == {"created": 1}
    assert held_by(roster.teacher) == {("Northfield", "Account Admin", "active")}


def test_a_custom_role_is_named_by_its_label_or_id(roster: Cast, take: Take) -> None:
    role = make_account_role(roster, "Office", "read_roster")
    take(
        a=HEAD + "teacher,high,Office,active",
        b=f"user_id,account_id,role_id,status\nclassmate,science,{role.pk},active",
    )
    assert held_by(roster.teacher) == {("High", "Office", "active")}
    assert held_by(roster.classmate) == {("Science", "Office", "active")}


def test_an_administrator_goes_and_returns(roster: Cast, take: Take) -> None:
    assert take(a=HEAD + "sub_admin,high,AccountAdmin,deleted").changes["admins"] == {"deleted": 1}
    assert held_by(roster.sub_admin) == {("High", "Account Admin", "deleted")}
    assert take(a=HEAD + "sub_admin,high,AccountAdmin,deleted").total_changes == 0
    assert take(a=HEAD + "sub_admin,high,AccountAdmin,active").changes["admins"] == {"updated": 1}


def test_the_last_administrator_of_the_root_account_stays(roster: Cast, take: Take) -> None:
    report = take(a=HEAD + "root_admin,,AccountAdmin,deleted")
    assert reasons(report) == ["The last administrator of the root account must stay"]
    assert held_by(roster.root_admin) == {("Northfield", "Account Admin", "active")}


def test_a_suspended_administrator_is_no_other(roster: Cast, take: Take) -> None:
    assert roster.deactivated_admin.memberships.exists()
    report = take(a=HEAD + "root_admin,,AccountAdmin,deleted")
    assert len(report.errors) == 1


def test_who_has_no_password_is_no_other(roster: Cast, take: Take) -> None:
    make_admin(roster, roster.teacher, roster.root)
    roster.teacher.set_unusable_password()
    roster.teacher.save()
    assert len(take(a=HEAD + "root_admin,,AccountAdmin,deleted").errors) == 1
    assert not take(a=HEAD + "teacher,,AccountAdmin,deleted").errors


def test_of_two_one_may_go(roster: Cast, take: Take) -> None:
    make_admin(roster, roster.teacher, roster.root)
    report = take(a=HEAD + "root_admin,,AccountAdmin,deleted\nteacher,,AccountAdmin,deleted")
    assert [p.line for p in report.errors] == [3]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",high,AccountAdmin,active", "No user_id given for an admin"),
        ("moon,high,AccountAdmin,active", "There is no user moon"),
        ("gone,high,AccountAdmin,active", "User gone is deleted"),
        ("teacher,moon,AccountAdmin,active", "There is no account moon"),
        ("teacher,high,,active", "No role given"),
        ("teacher,high,AccountAdmin,on", 'Improper status "on" for an admin'),
        ("teacher,high,teacher,active",
         "The role “Teacher” is one of courses, not of accounts"),
        ("teacher,high,Next door,active",
         "There is no role “Next door” here: it is another account's"),
    ],
)  # fmt: skip
def test_a_bad_row_is_told_and_the_next_one_is_taken(
    roster: Cast, take: Take, row: str, reason: str
) -> None:
    User.objects.filter(pk=roster.designer.pk).update(sis_id="gone", state="deleted")
    Role.objects.create(
        root_account=roster.root, account=roster.accounts.elementary, label="Next door",
        base_role="AccountMembership",
    )  # fmt: skip
    report = take(a=HEAD + f"{row}\nclassmate,high,AccountAdmin,active")
    assert [(p.line, p.reason) for p in report.errors] == [(2, reason)]
    assert held_by(roster.classmate) == {("High", "Account Admin", "active")}
