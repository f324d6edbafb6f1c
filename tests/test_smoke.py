from tests.cast import Cast
from pairing.rules import ISSUE_OVER_REST
from permissions.policy import may

def test_smoke(cast: Cast, rest, page):
    assert may(cast.actor(cast.student), ISSUE_OVER_REST, cast.student)
    assert not may(cast.actor(cast.teacher), ISSUE_OVER_REST, cast.student)
    assert rest(cast.student).get("/api/v1/nothing").status_code == 404
