"""The page of a person: who sees it, what it shows, observers and students."""

import re

import pytest

from accounts.models import User
from accounts.sight import _OF_ACCOUNT
from audit.models import Event
from courses.models import Enrolment
from pairing.actions import link
from pairing.models import ObservationLink
from permissions.models import AccountMembership
from tests.cast import enrol, make_account_role, make_admin


def get(client, user, status=200):
    response = client.get(f"/users/{user.pk}")
    assert response.status_code == status
    return response.content.decode()


@pytest.fixture
def admin(cast, signed_in):
    return signed_in(cast.root_admin)


@pytest.fixture
def linked(cast):
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    return ObservationLink.objects.get()


WHO_SEES = [
    ("root_admin", "student", 200),
    ("root_admin", "observer", 200),
    ("root_admin", "deactivated_admin", 200),
    ("root_admin", "root_admin", 200),
    ("sub_admin", "student", 200),
    ("sub_admin", "sub_admin", 200),
    ("sub_admin", "elsewhere", 404),
    ("sub_admin", "root_admin", 404),
    ("neighbour_admin", "student", 404),
    ("teacher", "student", 404),
    ("classmate", "student", 404),
    ("student", "student", 404),
    ("observer", "student", 404),
    ("root_admin", "stranger", 404),
    ("stranger", "student", 302),
    (None, "student", 302),
]


@pytest.mark.parametrize(("who", "whom", "status"), WHO_SEES)
def test_a_person_s_page_is_for_administrators_who_read_their_roster(
    cast, signed_in, who, whom, status
):
    get(signed_in(getattr(cast, who) if who else None), getattr(cast, whom), status)


def test_without_read_roster_nobody_s_page_is_there(cast, signed_in):
    make_admin(cast, cast.observer, cast.root, make_account_role(cast, "Clerk", "become_user"))
    get(signed_in(cast.observer), cast.student, 404)


def test_beside_it_are_the_pages_of_the_account_that_open(cast, signed_in):
    make_admin(cast, cast.designer, cast.root, make_account_role(cast, "Reader", "read_roster"))
    root = f"/accounts/{cast.root.pk}"
    events = f"{root}/audit?person={cast.student.pk}"
    pages = {
        who: set(re.findall(rf'href="({root}[^"]*)"', get(signed_in(who), cast.student)))
        for who in (cast.designer, cast.root_admin)
    }
    assert pages[cast.designer] == {root, f"{root}/users"}
    assert pages[cast.root_admin] > {root, f"{root}/users", f"{root}/audit", events}


def test_it_is_marked_where_it_belongs(cast, admin):
    marked = re.findall(r'<a href="([^"]*)" aria-current="page"', get(admin, cast.student))
    assert marked == ["/accounts", f"/accounts/{cast.root.pk}/users"]
    page = admin.get("/profile/settings").content.decode()
    assert re.findall(r'<a href="([^"]*)" aria-current="page"', page) == ["/profile/settings"]


def test_what_may_be_done_in_an_account_is_known_of_it_without_asking():
    asked = [one for rule in _OF_ACCOUNT.values() for row in rule.rows for one in row.conditions]
    assert [one.sentence for one in asked if one.known is None] == []


def test_a_deleted_person_has_no_page(cast, admin):
    User.objects.filter(pk=cast.classmate.pk).update(state="deleted")
    get(admin, cast.classmate, 404)


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("view_user_logins", "ada.okafor"),
        ("read_email_addresses", "hidden@x.example"),
        ("read_sis", "s-ada"),
    ],
)
def test_an_id_is_shown_with_its_permission_only(cast, signed_in, key, secret):
    User.objects.filter(pk=cast.student.pk).update(email="hidden@x.example")
    make_admin(cast, cast.observer, cast.accounts.high, make_account_role(cast, "A", "read_roster"))
    make_admin(cast, cast.ta, cast.accounts.high, make_account_role(cast, "B", "read_roster", key))
    assert secret not in get(signed_in(cast.observer), cast.student)
    assert secret in get(signed_in(cast.ta), cast.student)


def test_an_administrator_sees_the_enrolments_of_their_accounts_only(cast, signed_in):
    enrol(cast, cast.student, cast.courses.reading, "StudentEnrollment")
    text = get(signed_in(cast.sub_admin), cast.student)
    assert "Biology" in text
    assert "Reading" not in text


def test_who_manages_observers_sees_links_and_may_change_them(cast, admin, linked):
    page = get(admin, cast.student)
    assert "Joy Okafor" in page
    assert f"/links/{linked.pk}/remove" in page
    assert f"/users/{cast.student.pk}/observers" in page


@pytest.mark.parametrize(("who", "other"), [("student", "observer"), ("observer", "student")])
def test_who_only_reads_the_roster_sees_links_and_no_way_to_change_them(
    cast, signed_in, linked, who, other
):
    page = get(signed_in(cast.sub_admin), getattr(cast, who))
    assert f'<a href="/users/{getattr(cast, other).pk}">' in page
    assert f"/users/{getattr(cast, who).pk}/" not in page


def test_an_observer_whose_page_is_not_theirs_to_open_stays_unnamed(cast, signed_in, linked, admin):
    Enrolment.objects.filter(user=cast.observer).delete()
    assert "Joy Okafor" in get(admin, cast.student)
    page = get(signed_in(cast.sub_admin), cast.student)
    assert "Joy Okafor" not in page
    assert "Nobody whom you can see observes Ada Okafor." in page


def test_roles_are_named_in_the_reader_s_language(cast, admin):
    User.objects.filter(pk=cast.root_admin.pk).update(locale="es")
    assert "Estudiante" in get(admin, cast.student)


def test_who_lacks_the_right_is_told_who_gives_a_first_sign_in(cast, signed_in, admin):
    cast.student.set_unusable_password()
    cast.student.save()
    words = "gets a first sign-in from an administrator of"
    assert words in get(signed_in(cast.sub_admin), cast.student)
    assert words not in get(admin, cast.student)


def test_the_page_takes_few_statements(
    cast, signed_in, admin, linked, django_assert_max_num_queries
):
    for client in (admin, signed_in(cast.sub_admin)):
        get(client, cast.student)
        with django_assert_max_num_queries(17):
            get(client, cast.student)


# --- Observers and students ---


def add(client, user, kind, login):
    return client.post(f"/users/{user.pk}/{kind}s", {f"{kind}-login": login})


def test_an_observer_is_added_by_login(cast, admin):
    assert add(admin, cast.student, "observer", " JOY.okafor ").status_code == 302
    made = ObservationLink.objects.get()
    assert (made.observer, made.student) == (cast.observer, cast.student)
    assert "Joy Okafor observes Ada Okafor now." in get(admin, cast.student)


def test_a_student_is_added_by_login(cast, admin):
    add(admin, cast.observer, "student", "ada.okafor")
    assert ObservationLink.objects.active().filter(student=cast.student).exists()


def test_adding_twice_says_that_it_was_so(cast, admin, linked):
    add(admin, cast.student, "observer", "joy.okafor")
    assert "observed Ada Okafor already" in get(admin, cast.student)


@pytest.mark.parametrize("kind", ["observer", "student"])
@pytest.mark.parametrize(
    ("login", "words"),
    [
        ("", "Type in a login."),
        ("nobody", "Nobody here has this login."),
        ("root@southfield.example", "Nobody here has this login."),
        ("ada.okafor", "Nobody observes themself."),
    ],
)
def test_who_can_not_be_linked_is_said_at_the_field(cast, admin, kind, login, words):
    response = add(admin, cast.student, kind, login)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not ObservationLink.objects.exists()


def test_a_link_is_removed_and_the_removal_undone(cast, admin, linked):
    removed = admin.post(f"/users/{cast.student.pk}/links/{linked.pk}/remove")
    linked.refresh_from_db()
    assert linked.state == "deleted"
    page = admin.get(removed.headers["Location"]).content.decode()
    assert "Joy Okafor no longer observes Ada Okafor." in page
    admin.post(f"/users/{cast.student.pk}/links/{linked.pk}/restore")
    linked.refresh_from_db()
    assert linked.state == "active"
    assert Event.objects.filter(action="link_restored").exists()


def test_a_link_of_somebody_else_is_not_there(cast, admin, linked):
    for verb in ("remove", "restore"):
        assert admin.post(f"/users/{cast.classmate.pk}/links/{linked.pk}/{verb}").status_code == 404


def test_removing_takes_a_post(cast, admin, linked):
    assert admin.get(f"/users/{cast.student.pk}/links/{linked.pk}/remove").status_code == 405


@pytest.mark.parametrize("text", ["x", "0", "-1", "9" * 30, "1%27"])
def test_a_strange_removed_number_shows_nothing(cast, admin, text):
    response = admin.get(f"/users/{cast.student.pk}?removed={text}")
    assert response.status_code == 200
    assert "no longer observes" not in response.content.decode()


def test_without_manage_user_observers_links_stay_as_they_are(cast, signed_in, linked):
    client, page = signed_in(cast.sub_admin), f"/users/{cast.student.pk}"
    assert add(client, cast.student, "observer", "cora.lind").status_code == 422
    assert client.post(f"{page}/links/{linked.pk}/remove").status_code == 404
    assert client.post(f"{page}/links/{linked.pk}/restore").status_code == 403
    assert ObservationLink.objects.active().count() == 1


def test_an_administrator_who_loses_the_role_loses_the_page(cast, admin):
    get(admin, cast.student)
    AccountMembership.objects.filter(user=cast.root_admin).update(state="deleted")
    get(admin, cast.student, 404)
