"""Many tills at the same instant. Every race has its control: the same without the guard, and what then goes wrong."""

import json
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import IntegrityError
from uuid_utils.compat import uuid7

from core import idempotency
from inventory import ledger, sums
from sales import services
from sales.errors import RefundTooMuch
from sales.models import Register, Sale
from sales.services import receipts
from tests.conftest import Shop, open_shop
from tests.races import PATIENCE, at_once, count_of, meeting_before, one_behind_another, weaken, without
from tests.sales.calls import unlock_refunds

pytestmark = pytest.mark.usefixtures("committed")

SALES = "/api/v1/sales/sales/"
TEN = [{"method": "CASH", "amount": Decimal("10.00")}]


def registers(shop: Shop, count: int) -> list[Register]:
    with shop.inside():
        more = [
            services.add_register(by=shop.owner, storefront=shop.storefront, code=f"T{i}", name=f"Till {i}")
            for i in range(1, count)
        ]
    return [shop.register, *more]


def sell(shop: Shop, **extra) -> Sale:
    """One of the product, by the service."""
    with shop.inside():
        return services.complete_sale(
            by=shop.owner,
            storefront=shop.storefront.pk,
            register=shop.register.pk,
            lines=[{"product": shop.products[0].pk, "quantity": Decimal(1)}],
            payments=TEN,
            **extra,
        )


# --- Exactly once ----------------------------------------------------------------------------------------------------


def post_to(server: str, shop: Shop, body: dict, key: str):
    """Status, body and replay header of a sale sent by a till over the network."""
    request = urllib.request.Request(
        f"{server}{SALES}",
        data=json.dumps(body).encode(),
        headers={
            "Authorization": shop.bearer(),
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return response.status, response.read(), response.headers.get("Idempotency-Replayed")
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read(), None


def test_s31_one_key_in_fifty_concurrent_requests_is_one_sale_and_fifty_equal_bodies(server, busy):
    """S31."""
    body, key = busy.basket(payments=[{"method": "CASH", "amount": "10.00"}]), str(uuid7())
    answers = at_once([lambda: post_to(server, busy, body, key)] * 50)
    assert Counter(status for status, _, _ in answers) == {201: 50}
    assert len({content for _, content, _ in answers}) == 1
    assert Counter(replayed for _, _, replayed in answers) == {"true": 49, None: 1}
    with busy.inside():
        assert busy.account.sales.count() == 1
        assert busy.account.payments.count() == 1
        assert busy.account.stock_products.get().quantity == 499
        assert busy.account.registers.get().last_number == 1


def test_s31_one_key_with_two_bodies_at_the_same_instant_sells_one_of_them(server, busy):
    """S31."""
    key = str(uuid7())
    bodies = [busy.basket(quantity, payments=[{"method": "CASH", "amount": "20.00"}]) for quantity in ("1", "2")]
    answers = at_once([lambda body=bodies[i % 2]: post_to(server, busy, body, key) for i in range(20)])
    assert Counter(status for status, _, _ in answers) == {201: 10, 422: 10}
    assert len({content for status, content, _ in answers if status == 201}) == 1
    refused = {json.loads(content)["code"] for status, content, _ in answers if status == 422}
    assert refused == {"idempotency_key_reused"}
    with busy.inside():
        assert busy.account.sales.count() == 1


def test_s31_control_a_key_that_is_not_unique_sells_as_often_as_it_is_sent(busy, monkeypatch):
    """S31."""
    weaken(monkeypatch, idempotency, "_CLAIM", "ON CONFLICT ON CONSTRAINT one_answer_per_key DO NOTHING")
    body, header = busy.basket(), {"Idempotency-Key": "one"}
    del body["id"]
    clients = [busy.client() for _ in range(8)]
    posts = [lambda client=client: client.post(SALES, body, headers=header) for client in clients]
    with without("one_answer_per_key"):
        assert Counter(response.status_code for response in at_once(posts)) == {201: 8}
        with busy.inside():
            assert busy.account.sales.count() == 8


def test_one_id_under_many_keys_is_one_sale(busy):
    body = busy.basket(payments=[{"method": "CASH", "amount": "10.00"}])
    clients = [busy.client() for _ in range(8)]
    posts = [
        lambda client=client, i=i: client.post(SALES, body, headers={"Idempotency-Key": f"key-{i}"})
        for i, client in enumerate(clients)
    ]
    answers = [(response.status_code, response.json().get("code")) for response in at_once(posts)]
    assert Counter(answers) == {(201, None): 1, (409, "id_taken"): 7}
    with busy.inside():
        assert busy.account.sales.count() == 1
        assert busy.account.stock_products.get().quantity == 499


# --- Numbers ---------------------------------------------------------------------------------------------------------


def test_s36_a_hundred_concurrent_sales_on_four_registers_have_no_gap_and_no_double(busy):
    """S36."""
    tills = registers(busy, 4)
    clients = [busy.client() for _ in range(20)]

    def five_sales(i: int):
        numbers = []
        for _ in range(5):
            body = busy.basket(register=str(tills[i % 4].pk), payments=[{"method": "CASH", "amount": "10.00"}])
            # The same till tries a sale that fails after its number was taken.
            failed = clients[i].post(SALES, {**body, "id": str(uuid7()), "payments": []})
            assert failed.json()["code"] == "payment_short"
            numbers.append(clients[i].post(SALES, body).json()["data"]["receipt_number"])
        return numbers

    results = at_once([lambda i=i: five_sales(i) for i in range(20)])
    found = sorted(number for numbers in results for number in numbers)
    assert found == sorted(f"{till.code}-{n:06d}" for till in tills for n in range(1, 26))


@contextmanager
def locked(shop: Shop, rows: str) -> Iterator[None]:
    """While somebody else holds the only one of these."""
    with shop.inside():
        getattr(shop.account, rows).locked().get()
        yield


def numbers(shop: Shop) -> list[str]:
    """What is on the receipts of eight sales that all wait for one register."""
    return one_behind_another([lambda: sell(shop).receipt_number] * 8, held=locked(shop, "registers"))


def test_s36_sales_that_waited_for_one_register_have_each_a_number_of_its_own(busy):
    """S36."""
    assert sorted(numbers(busy)) == [f"R1-{n:06d}" for n in range(1, 9)]


def read_then_write(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = "WITH seen AS MATERIALIZED (SELECT id, last_number + 1 AS number FROM registers)\nUPDATE"
    weaken(monkeypatch, receipts, "_OPEN_RECEIPT", "UPDATE", seen)
    weaken(monkeypatch, receipts, "_OPEN_RECEIPT", "= r.last_number + %(taken)s FROM", "= seen.number FROM seen,")
    weaken(monkeypatch, receipts, "_OPEN_RECEIPT", "WHERE", "WHERE seen.id = r.id AND")


def test_s36_control_a_number_that_is_read_and_then_written_is_given_twice(busy, monkeypatch):
    """S36."""
    read_then_write(monkeypatch)
    with without("one_sale_per_receipt_number"):
        assert numbers(busy) == ["R1-000001"] * 8


def test_s36_control_a_number_that_is_given_twice_is_refused_by_its_constraint(busy, monkeypatch):
    """S36."""
    read_then_write(monkeypatch)
    results = numbers(busy)
    assert (count_of(results, "R1-000001"), count_of(results, IntegrityError)) == (1, 7)


# --- Refunds ---------------------------------------------------------------------------------------------------------


def refund(shop: Shop, sale: Sale, **extra):
    line = sale.lines.get(account=shop.account)
    return services.refund_sale(by=shop.owner, sale=sale, lines=[{"line": line.pk, "quantity": Decimal(1)}], **extra)


def money_left(shop: Shop) -> Decimal:
    return sum(shop.account.payments.values_list("amount", flat=True), Decimal(0))


def test_s34_concurrent_refunds_of_one_line_succeed_once(busy):
    """S34."""
    sale = sell(busy)
    (line,) = sale.lines.all()
    clients = [busy.client() for _ in range(8)]
    body = {"lines": [{"line": str(line.pk), "quantity": "1"}]}
    answers = at_once(
        [
            lambda client=client: client.post(f"{SALES}{sale.pk}/refunds/", {**body, "id": str(uuid7())})
            for client in clients
        ]
    )
    found = Counter((response.status_code, response.json().get("code")) for response in answers)
    assert found == {(201, None): 1, (409, RefundTooMuch.code): 7}
    with busy.inside():
        assert (busy.account.refunds.count(), money_left(busy)) == (1, 0)
        assert busy.account.stock_products.get().quantity == 500


def test_s34_control_a_sale_that_is_not_locked_is_paid_back_twice(busy, monkeypatch):
    """S34."""
    unlock_refunds(monkeypatch)
    sold = sell(busy)
    barrier = threading.Barrier(2)

    def refund_unlocked(register: Register):
        with busy.inside(), meeting_before('INSERT INTO "refunds"', barrier):
            refund(busy, busy.account.sales.get(pk=sold.pk), register=register.pk)
            return "refunded"

    assert at_once([lambda r=register: refund_unlocked(r) for register in registers(busy, 2)]) == ["refunded"] * 2
    with busy.inside():
        assert (busy.account.refunds.count(), money_left(busy)) == (2, Decimal("-10.00"))


# --- The last one on the shelf ---------------------------------------------------------------------------------------


def test_s26_twenty_tills_sell_the_last_unit_once(committed):
    """S26."""
    shop = open_shop("Last One", prices=("10.00",), stock="1")
    tills = registers(shop, 20)
    clients = [shop.client() for _ in tills]
    posts = [
        lambda client=client, till=till: client.post(SALES, shop.basket(register=str(till.pk)))
        for client, till in zip(clients, tills, strict=True)
    ]
    answers = at_once(posts)
    assert Counter(response.status_code for response in answers) == {201: 1, 409: 19}
    for response in answers:
        if response.status_code == 409:
            assert response.json()["code"] == "insufficient_stock"
            assert response.json()["meta"]["available"] == {str(shop.products[0].pk): "0.000"}
    with shop.inside():
        assert shop.account.stock_products.get().quantity == 0
        assert shop.account.sales.count() == 1
        assert sum(shop.account.registers.values_list("last_number", flat=True)) == 1
    assert list(sums.find_disagreements(using="staff")) == []


def test_s26_control_without_the_lock_and_the_constraints_the_last_unit_is_sold_to_everybody(committed, monkeypatch):
    """S26."""
    shop = open_shop("Last One", prices=("10.00",), stock="1")
    tills = registers(shop, 8)
    clients = [shop.client() for _ in tills]
    posts = [
        lambda client=client, till=till: client.post(SALES, shop.basket(register=str(till.pk)))
        for client, till in zip(clients, tills, strict=True)
    ]
    weaken(monkeypatch, ledger, "_LOCK", "FOR NO KEY UPDATE")
    with without("stock_never_negative", "one_movement_per_sequence"):
        answers = one_behind_another(posts, held=locked(shop, "stock_products"))
        assert Counter(response.status_code for response in answers) == {201: 8}
        with shop.inside():
            assert shop.account.stock_products.get().quantity == 1 - 8


def test_s26_baskets_with_the_same_products_in_opposite_order_all_sell(committed):
    """S26."""
    shop = open_shop("Busy", prices=("1.00", "2.00", "3.00", "4.00"), stock="1000")
    tills = registers(shop, 8)
    clients = [shop.client() for _ in tills]

    def twelve_sales(i: int):
        found = []
        for n in range(12):
            body = shop.basket(register=str(tills[i].pk))
            lines = body["lines"] if (i + n) % 2 else body["lines"][::-1]
            found.append(clients[i].post(SALES, {**body, "lines": lines[n % 3 :] + lines[: n % 3]}).status_code)
        return found

    results = at_once([lambda i=i: twelve_sales(i) for i in range(8)])
    assert Counter(status for found in results for status in found) == {201: 96}
    with shop.inside():
        assert {batch.quantity for batch in shop.account.stock_products.all()} == {Decimal(904)}
    assert list(sums.find_disagreements(using="staff")) == []
