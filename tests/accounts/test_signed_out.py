"""Whoever was signed out meanwhile comes back to the page that was open, not to a dead end."""

import pytest

HERE = "http://testserver"


def asked(client, method, address, **headers):
    """Where a signed-out request is sent."""
    response = getattr(client, method)(address, headers=headers)
    return response.headers.get("Location") or response.headers["HX-Redirect"]


@pytest.mark.parametrize(
    ("method", "headers", "back"),
    [
        ("get", {}, "/users/1"),
        ("get", {"referer": f"{HERE}/courses"}, "/users/1"),
        ("post", {"referer": f"{HERE}/courses?q=a&page=2"}, "/courses%3Fq%3Da%26page%3D2"),
        ("post", {"referer": "https://elsewhere.example/courses"}, "/"),
        ("post", {}, "/"),
        ("get", {"hx-request": "true", "hx-current-url": f"{HERE}/courses"}, "/courses"),
        ("post", {"hx-request": "true", "hx-current-url": f"{HERE}/courses"}, "/courses"),
    ],
)
def test_signing_in_leads_back_to_the_page_that_was_open(cast, client, method, headers, back):
    assert asked(client, method, "/users/1", **headers) == f"/login?next={back}"


def test_a_part_of_a_page_sends_the_whole_window_to_the_sign_in(cast, client):
    response = client.get("/courses", headers={"hx-request": "true"})
    assert response.status_code == 200
    assert response.headers["HX-Redirect"].startswith("/login")
    assert response.content == b""


def test_the_address_of_a_button_is_a_page_that_says_so(cast, signed_in):
    response = signed_in(cast.root_admin).get("/masquerade/stop")
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    assert "This is done with a button" in response.content.decode()
