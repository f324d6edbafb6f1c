"""Developer keys over REST."""

from __future__ import annotations

from typing import Any

import pytest

from oauth.models import DeveloperKey
from tests.cast import Cast
from tests.oauth.conftest import BACK, CLIENT, KNOWN, ME, bearer, make_key, post

READ = "url:GET|/api/v1/users/:id"
KEYS = "/api/v1/accounts/self/developer_keys"
GIVEN = {"developer_key[name]": "Library", "developer_key[redirect_uris][]": BACK}


@pytest.fixture
def admin(cast: Cast, rest: Any) -> Any:
    return rest(cast.root_admin)


def test_a_key_is_made_listed_changed_and_deleted(cast: Cast, admin: Any):
    made = admin.post(KEYS, GIVEN | {"developer_key[scopes][]": READ}).json()
    secret, client_id, pk = made.pop("api_key"), made["client_id"], made["id"]
    assert made | {"created_at": "", "updated_at": ""} == {
        "id": pk, "client_id": client_id, "name": "Library", "kind": "server",
        "redirect_uris": [BACK], "scopes": [READ], "require_scopes": False, "trusted": False,
        "workflow_state": "active", "created_at": "", "updated_at": "", "user_count": 0,
        "last_used_at": None,
    }  # fmt: skip
    known = {"client_id": client_id, "client_secret": secret}
    assert post(known | {"code": "x"}).json()["message"] == "invalid code"
    [listed] = admin.get(KEYS).json()
    assert listed == made | {"api_key": None}
    there = f"/api/v1/developer_keys/{pk}"
    changed = admin.put(there, {"developer_key": {"name": "Books", "scopes": []}}, format="json")
    assert (changed.json()["name"], changed.json()["scopes"]) == ("Books", [])
    assert changed.json()["api_key"] is None
    renewed = admin.put(there, {"developer_key[regenerate_secret]": "1"}).json()
    assert renewed["api_key"] not in (None, secret)
    assert post(known | {"code": "x"}).json()["message"] == "invalid client_secret"
    assert admin.delete(there).json()["workflow_state"] == "deleted"
    assert admin.get(KEYS).json() == []
    assert admin.delete(there).status_code == 404


def test_off_ends_its_tokens(cast: Cast, admin: Any, tokens):
    body = tokens()
    there = f"/api/v1/developer_keys/{DeveloperKey.objects.get().pk}"
    assert bearer(body["access_token"]).get(ME).status_code == 200
    off = admin.put(there, {"developer_key[workflow_state]": "inactive"}).json()
    assert (off["workflow_state"], off["user_count"]) == ("inactive", 1)
    assert bearer(body["access_token"]).get(ME).status_code == 401
    on = admin.put(there, {"developer_key[workflow_state]": "active"})
    assert on.json()["workflow_state"] == "active"
    assert post(KNOWN | {"code": "x"}).json()["message"] == "invalid code"


def test_addresses_come_as_a_list_or_one_per_line(admin: Any):
    made = admin.post(
        KEYS,
        {"developer_key": {"name": "A", "redirect_uris": f"{BACK}\nhttps://b.example/"}},
        format="json",
    )
    assert made.json()["redirect_uris"] == [BACK, "https://b.example/"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"redirect_uris": []}, "redirect_uris"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "redirect_uris"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"kind": "other"}, "kind"),
        ({"kind": "public", "trusted": True}, "trusted"),
    ],
)
def test_what_is_wrong_is_told_by_field(admin: Any, wrong, field):
    given = {"name": "Library", "redirect_uris": [BACK]} | wrong
    answer = admin.post(KEYS, {"developer_key": given}, format="json")
    assert answer.status_code == 400
    assert [*answer.json()["errors"]] == [field]
    assert not DeveloperKey.objects.exists()


def test_of_a_wrong_change_nothing_is_kept(cast: Cast, admin: Any):
    key = make_key(cast, is_public=True, secret_digest="")
    there = f"/api/v1/developer_keys/{key.pk}"
    for wrong in (
        {"regenerate_secret": True},
        {"workflow_state": "deleted"},
        {"require_scopes": "perhaps"},
        {"scopes": ["no"]},
    ):
        given = {"developer_key": {"name": "Else", "workflow_state": "inactive"} | wrong}
        assert admin.put(there, given, format="json").status_code == 400
        key.refresh_from_db()
        assert (key.name, key.is_on) == ("Reading App", True)
    assert admin.put(there, {"name": "Else"}).status_code == 400


def test_what_it_is_and_whose_can_not_be_changed(cast: Cast, admin: Any):
    key = make_key(cast)
    given = {
        "client_id": "mine", "root_account_id": cast.stranger.root_account_id, "kind": "public",
        "is_public": True, "for_mobile": True, "secret_digest": "", "name": "Else",
    }  # fmt: skip
    there = f"/api/v1/developer_keys/{key.pk}"
    assert admin.put(there, {"developer_key": given}, format="json").status_code == 200
    now = DeveloperKey.objects.get()
    assert (now.name, now.client_id, now.root_account_id) == ("Else", CLIENT, cast.root.pk)
    assert (now.has_secret, now.is_public, now.for_mobile) == (True, False, False)


def test_only_who_manages_keys_and_only_in_the_root_account(cast: Cast, admin: Any, rest: Any):
    key = make_key(cast)
    theirs = make_key(cast, root_account=cast.stranger.root_account, client_id="theirs")
    for person in (cast.sub_admin, cast.teacher, cast.student):
        client = rest(person)
        assert client.get(KEYS).status_code == 403
        assert client.post(KEYS, GIVEN).status_code == 403
        for pk in (key.pk, theirs.pk, 999_999):
            assert client.put(f"/api/v1/developer_keys/{pk}", GIVEN).status_code == 403
            assert client.delete(f"/api/v1/developer_keys/{pk}").status_code == 403
    assert admin.get(KEYS).status_code == 200
    high = f"/api/v1/accounts/{cast.accounts.high.pk}/developer_keys"
    assert admin.get(high).status_code == 403
    for pk in (theirs.pk, 999_999, "self", "9" * 30):
        assert admin.delete(f"/api/v1/developer_keys/{pk}").status_code == 404
