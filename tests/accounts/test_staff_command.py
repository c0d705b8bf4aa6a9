"""`add_staff`: who may sit at the console, and with which authenticator."""

import io
import re
import sys

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import Account, Session, User
from tests.conftest import PASSWORD, open_shop
from tests.console import LOGIN, Staff

pytestmark = pytest.mark.usefixtures("committed")

EMAIL = "akua@makola.example"


@pytest.fixture
def typed(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))


def add_staff(*options):
    printed = io.StringIO()
    call_command("add_staff", "--email", EMAIL, *options, stdout=printed)
    return printed.getvalue()


def staff_of(printed):
    address = re.search(r"otpauth://\S+", printed)[0]
    user = User.across_accounts.using("staff").select_related("account").get(email=EMAIL)
    return Staff(user.memberships.using("staff").select_related("user").get(), address)


def test_the_first_person_brings_the_platforms_account_about_and_can_sign_in_at_once(typed):
    printed = add_staff("--name", "Akua", "--role", "OPERATOR", "--password-stdin")
    staff = staff_of(printed)
    assert (staff.member.name, staff.member.role) == ("Akua", "OPERATOR")
    assert "█" in printed or "▀" in printed or "\x1b[" in printed
    account = Account.across_accounts.using("staff").get()
    assert (account.is_platform, account.name) == (True, "Makola")
    assert PASSWORD not in printed
    assert staff.client().get("/admin/").status_code == 200


def test_the_next_person_joins_the_same_account_and_only_looks_unless_told_otherwise(typed, monkeypatch):
    add_staff("--password-stdin")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
    call_command("add_staff", "--email", "esi@makola.example", "--password-stdin", stdout=io.StringIO())
    account = Account.across_accounts.using("staff").get()
    assert {seat.role for seat in account.memberships.using("staff").all()} == {"SUPPORT"}
    assert account.memberships.using("staff").count() == 2


def test_a_new_second_factor_takes_the_place_of_the_old_one_and_ends_the_sessions(typed):
    before = staff_of(add_staff("--role", "SUPPORT", "--password-stdin"))
    client = before.client()
    after = staff_of(add_staff("--reset-mfa"))
    assert client.get("/admin/").status_code == 302
    assert not Session.across_accounts.using("staff").exists()
    assert Client().post(LOGIN, before.credentials).status_code == 200
    assert after.client().get("/admin/").status_code == 200


def test_somebody_who_is_here_already_is_refused(typed, monkeypatch):
    shop = open_shop("Ama Provisions")
    for email in (shop.owner.user.email, shop.owner.user.email.upper()):
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
        with pytest.raises(CommandError, match="has a login already"):
            call_command("add_staff", "--email", email, "--password-stdin")
        with pytest.raises(CommandError, match="is not on the platform's staff"):
            call_command("add_staff", "--email", email, "--reset-mfa")
    assert Account.across_accounts.using("staff").count() == 1
    assert User.across_accounts.using("staff").get(pk=shop.owner.user_id).totp_key == ""


def test_a_weak_password_is_refused_with_the_reason_and_nothing_is_made(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("1234\n"))
    with pytest.raises(CommandError, match="too short"):
        add_staff("--password-stdin")
    assert not Account.across_accounts.using("staff").exists()


def test_who_is_removed_is_out_at_once_and_does_not_come_in_again(typed):
    """S10."""
    staff = staff_of(add_staff("--role", "OPERATOR", "--password-stdin"))
    client = staff.client()
    assert client.get("/admin/").status_code == 200
    add_staff("--remove")
    assert client.get("/admin/").status_code == 302
    assert not Session.across_accounts.using("staff").filter(user__email=EMAIL).exists()
    refused = Client().post(LOGIN, staff.credentials)
    assert (refused.status_code, b"no active seat" in refused.content) == (200, True)


def test_nobody_can_be_removed_who_is_not_there():
    open_shop("Ama Provisions")
    with pytest.raises(CommandError, match="is not on the platform's staff"):
        call_command("add_staff", "--email", "owner@ama-provisions.example", "--remove", stdout=io.StringIO())
