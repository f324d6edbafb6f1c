"""Mail where no mail server is set: it goes nowhere, and the log says so, but not what it said."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

log = logging.getLogger(__name__)


class EmailBackend(BaseEmailBackend):
    """Sends nothing."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        log.warning("%s mail not sent: EMAIL_URL names no mail server", len(email_messages))
        return 0
