from pairing.rules import ISSUE_OVER_REST
from permissions.policy import may
from tests.cast import Cast


def test_smoke(cast: Cast, rest, signed_in):
    assert may(cast.actor(cast.student), ISSUE_OVER_REST, cast.student)
    assert not may(cast.actor(cast.teacher), ISSUE_OVER_REST, cast.student)
    assert rest(cast.student).get("/api/v1/nothing").status_code == 404
