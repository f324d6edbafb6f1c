"""The shipped catalogue, how bad CSV is told, and the help texts."""

import pytest

from permissions.catalogue import (
    COLUMNS,
    COURSE_BASE_ROLES,
    GROUPS,
    PERMISSIONS,
    BaseRole,
    Level,
    UnknownPermission,
    permission,
    problems,
    read_catalogue,
)
from permissions.help import HELP

KINDS = ("teacher", "ta", "designer", "observer", "student")
HEADING = ",".join(COLUMNS)
GOOD = "see_it,See it,,any,TeacherEnrollment|AccountAdmin,AccountAdmin,,,yes"


def told(*rows: str, heading: str = HEADING, groups: str = "key,label") -> tuple[str, ...]:
    """The problems of a catalogue of these rows."""
    return read_catalogue("\n".join([heading, *rows]), groups).problems


# --- What is shipped ---


def test_the_shipped_catalogue_has_no_problems() -> None:
    assert problems() == []
    assert len(PERMISSIONS) == 131
    assert len(GROUPS) == 19


def test_a_permission_as_it_is_read() -> None:
    found = permission("generate_observer_pairing_code")

    assert found.label == "Users - generate observer pairing codes for students"
    assert (found.group, found.level) == ("", Level.ANY)
    assert found.available_to == set(BaseRole) - {BaseRole.STUDENT}
    assert found.true_for == {BaseRole.ACCOUNT_ADMIN}
    assert (found.enforced, found.gated) == (True, False)


def test_nothing_of_the_site_is_in_it() -> None:
    assert "manage_site_settings" not in PERMISSIONS
    assert "manage_rate_limiting" not in GROUPS
    assert {p.level for p in PERMISSIONS.values()} == set(Level)


def test_enforced_are_these() -> None:
    assert {key for key, p in PERMISSIONS.items() if p.enforced} >= {
        "become_user",
        "import_sis",
        "manage_account_memberships",
        "manage_account_settings",
        "manage_role_overrides",
        "manage_user_logins",
        "manage_user_observers",
        "generate_observer_pairing_code",
        "allow_course_admin_actions",
        "read_roster",
        "view_user_logins",
        "read_email_addresses",
        "read_sis",
        "manage_sis",
        *(f"add_{kind}_to_course" for kind in KINDS),
        *(f"remove_{kind}_from_course" for kind in KINDS),
    }


def test_gated_are_never_enforced() -> None:
    gated = [p for p in PERMISSIONS.values() if p.gated]

    assert permission("create_access_tokens") in gated
    assert not any(p.enforced for p in gated)


def test_three_permissions_cannot_be_taken_from_account_admins() -> None:
    fixed = {key for key, p in PERMISSIONS.items() if p.true_for - p.available_to}

    assert fixed == {
        "manage_role_overrides",
        "manage_account_memberships",
        "manage_account_settings",
    }


def test_a_group_knows_its_members() -> None:
    group = GROUPS["manage_course_observer_enrollments"]

    assert group.label == "Users - Observers"
    assert group.members == ("add_observer_to_course", "remove_observer_from_course")


def test_course_base_roles() -> None:
    assert BaseRole.OBSERVER in COURSE_BASE_ROLES
    assert len(COURSE_BASE_ROLES) == 5
    assert BaseRole.ACCOUNT_MEMBERSHIP not in COURSE_BASE_ROLES


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(UnknownPermission, match="no permission “fly”"):
        permission("fly")


# --- What is wrong with a catalogue ---


def test_a_good_row_is_no_problem() -> None:
    assert told(GOOD) == ()


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (GOOD.replace("any", "planet"), "unknown level “planet”"),
        (GOOD.replace("any", "site_admin"), "unknown level “site_admin”"),
        (GOOD.replace("|AccountAdmin", "|Janitor"), "unknown base role “Janitor” in available_to"),
        (GOOD.replace(",AccountAdmin", ",Janitor"), "unknown base role “Janitor” in true_for"),
        (GOOD.replace("it,,any", "it,crowd,any"), "unknown group “crowd”"),
        (GOOD.replace("any", "root"), "available_to names TeacherEnrollment"),
        (GOOD.replace("See it", ""), "the key or the label is empty"),
        (GOOD.replace(",yes", ",perhaps"), "enforced is “perhaps”"),
        (GOOD.replace(",,,yes", ",yes,,yes"), "a gated permission is never enforced"),
    ],
)
def test_a_bad_cell_is_told_and_its_row_left_out(row: str, sentence: str) -> None:
    catalogue = read_catalogue(f"{HEADING}\n{row}\n", "key,label\n")

    assert [sentence in problem for problem in catalogue.problems] == [True]
    assert "see_it" in catalogue.problems[0]
    assert not catalogue.permissions


@pytest.mark.parametrize(
    "heading", [HEADING + ",colour", HEADING.replace(",enforced", ""), HEADING + ",enforced", ""]
)
def test_the_columns_must_be_exactly_these(heading: str) -> None:
    assert told(GOOD, heading=heading)[0].startswith("Permissions: the columns are")


def test_a_doubled_key() -> None:
    assert told(GOOD, GOOD) == ("Permissions, line 3: the key “see_it” is there twice.",)


@pytest.mark.parametrize("row", [GOOD + ",", GOOD.removesuffix(",yes")])
def test_a_row_of_another_length(row: str) -> None:
    assert told(row) == ("Permissions, line 2: too many or too few cells.",)


def test_groups_are_checked_too() -> None:
    assert told(GOOD, groups="key,name\n")[0].startswith("Groups: the columns are key, name")
    assert told(GOOD, groups="key,label\ncrowd,Crowd\n") == ("Group “crowd” has no members.",)


# --- Help ---


def test_every_enforced_permission_has_help_and_no_other() -> None:
    assert set(HELP) == {key for key, p in PERMISSIONS.items() if p.enforced}
    assert all(text.details and text.considerations for text in HELP.values())


def test_help_names_other_permissions_by_their_label() -> None:
    lines = [line for text in HELP.values() for line in (*text.details, *text.considerations)]

    assert not [line for line in lines if "{" in line.title + line.description]
    become_user = HELP["generate_observer_pairing_code"].details[1]
    assert "“Users - act as”" in become_user.description


def test_help_says_that_an_observers_role_never_suffices() -> None:
    considerations = HELP["generate_observer_pairing_code"].considerations
    observers = next(line for line in considerations if line.title == "Observers")

    assert "an observer's role alone never suffices" in observers.description


def test_an_observers_role_can_indeed_hold_neither_second_permission() -> None:
    for key in ("become_user", "allow_course_admin_actions"):
        assert BaseRole.OBSERVER not in permission(key).available_to


@pytest.mark.parametrize("key", [k for k, p in PERMISSIONS.items() if p.level is Level.ROOT])
def test_help_of_root_level_permissions_says_so(key: str) -> None:
    if key in HELP:
        assert "Root account only" in [line.title for line in HELP[key].considerations]
