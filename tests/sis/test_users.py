"""users.csv: people, their names, logins and passwords, and the last administrator."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AccessToken, SignOnProvider, User
from audit.models import Event
from courses.models import Enrolment
from pairing.actions import CodeRefused, link, redeem_code
from pairing.models import ObservationLink
from permissions.models import AccountMembership
from sis import importing
from sis.importing import import_files
from tests.cast import PASSWORD, Cast, make_account_role, make_admin
from tests.sis.conftest import Take, enrolments_of, reasons

HEAD = "user_id,login_id,full_name,status\n"
MORE = "user_id,login_id,first_name,last_name,sortable_name,short_name,email,password,status\n"


def user(sis_id: str) -> User:
    return User.objects.get(sis_id=sis_id)


def test_a_person_without_a_password_can_not_sign_in_yet(cast: Cast, take: Take) -> None:
    report = take(u=HEAD + "u1,Mei.Lin,Mei Lin,active")
    made = user("u1")
    assert report.changes["users"] == {"created": 1}
    assert (made.root_account_id, made.login_id, made.login_key) == (
        cast.root.pk, "Mei.Lin", "mei.lin",
    )  # fmt: skip
    assert (made.name, made.sortable_name, made.short_name) == ("Mei Lin", "Lin, Mei", "Mei Lin")
    assert (made.state, made.email, made.has_usable_password()) == ("active", "", False)


def test_first_and_last_names_make_the_others(cast: Cast, take: Take) -> None:
    take(u=MORE + "u1,ana,Ana María,de la Cruz,,Ana,ana@x.example,,active")
    made = user("u1")
    assert made.name == "Ana María de la Cruz"
    assert (made.sortable_name, made.short_name) == ("de la Cruz, Ana María", "Ana")
    assert made.email == "ana@x.example"


def test_names_that_the_file_does_not_give_stay_until_the_name_changes(
    cast: Cast, take: Take
) -> None:
    take(u=MORE + 'u1,ana,Ana,Cruz,"Cruz, A.",Annie,,,active')
    take(u=HEAD + "u1,ana,Ana Cruz,active")
    assert (user("u1").sortable_name, user("u1").short_name) == ("Cruz, A.", "Annie")
    take(u=HEAD + "u1,ana,Ana Vega,active")
    assert (user("u1").sortable_name, user("u1").short_name) == ("Vega, Ana", "Ana Vega")


def test_a_password_is_set_once_and_hashed(cast: Cast, take: Take) -> None:
    take(u=MORE + "u1,mei,Mei,Lin,,,,violet-harbour-42,active")
    assert user("u1").check_password("violet-harbour-42")
    report = take(u=MORE + "u1,mei,Mei,Lin,,,,other-harbour-42,active")
    assert user("u1").check_password("violet-harbour-42")
    assert report.total_changes == 0


def test_who_has_no_password_gets_the_one_in_the_file(cast: Cast, take: Take) -> None:
    take(u=HEAD + "u1,mei,Mei Lin,active")
    take(u=MORE + "u1,mei,Mei,Lin,,,,violet-harbour-42,active")
    assert user("u1").check_password("violet-harbour-42")


def test_a_weak_password_is_left_out_and_told_without_it(cast: Cast, take: Take) -> None:
    report = take(u=MORE + "u1,mei,Mei,Lin,,,,20090413,active")
    assert not user("u1").has_usable_password()
    assert len(report.warnings) == 1
    assert report.warnings[0].reason.startswith("Imported without the password: ")
    assert "20090413" not in str(report.as_json())


def test_a_wrong_address_leaves_nobody_out(cast: Cast, take: Take) -> None:
    report = take(u=MORE + "u1,mei,Mei,Lin,,,nowhere,,active")
    assert (user("u1").email, report.errors) == ("", [])
    assert [p.reason for p in report.warnings] == ["Imported without the e-mail: “nowhere” is none"]
    take(u=MORE + "u1,mei,Mei,Lin,,,mei@x.example,,active")
    take(u=MORE + "u1,mei,Mei,Lin,,,nowhere,,active")
    assert user("u1").email == "mei@x.example"


@pytest.mark.parametrize("status", ["suspended", "deleted", "Active"])
def test_a_status_is_a_state(cast: Cast, take: Take, status: str) -> None:
    take(u=HEAD + "u1,mei,Mei Lin,active")
    take(u=HEAD + f"u1,mei,Mei Lin,{status}")
    assert user("u1").state == status.lower()


def test_a_login_is_nobodys_twice(cast: Cast, take: Take) -> None:
    report = take(u=HEAD + "u1,ADA.okafor,Ada Two,active\nu2,new,New,active\nu3,NEW,New,active")
    assert [(p.line, p.reason) for p in report.errors] == [
        (2, "The login is taken by somebody else"),
        (4, "The login is taken by somebody else"),
    ]
    assert not User.objects.filter(sis_id="u1").exists()


def test_a_login_that_becomes_free_in_the_file_can_be_given_in_any_order(
    cast: Cast, take: Take
) -> None:
    take(u=HEAD + "u1,mei,Mei,active\nu2,ana,Ana,active")
    report = take(u=HEAD + "u3,mei,Mo,active\nu2,mei2,Ana,active\nu1,ana,Mei,active")
    assert not report.errors
    logins = User.objects.filter(sis_id__in=["u1", "u2", "u3"])
    assert dict(logins.values_list("sis_id", "login_id")) == {
        "u1": "ana",
        "u2": "mei2",
        "u3": "mei",
    }


@pytest.mark.parametrize("logins", ["ba", "bca"])
def test_logins_change_hands_in_a_circle(cast: Cast, take: Take, logins: str) -> None:
    before = "abc"[: len(logins)]
    rows = [HEAD + "".join(f"u{n},{to},P {n},active\n" for n, to in enumerate(to_whom))
            for to_whom in (before, logins)]  # fmt: skip
    take(u=rows[0])
    report = take(u=rows[1])
    assert (report.errors, report.changes["users"]) == ([], {"updated": len(logins)})
    people = User.objects.filter(sis_id__startswith="u").order_by("sis_id")
    assert "".join(people.values_list("login_id", flat=True)) == logins
    assert "".join(login.login_id for one in people for login in one.logins.all()) == logins
    assert take(u=rows[1]).total_changes == 0


def test_who_keeps_a_login_after_all_keeps_it_from_others(cast: Cast, take: Take) -> None:
    take(u=HEAD + "u1,a,One,active\nu2,b,Two,active\nu3,c,Three,active")
    report = take(u=HEAD + "u1,b,One,active\nu2,ada.okafor,Two,active\nu3,d,Three,active")
    assert sorted((p.line, p.reason) for p in report.errors) == [
        (2, "The login is taken by somebody else"),
        (3, "The login is taken by somebody else"),
    ]
    people = User.objects.filter(sis_id__in=["u1", "u2", "u3"]).order_by("sis_id")
    assert [one.login_id for one in people] == ["a", "b", "d"]


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_logins_move_on_from_batch_to_batch(
    cast: Cast, take: Take, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(importing, "BATCH", batch)
    people = range(7)
    take(u=HEAD + "\n".join(f"u{n},l{n},P {n},active" for n in people))
    report = take(u=HEAD + "\n".join(f"u{n},l{n + 1},P {n},active" for n in people))
    assert (report.errors, report.changes["users"]) == ([], {"updated": 7})


def test_a_further_login_stays_with_who_has_it_and_costs_no_second_try(
    cast: Cast, take: Take
) -> None:
    take(u=HEAD + "u1,a,One,active\nu2,b,Two,active")
    user("u1").logins.create(root_account=cast.root, login_id="zebra")
    with CaptureQueriesContext(connection) as asked:
        report = take(u=HEAD + "u1,c,One,active\nu2,zebra,Two,active")
    assert [(p.line, p.reason) for p in report.errors] == [
        (3, "The login is taken by somebody else")
    ]
    assert (user("u1").login_id, user("u2").login_id) == ("c", "b")
    assert not any("ROLLBACK" in one["sql"] for one in asked)


def test_a_row_of_logins_moves_on_in_one_go(cast: Cast, take: Take) -> None:
    people = range(60)
    take(u=HEAD + "\n".join(f"u{n},l{n},P {n},active" for n in people))
    with CaptureQueriesContext(connection) as asked:
        report = take(u=HEAD + "\n".join(f"u{n},l{n + 1},P {n},active" for n in people))
    assert (report.errors, report.changes["users"]) == ([], {"updated": 60})
    assert len(asked) < 40


def test_a_deleted_persons_login_is_free_and_they_need_another_to_return(
    cast: Cast, take: Take
) -> None:
    take(u=HEAD + "u1,mei,Mei,active")
    take(u=HEAD + "u1,mei,Mei,deleted\nu2,mei,Mei Two,active")
    assert (user("u1").state, user("u2").state) == ("deleted", "active")
    report = take(u=HEAD + "u1,mei,Mei,active")
    assert reasons(report) == ["The login is taken by somebody else"]


def test_the_later_of_two_rows_counts(cast: Cast, take: Take) -> None:
    report = take(u=HEAD + "u1,mei,Mei Lin,active\nu1,mei,Mei Vega,active")
    assert user("u1").name == "Mei Vega"
    assert report.changes["users"] == {"created": 1}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",mei,Mei,Lin,,,,,active", "No user_id given for a user"),
        ("u1,,Mei,Lin,,,,,active", "No login_id given for a user"),
        ("u1,mei,,,,,,,active", "No name given for a user"),
        ("u1,mei,Mei,Lin,,,,,here", 'Improper status "here" for a user'),
        (f"u1,mei,{'M' * 200},{'L' * 200},,,,,active", "The name is longer than 255 characters"),
        (f"u1,mei,{'M' * 256},Lin,,,,,active", "A value has 256 characters; the most is 255."),
    ],
)
def test_a_bad_row_is_told_and_the_next_one_is_taken(
    cast: Cast, take: Take, row: str, reason: str
) -> None:
    report = take(u=MORE + f"{row}\nu2,ana,Ana,Cruz,,,,,active")
    assert [(p.line, p.reason) for p in report.errors] == [(2, reason)]
    assert user("u2").name == "Ana Cruz"


def test_another_tenants_people_are_not_touched(cast: Cast, take: Take) -> None:
    User.objects.filter(pk=cast.stranger.pk).update(sis_id="u1")
    report = take(u=HEAD + f"u1,{cast.stranger.login_id},Somebody,active")
    cast.stranger.refresh_from_db()
    assert report.changes["users"] == {"created": 1}
    assert cast.stranger.name == "root@southfield.example"


@pytest.mark.parametrize("status", ["suspended", "deleted"])
def test_the_last_administrator_stays(roster: Cast, take: Take, status: str) -> None:
    report = take(u=HEAD + f"root_admin,{roster.root_admin.login_id},Root,{status}")
    assert reasons(report) == ["The last administrator of the root account must stay active"]
    roster.root_admin.refresh_from_db()
    assert roster.root_admin.state == "active"


def test_of_two_administrators_one_may_go(roster: Cast, take: Take) -> None:
    make_admin(roster, roster.teacher, roster.root)
    report = take(
        u=HEAD
        + f"root_admin,{roster.root_admin.login_id},Root,suspended\n"
        + f"teacher,{roster.teacher.login_id},Tomas,suspended"
    )
    assert [(p.line, p.reason) for p in report.errors] == [
        (3, "The last administrator of the root account must stay active")
    ]


def test_an_administrator_may_go_when_the_same_run_makes_another(roster: Cast, take: Take) -> None:
    report = take(
        u=HEAD + f"root_admin,{roster.root_admin.login_id},Root,suspended",
        a="user_id,account_id,role,status\nteacher,,AccountAdmin,active",
    )
    assert not report.errors
    assert user("root_admin").state == "suspended"


def test_a_further_login_of_somebody_is_taken(cast: Cast, take: Take) -> None:
    cast.student.logins.create(root_account=cast.root, login_id="Zebra")
    report = take(u=HEAD + "u1,zebra,Mei Lin,active")
    assert reasons(report) == ["The login is taken by somebody else"]
    assert not User.objects.filter(sis_id="u1").exists()
    # Their own further one becomes theirs first of all.
    take(u=HEAD + "s-ada,zebra,Ada Okafor,active")
    assert [one.login_id for one in cast.student.logins.all()] == ["zebra"]


def test_sessions_and_tokens_end_with_who_is_suspended(cast: Cast, take: Take) -> None:
    token = cast.token(cast.student)
    cast.token(cast.classmate)
    take(u=HEAD + "s-ada,ada.okafor,Ada Okafor,suspended")
    take(u=HEAD + "s-ada,ada.okafor,Ada Okafor,active")
    assert user("s-ada").sessions_ended_at is not None
    [live] = AccessToken.objects.filter(revoked_at=None)
    assert (live.user, bool(token)) == (cast.classmate, True)


def test_all_that_somebody_had_ends_with_them(roster: Cast, take: Take) -> None:
    """As when an administrator deletes them: who comes back begins anew."""
    student, observer = roster.student, roster.observer
    link(actor=roster.actor(roster.root_admin), observer=observer, student=student)
    make_admin(roster, student, roster.accounts.high)
    code = roster.code()
    deleted = f"{HEAD}student,{student.login_id},Ada Okafor,deleted"
    assert not take(u=deleted).errors
    assert {state for *_, state in enrolments_of(student)} == {"deleted"}
    beside = Enrolment.objects.filter(associated_user=student)
    assert set(beside.values_list("state", flat=True)) == {"deleted"}
    assert ObservationLink.objects.get().state == "deleted"
    assert AccountMembership.objects.get(user=student).state == "deleted"
    told = set(Event.objects.filter(subject=student).values_list("action", flat=True))
    assert {"person_deleted", "link_removed", "code_revoked", "administrator_removed"} <= told
    assert take(u=deleted).total_changes == 0
    take(u=deleted.replace("deleted", "active"))
    assert user("student").state == "active"
    with pytest.raises(CodeRefused):
        redeem_code(actor=roster.actor(observer), observer=observer, text=code.text)
    assert ObservationLink.objects.get().state == "deleted"


def test_many_are_deleted_in_as_many_statements_as_one(roster: Cast, take: Take) -> None:
    def deleting(*people: User) -> int:
        rows = "\n".join(f"{one.sis_id},{one.login_id},{one.name},deleted" for one in people)
        with CaptureQueriesContext(connection) as asked:
            assert not take(u=HEAD + rows).errors
        return len(asked)

    link(actor=roster.actor(roster.root_admin), observer=roster.teacher, student=roster.student)
    few = deleting(roster.student)
    link(actor=roster.actor(roster.root_admin), observer=roster.observer, student=roster.classmate)
    make_admin(roster, roster.teacher, roster.accounts.high)
    assert deleting(roster.classmate, roster.observer, roster.teacher, roster.sub_admin) <= few + 3


# --- Who may import, and no more ---


NOT_THEIRS = "who imports may not give them a way in"


def test_who_may_only_import_gives_nobody_another_address(
    roster: Cast, take: Take, clerk: User
) -> None:
    """To it goes the link with which a new password is chosen."""
    roster.student.set_password(PASSWORD)
    roster.student.save()
    rows = "".join(
        f"{one.sis_id},{one.login_id},Anna,Okafor,,,hers@x.example,,active\n"
        for one in (roster.student, roster.classmate)
    )
    User.objects.filter(pk=roster.classmate.pk).update(password=make_password(None))
    before = roster.student.email
    refused = f"Imported without the e-mail: {NOT_THEIRS}"
    report = take(by=clerk, u=MORE + rows)
    assert [(p.line, p.reason) for p in report.warnings] == [(2, refused), (3, refused)]
    assert (user("student").email, user("student").name) == (before, "Anna Okafor")
    logins = make_account_role(roster, "Logins", "manage_user_logins")
    make_admin(roster, clerk, roster.root, logins)
    report = take(by=clerk, u=MORE + rows)
    assert [(p.line, p.reason) for p in report.warnings] == [(2, refused)]
    assert user("classmate").email == "hers@x.example"  # who never had a way in gets one
    make_admin(roster, clerk, roster.root, make_account_role(roster, "Actor", "become_user"))
    assert not take(by=clerk, u=MORE + rows).warnings
    assert user("student").email == "hers@x.example"


def test_nor_does_who_acts_as_an_administrator(roster: Cast, tmp_path: Path) -> None:
    roster.student.set_password(PASSWORD)
    roster.student.save()
    make_admin(roster, roster.teacher, roster.root)
    file = tmp_path / "u.csv"
    file.write_text(f"{MORE}student,{roster.student.login_id},A,O,,,hers@x.example,,active")
    acting = roster.actor(roster.root_admin, acting_as=roster.teacher)
    report = import_files(root_account=roster.root, paths=[file], actor=acting)
    assert [p.reason for p in report.warnings] == [f"Imported without the e-mail: {NOT_THEIRS}"]
    by_themself = roster.actor(roster.root_admin)
    report = import_files(root_account=roster.root, paths=[file], actor=by_themself)
    assert (report.warnings, user("student").email) == ([], "hers@x.example")


def test_nor_what_single_sign_on_knows_them_by(roster: Cast, take: Take, clerk: User) -> None:
    ada = User.objects.filter(pk=roster.student.pk)
    ada.update(password=make_password(None), last_login=timezone.now())
    renamed = f"{MORE}student,another,Ada,Okafor,,,,violet-harbour-42,active"
    SignOnProvider.objects.create(
        root_account=roster.root, issuer="https://id.example", client_id="x", is_on=True,
        match=SignOnProvider.Match.LOGIN,
    )  # fmt: skip
    [refused] = reasons(take(by=clerk, u=renamed))
    assert refused == f"User student comes in by the login that they have: {NOT_THEIRS}"
    assert take(by=clerk, u=renamed.replace("another", "ADA.okafor")).errors == []
    same = renamed.replace("another", roster.student.login_id)
    report = take(by=clerk, u=same)
    assert (report.errors, [p.reason for p in report.warnings]) == (
        [], [f"Imported without the password: {NOT_THEIRS}"],
    )  # fmt: skip
    assert not user("student").has_usable_password()
    SignOnProvider.objects.update(is_on=False)
    assert not take(by=clerk, u=renamed).errors
    assert user("student").login_id == "another"


def test_nor_a_first_way_in_to_who_is_there_already(roster: Cast, take: Take, clerk: User) -> None:
    """Else they could sign in as any child before the child does, and pair it."""
    User.objects.filter(pk=roster.student.pk).update(password=make_password(None))
    login = roster.student.login_id
    rows = f"{MORE}student,{login},Ada,O,,,,violet-harbour-42,active\n"
    rows += "new,mei,Mei,Lin,,,mei@x.example,violet-harbour-42,active"
    report = take(by=clerk, u=rows)
    assert [(p.line, p.reason) for p in report.warnings] == [
        (2, f"Imported without the password: {NOT_THEIRS}")
    ]
    assert not user("student").has_usable_password()
    assert user("new").check_password("violet-harbour-42")
    logins = make_account_role(roster, "Logins", "manage_user_logins")
    make_admin(roster, clerk, roster.root, logins)
    assert not take(by=clerk, u=rows).warnings
    assert user("student").check_password("violet-harbour-42")
