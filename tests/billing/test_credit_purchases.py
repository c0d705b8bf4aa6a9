"""Packs of credits: granted once when their money comes, also late; taken back when it goes."""

from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from billing import services
from billing.gateways import Finding, Outcome
from billing.models import CreditPack
from billing.services import settling
from tests.billing import payments
from tests.billing.crediting import answer, get, left, lines, post, rich, spend

pytestmark = pytest.mark.django_db

BODY = {"pack": "ghs-500", "gateway": "MOMO", "payer_phone": "0244123456"}


def buy(shop, **extra):
    """An order of which the payer has been asked."""
    made = post(shop, "purchases/", {**BODY, **extra})
    assert made.status_code == 201, made.content
    payments.run_jobs()
    with shop.inside():
        return shop.account.payment_attempts.get(subject_id=made.json()["data"]["id"])


def shown(shop, attempt):
    return get(shop, f"purchases/{attempt.subject_id}/").json()["data"]


def settle(shop, attempt, *, is_reversed=False, amount="50.00", currency="GHS"):
    """What the gateway says of it when it is asked."""
    finding = Finding(Outcome.PAID, amount=Decimal(amount), currency=currency, is_reversed=is_reversed)
    with shop.inside():
        locked = shop.account.payment_attempts.locked().select_related("by").get(pk=attempt.pk)
        locked.by.account = shop.account
        settling.settle_payment(attempt=locked, finding=finding, now=timezone.now())


def test_a_pack_is_ordered_at_its_price_and_brings_nothing_before_it_is_paid(shop, fake):
    attempt = buy(shop)
    assert (attempt.amount, attempt.currency, attempt.purpose) == (Decimal("50.00"), "GHS", "credits")
    order = shown(shop, attempt)
    assert (order["pack"], order["credits"], order["price"], order["state"]) == ("ghs-500", 500, "50.00", "PROMPTED")
    assert (order["granted_at"], order["missing"], order["gateway"]) == (None, 0, "MOMO")
    assert left(shop) == (0, 0)


def test_s43_money_that_comes_brings_its_credits_once_however_often_it_is_told(shop, fake, nobody):
    """S43."""
    attempt = buy(shop)
    payments.decide(fake, attempt)
    for _ in range(2):
        payments.deliver(nobody, payments.notice(fake, attempt.reference), "MOMO", shop.id)
        payments.run_jobs()
        payments.pursue(attempt)
    assert lines(shop) == [("PURCHASED", 500)]
    assert shown(shop, attempt)["granted_at"] is not None
    assert left(shop) == (500, 0)


def test_money_that_comes_late_brings_them_all_the_same(shop, fake):
    attempt = buy(shop)
    payments.age(shop, attempt, hours=3)
    payments.pursue(attempt)
    assert payments.state_of(shop, attempt) == "EXPIRED"
    payments.decide(fake, attempt)
    payments.pursue(attempt)
    assert payments.state_of(shop, attempt) == "PAID_LATE"
    assert lines(shop) == [("PURCHASED", 500)]


@pytest.mark.parametrize(("amount", "currency"), [("49.99", "GHS"), ("500", "GHS"), ("50.00", "NGN"), ("50.00", "")])
def test_another_amount_or_currency_brings_nothing(shop, fake, amount, currency):
    attempt = buy(shop)
    settle(shop, attempt, amount=amount, currency=currency)
    assert payments.state_of(shop, attempt) == "FAILED"
    assert shown(shop, attempt)["granted_at"] is None
    assert left(shop) == (0, 0)


def test_a_payer_who_declines_gets_nothing_and_may_try_again(shop, fake):
    first = buy(shop)
    payments.decide(fake, first, "FAILED")
    payments.pursue(first)
    second = buy(shop)
    payments.decide(fake, second)
    payments.pursue(second)
    assert [shown(shop, attempt)["state"] for attempt in (first, second)] == ["FAILED", "PAID"]
    assert left(shop) == (500, 0)


def test_what_a_pack_costs_and_has_later_is_no_affair_of_an_order(shop, fake):
    attempt = buy(shop)
    pack = CreditPack.objects.get(code="ghs-500")
    assert shown(shop, attempt)["credits"] == pack.credits
    settle(shop, attempt)
    with shop.inside():
        order = shop.account.credit_purchases.get()
    assert (order.credits, order.price, order.currency) == (500, Decimal("50.00"), "GHS")


# --- The money goes back ----------------------------------------------------------------------------------------------


def test_the_credits_go_back_with_the_money_and_return_with_it(shop, fake):
    attempt = buy(shop)
    for is_reversed in (False, True, True, False, False, True, False):
        settle(shop, attempt, is_reversed=is_reversed)
        assert left(shop) == (0 if is_reversed else 500, 0)
    assert [amount for _, amount in lines(shop)] == [500, -500, 500, -500, 500]


def test_what_is_left_is_taken_back_and_the_rest_is_on_record(shop, fake):
    attempt = buy(shop)
    settle(shop, attempt)
    spend(shop, "images", 90)
    settle(shop, attempt, is_reversed=True)
    order = shown(shop, attempt)
    assert (order["taken_back"], order["missing"]) == (50, 450)
    assert order["granted_at"] <= order["taken_back_at"]
    assert left(shop) == (0, 0)
    with shop.inside():
        (event,) = shop.account.audit_events.filter(action="credits.taken_back")
    assert event.after == {"credits": 50, "missing": 450}
    rich(shop, 7)
    settle(shop, attempt)  # the dispute is won
    assert (shown(shop, attempt)["missing"], left(shop)) == (0, (57, 0))


def test_nothing_is_taken_where_nothing_is_left_and_nothing_comes_back_for_it(shop, fake):
    attempt = buy(shop)
    settle(shop, attempt)
    spend(shop, "images", 100)
    settle(shop, attempt, is_reversed=True)
    assert shown(shop, attempt)["missing"] == 500
    settle(shop, attempt)
    assert left(shop) == (0, 0)
    assert lines(shop) == [("PURCHASED", 500), ("SPENT", -500)]


def test_money_that_went_back_before_we_heard_of_it_brings_nothing(shop, fake):
    attempt = buy(shop)
    settle(shop, attempt, is_reversed=True)
    assert (left(shop), lines(shop)) == ((0, 0), [])


# --- What is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"pack": "ghs-501"}, (400, "invalid_input")),
        ({"pack": "xof-500"}, (400, "invalid_input")),
        ({"pack": ""}, (400, "invalid_input")),
        ({"gateway": "WAVE"}, (409, "gateway_not_configured")),
        ({"amount": "0.01"}, (400, "invalid_input")),
        ({"price": "0.01"}, (400, "invalid_input")),
        ({"currency": "NGN"}, (400, "invalid_input")),
        ({"payer_phone": "call me"}, (400, "invalid_input")),
        ({"payer_email": "nobody"}, (400, "invalid_input")),
        ({"return_url": "https://evil.example/"}, (400, "invalid_input")),
    ],
)
def test_what_makes_no_order_is_refused_and_nobody_is_asked_to_pay(shop, fake, changes, told):
    refused = post(shop, "purchases/", {**BODY, **changes})
    assert answer(refused) == told, refused.content
    with shop.inside():
        assert not shop.account.credit_purchases.exists()
        assert not shop.account.payment_attempts.exists()
    assert payments.jobs() == []


def test_a_retry_orders_once(shop, fake):
    body = {**BODY, "id": str(uuid7())}
    first, again = (post(shop, "purchases/", body, key=False) for _ in range(2))
    assert first.json()["data"] == again.json()["data"]
    assert len(payments.jobs()) == 1
    assert answer(post(shop, "purchases/", BODY, key=False)) == (400, "idempotency_key_required")


def test_who_waits_has_the_gateway_asked_now(shop, fake):
    attempt = buy(shop)
    payments.decide(fake, attempt)  # and nobody calls back
    assert post(shop, f"purchases/{attempt.subject_id}/check/").json()["data"]["state"] == "PROMPTED"
    payments.run_jobs()
    assert shown(shop, attempt)["state"] == "PAID"
    assert left(shop) == (500, 0)


def test_a_strangers_order_is_not_there_and_its_money_is_theirs(shop, stranger, fake):
    attempt = buy(stranger)
    assert answer(get(shop, f"purchases/{attempt.subject_id}/")) == (404, "not_found")
    assert answer(post(shop, f"purchases/{attempt.subject_id}/check/")) == (404, "not_found")
    settle(stranger, attempt)
    assert (left(shop), left(stranger)) == ((0, 0), (500, 0))


def test_an_attempt_of_another_purpose_cannot_be_made_to_bring_credits(shop, fake):
    attempt = payments.start(shop, amount="50.00")
    with shop.inside(), pytest.raises(shop.account.credit_purchases.model.DoesNotExist):
        services.receive_credit_payment(by=shop.owner, attempt=attempt)
    assert left(shop) == (0, 0)
