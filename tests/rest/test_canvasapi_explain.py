"""Explaining with the real `canvasapi`: it has no call for it, but it can ask for any path."""

from __future__ import annotations

import pytest
from canvasapi.exceptions import BadRequest, Forbidden, ResourceDoesNotExist

from tests.cast import Cast

pytestmark = pytest.mark.filterwarnings("ignore:Canvas may respond unexpectedly")


@pytest.fixture
def ask(cast: Cast, canvas):
    def get(asker, path: str, **params):
        requester = canvas(asker)._Canvas__requester
        return requester.request("GET", f"{path}/permissions/explain", **params).json()

    return get


def test_why_a_teacher_may_not_make_a_code(cast: Cast, ask):
    told = ask(
        cast.sub_admin, f"courses/{cast.courses.biology.pk}",
        actor="tomas.varga", action="issue_code", target="sis_user_id:s-ada",
    )  # fmt: skip
    assert told["allowed"] is False
    assert [change["kind"] for [change] in told["proposals"]] == ["switch_on"]


def test_refusals_are_the_librarys_own(cast: Cast, ask):
    high = f"accounts/{cast.accounts.high.pk}"
    with pytest.raises(BadRequest):
        ask(cast.sub_admin, high, actor="tomas.varga")
    with pytest.raises(ResourceDoesNotExist):
        ask(cast.sub_admin, high, actor="cora.lind", permission="read_roster")
    with pytest.raises(Forbidden):
        ask(cast.teacher, high, actor="self", permission="read_roster")
