"""Mail leaves after the commit and in the background; what goes wrong there is noted and stops nothing."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core import mail as django_mail
from django.db import transaction
from structlog.testing import capture_logs

from core import mail

TO = "ama@x.example"


def send(subject="Hello"):
    mail.send_after_commit(to=TO, subject=subject, body="A line.\n")


@pytest.fixture
def posted(monkeypatch, settings):
    """A postman of the test's own, and a way to wait until he is done."""
    settings.EMAIL_BACKEND = "core.mail.BackgroundBackend"
    postman = ThreadPoolExecutor(max_workers=1)
    monkeypatch.setattr(mail, "_postman", postman)
    return postman.shutdown


def test_a_mail_is_delivered_by_the_backend_of_the_settings(settings, tmp_path, committed, posted):
    settings.MAIL_BACKEND, settings.EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", str(tmp_path)
    with transaction.atomic():
        send()
    posted()
    (written,) = tmp_path.iterdir()
    text = written.read_text()
    for line in (f"To: {TO}", "Subject: Hello", f"From: {settings.DEFAULT_FROM_EMAIL}", "A line."):
        assert line in text


def test_nothing_is_sent_of_what_was_undone(committed, mailoutbox):
    with transaction.atomic():
        send("undone")
        assert mailoutbox == []
        transaction.set_rollback(True)
    with transaction.atomic():
        send("done")
        assert mailoutbox == []
    assert [message.subject for message in mailoutbox] == ["done"]


class Broken(django_mail.backends.base.BaseEmailBackend):
    def send_messages(self, email_messages):
        raise OSError("no server")


def test_a_mail_server_that_is_down_is_noted_and_neither_the_request_nor_the_next_mail_suffers(
    settings, tmp_path, committed, posted
):
    settings.MAIL_BACKEND, settings.EMAIL_FILE_PATH = f"{__name__}.Broken", str(tmp_path)
    with capture_logs() as lines:
        with transaction.atomic():
            send("lost")
            send("lost too")
        posted()
    assert [(line["event"], line["count"], line["log_level"]) for line in lines] == [("mail_not_sent", 1, "error")] * 2
    assert TO not in str([{**line, "exc_info": ""} for line in lines])


def test_a_mail_server_that_does_not_answer_is_not_waited_for_for_ever(settings):
    assert 0 < settings.EMAIL_TIMEOUT <= 30
