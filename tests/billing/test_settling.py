"""However often and in whichever order a gateway tells the same: one state in the end, and money counts once."""

import json
from decimal import Decimal
from itertools import permutations

import pytest
import requests

from billing import services
from billing.errors import GatewayNotConfigured, PaymentNotUsable, PaymentOver
from billing.gateways import Finding, Outcome
from billing.services.settling import settle_payment
from fakes import control
from tests.billing.payments import (
    GATEWAYS,
    age,
    decide,
    deliver,
    events,
    jobs,
    notice,
    now,
    prompted,
    pursue,
    run_jobs,
    seen,
    start,
    state_of,
    taken,
)
from tests.conftest import open_shop

pytestmark = pytest.mark.django_db
PAID = Finding(Outcome.PAID, amount=Decimal("42.50"), currency="GHS", provider_reference="77")
FAILED = Finding(Outcome.FAILED, reason="APPROVAL_REJECTED")
PENDING = Finding(Outcome.PENDING)


def settle(shop, attempt, finding, *, at=None):
    with shop.inside():
        locked = shop.account.payment_attempts.locked().select_related("by", "account").get(pk=attempt.pk)
        settle_payment(attempt=locked, finding=finding, now=at or now())


def cancel(shop, attempt):
    with shop.inside():
        services.cancel_payment(by=shop.owner, attempt=shop.account.payment_attempts.locked().get(pk=attempt.pk))


def use(shop, attempt):
    with shop.inside():
        return services.use_payments(by=shop.owner, purpose="test", attempts=[attempt.pk])


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_payment_is_started_prompted_paid_and_used_once(shop, fake, gateway):
    attempt = start(shop, gateway)
    assert (attempt.state, jobs()) == ("INITIATED", [(str(shop.id), str(attempt.pk))])
    assert fake.ledger.charges == {}  # nothing is asked before the request is through
    run_jobs()
    assert state_of(shop, attempt) == "PROMPTED"
    pursue(attempt)  # the payer thinks
    assert (state_of(shop, attempt), taken(shop)) == ("PROMPTED", [])
    decide(fake, attempt)
    pursue(attempt)
    row = seen(shop, attempt)
    assert (row.state, row.paid_amount, row.paid_currency) == ("PAID", Decimal("42.50"), "GHS")
    assert row.provider_reference == str(fake.ledger.by_reference(attempt.reference).number)
    assert taken(shop) == ["PAID"]
    assert use(shop, attempt)[attempt.pk].amount == Decimal("42.50")
    with pytest.raises(PaymentNotUsable):
        use(shop, attempt)
    pursue(attempt)
    assert (state_of(shop, attempt), seen(shop, attempt).due_at, taken(shop)) == ("PAID", None, ["PAID"])


@pytest.mark.parametrize("order", list(permutations(["success", "again", "failure", "pending"])))
def test_the_same_findings_in_any_order_end_in_one_state(shop, fake, order):
    findings = {"success": PAID, "again": PAID, "failure": FAILED, "pending": PENDING}
    attempt = prompted(shop)
    for name in order:
        settle(shop, attempt, findings[name])
    row = seen(shop, attempt)
    assert (row.state, row.paid_amount, row.reason, row.provider_reference) == ("PAID", Decimal("42.50"), "", "77")
    assert taken(shop) == ["PAID"]


@pytest.mark.parametrize("gateway", GATEWAYS)
@pytest.mark.parametrize("order", list(permutations(["SUCCESSFUL", "again", "FAILED", "late"])))
def test_the_same_notices_in_any_order_end_in_one_state(shop, fake, nobody, gateway, order):
    """A notice only makes us ask: the gateway says SUCCESSFUL, whatever its notices said, and in which order."""
    attempt = prompted(shop, gateway)
    decide(fake, attempt)
    for name in order:
        if name == "late":
            run_jobs()  # the worker comes in between
            continue
        deliver(nobody, notice(fake, attempt.reference, status="FAILED" if name == "FAILED" else "SUCCESSFUL"), gateway)
    run_jobs()
    assert (state_of(shop, attempt), taken(shop)) == ("PAID", ["PAID"])
    assert len(events(shop)) == {"MOMO": 1, "PAYSTACK": 2}[gateway]


@pytest.mark.parametrize("order", list(permutations(["success", "failure", "expiry", "waiting"])))
def test_money_that_nobody_used_in_time_came_late_whatever_came_before_it(shop, fake, order):
    """In time and unused, or after its time: in the end it has come late, and is handed over as late once."""
    attempt = prompted(shop)
    steps = {
        "success": lambda: settle(shop, attempt, PAID),
        "failure": lambda: settle(shop, attempt, FAILED),
        "expiry": lambda: settle(shop, attempt, None),
        "waiting": lambda: age(shop, attempt, hours=1),
    }
    for name in order:
        steps[name]()
    settle(shop, attempt, PENDING)
    row = seen(shop, attempt)
    assert (row.state, row.paid_amount, row.due_at) == ("PAID_LATE", Decimal("42.50"), None)
    assert taken(shop).count("PAID_LATE") == 1


@pytest.mark.parametrize("gateway", GATEWAYS)
@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"amount": "42.49"}, "wrong_amount"),
        ({"amount": "4250"}, "wrong_amount"),
        ({"amount": "0.01"}, "wrong_amount"),
        ({"amount": "99999999999999"}, "wrong_amount"),
        ({"currency": "NGN"}, "wrong_currency"),
        ({"currency": "NGN", "amount": "1"}, "wrong_currency"),
    ],
)
def test_another_amount_or_currency_grants_nothing_and_is_on_record(shop, fake, gateway, wrong, reason):
    attempt = prompted(shop, gateway)
    decide(fake, attempt, **wrong)
    pursue(attempt)
    pursue(attempt)
    row = seen(shop, attempt)
    assert (row.state, row.reason, row.used_at) == ("FAILED", reason, None)
    assert row.paid_at is not None
    assert row.paid_currency == wrong.get("currency", "GHS")
    if wrong.get("amount") != "99999999999999":
        assert row.paid_amount == Decimal(wrong.get("amount", "42.50"))
    assert taken(shop) == ["FAILED"]  # told once, so that somebody looks into it
    with pytest.raises(PaymentNotUsable):
        use(shop, attempt)
    with shop.inside():
        last = shop.account.audit_events.filter(action="payment.settled").latest("id")
    assert last.after["reason"] == reason


def test_what_came_in_another_currency_is_told_with_the_digits_of_that_one(db, fake):
    francs = open_shop("Chez Awa", country="CI", currency="XOF", time_zone="Africa/Abidjan")
    attempt = prompted(francs, amount="5000", phone="0712345678")
    decide(fake, attempt, amount="10.55", currency="GHS")
    pursue(attempt)
    with francs.inside():
        last = francs.account.audit_events.filter(action="payment.settled").latest("id")
    assert (last.after["paid"], last.after["reason"]) == ("10.55 GHS", "wrong_currency")


PAID_WITHOUT = {
    "MOMO": lambda reference, **told: {"status": "SUCCESSFUL", "externalId": reference, **told},
    "PAYSTACK": lambda reference, **told: {
        "status": True,
        "data": {"status": "success", "reference": reference, **told},
    },
}


@pytest.mark.parametrize("gateway", GATEWAYS)
@pytest.mark.parametrize(
    "told", [{}, {"amount": "42.50"}, {"currency": "GHS"}, {"amount": None, "currency": "GHS"}, {"amount": 0.0}]
)
def test_money_of_which_it_is_not_told_how_much_has_not_come_yet(shop, fake, gateway, told):
    attempt = prompted(shop, gateway)
    decide(fake, attempt)
    path = {"MOMO": "requesttopay/", "PAYSTACK": "transaction/verify"}[gateway]
    control.fault(fake.ledger, path=path, status=200, body=json.dumps(PAID_WITHOUT[gateway](attempt.reference, **told)))
    pursue(attempt)
    row = seen(shop, attempt)
    assert (row.state, row.paid_at, taken(shop)) == ("PROMPTED", None, [])
    pursue(attempt)
    assert (state_of(shop, attempt), taken(shop)) == ("PAID", ["PAID"])


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_payment_that_was_cancelled_comes_late(shop, fake, gateway):
    attempt = prompted(shop, gateway)
    cancel(shop, attempt)
    decide(fake, attempt)
    pursue(attempt)
    assert (state_of(shop, attempt), taken(shop)) == ("PAID_LATE", ["PAID_LATE"])
    with pytest.raises(PaymentNotUsable):
        use(shop, attempt)


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_payment_after_its_time_comes_late(shop, fake, gateway):
    attempt = prompted(shop, gateway)
    age(shop, attempt, minutes=6)
    pursue(attempt)
    assert state_of(shop, attempt) == "EXPIRED"
    decide(fake, attempt)
    pursue(attempt)
    assert (state_of(shop, attempt), taken(shop)) == ("PAID_LATE", ["PAID_LATE"])


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_payment_that_is_declined_fails_and_says_why(shop, fake, gateway):
    attempt = prompted(shop, gateway)
    decide(fake, attempt, "FAILED", reason="NOT_ENOUGH_FUNDS")
    pursue(attempt)
    row = seen(shop, attempt)
    assert (row.state, row.reason, row.paid_at, taken(shop)) == ("FAILED", "NOT_ENOUGH_FUNDS", None, [])


def test_what_is_over_cannot_be_cancelled_and_what_is_paid_neither(shop, fake):
    attempt = prompted(shop)
    decide(fake, attempt)
    pursue(attempt)
    with pytest.raises(PaymentOver) as refusal:
        cancel(shop, attempt)
    assert refusal.value.meta == {"state": "PAID"}
    assert state_of(shop, attempt) == "PAID"


def test_nobody_is_asked_for_what_was_cancelled_before_the_worker_came(shop, fake):
    attempt = start(shop)
    cancel(shop, attempt)
    run_jobs()
    assert (state_of(shop, attempt), fake.ledger.charges) == ("CANCELLED", {})


def test_nobody_is_asked_after_the_time_of_the_attempt(shop, fake):
    attempt = start(shop)
    age(shop, attempt, minutes=6)
    run_jobs()
    assert (state_of(shop, attempt), fake.ledger.charges) == ("EXPIRED", {})


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_worker_that_died_before_it_could_write_asks_the_payer_no_second_time(shop, fake, gateway):
    attempt = prompted(shop, gateway)
    with shop.inside():
        shop.account.payment_attempts.filter(pk=attempt.pk).update(state="INITIATED")
    pursue(attempt)
    assert state_of(shop, attempt) == "PROMPTED"
    (charge,) = fake.ledger.charges.values()
    assert (charge.asked, Decimal(charge.amount)) == (2, Decimal("42.50"))


def test_what_is_paid_for_is_known_and_so_is_the_gateway(shop, fake):
    with pytest.raises(ValueError, match="nonsense"):
        start(shop, purpose="nonsense")
    with pytest.raises(GatewayNotConfigured):
        start(shop, "CASH")
    with shop.inside():
        assert not shop.account.payment_attempts.exists()
    assert jobs() == []


def test_francs_are_asked_for_without_decimals(db, fake):
    francs = open_shop("Chez Awa", country="CI", currency="XOF", time_zone="Africa/Abidjan")
    for gateway in GATEWAYS:
        attempt = prompted(francs, gateway, "1500", phone="0712345678")
        charge = fake.ledger.by_reference(attempt.reference)
        assert (Decimal(charge.amount), charge.currency) == (1500, "XOF")
        decide(fake, attempt)
        pursue(attempt)
        assert state_of(francs, attempt) == "PAID"
    momo = next(charge for charge in fake.ledger.charges.values() if charge.provider == "momo")
    assert (momo.amount, momo.phone) == ("1500", "2250712345678")


def test_a_payment_can_be_declined_when_it_is_asked_for(shop, fake):
    attempt = start(shop, phone="12")  # which the network takes for no number
    pursue(attempt)
    row = seen(shop, attempt)
    assert (row.state, row.reason) == ("FAILED", "BAD_REQUEST")


def test_the_fake_is_told_over_http_what_to_do(shop, fake):
    attempt = prompted(shop)
    told = requests.post(
        f"{fake.url}{control.PREFIX}decide", json={"reference": attempt.reference, "status": "FAILED"}, timeout=5
    )
    assert told.status_code == 200
    assert requests.post(f"{fake.url}{control.PREFIX}decide", json={"reference": "x"}, timeout=5).status_code == 400
    pursue(attempt)
    assert state_of(shop, attempt) == "FAILED"
    ledger = requests.get(f"{fake.url}{control.PREFIX}ledger", timeout=5).json()
    assert [charge["status"] for charge in ledger["charges"]] == ["FAILED"]
