"""The people of an account over REST: listed, added, registering without a student (§6.2, §6.3)."""

from __future__ import annotations

import pytest
from django.core import mail

from accounts.models import User
from audit.models import Event
from courses.models import Enrolment
from pairing import mail as post
from permissions.models import Role
from tests.cast import PASSWORD, Cast, make_account_role, make_admin, make_user


@pytest.fixture
def names(cast: Cast, rest):
    """`names("enrollment_type=ta")`: short names in the list of High, or of another account."""

    def asked(query: str = "", by: User | None = None, account=None) -> list[str]:
        at = (account or cast.accounts.high).pk
        answer = rest(by or cast.root_admin).get(f"/api/v1/accounts/{at}/users?{query}")
        assert answer.status_code == 200, answer.json()
        assert 'rel="last"' not in answer["Link"]
        return [user["name"].split()[0] for user in answer.json()]

    return asked


def test_who_is_of_the_account_by_name(cast: Cast, names):
    assert names() == ["Ben", "Dana", "Tia", "Ada", "Hugo", "Tomas"]
    assert names(account=cast.accounts.elementary) == ["Cora", "Elena"]
    assert len(names("per_page=100", account=cast.root)) == 11
    assert names("order=desc")[:2] == ["Tomas", "Hugo"]


def test_search(cast: Cast, names, rest):
    User.objects.filter(pk=cast.classmate.pk).update(email="ito@families.example")
    cast.student.logins.create(root_account=cast.root, login_id="zebra")
    assert names("search_term=oka") == ["Ada"]
    assert names("search_term=zeb") == names("search_term=s-ada") == ["Ada"]
    assert names("search_term=ito@fam") == ["Ben"]
    assert names(f"search_term={cast.ta.pk}") == ["Tia"]
    assert names("search_term=987654321") == []
    assert names(f"search_term=00000000{cast.elsewhere.pk}") == []  # of another account
    for short in ("ok", "1"):
        taken = rest(cast.root_admin).get(
            f"/api/v1/accounts/{cast.accounts.elementary.pk}/users?search_term={short}"
        )
        assert taken.status_code == 400
        assert "3 or more characters" in taken.json()["errors"][0]["message"]


def test_only_ids_that_may_be_seen_are_searched_and_sorted_by(cast: Cast, names, rest):
    User.objects.filter(pk=cast.classmate.pk).update(email="zzz@x.example", sis_id="a-1")
    clerk = cast.observer
    make_admin(cast, clerk, cast.accounts.high, make_account_role(cast, "Clerk", "read_roster"))
    assert names("search_term=ada.okafor", by=clerk) == []
    assert names("search_term=s-ada", by=clerk) == names("search_term=zzz@x", by=clerk) == []
    by_name = names(by=clerk)
    for sort in ("email", "sis_id", "last_login", "integration_id", "nonsense"):
        assert names(f"sort={sort}", by=clerk) == by_name
    assert names("sort=sis_id")[:2] == ["Ben", "Ada"]
    assert names("sort=email&order=desc")[0] == "Ben"
    assert names("sort=id", by=clerk)[0] == "Hugo"
    listed = rest(clerk).get(f"/api/v1/accounts/{cast.accounts.high.pk}/users").json()
    assert set(listed[0]) == {"id", "name", "created_at", "sortable_name", "short_name"}


def test_by_type_and_role(cast: Cast, names, rest):
    assert names("enrollment_type=ta") == ["Tia"]
    assert names("enrollment_type=student") == ["Ben", "Ada"]
    assert names(f"role_filter_id={cast.roles['AccountAdmin'].pk}") == ["Hugo"]
    assert names(f"role_filter_id={cast.roles['TeacherEnrollment'].pk}") == ["Tomas"]
    for query in ("enrollment_type=janitor", "role_filter_id=x"):
        answer = rest(cast.root_admin).get(f"/api/v1/accounts/{cast.root.pk}/users?{query}")
        assert answer.status_code == 400


def test_deleted_people_when_asked_for(cast: Cast, names):
    User.objects.filter(pk=cast.classmate.pk).update(state="deleted")
    assert "Ben" not in names("per_page=100", account=cast.root)
    assert "Ben" in names("per_page=100&include_deleted_users=1", account=cast.root)
    assert "Ben" not in names("include_deleted_users=1")


def test_what_else_is_included(cast: Cast, rest):
    User.objects.filter(pk=cast.student.pk).update(email="ada@x.example", time_zone="Asia/Tokyo")
    query = "search_term=okafor" + "".join(
        f"&include[]={name}" for name in ("email", "last_login", "time_zone", "uuid", "avatar_url")
    )
    [ada] = (
        rest(cast.root_admin).get(f"/api/v1/accounts/{cast.accounts.high.pk}/users?{query}").json()
    )
    assert (ada["email"], ada["last_login"], ada["time_zone"]) == (
        "ada@x.example", None, "Asia/Tokyo",
    )  # fmt: skip
    assert ada["uuid"] == str(cast.student.uuid)
    assert ada["avatar_url"] is None


def test_the_list_costs_the_same_however_long(cast: Cast, rest, django_assert_max_num_queries):
    for n in range(30):
        make_user(cast.root, f"Many {n}")
    client = rest(cast.root_admin)
    for count in (2, 40):
        with django_assert_max_num_queries(11):
            answer = client.get(
                f"/api/v1/accounts/{cast.root.pk}/users?per_page={count}&include[]=email&sort=email"
            )
        assert len(answer.json()) == count


# --- Adding ---


@pytest.fixture
def add(cast: Cast, rest):
    def post_it(by: User | None, at: str = "users", **groups):
        body = {
            "user": {"name": "Nora New"},
            "pseudonym": {"unique_id": "nora@x.example"},
        }
        given = {name: body.get(name, {}) | groups.get(name, {}) for name in {*body, *groups}}
        return rest(by).post(f"/api/v1/accounts/{cast.root.pk}/{at}", given, format="json")

    return post_it


def test_a_manager_adds_a_person(cast: Cast, add, client):
    answer = add(
        cast.root_admin,
        user={"short_name": "Nora", "time_zone": "Asia/Tokyo", "locale": "es", "unknown": [1]},
        pseudonym={"unique_id": "nora", "password": PASSWORD, "sis_user_id": "n-1"},
        communication_channel={"type": "email", "address": "nora@home.example"},
    )
    assert answer.status_code == 200, answer.json()
    body = answer.json()
    nora = User.objects.get(pk=body["id"])
    assert body["sis_user_id"] == "n-1"
    assert (body["login_id"], body["locale"], body["uuid"]) == ("nora", "es", str(nora.uuid))
    assert (nora.sortable_name, nora.short_name, nora.email) == (
        "New, Nora",
        "Nora",
        "nora@home.example",
    )
    assert nora.time_zone == "Asia/Tokyo"
    assert Event.objects.get(action="person_added").subject == nora
    assert client.post("/login", {"login": "nora", "password": PASSWORD}).status_code == 302


def test_a_person_with_only_a_login(cast: Cast, add):
    body = add(cast.root_admin, user={"name": ""}).json()
    nora = User.objects.get(pk=body["id"])
    assert (nora.name, nora.email) == ("nora@x.example", "nora@x.example")
    assert not nora.has_usable_password()


def test_a_first_sign_in_is_mailed_on_demand(cast: Cast, add, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        assert add(cast.root_admin, pseudonym={"send_confirmation": "1"}).status_code == 200
    post._post.submit(lambda: None).result()
    assert mail.outbox[0].to == ["nora@x.example"]
    assert "/password/reset/choose?key=" in mail.outbox[0].body


def test_who_acts_as_somebody_mails_none_and_makes_nobody(cast: Cast, rest) -> None:
    twin = make_user(cast.root, "Another Admin")
    make_admin(cast, twin, cast.root)
    url = f"/api/v1/accounts/{cast.root.pk}/users?as_user_id={twin.pk}"
    new = {"pseudonym": {"unique_id": "nora@x.example"}, "user": {"name": "Nora New"}}
    client = rest(cast.root_admin)
    new["pseudonym"]["send_confirmation"] = "1"
    assert client.post(url, new, format="json").status_code == 403
    assert not User.objects.filter(name="Nora New").exists()
    del new["pseudonym"]["send_confirmation"]
    assert client.post(url, new, format="json").status_code == 200


def refused(answer) -> dict:
    assert answer.status_code == 400
    errors = answer.json()["errors"]
    assert set(errors) == {"user", "pseudonym", "observee", "pairing_code", "recaptcha"}
    assert not User.objects.filter(name="Nora New").exists()
    kinds = {**errors["user"], **errors["pseudonym"]}
    return {name: found[0]["type"] for name, found in kinds.items()}


@pytest.mark.parametrize(
    ("groups", "wrong"),
    [
        ({"pseudonym": {"unique_id": ""}}, {"unique_id": "blank"}),
        ({"pseudonym": {"unique_id": "ADA.okafor"}}, {"unique_id": "taken"}),
        ({"pseudonym": {"unique_id": "ﷺ" * 200}}, {"unique_id": "too_long"}),
        ({"pseudonym": {"sis_user_id": "s-ada"}}, {"sis_user_id": "taken"}),
        ({"pseudonym": {"password": "short"}}, {"password": "too_short"}),
        ({"user": {"name": "x" * 300}}, {"name": "max_length"}),
        ({"communication_channel": {"address": "nowhere"}}, {"email": "invalid"}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nobody_added(cast: Cast, add, groups, wrong):
    found = refused(add(cast.root_admin, **groups))
    assert wrong.items() <= found.items()
    assert ("pseudonyms" in found) is ("pseudonym" in groups)


@pytest.mark.parametrize("group", ["user", "pseudonym"])
def test_a_group_of_another_type_is_a_bad_request(cast: Cast, rest, group):
    body = {"pseudonym": {"unique_id": "nora"}} | {group: ["x"]}
    answer = rest(cast.root_admin).post(
        f"/api/v1/accounts/{cast.root.pk}/users", body, format="json"
    )
    assert answer.status_code == 400


def test_a_sis_id_needs_its_own_right(cast: Cast, add):
    make_admin(
        cast, cast.observer, cast.root, make_account_role(cast, "Office", "manage_user_logins")
    )
    assert add(cast.observer, pseudonym={"sis_user_id": "n-1"}).status_code == 403
    assert not User.objects.filter(name="Nora New").exists()
    assert add(cast.observer).status_code == 200


def test_who_manages_no_logins_adds_nobody(cast: Cast, add):
    for person in (cast.sub_admin, cast.teacher, None):
        answer = add(person)
        assert (answer.status_code, answer.json()) == (403, {})


def test_reactivation_keeps_the_person_and_can_not_lift_a_mightier_one(cast: Cast, rest):
    users = f"/api/v1/accounts/{cast.root.pk}/users"
    User.objects.filter(pk=cast.student.pk).update(state="deleted")
    given = {
        "user": {"name": "Ada Two"}, "enable_sis_reactivation": "true",
        "pseudonym": {"unique_id": "ada2", "sis_user_id": "s-ada"},
    }  # fmt: skip
    office = make_account_role(cast, "Office", "manage_user_logins", "manage_sis")
    make_admin(cast, cast.observer, cast.root, office)
    # They had a password: another one is for who may act as them.
    assert rest(cast.observer).post(users, given, format="json").status_code == 403
    body = rest(cast.root_admin).post(users, given, format="json").json()
    assert body["id"] == cast.student.pk
    ada = User.objects.get(pk=cast.student.pk)
    assert (ada.state, ada.name, ada.uuid) == ("active", "Ada Two", cast.student.uuid)
    assert [login.login_id for login in ada.logins.all()] == ["ada2"]
    assert Enrolment.objects.filter(user=ada).exists()


# --- Registering without a student ---


def test_a_visitor_registers_where_everyone_may(
    cast: Cast, add, django_capture_on_commit_callbacks
):
    cast.set(self_registration="all")
    with django_capture_on_commit_callbacks(execute=True):
        answer = add(
            None, "self_registration",
            user={"initial_enrollment_type": "student", "terms_of_use": "1"},
            pseudonym={"password": "is-dropped-silently"},
        )  # fmt: skip
    assert answer.status_code == 200, answer.json()
    assert answer.json()["terms_of_use"] is True
    nora = User.objects.get(pk=answer.json()["id"])
    assert nora.email == "nora@x.example"
    assert not nora.has_usable_password()
    post._post.submit(lambda: None).result()
    assert mail.outbox[0].to == [nora.email]
    again = add(None)
    assert again.json()["errors"]["pseudonym"]["unique_id"][0]["type"] == "taken"
    assert add(None, pseudonym={"unique_id": "not-an-address"}).status_code == 400


def test_a_visitor_does_not_register_where_only_observers_may(cast: Cast, add):
    for at in ("users", "self_registration"):
        answer = add(None, at)
        assert (answer.status_code, answer.json()) == (403, {})
        answer = add(None, at, user={"initial_enrollment_type": "observer"})
        assert answer.json()["errors"]["pairing_code"]["code"]
    cast.set(self_registration="none")
    assert add(None, user={"initial_enrollment_type": "observer"}).status_code == 403
    assert not User.objects.filter(name="Nora New").exists()


def test_registrations_from_one_address_are_limited(cast: Cast, add):
    cast.set(self_registration="all")
    answers = [add(None, pseudonym={"unique_id": f"n{n}@x.example"}).status_code for n in range(21)]
    assert (answers[0], answers[-1]) == (200, 429)


def test_roles_are_listed_by_their_custom_role(cast: Cast, names):
    role = Role.objects.create(
        root_account=cast.root, account=cast.root, label="Aide", base_role="TaEnrollment"
    )
    Enrolment.objects.filter(user=cast.ta).update(role=role)
    assert names(f"role_filter_id={role.pk}") == ["Tia"]
