"""accounts.csv: made, renamed, moved, deleted."""

from __future__ import annotations

import pytest

from accounts.models import Account, User
from audit.models import Event
from permissions.models import OverrideVersion
from tests.cast import Cast, make_admin
from tests.sis.conftest import Take, reasons

HEAD = "account_id,parent_account_id,name,status\n"


def path_of(sis_id: str) -> list[str]:
    account = Account.objects.get(sis_id=sis_id)
    names = dict(Account.objects.values_list("pk", "name"))
    return [names[pk] for pk in account.chain_ids]


def version(cast: Cast) -> int:
    return OverrideVersion.objects.get(root_account=cast.root).number


def test_a_tree_is_made_whatever_the_order_of_its_rows(cast: Cast, take: Take) -> None:
    report = take(a=HEAD + "art,west,Art,active\nprints,art,Prints,active\nwest,,West High,active")
    assert report.changes["accounts"] == {"created": 3}
    assert path_of("prints") == ["Northfield", "West High", "Art", "Prints"]
    made = Account.objects.get(sis_id="prints")
    assert made.root_account_id == cast.root.pk
    assert made.parent_id == Account.objects.get(sis_id="art").pk


def test_a_renamed_account_keeps_its_place(roster: Cast, take: Take) -> None:
    take(a=HEAD + "science,high,Natural Science,active")
    assert path_of("science") == ["Northfield", "High", "Natural Science"]


def test_a_moved_account_takes_along_what_is_below_it(roster: Cast, take: Take) -> None:
    report = take(a=HEAD + "high,elementary,High,active")
    assert report.changes["accounts"] == {"updated": 1}
    assert path_of("science") == ["Northfield", "Elementary", "High", "Science"]
    assert path_of("elementary") == ["Northfield", "Elementary"]


def test_a_moved_account_is_judged_at_its_new_place_at_once(roster: Cast, take: Take) -> None:
    before = version(roster)
    take(a=HEAD + "science,elementary,Science,active")
    assert version(roster) != before


def test_where_it_goes_is_recorded(roster: Cast, take: Take) -> None:
    take(by=roster.root_admin, a=HEAD + "science,elementary,Science,active\nhigh,,Upper,active")
    event = Event.objects.get(action="account_moved")
    assert (event.real_actor_id, event.account_id) == (
        roster.root_admin.pk, roster.accounts.science.pk,
    )  # fmt: skip
    assert (event.data["before"], event.data["after"]) == (
        roster.accounts.high.pk, roster.accounts.elementary.pk,
    )  # fmt: skip


def test_who_may_only_import_moves_none(roster: Cast, take: Take, clerk: User) -> None:
    """Else who runs one school would come to run another, and pair strangers with its children."""
    moved = HEAD + "elementary,high,Elementary,active\nhigh,,Upper,active\nnew,high,New,active"
    for also in (None, roster.accounts.high):
        if also is not None:
            make_admin(roster, clerk, also)
        report = take(by=clerk, a=moved)
        assert [(p.line, p.reason) for p in report.errors] == [
            (2, "Whoever imports must be Account Admin where it is and where it goes")
        ]
        assert path_of("elementary") == ["Northfield", "Elementary"]
        assert path_of("new") == ["Northfield", "Upper", "New"]
    make_admin(roster, clerk, roster.root)
    assert take(by=clerk, a=moved).errors == []
    assert path_of("elementary") == ["Northfield", "Upper", "Elementary"]


def test_the_version_stays_when_nothing_changes(roster: Cast, take: Take) -> None:
    before = version(roster)
    report = take(a=HEAD + "science,high,Science,active")
    assert (report.total_changes, report.unchanged, version(roster)) == (0, 1, before)


def test_an_account_cannot_be_moved_below_itself(roster: Cast, take: Take) -> None:
    report = take(a=HEAD + "high,science,High,active")
    assert reasons(report) == ["An account can't hang below itself"]
    assert path_of("high") == ["Northfield", "High"]


def test_two_accounts_change_places_in_either_order(roster: Cast, take: Take) -> None:
    report = take(a=HEAD + "high,science,High,active\nscience,,Science,active")
    assert not report.errors
    assert path_of("high") == ["Northfield", "Science", "High"]


def test_an_account_without_courses_can_be_deleted_with_its_parent(cast: Cast, take: Take) -> None:
    take(a=HEAD + "west,,West,active\nart,west,Art,active")
    report = take(a=HEAD + "west,,West,deleted\nart,west,Art,deleted")
    assert report.changes["accounts"] == {"deleted": 2}
    assert not report.errors


def test_an_account_with_courses_cannot_be_deleted(roster: Cast, take: Take) -> None:
    report = take(a=HEAD + "science,high,Science,deleted")
    assert reasons(report) == ["Account science still has courses or accounts below it"]
    assert Account.objects.get(sis_id="science").state == "active"


def test_an_account_that_the_same_run_empties_can_be_deleted(roster: Cast, take: Take) -> None:
    report = take(
        a=HEAD + "elementary,,Elementary,deleted",
        c="course_id,short_name,long_name,status\nreading,REA,Reading,deleted",
    )
    assert not report.errors
    assert Account.objects.get(sis_id="elementary").state == "deleted"


def test_a_deleted_account_comes_back(cast: Cast, take: Take) -> None:
    take(a=HEAD + "west,,West,active")
    take(a=HEAD + "west,,West,deleted")
    assert take(a=HEAD + "west,,West,active").changes["accounts"] == {"updated": 1}


@pytest.mark.parametrize("states", [("active", "deleted"), ("active", "deleted", "active")])
def test_a_new_account_may_end_and_return_within_a_file(
    cast: Cast, take: Take, states: tuple[str, ...]
) -> None:
    text = HEAD + "\n".join(f"west,,West,{state}" for state in states)
    assert take(a=text).errors == []
    west = Account.objects.get(sis_id="west")
    assert (west.state, west.parent_id) == (states[-1], cast.root.pk)
    assert take(a=text).total_changes == 0


def test_deleting_what_is_not_there_changes_nothing(cast: Cast, take: Take) -> None:
    report = take(a=HEAD + "nowhere,,Nowhere,deleted")
    assert (report.total_changes, report.errors) == (0, [])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",,West,active", "No account_id given for an account"),
        ("west,,,active", "No name given for an account"),
        ("west,,West,open", 'Improper status "open" for an account'),
        ("west,moon,West,active", "There is no account moon to be the parent"),
        ("west,gone,West,active", "The parent account gone is deleted"),
        ("northfield,,North,active", "The root account can't be changed by an import"),
    ],
)
def test_a_bad_row_is_told_and_the_next_one_is_taken(
    cast: Cast, take: Take, row: str, reason: str
) -> None:
    Account.objects.filter(pk=cast.root.pk).update(sis_id="northfield")
    take(a=HEAD + "gone,,Gone,active")
    take(a=HEAD + "gone,,Gone,deleted")
    report = take(a=HEAD + f"{row}\neast,northfield,East,active")
    assert [(p.file, p.line, p.reason) for p in report.errors] == [("a.csv", 2, reason)]
    assert path_of("east") == ["Northfield", "East"]


def test_a_tree_has_an_end(roster: Cast, take: Take) -> None:
    Account.objects.filter(sis_id="high").update(path="1/" * 120)
    report = take(a=HEAD + "deep,high,Deep,active")
    assert reasons(report) == ["The account would be too deep in the tree"]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (
            "west,,West,deleted\nart,west,Art,active",
            "The parent account west is deleted",
        ),
        (
            "art,west,Art,active\nwest,,West,deleted",
            "Account west still has courses or accounts below it",
        ),
    ],
)
def test_nothing_is_left_below_a_deleted_account(
    cast: Cast, take: Take, rows: str, reason: str
) -> None:
    take(a=HEAD + "west,,West,active")
    report = take(a=HEAD + rows)
    assert [(p.line, p.reason) for p in report.errors] == [(3, reason)]
    orphans = Account.objects.filter(state="active", parent__state="deleted")
    assert not orphans.exists()
