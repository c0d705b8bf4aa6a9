"""S30 and S31: a sale over the API happens whole or not at all, and once."""

import logging
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db import OperationalError, connection

from inventory import services as inventory
from tests.answers import paths_of, refused
from tests.sales.requests import SALES, back
from tests.traces import state_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def quiet() -> Iterator[None]:
    """Without the log, for faults that are meant: a long traceback for each costs more than the test."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_s30_a_sale_that_fails_at_any_statement_leaves_nothing_and_its_retry_is_one_sale(shop, quiet):
    """S30."""
    client, body, before = shop.client(), shop.basket(), state_of(shop)
    failed = 0
    while True:
        with connection.execute_wrapper(fail_at(failed)):
            response = client.post(SALES, body)
        if response.status_code == 201:
            break
        assert (response.status_code, response.json()["code"]) == (503, "try_again")
        assert response["Retry-After"] == "1"
        assert state_of(shop) == before
        failed += 1
    assert failed >= 10
    sale = response.json()["data"]
    assert sale["receipt_number"] == "R1-000001"
    assert client.post(SALES, body).content == response.content
    with shop.inside():
        assert shop.account.sales.count() == 1


def fail_at(number: int):
    """The connection breaks at the statement of this number, savepoints not counted."""
    seen = 0

    def execute_or_fail(execute, sql, params, many, context):
        nonlocal seen
        if not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK TO")):
            seen += 1
            if seen == number + 1:
                raise OperationalError("the connection broke")
        return execute(sql, params, many, context)

    return execute_or_fail


def test_s30_a_refusal_keeps_no_key_so_that_the_same_key_may_succeed_later(one):
    """S30."""
    body = one.basket("101")
    refused(one, lambda: one.client().post(SALES, body), 409, "insufficient_stock")
    with one.inside():
        inventory.receive_stock(
            by=one.owner,
            location=one.storefront.pk,
            items=[{"product": one.products[0].pk, "quantity": Decimal(1), "unit_cost": Decimal(1)}],
        )
    assert one.client().post(SALES, body).status_code == 201


def test_s31_a_retry_gets_the_first_answer_and_sells_nothing(one):
    """S31."""
    body = one.basket()
    first = one.client().post(SALES, body)
    state = state_of(one)
    again = one.client().post(SALES, body)
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert state_of(one) == state


def test_s31_the_same_content_in_another_order_of_keys_is_the_same_request(one):
    """S31."""
    body = one.basket()
    first = one.client().post(SALES, body)
    again = one.client().post(SALES, dict(reversed(body.items())))
    assert again.content == first.content


def test_s31_the_same_key_with_another_body_is_422(one):
    """S31."""
    body = one.basket()
    assert one.client().post(SALES, body).status_code == 201
    refused(one, lambda: one.client().post(SALES, {**body, "discount": "1"}), 422, "idempotency_key_reused")


def test_s31_a_header_names_the_key_and_a_replay_is_told_by_it(one):
    """S31."""
    body = one.basket()
    del body["id"]
    first = one.client().post(SALES, body, headers={"Idempotency-Key": "till-1/7"})
    again = one.client().post(SALES, body, headers={"Idempotency-Key": "till-1/7"})
    other = one.client().post(SALES, body, headers={"Idempotency-Key": "till-1/8"})
    assert again.content == first.content
    assert other.json()["data"]["receipt_number"] == "R1-000002"
    refused(
        one,
        lambda: one.client().post(SALES, one.basket("2"), headers={"Idempotency-Key": "till-1/7"}),
        422,
        "idempotency_key_reused",
    )


def test_s31_a_colleague_who_takes_over_the_phone_gets_the_first_answer(one):
    """S31."""
    body = one.basket()
    first = one.client().post(SALES, body)
    again = one.client(one.cashier).post(SALES, body)
    assert (again.status_code, again.content) == (201, first.content)


def test_s31_a_key_is_of_one_operation(one):
    """S31."""
    body = one.basket()
    del body["id"]
    key = {"Idempotency-Key": "same"}
    first = one.client().post(SALES, body, headers=key).json()["data"]
    second = one.client().post(SALES, body, headers={"Idempotency-Key": "other"}).json()["data"]
    assert first["id"] != second["id"]
    line = first["lines"][0]["id"]
    refund = one.client().post(f"{SALES}{first['id']}/refunds/", back(line), headers=key)
    assert refund.status_code == 201
    line = second["lines"][0]["id"]
    refused(
        one,
        lambda: one.client().post(f"{SALES}{second['id']}/refunds/", back(line), headers=key),
        422,
        "idempotency_key_reused",
    )


def test_neither_a_key_nor_an_id_is_400(one):
    body = one.basket()
    del body["id"]
    refused(one, lambda: one.client().post(SALES, body), 400, "idempotency_key_required")
    refused(one, lambda: one.client().post(SALES, {**body, "id": 7}), 400, "idempotency_key_required")


@pytest.mark.parametrize("key", ["k" * 201, "ключ"])
def test_a_key_too_long_or_not_ascii_is_400(one, key):
    header = {"Idempotency-Key": key}
    failure = refused(one, lambda: one.client().post(SALES, one.basket(), headers=header), 400, "invalid_input")
    assert paths_of(failure) == [("Idempotency-Key", "invalid")]


def test_a_key_of_200_characters_is_taken(one):
    assert one.client().post(SALES, one.basket(), headers={"Idempotency-Key": "k" * 200}).status_code == 201


def test_an_id_that_is_taken_is_409_under_another_key(one):
    body = one.basket()
    assert one.client().post(SALES, body).status_code == 201
    refused(one, lambda: one.client().post(SALES, body, headers={"Idempotency-Key": "new"}), 409, "id_taken")


def test_an_id_that_is_taken_elsewhere_is_free_here(one, stranger):
    body = one.basket()
    assert stranger.client().post(SALES, stranger.basket(id=body["id"])).status_code == 201
    assert one.client().post(SALES, body).status_code == 201
