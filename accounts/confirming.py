"""Confirming that an e-mail address is one's own: where the root account wants it, an observer who
has registered signs in only once they have followed a link that is mailed to it.

The link alone does nothing: it takes the password that was chosen at registration, too. So whoever
registers with somebody else's address gets in by no click of theirs, and a program that opens the
links in mails confirms nothing.
"""

from __future__ import annotations

from django.core import signing
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts.actor import Actor
from accounts.models import Account, User
from audit.actions import record
from pairing.mail import tell_after_commit

LINK_DAYS = 3
# Where a session keeps the id of whom it gave the right password of, or has just registered; and
# of whom a link was followed, and to which address it was mailed; not the link, for sessions are
# rows of the database.
WAITING_FOR = "waiting_for_confirmation"
FOLLOWED = "followed_confirmation"


def link_to_confirm(request: HttpRequest, user: User) -> str:
    """The address for the mail. It dies with another address, and once it has been confirmed."""
    text = signing.dumps([user.pk, user.email], salt=_salt(user.root_account_id), compress=True)
    path = reverse("pairing:register-confirmed")
    return request.build_absolute_uri(f"{path}?{urlencode({'key': text})}")


def whom_it_confirms(root_account: Account, text: str) -> User | None:
    """Whose link it is; None when it works no more, or never did."""
    try:
        user_id, email = signing.loads(
            text, salt=_salt(root_account.pk), max_age=LINK_DAYS * 24 * 3600
        )
    except signing.BadSignature:
        return None
    waiting = User.objects.filter(root_account=root_account, state=User.State.UNPROVEN)
    found: User | None = waiting.filter(pk=user_id, email=email).first()
    return found


def _salt(root_account_id: int) -> str:
    return f"confirm-email-{root_account_id}"


def mail_link(*, actor: Actor, user: User, link: str) -> None:
    """Mail the link to the address that it confirms."""
    with transaction.atomic():
        record(actor, "confirmation_mailed", subject=user)
        tell_after_commit(actor.root_account, [user], "confirm_email", link=link)


@transaction.atomic
def confirm_email(*, actor: Actor, user: User) -> bool:
    """Let someone in who has shown that they read the mail to their address: the caller asked.

    False when they were not waiting for it.
    """
    waiting = User.objects.filter(pk=user.pk, state=User.State.UNPROVEN)
    if not waiting.update(state=User.State.ACTIVE, updated_at=timezone.now()):
        return False
    user.state = User.State.ACTIVE
    record(Actor(actor.root_account, user, user, actor.address), "email_confirmed", subject=user)
    return True
