"""Mails say what their templates say, whatever somebody is called."""

from __future__ import annotations

from accounts.models import User
from pairing.mail import _message
from tests.attacks.test_names import IN_ONE_LINE, SENTENCES
from tests.cast import Cast


def test_a_mail_has_the_lines_of_its_template_whatever_a_name_holds(cast: Cast) -> None:
    cast.root.name = "North\nfield"
    student = User(name=SENTENCES, email="ada@home.example", login_id="a\nb", locale="en")
    words = {"observer_name": "Evil\r\nBcc: all@home.example\n\nYour account is locked."}
    mail = _message(cast.root, student, "linked_student", words)
    assert mail.subject == "Evil Bcc: all@home.example Your account is locked. now observes you"
    assert mail.body.startswith(f"Hello {IN_ONE_LINE},\n\nEvil Bcc:")
    assert "at North field," in mail.body
    plain = User(name="Ada", email="ada@home.example", login_id="ada", locale="en")
    as_always = _message(cast.root, plain, "linked_student", {"observer_name": "Joy"})
    assert mail.body.count("\n") == as_always.body.count("\n")
