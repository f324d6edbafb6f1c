"""Observees and observers over REST: all eight, their gates and their errors (contract §3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AccessToken, User
from accounts.tokens import make_token
from audit.models import Event
from courses.models import Enrolment
from pairing.actions import link
from pairing.models import ObservationLink, PairingCode
from tests.cast import PASSWORD, Cast, make_account_role, make_admin, make_user

BASIC = {
    "id", "name", "created_at", "sortable_name", "short_name", "observation_link_root_account_ids",
}  # fmt: skip
ADMIN = {"sis_user_id", "integration_id", "sis_import_id", "login_id"}
LOGIN = {"observee[unique_id]": "ada.okafor", "observee[password]": PASSWORD}
INVALID_CODE = {"errors": [{"message": "Invalid pairing code."}]}
UNKNOWN = {"errors": [{"message": "Unknown observee."}]}
NOT_FOUND = {"errors": [{"message": "The specified resource does not exist."}]}


@pytest.fixture
def linked(cast: Cast) -> Cast:
    """Joy observes Ada."""
    link(actor=cast.actor(cast.root_admin), observer=cast.observer, student=cast.student)
    return cast


@pytest.fixture
def redeem(cast: Cast, rest):
    """POST a proof; Joy for herself, unless told."""

    def post(by: User | None = None, observer: str | int = "self", **proof):
        proof = proof or {"pairing_code": cast.code(cast.student).text}
        return rest(by or cast.observer).post(f"/api/v1/users/{observer}/observees", proof)

    return post


def links() -> set[tuple[int, int]]:
    return set(ObservationLink.objects.active().values_list("observer_id", "student_id"))


# --- Reading ---


def test_an_observer_lists_and_shows_their_students(linked: Cast, rest):
    client = rest(linked.observer)
    (one,) = client.get("/api/v1/users/self/observees").json()
    assert set(one) == BASIC
    assert (one["id"], one["observation_link_root_account_ids"]) == (
        linked.student.pk, [linked.root.pk],
    )  # fmt: skip
    assert client.get(f"/api/v1/users/self/observees/{linked.student.pk}").json() == one
    with_avatar = client.get("/api/v1/users/self/observees?include[]=avatar_url").json()[0]
    assert set(with_avatar) == BASIC | {"avatar_url"}


def test_a_student_lists_and_shows_their_observers(linked: Cast, rest):
    client = rest(linked.student)
    (one,) = client.get("/api/v1/users/self/observers").json()
    assert (one["name"], one["observation_link_root_account_ids"]) == (
        "Joy Okafor", [linked.root.pk],
    )  # fmt: skip
    assert client.get(f"/api/v1/users/self/observers/{linked.observer.pk}").json() == one


def test_a_manager_is_told_more(linked: Cast, rest):
    url = f"/api/v1/users/{linked.observer.pk}/observees"
    (one,) = rest(linked.root_admin).get(url).json()
    assert set(one) == BASIC | ADMIN


def test_they_come_by_sortable_name(linked: Cast, rest):
    for name in ("Zoe Adams", "Al Zed"):
        actor = linked.actor(linked.root_admin)
        link(actor=actor, observer=linked.observer, student=make_user(linked.root, name))
    found = rest(linked.observer).get("/api/v1/users/self/observees").json()
    assert [one["name"] for one in found] == ["Zoe Adams", "Ada Okafor", "Al Zed"]


def test_only_the_person_and_managers_read_links(linked: Cast, rest):
    for path in ("observees", f"observees/{linked.student.pk}"):
        for person in (linked.student, linked.teacher, linked.sub_admin):
            url = f"/api/v1/users/{linked.observer.pk}/{path}"
            assert rest(person).get(url).status_code == 403
    for path in ("observers", f"observers/{linked.observer.pk}"):
        url = f"/api/v1/users/{linked.student.pk}/{path}"
        assert rest(linked.observer).get(url).status_code == 403
        assert rest(linked.root_admin).get(url).status_code == 200


def test_who_is_not_linked_or_not_there_is_not_found(linked: Cast, rest):
    client = rest(linked.root_admin)
    for path in (
        f"{linked.observer.pk}/observees/{linked.classmate.pk}",
        f"{linked.student.pk}/observers/{linked.teacher.pk}",
        f"{linked.stranger.pk}/observees",
        "999999/observers",
    ):
        answer = client.get(f"/api/v1/users/{path}")
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_deleted_people_and_ended_links_are_left_out(linked: Cast, rest):
    url = "/api/v1/users/self/observees"
    User.objects.filter(pk=linked.student.pk).update(state="deleted")
    assert rest(linked.observer).get(url).json() == []
    User.objects.filter(pk=linked.student.pk).update(state="active")
    ObservationLink.objects.update(state="deleted", ended_at=timezone.now())
    assert rest(linked.observer).get(url).json() == []


def test_acting_as_the_observer_reads_as_they_do(linked: Cast, rest):
    url = f"/api/v1/users/self/observees?as_user_id={linked.observer.pk}"
    assert len(rest(linked.root_admin).get(url).json()) == 1


# --- Linking with a code ---


def test_a_code_links(cast: Cast, redeem):
    answer = redeem()
    assert answer.status_code == 200
    assert set(answer.json()) == BASIC
    assert answer.json()["id"] == cast.student.pk
    assert answer.json()["observation_link_root_account_ids"] == [cast.root.pk]
    assert PairingCode.objects.get().state == "redeemed"
    beside = Enrolment.objects.filter(user=cast.observer, associated_user=cast.student)
    assert beside.filter(state="active").count() == 2


def test_a_code_in_the_query_string_as_the_android_app_sends_it(cast: Cast, rest):
    code = cast.code(cast.student).text
    answer = rest(cast.observer).post(f"/api/v1/users/self/observees?pairing_code={code}")
    assert answer.status_code == 200


def test_a_code_as_json(cast: Cast, rest):
    body = {"pairing_code": cast.code(cast.student).text}
    url = f"/api/v1/users/{cast.observer.pk}/observees"
    assert rest(cast.observer).post(url, body, format="json").status_code == 200


@pytest.mark.parametrize("code", ["", "0000000000", "short", "K7QDM-2XR9T"])
def test_a_code_that_is_not_live(cast: Cast, redeem, code: str):
    answer = redeem(pairing_code=code)
    assert (answer.status_code, answer.json()) == (422, INVALID_CODE)


def test_used_revoked_and_expired_codes_look_alike(cast: Cast, redeem):
    now = timezone.now()
    for values in (
        {"state": "revoked", "ended_at": now},
        {"state": "superseded", "ended_at": now},
        {"expires_at": now - timedelta(seconds=1)},
    ):
        code = cast.code(cast.student).text
        PairingCode.objects.filter(hint=code[-2:], state="active").update(**values)
        answer = redeem(pairing_code=code)
        assert (answer.status_code, answer.json()) == (422, INVALID_CODE)


def test_ones_own_code(cast: Cast, redeem):
    answer = redeem(cast.student)
    assert answer.status_code == 422
    assert answer.json()["errors"]["observer_id"][0]["message"] == "Cannot observe yourself"
    assert PairingCode.objects.get().state == "active"


def test_linked_already_leaves_the_code(linked: Cast, redeem):
    assert redeem().status_code == 200
    assert PairingCode.objects.get().state == "active"


def test_while_self_registration_is_off_nothing_links(cast: Cast, redeem):
    proofs = [
        {"pairing_code": cast.code(cast.student).text},
        LOGIN,
        {"access_token": cast.token(cast.student)},
    ]
    cast.set(self_registration="none")
    assert [redeem(**proof).status_code for proof in proofs] == [403, 403, 403]
    assert links() == set()


def test_a_manager_redeems_for_somebody_else_and_nobody_else_does(cast: Cast, redeem):
    code = cast.code(cast.student).text
    for person in (cast.student, cast.teacher, cast.sub_admin):
        assert redeem(person, cast.observer.pk, pairing_code=code).status_code == 403
    answer = redeem(cast.root_admin, cast.observer.pk, pairing_code=code)
    assert (answer.status_code, set(answer.json())) == (200, BASIC | ADMIN)
    assert links() == {(cast.observer.pk, cast.student.pk)}


def test_acting_as_the_observer_needs_the_managers_right(cast: Cast, redeem):
    role = make_account_role(cast, "Stand-in", "become_user")
    make_admin(cast, cast.ta, cast.root, role)
    assert redeem(cast.ta, **LOGIN, as_user_id=cast.observer.pk).status_code == 403
    assert redeem(cast.root_admin, **LOGIN, as_user_id=cast.observer.pk).status_code == 200


def test_too_many_wrong_codes_are_told_when_to_come_back(cast: Cast, redeem):
    for _ in range(10):
        assert redeem(pairing_code="0000000000").status_code == 422
    answer = redeem()
    assert answer.status_code == 429
    assert 3500 < int(answer["Retry-After"]) <= 3600
    assert list(answer.json()) == ["errors"]
    assert "60 minutes" in answer.json()["errors"][0]["message"]
    assert links() == set()


# --- Linking with login and password ---


def test_login_and_password_link(cast: Cast, redeem):
    assert redeem(**LOGIN).json()["id"] == cast.student.pk
    assert Event.objects.get(action="link_created").data["how"] == "login"
    assert redeem(**LOGIN).status_code == 200


def test_a_wrong_password_is_not_taken_for_a_bad_token(cast: Cast, redeem):
    answer = redeem(**LOGIN | {"observee[password]": "wrong"})
    assert answer.status_code == 401
    assert answer.json() == {"errors": [{"message": "Invalid credentials provided."}]}
    assert "WWW-Authenticate" not in answer


@pytest.mark.parametrize("login", ["nobody", "", "root@southfield.example"])
def test_an_unknown_login(cast: Cast, redeem, login: str):
    answer = redeem(**LOGIN | {"observee[unique_id]": login})
    assert (answer.status_code, answer.json()) == (422, UNKNOWN)


def test_nothing_given(cast: Cast, redeem):
    answer = redeem(nothing="x")
    assert answer.status_code == 400
    assert answer.json() == {"errors": [{"message": "observee is missing"}]}


def test_a_suspended_student_proves_nothing(cast: Cast, redeem):
    token = cast.token(cast.student)
    User.objects.filter(pk=cast.student.pk).update(state="suspended")
    assert redeem(**LOGIN).status_code == 401
    assert redeem(access_token=token).status_code == 422
    assert links() == set()


def test_a_password_that_was_handed_out_proves_nothing(cast: Cast, redeem):
    soon = timezone.now() + timedelta(days=1)
    User.objects.filter(pk=cast.student.pk).update(one_time_password_until=soon)
    assert redeem(**LOGIN).status_code == 401


def test_spaces_belong_to_a_password(cast: Cast, redeem):
    cast.student.set_password(" spaced out ")
    cast.student.save()
    given = LOGIN | {"observee[password]": "spaced out"}
    assert redeem(**given).status_code == 401
    assert redeem(**given | {"observee[password]": " spaced out "}).status_code == 200


def test_a_password_cannot_be_guessed_without_limit(cast: Cast, redeem):
    wrong = LOGIN | {"observee[password]": "wrong"}
    spellings = ["ada.okafor", "ADA.OKAFOR", "ａda.okafor", " ada.okafor", "Ada.Okafor"]
    for spelling in spellings:
        assert redeem(**wrong | {"observee[unique_id]": spelling}).status_code == 401
    answer = redeem(**LOGIN)
    assert answer.status_code == 429
    assert answer["Retry-After"] == "300"
    assert links() == set()


def test_it_is_the_same_limit_as_signing_ins(cast: Cast, redeem, client):
    for _ in range(5):
        client.post("/login", {"login": "ada.okafor", "password": "wrong"})
    assert redeem(**LOGIN).status_code == 429


def test_right_passwords_are_not_counted(cast: Cast, redeem):
    for _ in range(7):
        assert redeem(**LOGIN).status_code == 200


# --- Linking with a token ---


def test_the_students_token_links(cast: Cast, redeem):
    assert redeem(access_token=cast.token(cast.student)).json()["id"] == cast.student.pk
    assert Event.objects.get(action="link_created").data["how"] == "access token"


def test_a_token_that_is_not_live(cast: Cast, redeem):
    token = cast.token(cast.student)
    AccessToken.objects.filter(user=cast.student).update(revoked_at=timezone.now())
    for text in (token, "nonsense", cast.token(cast.stranger)):
        answer = redeem(access_token=text)
        assert (answer.status_code, answer.json()) == (422, UNKNOWN)


def test_a_token_with_scopes_was_given_away_for_something_else(cast: Cast, redeem):
    _, text = make_token(cast.student, "sync", scopes=["url:GET|/api/v1/users/:id"])
    answer = redeem(access_token=text)
    assert (answer.status_code, answer.json()) == (422, UNKNOWN)
    assert not ObservationLink.objects.exists()


def test_tokens_cannot_be_guessed_without_limit(cast: Cast, redeem):
    for _ in range(5):
        assert redeem(access_token="nonsense").status_code == 422
    assert redeem(access_token=cast.token(cast.student)).status_code == 429


def test_ones_own_token(cast: Cast, redeem):
    answer = redeem(access_token=cast.token(cast.observer))
    assert answer.status_code == 422
    assert answer.json()["errors"]["observer_id"][0]["message"] == "Cannot observe yourself"


def test_a_token_comes_before_a_code_and_a_code_before_a_login(cast: Cast, redeem):
    code = cast.code(cast.classmate).text
    token = cast.token(cast.elsewhere)
    assert redeem(access_token=token, pairing_code=code, **LOGIN).json()["name"] == "Cora Lind"
    assert redeem(pairing_code=code, **LOGIN).json()["name"] == "Ben Ito"


def test_who_authenticates_by_parameter_proves_by_something_else(cast: Cast, rest):
    given = {
        "access_token": cast.token(cast.observer),
        "pairing_code": cast.code(cast.student).text,
    }
    assert rest(None).post("/api/v1/users/self/observees", given).status_code == 200


# --- Root accounts ---


@pytest.mark.parametrize("own", ["all", "self", ""])
def test_this_root_account_or_all(cast: Cast, redeem, own: str):
    assert redeem(**LOGIN, root_account_id=own).status_code == 200
    assert redeem(**LOGIN, root_account_id=str(cast.root.pk)).status_code == 200


def test_no_other_root_account(linked: Cast, rest, redeem):
    other = str(linked.stranger.root_account_id)
    url = f"/api/v1/users/{linked.observer.pk}/observees/{linked.student.pk}"
    assert redeem(**LOGIN, root_account_id=other).status_code == 404
    assert rest(linked.root_admin).put(url, {"root_account_id": other}).status_code == 404
    assert rest(linked.root_admin).delete(url, {"root_account_id": other}).status_code == 404


# --- Linking and ending by id ---


def test_a_manager_links_by_id_again_and_after_an_end(cast: Cast, rest):
    url = f"/api/v1/users/{cast.observer.pk}/observees/sis_user_id:s-ada"
    client = rest(cast.root_admin)
    assert client.put(url).json()["observation_link_root_account_ids"] == [cast.root.pk]
    assert client.put(url).status_code == 200
    assert client.delete(url).status_code == 200
    first = ObservationLink.objects.get().pk
    assert client.put(url).status_code == 200
    assert ObservationLink.objects.get().pk == first


def test_linking_by_id_is_for_managers(cast: Cast, rest):
    url = f"/api/v1/users/{cast.observer.pk}/observees/{cast.student.pk}"
    for person in (cast.observer, cast.student, cast.teacher, cast.sub_admin):
        assert rest(person).put(url).status_code == 403
    assert links() == set()


def test_nobody_is_linked_to_themself_or_to_another_tenant(cast: Cast, rest):
    client = rest(cast.root_admin)
    own = client.put(f"/api/v1/users/{cast.observer.pk}/observees/{cast.observer.pk}")
    assert own.status_code == 422
    foreign = client.put(f"/api/v1/users/{cast.observer.pk}/observees/{cast.stranger.pk}")
    assert foreign.status_code == 404


def test_the_observer_ends_the_link(linked: Cast, rest):
    url = f"/api/v1/users/self/observees/{linked.student.pk}"
    answer = rest(linked.observer).delete(url)
    assert answer.status_code == 200
    assert answer.json()["id"] == linked.student.pk
    assert answer.json()["observation_link_root_account_ids"] == []
    assert not Enrolment.objects.filter(user=linked.observer, state="active").exists()
    assert rest(linked.observer).delete(url).status_code == 404


def test_nobody_else_ends_it(linked: Cast, rest):
    url = f"/api/v1/users/{linked.observer.pk}/observees/{linked.student.pk}"
    for person in (linked.student, linked.teacher, linked.sub_admin):
        assert rest(person).delete(url).status_code == 403
    not_there = f"/api/v1/users/{linked.observer.pk}/observees/{linked.classmate.pk}"
    assert rest(linked.teacher).delete(not_there).status_code == 403
    assert links() == {(linked.observer.pk, linked.student.pk)}


def test_the_student_ends_it_where_the_school_allows_it(linked: Cast, rest):
    linked.set(students_may_remove_observers=True)
    url = f"/api/v1/users/{linked.observer.pk}/observees/{linked.student.pk}"
    assert rest(linked.student).delete(url).status_code == 200
    assert links() == set()


# --- Cost ---


def test_redeeming_takes_at_most_sixteen_statements(
    cast: Cast, rest, django_assert_max_num_queries
):
    client = rest(cast.observer)
    client.get("/api/v1/users/self/observees")
    code = cast.code(cast.student).text
    with django_assert_max_num_queries(16):
        answer = client.post("/api/v1/users/self/observees", {"pairing_code": code})
    assert answer.status_code == 200


@pytest.mark.whole
@pytest.mark.parametrize("number", [1, 150])
@pytest.mark.parametrize("by", ["observer", "root_admin"])
def test_listing_takes_at_most_six_statements(
    cast: Cast, rest, django_assert_max_num_queries, number: int, by: str
):
    students = [make_user(cast.root, f"Kid {n:03}") for n in range(number)]
    ObservationLink.objects.bulk_create(
        ObservationLink(root_account=cast.root, observer=cast.observer, student=student)
        for student in students
    )
    client = rest(getattr(cast, by))
    url = f"/api/v1/users/{cast.observer.pk}/observees?per_page=100"
    client.get(url)
    with django_assert_max_num_queries(6):
        assert len(client.get(url).json()) == min(number, 100)
