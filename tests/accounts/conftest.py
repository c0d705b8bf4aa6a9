"""What tests of people watch: the mails they get, and the work that an answer takes."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.mail import EmailMessage

from tests.accounts.tills import statements

Mails = Callable[[], AbstractContextManager[list[EmailMessage]]]
Work = tuple[Any, list[str], int]


@pytest.fixture
def mails(mailoutbox: list[EmailMessage], django_capture_on_commit_callbacks: Any) -> Mails:
    """What is mailed meanwhile."""

    @contextmanager
    def meanwhile() -> Iterator[list[EmailMessage]]:
        mailoutbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            yield mailoutbox

    return meanwhile


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], Work]:
    """What an answer takes: its SQL, without values, and how many passwords were hashed."""
    hashed: list[int] = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: hashed.append(1) or encode(*args))

    def of(call: Callable[[], Any]) -> Work:
        hashed.clear()
        with statements() as sent:
            response = call()
        return response, [re.sub(r"'[^']*'|\b\d+\b|_x\d+", "?", sql) for sql in sent], len(hashed)

    return of
