"""Mail leaves in the background: nobody waits for it, and nobody can tell from the time taken whether there was any."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

logger = structlog.get_logger(__name__)

_postman = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")


def send_after_commit(*, to: str, subject: str, body: str) -> None:
    """Send a mail once what it speaks of is committed. It is lost if the process dies first: people can ask again."""
    transaction.on_commit(partial(mail.send_mail, subject, body, None, [to]))


class BackgroundBackend(BaseEmailBackend):
    """Hands over to `MAIL_BACKEND` in a thread of its own."""

    def send_messages(self, email_messages: Any) -> int:
        _postman.submit(_deliver, list(email_messages))
        return len(email_messages)


def _deliver(messages: list[Any]) -> None:
    try:
        mail.get_connection(settings.MAIL_BACKEND).send_messages(messages)
    except Exception as error:
        # Only what kind of error: its text may name the addressee.
        logger.error("mail_not_sent", count=len(messages), error=type(error).__name__)
