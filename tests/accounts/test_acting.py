"""Acting as someone: begin, be seen doing it, stop (spec/pairing.md "Acting as").

Who may act as whom: tests/access/test_acting_as.py.
"""

import pytest
from django.urls import get_resolver

from accounts.models import User
from audit.models import Event
from permissions.models import AccountMembership
from tests.access.test_routes import filled, ids_of, patterns
from tests.cast import make_account_role, make_admin, make_user


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


def test_the_button_is_there_exactly_when_it_works(cast, admin, signed_in):
    def offers(client, user):
        return "Act as" in client.get(f"/users/{user.pk}").content.decode()

    assert offers(admin, cast.student)
    assert not offers(admin, cast.root_admin)
    assert not offers(admin, cast.deactivated_admin)
    assert not offers(signed_in(cast.sub_admin), cast.student)


def test_a_right_that_is_lost_ends_acting_with_the_next_request(cast, signed_in):
    helper = make_account_role(cast, "Helper", "become_user", "read_roster")
    make_admin(cast, cast.observer, cast.root, helper)
    client = signed_in(cast.observer)
    act(client, cast.student)
    AccountMembership.objects.filter(user=cast.observer).update(state="deleted")
    assert "Hello, Joy Okafor" in client.get("/").content.decode()
    assert actions()[-1][0] == "acting_stopped"


def test_acting_ends_when_the_person_is_given_more_than_one_has(cast, signed_in):
    helper = make_account_role(cast, "Helper", "become_user", "read_roster")
    make_admin(cast, cast.observer, cast.root, helper)
    client = signed_in(cast.observer)
    act(client, cast.student)
    make_admin(cast, cast.student, cast.root)
    assert "Hello, Joy Okafor" in client.get("/").content.decode()
    assert actions()[-1] == ("acting_stopped", cast.student.pk, cast.observer.pk)


@pytest.mark.parametrize("state", ["suspended", "deleted"])
def test_who_is_no_longer_active_acts_as_nobody(cast, admin, state):
    act(admin, cast.student)
    User.objects.filter(pk=cast.root_admin.pk).update(state=state)
    assert admin.get("/courses").headers["Location"].startswith("/login")
    assert "acting_as" not in admin.session
    assert actions()[-1] == ("acting_stopped", cast.student.pk, cast.root_admin.pk)


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


# --- What is done, and seen, meanwhile ---


def test_the_bar_is_on_every_page(cast, admin):
    """Those of an administrator, with what they may not open; nothing that begins with a POST."""
    ids = ids_of(cast)
    act(admin, cast.sub_admin)
    bar = "<strong>root@northfield.example</strong> is acting as <strong>Hugo Stern</strong>."
    seen, without = 0, []
    for route, _ in patterns(get_resolver()):
        if route.startswith("api/"):
            continue
        answer = admin.get(filled("" if route == "/" else route, ids))
        if answer.headers["Content-Type"].startswith("text/html") and answer.status_code != 302:
            seen += 1
            if bar not in answer.content.decode():
                without.append(f"{route} {answer.status_code}")
    assert without == []
    assert seen > 40
    assert admin.session["acting_as"] == cast.sub_admin.pk


ON_PAGES = {
    "code_issued": lambda c, client: client.post(
        f"/courses/{c.courses.biology.pk}/observer_pairing_codes.csv"
    ),
    "person_suspended": lambda c, client: client.post(f"/users/{c.classmate.pk}/suspend"),
    "login_added": lambda c, client: client.post(
        f"/users/{c.student.pk}/logins", {"login-login": "zebra"}
    ),
    "settings_changed": lambda c, client: client.post(
        f"/accounts/{c.accounts.high.pk}/settings", {"name": "Higher", "time_zone": "UTC"}
    ),
}
OVER_REST = {
    "code_issued": lambda c, send: send("post", f"users/{c.student.pk}/observer_pairing_codes"),
    "link_created": lambda c, send: send("put", f"users/{c.observer.pk}/observees/{c.student.pk}"),
    "person_changed": lambda c, send: send(
        "put", f"users/{c.student.pk}", user={"name": "Ada Zebra"}
    ),
    "account_created": lambda c, send: send(
        "post", "accounts/self/sub_accounts", account={"name": "Botany"}
    ),
}


def told_since(number, action):
    """Who is named by the events since: the person acted as, and the one who acts."""
    told = Event.objects.order_by("pk")[number:]
    assert action in {event.action for event in told}
    return {(event.actor, event.real_actor) for event in told}


@pytest.fixture
def twin(cast):
    """Another administrator of everything."""
    user = make_user(cast.root, "Tess Twin")
    make_admin(cast, user, cast.root)
    return user


@pytest.mark.parametrize("action", ON_PAGES)
def test_events_of_pages_name_both(cast, admin, twin, action):
    act(admin, twin)
    number = Event.objects.count()
    ON_PAGES[action](cast, admin)
    assert told_since(number, action) == {(twin, cast.root_admin)}


@pytest.mark.parametrize("action", OVER_REST)
def test_events_of_rest_name_both(cast, rest, twin, action):
    client = rest(cast.root_admin)

    def send(method, path, **body):
        given = body | {"as_user_id": twin.pk}
        answer = getattr(client, method)(f"/api/v1/{path}", given, format="json")
        assert answer.status_code == 200

    number = Event.objects.count()
    OVER_REST[action](cast, send)
    assert told_since(number, action) == {(twin, cast.root_admin)}
