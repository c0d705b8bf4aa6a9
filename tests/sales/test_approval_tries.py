"""Whoever guesses a PIN is stopped: the tries are counted exactly, also at once, and a refusal does not undo it."""

from functools import partial

import pytest

from accounts.roles import Role
from core import limits
from tests.answers import refused
from tests.conftest import Shop
from tests.places import add_member, approved_by, give_pin
from tests.races import at_once, count_of
from tests.sales.requests import SALES, back, sell

WRONG = "11112222"
TRIES = 5


@pytest.fixture
def manager(busy):
    return give_pin(busy, add_member(busy, Role.MANAGER, name="Manager"))


def refund(shop: Shop, sale, manager, pin: str | None = None, *, member=None, key="one"):
    headers = approved_by(manager, pin) if pin else approved_by(manager)
    body = back(sale["lines"][0]["id"], "0.001")
    url = f"{SALES}{sale['id']}/refunds/"
    return shop.client(member or shop.cashier).post(url, body, HTTP_IDEMPOTENCY_KEY=key, **headers)


def test_after_five_wrong_pins_the_right_one_has_to_wait(busy, manager):
    sale = sell(busy)
    for _ in range(TRIES):
        refused(busy, lambda: refund(busy, sale, manager, WRONG), 403, "wrong_pin")
    for pin in (WRONG, None):
        told = refused(busy, lambda pin=pin: refund(busy, sale, manager, pin), 429, "too_many_tries")
        assert 0 < told["meta"]["retry_after"] <= 900
    assert 0 < int(refund(busy, sale, manager)["Retry-After"]) <= 900


def test_the_right_pin_gives_the_tries_back(busy, manager):
    sale = sell(busy)
    for round_number in range(2):
        for _ in range(TRIES - 1):
            assert refund(busy, sale, manager, WRONG).status_code == 403
        assert refund(busy, sale, manager, key=f"round {round_number}").status_code == 201


def test_who_guesses_locks_the_manager_out_for_themselves_only(busy, manager):
    sale = sell(busy)
    colleague = add_member(busy, Role.CASHIER, name="Colleague")
    for _ in range(TRIES + 1):
        response = refund(busy, sale, manager, WRONG)
    assert response.status_code == 429
    assert refund(busy, sale, manager, member=colleague).status_code == 201


def test_of_many_wrong_pins_at_once_exactly_five_are_looked_at(busy, manager):
    sale = sell(busy)
    assert tries(busy, sale, manager) == {403: TRIES, 429: 3}


def test_control_counted_within_the_request_every_refusal_undoes_its_own_count(busy, manager, monkeypatch):
    sale = sell(busy)
    monkeypatch.setattr(limits, "OUTSIDE", "default")
    assert tries(busy, sale, manager) == {403: TRIES + 3, 429: 0}


def tries(shop, sale, manager) -> dict[int, int]:
    """The answers to eight wrong PINs that come at the same instant."""
    shop.bearer(shop.cashier)
    calls = [partial(refund, shop, sale, manager, WRONG, key=f"try {number}") for number in range(TRIES + 3)]
    codes = [response.status_code for response in at_once(calls)]
    return {code: count_of(codes, code) for code in (403, 429)}
