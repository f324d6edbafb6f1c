"""Who is told by e-mail, after the commit and beside the request (spec "The link")."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation

from accounts.models import Account, User
from pairing_service.naming import one_line

log = logging.getLogger(__name__)

# One thread per process: a slow or dead mail server delays other mail, never a request.
_post = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")


def tell_after_commit(
    root_account: Account, users: Iterable[User], template: str, **words: str
) -> None:
    """Mail `mail/<template>.txt` (its first line is the subject) to each who has an address.

    Nothing is sent when the transaction rolls back; a failure is logged and changes nothing.
    """
    messages = [_message(root_account, user, template, words) for user in users if user.email]
    if messages:
        transaction.on_commit(lambda: _post.submit(_send, messages))


def _message(
    root_account: Account, user: User, template: str, words: dict[str, str]
) -> EmailMessage:
    """No word brings lines of its own, whatever was let in as a name: they would be the school's
    sentences, or the subject's end."""
    more = {"name": user.name, "login": user.login_id, "school": root_account.name}
    lines = {key: one_line(word) for key, word in (words | more).items()}
    with translation.override(user.locale or translation.get_language()):
        text = render_to_string(f"mail/{template}.txt", lines)
    subject, _, body = text.strip().partition("\n")
    return EmailMessage(subject.strip(), body.strip() + "\n", to=[user.email])


def _send(messages: list[EmailMessage]) -> None:
    for message in messages:
        try:
            message.send()
        except Exception as error:
            # Text and addresses stay out of the log, children's data; a server's refusal has them.
            log.error("a mail could not be sent: %s", type(error).__name__)
