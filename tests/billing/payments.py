"""What the tests do with attempts to be paid: start one, look after it as a worker does, deliver a notice."""

import json
from datetime import timedelta
from decimal import Decimal

from django.db import connection
from django.utils import timezone
from uuid_utils.compat import uuid7

from billing import services
from fakes import control
from tests.billing.takers import TAKEN

GATEWAYS = ("MOMO", "PAYSTACK")  # that ask a phone
PAGES = ("PAYSTACK", "STRIPE")  # that have a page
BACK = "http://localhost:5173/bought"
PHONE = "0244123456"
WEBHOOKS = "/api/v1/billing/webhooks/"


def start(shop, gateway="MOMO", amount="42.50", phone=PHONE, purpose="test", **extra):
    with shop.inside():
        return services.start_payment(
            by=shop.owner,
            id=uuid7(),
            gateway=gateway,
            purpose=purpose,
            subject_id=uuid7(),
            amount=Decimal(amount),
            payer_phone=phone,
            **extra,
        )


def bought(shop, gateway="STRIPE", amount="42.50", **extra):
    """An attempt whose page is open, for what is granted as soon as it is paid."""
    attempt = start(shop, gateway, amount, phone="", purpose="bought", return_url=BACK, **extra)
    pursue(attempt)
    row = seen(shop, attempt)
    assert (row.state, bool(row.page_url)) == ("PROMPTED", True)
    return row


def granted(shop):
    """What was told to the purpose of what is bought, in order."""
    with shop.inside():
        events = shop.account.audit_events.filter(action__in=["test.granted", "test.withdrawn"]).order_by("id")
        return [event.after.get("granted", "withdrawn") for event in events]


def prompted(shop, gateway="MOMO", amount="42.50", **extra):
    """An attempt of which the payer has been asked."""
    attempt = start(shop, gateway, amount, **extra)
    pursue(attempt)
    assert state_of(shop, attempt) == "PROMPTED"
    return attempt


def pursue(attempt):
    """What a worker does with it."""
    services.pursue_payment(account_id=attempt.account_id, attempt_id=attempt.pk)


def seen(shop, attempt):
    with shop.inside():
        return shop.account.payment_attempts.get(pk=attempt.pk)


def state_of(shop, attempt):
    return seen(shop, attempt).state


def taken(shop):
    """The states in which money was handed to what it pays."""
    with shop.inside():
        events = shop.account.audit_events.filter(action=TAKEN).order_by("id")
        return [event.after["state"] for event in events]


def kept(shop):
    """The money that nobody asked for."""
    with shop.inside():
        return [event.after for event in shop.account.audit_events.filter(action="test.kept").order_by("id")]


def events(shop):
    with shop.inside():
        return list(shop.account.gateway_notices.order_by("id"))


def decide(fake, attempt, status="SUCCESSFUL", **facts):
    """What the payer decides; nobody hears of it."""
    control.decide(fake.ledger, attempt.reference, status, notify=0, **facts)


def notice(fake, reference, **facts):
    return control.notice_of(fake.ledger, reference, **facts)


def deliver(client, told, gateway, account=""):
    """Send a notice to the webhook, which answers with 200."""
    response = post(client, told, gateway, account)
    assert response.status_code == 200, response.content
    return response


def post(client, told, gateway, account=""):
    address = f"{WEBHOOKS}{gateway.lower()}/" + (f"{account}/" if account else "")
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in told.headers.items()}
    headers.pop("HTTP_CONTENT_TYPE")
    return client.generic(told.method, address, told.body, content_type="application/json", **headers)


def age(shop, attempt, **span):
    """Move everything about it into the past."""
    back = timedelta(**span)
    with shop.inside():
        row = shop.account.payment_attempts.get(pk=attempt.pk)
        moments = ("created_at", "expires_at", "paid_at", "due_at")
        told = {name: getattr(row, name) - back for name in moments if getattr(row, name)}
        shop.account.payment_attempts.filter(pk=attempt.pk).update(**told)


def jobs(name="pursue_payment"):
    """What waits for a worker; (account, row) each."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args->>'account_id', args->>'row_id' FROM procrastinate_jobs WHERE task_name = %s ORDER BY id",
            [name],
        )
        return cursor.fetchall()


def run_jobs():
    """What a worker does with all that waits for it, in order."""
    for told in _args("name_notice"):
        services.name_notice(**told)
    for name, work in (
        ("pursue_payment", lambda account, row: services.pursue_payment(account_id=account, attempt_id=row)),
        ("trace_notice", lambda account, row: services.trace_notice(account_id=account, notice_id=row)),
    ):
        for account, row in jobs(name):
            work(account, row)
    forget_jobs()


def _args(name):
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [name])
        return [json.loads(args) if isinstance(args, str) else args for (args,) in cursor.fetchall()]


def forget_jobs():
    connection.cursor().execute("DELETE FROM procrastinate_jobs")


def now():
    return timezone.now()
