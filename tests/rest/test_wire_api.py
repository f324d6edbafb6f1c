"""The wire itself: tokens, errors, acting as, pages, ids, forms (contract §1)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AccessToken, User
from pairing.models import ObservationLink
from pairing_service.http.errors import exception_handler
from pairing_service.http.rendering import with_string_ids
from permissions.models import Role
from permissions.table import bump
from tests.cast import Cast, make_account_role, make_admin

CHALLENGE = 'Bearer realm="canvas-lms"'
NOT_FOUND = {"errors": [{"message": "The specified resource does not exist."}]}
ME = "/api/v1/users/self"


def bearer(text: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=text)
    return client


# --- Tokens (§1.1, §1.3) ---


def test_nobody(cast: Cast, rest):
    answer = rest(None).get(ME)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == CHALLENGE
    assert answer.json() == {
        "status": "unauthenticated", "errors": [{"message": "user authorization required"}],
    }  # fmt: skip


def test_a_session_is_no_token(cast: Cast, signed_in):
    assert signed_in(cast.student).get(ME).status_code == 401


@pytest.mark.parametrize("scheme", ["bearer", "Token", "Basic"])
def test_only_the_scheme_in_its_very_spelling(cast: Cast, scheme: str):
    assert bearer(f"{scheme} {cast.token(cast.student)}").get(ME).status_code == 401


def test_a_token_as_a_parameter(cast: Cast):
    token = cast.token(cast.student)
    assert bearer("Basic x").get(ME, {"access_token": token}).json()["id"] == cast.student.pk
    url = f"/api/v1/users/{cast.student.pk}/observer_pairing_codes"
    assert APIClient().post(url, {"access_token": token}).status_code == 200


def _refused(text: str) -> dict[str, str]:
    answer = bearer(f"Bearer {text}").get(ME)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, CHALLENGE)
    assert set(answer.json()) == {"errors"}
    return answer.json()["errors"][0]


def test_unknown_revoked_and_expired_tokens(cast: Cast):
    text = cast.token(cast.student)
    token = AccessToken.objects.filter(user=cast.student)
    assert _refused("nonsense") == {"message": "Invalid access token."}
    token.update(revoked_at=timezone.now())
    assert _refused(text) == {"message": "Revoked access token."}
    past = timezone.now().replace(microsecond=0) - timedelta(days=1)
    token.update(revoked_at=None, expires_at=past)
    expired_at = past.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert _refused(text) == {"message": "Expired access token.", "expired_at": expired_at}


def test_tokens_of_the_suspended_the_deleted_and_of_other_tenants(cast: Cast):
    for person in (cast.deactivated_admin, cast.stranger):
        assert _refused(cast.token(person)) == {"message": "Invalid access token."}
    token = cast.token(cast.student)
    User.objects.filter(pk=cast.student.pk).update(state="deleted")
    assert _refused(token) == {"message": "Invalid access token."}


def test_a_bad_token_is_refused_where_none_is_needed(cast: Cast):
    url = "/api/v1/accounts/self/terms_of_service"
    assert bearer("Bearer nonsense").get(url).status_code == 401


# --- Errors (§1.2, §1.4) ---


def test_denied(cast: Cast, rest):
    answer = rest(cast.student).get("/api/v1/accounts/self/roles")
    assert answer.status_code == 403
    assert "WWW-Authenticate" not in answer
    assert answer.json() == {
        "status": "unauthorized",
        "errors": [{"message": "user not authorized to perform that action"}],
    }


@pytest.mark.parametrize("path", ["nothing", "users/self/nothing", "", "users/a/b/c/d"])
def test_an_address_that_nobody_serves(cast: Cast, rest, path: str):
    answer = rest(cast.student).get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_method_that_nobody_serves(cast: Cast, rest):
    for method in ("delete", "options"):
        answer = getattr(rest(cast.student), method)(ME)
        assert answer.status_code == 405
        assert list(answer.json()) == ["errors"]
        assert answer["Allow"] == "GET, PUT, HEAD"
    assert rest(cast.student).get(ME)["Allow"] == "GET, PUT, HEAD"


def test_bodies_that_cannot_be_read(cast: Cast, rest):
    url = "/api/v1/users/self/observees"
    client = rest(cast.observer)
    for body, kind, status in [
        ("{", "application/json", 400),
        ("[1]", "application/json", 400),
        ('"x"', "application/json", 400),
        ("x", "text/plain", 415),
        ('{"pairing_code": {"a": 1}}', "application/json", 400),
        ('{"pairing_code": [1]}', "application/json", 400),
        ('{"pairing_code": "a\\u0000"}', "application/json", 400),
        ('{"pairing_code": "\\ud800"}', "application/json", 400),
        ('{"observee": "x"}', "application/json", 400),
        ("observee=1&observee[x]=2", "application/x-www-form-urlencoded", 400),
    ]:
        answer = client.post(url, body, content_type=kind)
        assert answer.status_code == status, body
        assert answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("APPLICATION/JSON", '{"pairing_code": "x"}'),
        ("Application/Json ; Charset=UTF-8", '{"pairing_code": "x"}'),
        ("Application/X-WWW-Form-URLEncoded", "pairing_code=x"),
        (
            "Multipart/Form-Data; boundary=Bb",
            '--Bb\r\nContent-Disposition: form-data; name="pairing_code"\r\n\r\nx\r\n--Bb--\r\n',
        ),
    ],
)
def test_kinds_of_bodies_in_any_case(cast: Cast, rest, kind: str, body: str):
    url = "/api/v1/users/self/observees"
    answer = rest(cast.observer).post(url, body, content_type=kind)
    assert answer.json() == {"errors": [{"message": "Invalid pairing code."}]}


def test_more_than_we_read(cast: Cast, rest, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    client, url = rest(cast.observer), "/api/v1/users/self/observees"
    body = "&".join(f"a{n}=1" for n in range(5))
    form = "application/x-www-form-urlencoded"
    assert client.post(url, body, content_type=form).status_code == 400
    answer = client.post(url, "a=" + "x" * 2000, content_type=form)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"] == "the request is too large"


def test_our_own_failures_tell_nothing():
    answer = exception_handler(RuntimeError("secret"), {"view": None})
    assert answer is not None
    assert answer.status_code == 500
    assert answer.data == {
        "errors": [{"message": "An error occurred.", "error_code": "internal_server_error"}]
    }


# --- Acting as (§1.7) ---


@pytest.mark.parametrize("form", ["{}", "sis_user_id:s-ada", "sis_login_id:ada.okafor"])
def test_acting_as_somebody(cast: Cast, rest, form: str):
    given = {"as_user_id": form.format(cast.student.pk)}
    assert rest(cast.root_admin).get(ME, given).json()["id"] == cast.student.pk


def test_acting_as_oneself_is_nothing(cast: Cast, rest):
    for form in ("self", cast.student.pk):
        assert rest(cast.student).get(ME, {"as_user_id": form}).status_code == 200


def test_acting_as_who_one_may_not(cast: Cast, rest):
    helper = make_account_role(cast, "Helper", "become_user")
    make_admin(cast, cast.observer, cast.root, helper)
    for by, whom in [
        (cast.teacher, cast.student.pk),
        (cast.sub_admin, cast.student.pk),
        (cast.root_admin, 999999),
        (cast.root_admin, cast.stranger.pk),
        (cast.root_admin, cast.deactivated_admin.pk),
        (cast.observer, cast.root_admin.pk),
        (cast.observer, cast.sub_admin.pk),
    ]:
        answer = rest(by).get(ME, {"as_user_id": whom})
        assert (answer.status_code, answer.json()) == (401, {"errors": "Invalid as_user_id"})
        assert "WWW-Authenticate" not in answer


def test_acting_as_in_the_body(cast: Cast, rest):
    url = "/api/v1/users/self/observer_pairing_codes"
    answer = rest(cast.root_admin).post(url, {"as_user_id": cast.student.pk}, format="json")
    assert answer.json()["user_id"] == cast.student.pk


# --- Pages (§1.8) ---


@pytest.fixture
def pages(cast: Cast, rest):
    """GET the roles, of which there are 25."""
    bump(cast.root)
    Role.objects.bulk_create(
        Role(root_account=cast.root, account=cast.root, label=f"R{n}", base_role="TaEnrollment")
        for n in range(19)
    )
    return lambda query="": rest(cast.root_admin).get(f"/api/v1/accounts/self/roles{query}")


def _links(answer) -> dict[str, str]:
    pattern = r'<http://testserver/api/v1/accounts/self/roles\?(.*?)>; rel="(\w+)"'
    return {rel: query for query, rel in re.findall(pattern, answer["Link"])}


def test_ten_at_a_time_with_links_in_their_order(pages):
    answer = pages("?state[]=active&page=2&access_token=&api_key=x")
    assert len(answer.json()) == 10
    assert list(_links(answer)) == ["current", "next", "prev", "first", "last"]
    assert _links(answer)["next"] == "state%5B%5D=active&page=3&per_page=10"
    assert _links(answer)["last"].endswith("page=3&per_page=10")
    assert ", " not in answer["Link"]


def test_the_ends_have_no_next_and_no_previous(pages):
    assert list(_links(pages())) == ["current", "next", "first", "last"]
    last = pages("?page=3")
    assert len(last.json()) == 5
    assert list(_links(last)) == ["current", "prev", "first", "last"]
    assert _links(last)["last"] == "page=3&per_page=10"


@pytest.mark.parametrize("page", ["4", "1000000000", "9" * 5000])
def test_beyond_the_end_is_an_empty_page(pages, page: str):
    answer = pages(f"?page={page}")
    assert (answer.status_code, answer.json()) == (200, [])
    assert _links(answer)["last"] == "page=3&per_page=10"


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("per_page=0", 1),
        ("per_page=7", 7),
        ("per_page=1000", 25),
        ("per_page=x", 10),
        ("page=0", 10),
        ("page=-1", 10),
        ("page=bookmark:x", 10),
        ("per_page=" + "9" * 5000, 25),
    ],
)
def test_page_sizes_are_clamped(pages, query: str, number: int):
    assert len(pages(f"?{query}").json()) == number


def test_a_page_that_is_just_full_is_the_last(pages):
    assert list(_links(pages("?per_page=25"))) == ["current", "first", "last"]
    assert list(_links(pages("?per_page=5&page=5"))) == ["current", "prev", "first", "last"]


def test_an_empty_list_has_one_page(cast: Cast, rest):
    answer = rest(cast.observer).get("/api/v1/users/self/observees")
    assert answer.json() == []
    assert 'page=1&per_page=10>; rel="last"' in answer["Link"]


def test_one_thing_has_no_links(cast: Cast, rest):
    assert "Link" not in rest(cast.student).get(ME)


def test_links_name_the_host_that_the_client_used(cast: Cast, rest):
    url = "/api/v1/users/self/observees"
    answer = rest(cast.observer).get(url, HTTP_HOST="localhost:8123")
    assert answer["Link"].startswith("<http://localhost:8123/api/v1/users/self/observees?")


# --- Ids as texts (§1.10) ---


def test_ids_as_texts_when_asked_for(cast: Cast, rest):
    ObservationLink.objects.create(
        root_account=cast.root, observer=cast.observer, student=cast.student
    )
    url = "/api/v1/users/self/observees"
    accept = "text/html, application/json+canvas-string-ids;q=0.9"
    answer = rest(cast.observer).get(url, HTTP_ACCEPT=accept)
    (one,) = answer.json()
    assert one["id"] == str(cast.student.pk)
    assert one["observation_link_root_account_ids"] == [str(cast.root.pk)]
    assert answer["Content-Type"].startswith("application/json")
    assert isinstance(rest(cast.observer).get(url).json()[0]["id"], int)
    account = rest(cast.observer).get("/api/v1/accounts/self", HTTP_ACCEPT=accept).json()
    assert account["parent_account_id"] is None


def test_only_numbers_become_texts():
    given = {"id": 1, "foo_id": True, "bar_id": None, "foo_ids": [2, False, "x"], "n": 3}
    told = {"id": "1", "foo_id": True, "bar_id": None, "foo_ids": ["2", False, "x"], "n": 3}
    assert with_string_ids([given]) == [told]


def test_whatever_is_accepted_json_is_what_there_is(cast: Cast, rest):
    for accept in ("text/html", "*/*", "application/xml", ""):
        assert rest(cast.student).get(ME, HTTP_ACCEPT=accept).status_code == 200


# --- Bad input ---


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 50_000])
def test_a_body_nested_too_deeply_is_a_400(cast: Cast, rest, body: str):
    answer = rest(cast.student).post(f"{ME}/observees", body, content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize("charset", ["hex", "undefined", "idna", "utf-16"])
def test_a_body_in_another_charset_is_a_415(cast: Cast, signed_in, charset: str):
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    answer = signed_in(None).generic("POST", "/login", b"--x--", content_type=kind)
    assert answer.status_code == 415


@pytest.mark.parametrize("path", [ME, "/login/oauth2/token"])
def test_the_api_says_so_in_json(cast: Cast, rest, path: str):
    kind = "application/json; charset=utf-16"
    answer = rest(cast.student).post(path, "{}".encode("utf-16"), content_type=kind)
    assert answer.status_code == 415
    assert answer.json() == {"errors": [{"message": "Only UTF-8 is read here."}]}


@pytest.mark.parametrize("path", [ME, "/api/v1/nothing", "/login/oauth2/token"])
def test_at_a_host_that_is_nobodys_the_api_answers_json(cast: Cast, rest, path: str):
    cast.set(answers_unclaimed_hosts=False)
    answer = rest(cast.student).get(path)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    page = rest(None).get("/login")
    assert (page.status_code, page["Content-Type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize("path", ["/api/", "/api/v2/users/self"])
def test_what_is_no_version_of_the_api_is_not_found_in_json(cast: Cast, rest, path: str):
    answer = rest(cast.student).get(path)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


_PART = b'--b\r\nContent-Disposition: form-data; name="account[name]"\r\n\r\n%s\r\n--b--\r\n'
_FORM, _PARTS = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"account[name]=\xff\xfe", _FORM, 400),
        (b"account[name]=%ff%FE", _FORM, 400),
        (b"account[name]=Stra%dfe", _FORM, 400),
        (_PART % b"\xff\xfe", _PARTS, 400),
        (b'{"account": {"name": "\xff\xfe"}}', "application/json", 400),
        ("account[name]=Süd".encode(), _FORM, 200),
        (b"account[name]=S%C3%BCd", _FORM, 200),
        (_PART % "Süd".encode(), _PARTS, 200),
    ],
)
def test_what_is_not_utf_8_is_kept_as_nothing_else(
    cast: Cast, rest, body: bytes, kind: str, status: int
):
    high = cast.accounts.high
    answer = rest(cast.root_admin).put(f"/api/v1/accounts/{high.pk}", body, content_type=kind)
    assert answer.status_code == status
    high.refresh_from_db()
    assert high.name == ("Süd" if status == 200 else "High")


def test_nor_in_the_query(cast: Cast, rest):
    high = cast.accounts.high
    answer = rest(cast.root_admin).put(f"/api/v1/accounts/{high.pk}?account[name]=%ff%fe")
    assert answer.status_code == 400
    assert answer.json() == {"errors": [{"message": "the query is not UTF-8"}]}


def test_a_broken_body_where_there_is_no_page_is_a_404(cast: Cast, signed_in):
    browser = signed_in(cast.root_admin)
    browser.handler.enforce_csrf_checks = True
    browser.get("/")  # brings the cookie whose token would be looked for in the body
    answer = browser.generic("POST", "/nothing", b"z", content_type="multipart/form-data")
    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["enrollments", "observers", "observees"])
def test_who_can_not_see_a_person_does_not_learn_that_they_are_there(cast: Cast, rest, path: str):
    client = rest(cast.elsewhere)
    there = client.get(f"/api/v1/users/sis_login_id:{cast.teacher.login_id}/{path}")
    nobody = client.get(f"/api/v1/users/sis_login_id:nobody/{path}")
    assert there.status_code == nobody.status_code == 404
