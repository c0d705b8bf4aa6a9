"""What is logged names nobody, and tells no secret."""

import subprocess
import sys
from smtplib import SMTPRecipientsRefused

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.db import IntegrityError, transaction

from core import mail
from tests.conftest import PASSWORD
from tests.server import ROOT

EMAIL = "efua.quartey@somewhere.example"
LONG = "q7" * 27


class RefusingBackend(BaseEmailBackend):
    """A mail server that knows no addressee."""

    def send_messages(self, messages):
        raise SMTPRecipientsRefused({to: (550, f"no {to} here".encode()) for each in messages for to in each.to})


def test_a_mail_that_is_not_taken_is_logged_without_its_addressee(settings, caplog):
    settings.MAIL_BACKEND = f"{__name__}.RefusingBackend"
    mail._deliver([mail.mail.EmailMessage("Hello", "Hello", to=[EMAIL])])
    assert "mail_not_sent" in caplog.text
    assert "SMTPRecipientsRefused" in caplog.text
    assert EMAIL not in caplog.text


def test_the_line_of_a_request_names_neither_person_nor_token(shop, nobody, caplog):
    offered = shop.client().post("/api/v1/accounts/invitations/", {"email": EMAIL, "role": "CASHIER"})
    assert offered.status_code == 201
    body = {"email": EMAIL, "password": PASSWORD}
    assert nobody.post("/api/v1/accounts/auth/token/", body).status_code == 401
    assert nobody.get("/api/v1/accounts/auth/invitations/sEcReT-of-a-mail/").status_code == 404
    for wrong in (f"/api/v1/accounts/auth/invitations/{LONG}", f"//api/v1/accounts/auth//invitations/{LONG}/accept"):
        assert nobody.get(wrong).status_code == 404
    assert "/api/v1/accounts/auth/invitations/***/" in caplog.text
    for text in (EMAIL, PASSWORD, "sEcReT-of-a-mail", LONG):
        assert text not in caplog.text


@pytest.mark.parametrize("fault", [{"name": None}, {"phone": "x" * 33}])
def test_a_fault_of_the_database_does_not_quote_the_row(shop, fault):
    """PostgreSQL leaves the row out of its text where row-level security stands."""
    with shop.inside(), pytest.raises(Exception, match=r"null value|too long") as refusal, transaction.atomic():
        shop.account.customers.create(**{"name": "Efua Quartey", "phone": "0244123456", **fault})
    assert "0244123456" not in str(refusal.value)
    assert "Efua" not in str(refusal.value)


def test_a_rule_of_the_database_does_not_quote_the_row(shop):
    with shop.inside():
        shop.account.customers.create(name="Efua Quartey", phone="0244123456")
        with pytest.raises(IntegrityError, match="one_customer_per_phone") as refusal, transaction.atomic():
            shop.account.customers.create(name="Esi", phone="0244123456")
    assert "0244123456" not in str(refusal.value)


@pytest.mark.parametrize("pretty", [True, False])
def test_a_traceback_does_not_show_the_values_that_were_at_hand(pretty):
    program = f"""
import logging
from core import logs
logs.configure(level="INFO", pretty={pretty})
def fail(key):
    return 1 / (len(key) - len(key))
try:
    fail("sk-" + "very-secret")
except ZeroDivisionError:
    logging.getLogger("x").exception("it failed")
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "ZeroDivisionError" in done.stderr
    assert "sk-very-secret" not in done.stderr
