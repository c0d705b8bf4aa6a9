"""Money by phone with a real worker, who is told nothing by the gateway."""

from decimal import Decimal

from tests import works
from tests.sales.phones import PAYMENTS, add_customer, age, attempt_of, body, state, wallet


def test_a_worker_asks_the_phone_and_the_silent_gateway_and_finds_what_nobody_used(busy, fake):
    efua = add_customer(busy)
    wanted = body(busy, customer=efua)
    payment = busy.client().post(PAYMENTS, wanted).json()["data"]
    with works.worker(FAKE_GATEWAYS=fake.url):
        works.wait_until(lambda: state(busy, payment) == "PROMPTED")
        fake.ledger.by_reference(attempt_of(busy, payment).reference).status = "SUCCESSFUL"  # and not a word
        works.wait_until(lambda: state(busy, payment) == "PAID")
        age(busy, payment, minutes=16)
        works.wait_until(lambda: state(busy, payment) == "PAID_LATE")
    assert wallet(busy, efua)[0] == Decimal(10)
