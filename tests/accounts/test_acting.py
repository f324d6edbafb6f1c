"""Acting as someone in pages: begin, be seen doing it, stop (spec/pairing.md "Acting as")."""

import pytest

from accounts.models import User
from audit.models import Event
from permissions.models import AccountMembership
from tests.cast import make_account_role, make_admin


@pytest.fixture
def admin(cast, signed_in):
    return signed_in(cast.root_admin)


def act(client, user):
    return client.post(f"/users/{user.pk}/masquerade")


def stop(client):
    return client.post("/masquerade/stop")


def actions():
    return list(
        Event.objects.filter(action__startswith="acting").order_by("pk").values_list(
            "action", "actor", "real_actor"
        )
    )  # fmt: skip


def test_the_page_says_what_acting_means_and_begins_nothing(cast, admin):
    text = admin.get(f"/users/{cast.student.pk}/masquerade").content.decode()
    assert "You are about to act as Ada Okafor" in text
    assert "acting_as" not in admin.session


def test_acting_shows_the_person_s_pages_under_a_bar(cast, admin):
    assert act(admin, cast.student).headers["Location"] == "/"
    text = admin.get("/").content.decode()
    assert (
        "<strong>root@northfield.example</strong> is acting as <strong>Ada Okafor</strong>." in text
    )
    assert "Hello, Ada Okafor" in text
    assert ">Accounts<" not in text


def test_stopping_leads_back_to_the_person(cast, admin):
    act(admin, cast.student)
    assert stop(admin).headers["Location"] == f"/users/{cast.student.pk}"
    assert "is acting as" not in admin.get("/").content.decode()


def test_both_are_recorded_with_both_names(cast, admin):
    act(admin, cast.student)
    stop(admin)
    both = (cast.student.pk, cast.root_admin.pk)
    assert actions() == [("acting_started", *both), ("acting_stopped", *both)]


def test_beginning_and_stopping_change_the_session_s_key(cast, admin):
    keys = [admin.session.session_key]
    act(admin, cast.student)
    keys.append(admin.session.session_key)
    stop(admin)
    keys.append(admin.session.session_key)
    assert len(set(keys)) == 3


def test_acting_is_never_nested(cast, admin):
    make_admin(
        cast,
        cast.teacher,
        cast.root,
        make_account_role(cast, "Helper", "become_user", "read_roster"),
    )
    act(admin, cast.teacher)
    page = admin.get(f"/users/{cast.student.pk}").content.decode()
    assert "masquerade" not in page.replace("masquerade/stop", "")
    assert act(admin, cast.student).status_code == 403
    assert admin.session["acting_as"] == cast.teacher.pk


def test_signing_out_ends_both(cast, admin):
    act(admin, cast.student)
    admin.post("/logout")
    assert "_auth_user_id" not in admin.session
    assert "acting_as" not in admin.session
    assert [name for name, *_ in actions()] == ["acting_started", "acting_stopped"]


WHO_ACTS = [
    ("root_admin", "student", 302),
    ("root_admin", "sub_admin", 302),
    ("root_admin", "root_admin", 403),
    ("root_admin", "deactivated_admin", 403),
    ("root_admin", "stranger", 404),
    ("sub_admin", "student", 403),
    ("teacher", "student", 404),
    ("student", "classmate", 404),
]


@pytest.mark.parametrize(("who", "whom", "status"), WHO_ACTS)
def test_who_acts_as_whom(cast, signed_in, who, whom, status):
    client = signed_in(getattr(cast, who))
    assert act(client, getattr(cast, whom)).status_code == status
    assert ("acting_as" in client.session) == (status == 302)


def test_the_button_is_there_exactly_when_it_works(cast, admin, signed_in):
    def offers(client, user):
        return "Act as" in client.get(f"/users/{user.pk}").content.decode()

    assert offers(admin, cast.student)
    assert not offers(admin, cast.root_admin)
    assert not offers(admin, cast.deactivated_admin)
    assert not offers(signed_in(cast.sub_admin), cast.student)


def test_nobody_acts_as_an_administrator_who_holds_more(cast, signed_in):
    make_admin(
        cast,
        cast.observer,
        cast.root,
        make_account_role(cast, "Helper", "become_user", "read_roster"),
    )
    client = signed_in(cast.observer)
    assert act(client, cast.sub_admin).status_code == 403
    assert act(client, cast.student).status_code == 302


def test_a_right_that_is_lost_ends_acting_with_the_next_request(cast, signed_in):
    helper = make_account_role(cast, "Helper", "become_user", "read_roster")
    make_admin(cast, cast.observer, cast.root, helper)
    client = signed_in(cast.observer)
    act(client, cast.student)
    AccountMembership.objects.filter(user=cast.observer).update(state="deleted")
    assert "Hello, Joy Okafor" in client.get("/").content.decode()
    assert actions()[-1][0] == "acting_stopped"


@pytest.mark.parametrize("state", ["suspended", "deleted"])
def test_acting_ends_when_the_person_is_no_longer_active(cast, admin, state):
    act(admin, cast.student)
    User.objects.filter(pk=cast.student.pk).update(state=state)
    assert "is acting as" not in admin.get("/").content.decode()


def test_stopping_without_having_begun_changes_nothing(cast, admin):
    assert stop(admin).headers["Location"] == "/"
    assert actions() == []


def test_beginning_and_stopping_take_a_post(cast, admin):
    assert admin.get("/masquerade/stop").status_code == 405
    assert admin.put(f"/users/{cast.student.pk}/masquerade").status_code == 405


def test_a_page_while_acting_takes_few_statements(cast, admin, django_assert_max_num_queries):
    act(admin, cast.student)
    admin.get("/profile/settings")
    with django_assert_max_num_queries(20):
        admin.get("/profile/settings")
