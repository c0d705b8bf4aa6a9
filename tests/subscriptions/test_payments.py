"""To pay for a plan: once for each payment, from the later of today and what is paid for, by the paid cycle."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from uuid_utils.compat import uuid7

from billing.gateways import Outcome
from inventory import services as inventory
from subscriptions.models import Subscription
from tests.conftest import open_shop
from tests.subscriptions.paying import (
    INVOICES,
    PAYMENTS,
    STATUS,
    acts,
    begin,
    held,
    hold,
    noon,
    papers,
    pay,
    seen,
    settle,
    told,
)

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 10)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(noon(TODAY), tick=False):
        yield


def period(shop):
    kept = held(shop)
    return kept.starts_on, kept.ends_on, str(kept.state)


# --- What is asked for ------------------------------------------------------------------------------------------------


def test_s21_the_server_reckons_the_price_and_takes_none_from_the_client(shop):
    """S21."""
    with shop.inside():
        inventory.add_location(by=shop.owner, kind="STOREFRONT", name="Second")
    client = shop.client()
    for name, value in (("storefronts", 1), ("amount", "1.00"), ("total", "1.00"), ("currency", "XOF")):
        refused = client.post(PAYMENTS, {"id": str(uuid7()), "gateway": "PAYSTACK", name: value})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "unknown_field"), name
    payment = begin(shop)
    assert (payment["kind"], payment["plan"], payment["cycle"], payment["storefronts"]) == (
        *("RENEWAL", "standard", "MONTHLY"),
        2,
    )
    assert (payment["base"], payment["extra"], payment["tax_total"], payment["fee"]) == (
        "120.00",
        "80.00",
        "40.00",
        "4.68",
    )
    assert (payment["total"], payment["currency"], payment["state"]) == ("244.68", "GHS", "INITIATED")
    with shop.inside():
        attempt = shop.account.payment_attempts.get(pk=payment["id"])
        assert (str(attempt.amount), attempt.currency, attempt.purpose) == ("244.68", "GHS", "subscription")
        assert attempt.payer_email == shop.owner.user.email
    inventory_later = held(shop)
    assert inventory_later.is_trial


def test_the_price_is_that_of_the_moment_when_it_was_asked_for(shop):
    payment = begin(shop)
    with shop.inside():
        inventory.add_location(by=shop.owner, kind="STOREFRONT", name="Second")
    settle(shop, payment)
    assert (seen(shop, payment)["storefronts"], seen(shop, payment)["total"]) == (1, "146.81")
    assert papers(shop) == [("INVOICE", "146.81", "2026-03-25", "2026-04-24")]


def test_a_shop_with_another_money_pays_in_the_money_of_the_plan():
    shop = open_shop("Boutique", country="CI", currency="XOF", time_zone="Africa/Abidjan", prices=("500",))
    payment = pay(shop, plan="starter")
    assert (payment["currency"], payment["total"], payment["taxes"]) == ("GHS", "61.17", [])
    assert papers(shop)[0][:2] == ("INVOICE", "61.17")
    assert str(held(shop).state) == "ACTIVE"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"plan": "nonsense"}, 400, "invalid_input"),
        ({"plan": "x" * 41}, 400, "invalid_input"),
        ({"gateway": "MOMO"}, 400, "invalid_input"),
        ({"gateway": None}, 400, "invalid_input"),
        ({"cycle": "WEEKLY"}, 400, "invalid_input"),
        ({"return_url": "https://elsewhere.example/"}, 400, "invalid_input"),
    ],
)
def test_what_cannot_be_paid_is_refused_and_leaves_nothing(shop, body, status, code):
    refused = shop.client().post(PAYMENTS, {"id": str(uuid7()), "gateway": "PAYSTACK", **body})
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.content
    with shop.inside():
        assert not shop.account.subscription_payments.exists()
        assert not shop.account.payment_attempts.exists()


def test_a_gateway_that_is_not_set_up_is_refused(shop, settings):
    settings.GATEWAYS = {}
    refused = shop.client().post(PAYMENTS, {"id": str(uuid7()), "gateway": "PAYSTACK"})
    assert (refused.status_code, refused.json()["code"]) == (409, "gateway_not_configured")


def test_a_plan_that_covers_less_than_there_is_cannot_be_paid(shop):
    with shop.inside():
        for name in ("Second", "Third"):
            inventory.add_location(by=shop.owner, kind="STOREFRONT", name=name)
    refused = shop.client().post(PAYMENTS, {"id": str(uuid7()), "gateway": "PAYSTACK", "plan": "starter"})
    assert (refused.status_code, refused.json()["code"]) == (409, "limit_reached")
    assert refused.json()["meta"] == {"resource": "storefronts", "limit": 2, "used": 3}


def test_a_retry_begins_nothing_new_and_a_payment_without_id_or_key_is_refused(shop):
    client, body = shop.client(), {"id": str(uuid7()), "gateway": "PAYSTACK"}
    first, again = (client.post(PAYMENTS, body) for _ in range(2))
    assert (first.status_code, again.json()["data"]) == (201, first.json()["data"])
    assert again["Idempotency-Replayed"] == "true"
    assert client.post(PAYMENTS, {**body, "cycle": "YEARLY"}).status_code == 422
    assert client.post(PAYMENTS, {"gateway": "PAYSTACK"}).json()["code"] == "idempotency_key_required"
    with shop.inside():
        assert shop.account.payment_attempts.count() == 1


def test_another_business_does_not_see_or_verify_the_payment(shop, stranger):
    payment = begin(shop)
    client = stranger.client()
    refusals = (
        (client.get(f"{PAYMENTS}{payment['id']}/"), (404, "not_found")),
        (client.post(f"{PAYMENTS}{payment['id']}/verify/"), (404, "not_found")),
        (shop.client(shop.cashier).get(PAYMENTS), (403, "capability_missing")),
    )
    for refused, why in refusals:
        assert (refused.status_code, refused.json()["code"]) == why, refused.content
    assert client.get(PAYMENTS).json()["count"] == 0
    assert shop.client().get(PAYMENTS).json()["count"] == 1


def test_to_verify_has_the_gateway_asked_again(shop):
    payment = begin(shop)
    asked = ProcrastinateJob.objects.filter(task_name="pursue_payment")
    begun = asked.count()
    response = shop.client().post(f"{PAYMENTS}{payment['id']}/verify/")
    assert (response.status_code, response.json()["data"]["id"]) == (200, payment["id"])
    assert asked.count() == begun + 1


# --- What it grants ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days_left", "starts_on"),
    [(10, TODAY + timedelta(days=11)), (0, TODAY + timedelta(days=1)), (-1, TODAY), (-7, TODAY), (-200, TODAY)],
)
def test_money_extends_from_the_later_of_today_and_the_end_of_what_is_paid_for(shop, days_left, starts_on):
    hold(shop, days_left=days_left)
    payment = pay(shop)
    after = seen(shop, payment)
    ends_on = starts_on + timedelta(days=30)  # of April, or of a month from the tenth of March
    assert date.fromisoformat(after["starts_on"]) == starts_on
    assert abs(date.fromisoformat(after["ends_on"]) - ends_on) <= timedelta(days=1)
    assert (str(held(shop).ends_on), str(held(shop).state)) == (after["ends_on"], "ACTIVE")
    assert shop.client().get(STATUS).json()["data"]["ends_on"] == after["ends_on"]


@pytest.mark.parametrize(
    ("cycle", "total", "last"),
    [("MONTHLY", "146.81", "2026-04-09"), ("QUARTERLY", "440.42", "2026-06-09"), ("YEARLY", "1468.08", "2027-03-09")],
)
def test_s19_a_payment_grants_one_extension_by_the_paid_cycle_however_often_it_is_told(shop, cycle, total, last):
    """S19."""
    hold(shop, days_left=-3)
    payment = begin(shop, cycle=cycle)
    for _ in range(5):
        settle(shop, payment)
    assert (payment["total"], str(held(shop).ends_on), held(shop).cycle) == (total, last, cycle)
    assert papers(shop) == [("INVOICE", total, "2026-03-10", last)]
    assert acts(shop) == ["subscription.trial_started", "subscription.renewed"]
    assert told(shop) == ["Your payment has come"]


def test_who_pays_in_the_trial_keeps_what_is_left_of_it(shop):
    payment = pay(shop, plan="unlimited")
    after = seen(shop, payment)
    assert (after["starts_on"], after["ends_on"]) == ("2026-03-25", "2026-04-24")
    assert (held(shop).plan_today.code, str(held(shop).state)) == ("unlimited", "ACTIVE")


def test_s20_a_failed_first_payment_does_not_block_the_second(shop):
    """S20."""
    hold(shop, days_left=-3)
    first = begin(shop)
    settle(shop, first, outcome=Outcome.FAILED)
    assert (seen(shop, first)["state"], seen(shop, first)["granted_at"]) == ("FAILED", None)
    assert period(shop)[2] == "GRACE"
    second = pay(shop)
    assert seen(shop, second)["granted_at"] is not None
    assert period(shop) == (TODAY, date(2026, 4, 9), "ACTIVE")
    assert len(papers(shop)) == 1


def test_one_who_forgot_a_page_begins_another_and_each_that_is_paid_grants_its_own_cycle(shop):
    hold(shop, days_left=-3)
    first, second = begin(shop), begin(shop, cycle="QUARTERLY")
    settle(shop, second)
    settle(shop, first)
    assert period(shop) == (TODAY, date(2026, 7, 9), "ACTIVE")
    assert [paper[2:] for paper in papers(shop)] == [("2026-03-10", "2026-06-09"), ("2026-06-10", "2026-07-09")]


@pytest.mark.parametrize("wrong", [{"amount": "146.80"}, {"amount": "0.01"}, {"amount": "146.82"}, {"currency": "XOF"}])
def test_s19_a_wrong_amount_or_currency_grants_nothing_and_is_on_record(shop, wrong):
    """S19."""
    hold(shop, days_left=-3)
    before = period(shop)
    payment = begin(shop)
    settle(shop, payment, **wrong)
    settle(shop, payment)
    after = seen(shop, payment)
    assert (after["state"], after["granted_at"]) == ("FAILED", None)
    assert after["reason"] == ("wrong_currency" if "currency" in wrong else "wrong_amount")
    assert (period(shop), papers(shop)) == (before, [])
    with shop.inside():
        event = shop.account.audit_events.filter(action="payment.settled").latest("id")
        assert event.after["reason"] == after["reason"]


def test_money_that_comes_late_grants_all_the_same(shop):
    hold(shop, days_left=5)
    payment = begin(shop)
    with time_machine.travel(noon(TODAY + timedelta(days=20)), tick=False):
        settle(shop, payment)
        assert seen(shop, payment)["state"] == "PAID_LATE"
        assert period(shop)[1:] == (date(2026, 4, 29), "ACTIVE")


def test_who_had_nothing_begins_with_the_first_payment(shop):
    with shop.inside():
        Subscription.across_accounts.all().delete()
    client = shop.client()
    unnamed = client.post(PAYMENTS, {"id": str(uuid7()), "gateway": "PAYSTACK"})
    assert [error["field"] for error in unnamed.json()["errors"]] == ["plan"]
    payment = begin(shop, plan="starter")
    assert client.get(STATUS).json()["data"]["state"] == "NONE"
    settle(shop, payment)
    assert period(shop) == (TODAY, date(2026, 4, 9), "ACTIVE")
    assert client.post("/api/v1/sales/sales/", shop.basket()).status_code == 201


def test_to_pay_takes_a_cancelling_back_and_does_not_lift_a_suspension(shop):
    hold(shop, days_left=-3, cancelled_at=timezone.now())
    assert period(shop)[2] == "CANCELLED"
    pay(shop)
    assert period(shop)[2] == "ACTIVE"
    hold(shop, days_left=3, suspended_at=timezone.now())
    pay(shop)
    assert period(shop)[2] == "SUSPENDED"


def test_the_day_is_the_accounts_own():
    shop = open_shop("Kiribati Kiosk", country="KI", currency="AUD", time_zone="Pacific/Kiritimati")
    hold(shop, days_left=-3)
    with time_machine.travel(datetime(2026, 3, 10, 10, 30, tzinfo=UTC), tick=False):  # half past midnight of the 11th
        payment = pay(shop)
    assert seen(shop, payment)["starts_on"] == "2026-03-11"


# --- Invoices ---------------------------------------------------------------------------------------------------------


def test_an_invoice_says_how_the_price_was_made_and_is_the_same_file_each_time(shop):
    hold(shop, days_left=-3)
    payment = pay(shop)
    row = shop.client().get(INVOICES).json()["results"][0]
    assert row["payment"] == payment["id"]
    assert row["content"]["buyer"] == {"name": "Ama Provisions", "country": "GH"}
    assert row["content"]["lines"] == [{"text": "Standard, monthly", "amount": "120.00"}]
    assert row["content"]["charges"] == [
        {"text": "VAT 15 %", "amount": "18.00"},
        {"text": "NHIL 2.5 %", "amount": "3.00"},
        {"text": "GETFund levy 2.5 %", "amount": "3.00"},
        {"text": "Payment fee", "amount": "2.81"},
    ]
    with shop.inside():
        shop.account.name = "Ɛmo & Daughters"
        shop.account.save(update_fields=["name"])
    address = f"{INVOICES}{row['id']}/pdf/"
    first, again = (b"".join(shop.client().get(address).streaming_content) for _ in range(2))
    assert first == again
    assert first.startswith(b"%PDF-")
    assert shop.client().get(f"{INVOICES}{row['id']}/").json()["data"] == row
    response = shop.client().get(address)
    assert response["Content-Type"] == "application/pdf"
    assert f"{row['number']}.pdf" in response["Content-Disposition"]


def test_invoices_of_all_businesses_are_numbered_one_after_the_other(shop, stranger):
    numbers = []
    for each in (shop, stranger, shop):
        hold(each, days_left=-3)
        pay(each)
        with each.inside():
            numbers.append(each.account.invoices.latest("id").number)
    first = int(numbers[0].removeprefix("2026-"))
    assert numbers == [f"2026-{first + i:06}" for i in range(3)]
