"""A key and its effect: one transaction, one answer."""

import threading
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection, connections
from uuid_utils.compat import uuid7

from core import errors, idempotency
from core.idempotency import Answer, Claim
from inventory import services as inventory
from tests.conftest import open_shop
from tests.races import PATIENCE, at_once, watching

CATEGORIES = "/api/v1/inventory/categories/"


def claim_of(shop, **changes) -> Claim:
    claim = Claim(
        account_id=shop.id,
        member_id=shop.owner.pk,
        operation="Test.create",
        key="k-1",
        fingerprint=idempotency.fingerprint({"a": 1}),
        request_id="first-request",
    )
    return replace(claim, **changes)


@pytest.mark.django_db
def test_the_first_claim_is_ours_and_the_second_gets_the_answer(shop):
    with shop.inside():
        claim = claim_of(shop)
        claim.answer(claim.take(), status=201, body=b'{"name":"Milk \xc3\xa9"}')
        assert replace(claim, request_id="second").take() == Answer(201, {"name": "Milk é"}, "first-request")


@pytest.mark.django_db
def test_another_body_under_the_same_key_is_refused(shop):
    with shop.inside():
        claim = claim_of(shop)
        claim.answer(claim.take(), status=201, body=b"{}")
        with pytest.raises(errors.IdempotencyKeyReused):
            replace(claim, fingerprint=idempotency.fingerprint({"a": 2})).take()


@pytest.mark.django_db
def test_a_key_is_of_one_operation_and_serves_a_colleague_who_sends_it_again(shop):
    with shop.inside():
        claim = claim_of(shop)
        claim.answer(claim.take(), status=201, body=b"{}")
        assert isinstance(replace(claim, member_id=shop.cashier.pk).take(), Answer)
        assert not isinstance(replace(claim, operation="Other.create").take(), Answer)


@pytest.mark.django_db
def test_a_key_of_one_business_is_free_in_another(shop, stranger):
    with shop.inside():
        claim = claim_of(shop)
        claim.answer(claim.take(), status=201, body=b"{}")
    with stranger.inside():
        assert not isinstance(claim_of(stranger, member_id=shop.owner.pk).take(), Answer)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ({"a": 1, "b": [1, 2]}, {"b": [1, 2], "a": 1}, True),
        ({"a": Decimal("1.50")}, {"a": Decimal("1.50")}, True),
        ({"a": 1}, {"a": 2}, False),
        ({"a": [1, 2]}, {"a": [2, 1]}, False),
        ({"a": None}, {}, False),
        ({"a": "1"}, {"a": 1}, False),
    ],
)
def test_a_fingerprint_is_of_the_content_not_of_the_order_of_its_keys(one, other, is_same):
    assert (idempotency.fingerprint(one) == idempotency.fingerprint(other)) is is_same


def test_who_brings_a_key_that_is_worked_on_waits_and_gets_the_answer(committed):
    shop = open_shop("Ama Provisions", prices=(), stock="0")

    def second():
        with shop.inside():
            return claim_of(shop, request_id="second").take()

    assert wait_for(shop, second, is_kept=True) == Answer(201, {"n": 1}, "first-request")


def test_a_key_whose_first_request_failed_is_free_for_the_one_who_waited(committed):
    shop = open_shop("Ama Provisions", prices=(), stock="0")

    def second():
        with shop.inside():
            return claim_of(shop).take()

    assert not isinstance(wait_for(shop, second, is_kept=False), Answer | Exception)


def wait_for(shop, second, *, is_kept: bool):
    """What the second request gets, which comes while the first is at work, once that is kept or undone."""

    def first(until_blocked):
        with shop.inside():
            claim = claim_of(shop)
            claim.answer(claim.take(), status=201, body=b'{"n":1}')
            is_taken.set()
            until_blocked(1)
            if not is_kept:
                connection.set_rollback(True)

    def after_first():
        assert is_taken.wait(timeout=PATIENCE)
        return second()

    is_taken = threading.Event()
    with watching() as until_blocked:
        done, answer = at_once([lambda: first(until_blocked), after_first])
    assert done is None
    return answer


def test_who_waits_too_long_is_told_that_the_request_is_in_flight(committed):
    shop = open_shop("Ama Provisions", prices=(), stock="0")
    client, body = shop.client(), {"name": "Milk"}

    def impatient():
        # The role's own setting is ten seconds; this session's is shorter, which is all that differs.
        with connections["default"].cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        return client.post(CATEGORIES, body, headers={"Idempotency-Key": "k-1"})

    with shop.inside():
        claim_of(shop, operation="CategoryViewSet.create").take()
        (response,) = at_once([impatient])
    assert (response.status_code, response.json()["code"]) == (409, "request_in_flight")
    assert response["Retry-After"] == "1"
    with shop.inside():
        assert shop.account.categories.count() == 0


@pytest.mark.django_db
def test_an_ordinary_write_takes_a_key_too_but_needs_none(shop):
    client, body, key = shop.client(), {"name": "Milk"}, {"Idempotency-Key": "k-1"}
    first, again = (client.post(CATEGORIES, body, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert client.post(CATEGORIES, {"name": "Bread"}).status_code == 201
    with shop.inside():
        assert shop.account.categories.count() == 2


@pytest.mark.django_db
def test_who_lost_the_right_gets_no_stored_answer(shop):
    client, key = shop.client(), {"Idempotency-Key": "k-1"}
    assert client.post(CATEGORIES, {"name": "Milk"}, headers=key).status_code == 201
    with shop.inside():
        shop.account.memberships.filter(pk=shop.owner.pk).update(role="CASHIER")
    assert client.post(CATEGORIES, {"name": "Milk"}, headers=key).json()["code"] == "capability_missing"


@pytest.mark.django_db
def test_an_answer_is_kept_with_what_it_answers(shop):
    """The key's row is gone with the effect when the transaction is."""

    def claim_add_and_fail():
        with shop.inside():
            claim_of(shop, key=str(uuid7())).take()
            inventory.add_category(by=shop.owner, name="Milk")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        claim_add_and_fail()
    with shop.inside():
        assert (shop.account.idempotency_keys.count(), shop.account.categories.count()) == (0, 0)
