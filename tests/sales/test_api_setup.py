"""Customers and registers: what is changed, what is taken, and what is not there."""

import pytest
from uuid_utils.compat import uuid7

from inventory import services as inventory
from tests.answers import fields_of, paths_of, refused
from tests.sales.requests import CUSTOMERS, REFUNDS, REGISTERS, SALES, refund, sell
from tests.traces import state_of

pytestmark = pytest.mark.django_db


NOWHERE = "019a0000-0000-7000-8000-0000000000ff"  # an id that no row has


@pytest.mark.parametrize("pk", [NOWHERE, "7", "x" * 300, "%00", "00000000-0000-0000-0000-00000000000٣"])
def test_404_comes_before_400(one, pk):
    for call in (
        lambda: one.client().post(f"{SALES}{pk}/refunds/", {"nonsense": 1}, headers={"Idempotency-Key": "k"}),
        lambda: one.client().patch(f"{CUSTOMERS}{pk}/", {"nonsense": 1}),
        lambda: one.client().patch(f"{REGISTERS}{pk}/", {"nonsense": 1}),
        lambda: one.client().get(f"{SALES}{pk}/receipt/"),
        lambda: one.client().get(f"{SALES}{pk}/receipt/html/"),
        lambda: one.client().get(f"{SALES}{pk}/"),
    ):
        refused(one, call, 404, "not_found")


@pytest.mark.parametrize("url", [SALES, REFUNDS, CUSTOMERS, REGISTERS])
def test_nothing_of_the_till_is_deleted_or_replaced(one, url):
    sale = sell(one)
    refund(one, sale)
    customer = one.client().post(CUSTOMERS, {"name": "Efua"}).json()["data"]["id"]
    ids = {SALES: sale["id"], CUSTOMERS: customer, REGISTERS: str(one.register.pk)}
    pk = ids.get(url) or one.client().get(REFUNDS).json()["results"][0]["id"]
    for verb in ("delete", "put"):
        refused(one, lambda verb=verb: getattr(one.client(), verb)(f"{url}{pk}/", {}), 405, "method_not_allowed")


def test_a_change_of_a_customer_that_somebody_else_changed_is_412_with_what_is_now(one):
    client = one.client()
    made = client.post(CUSTOMERS, {"name": "Efua", "phone": "0244 000 001"})
    url = f"{CUSTOMERS}{made.json()['data']['id']}/"
    assert client.get(url)["ETag"] == made["ETag"] == '"1"'
    changed = client.patch(url, {"name": "Efua M."}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed["ETag"], changed.json()["data"]["version"]) == (200, '"2"', 2)
    lost = refused(one, lambda: client.patch(url, {"name": "X"}, headers={"If-Match": '"1"'}), 412, "stale_version")
    assert lost["meta"]["current"]["name"] == "Efua M."
    assert client.get(url).json()["data"]["name"] == "Efua M."
    assert client.patch(url, {"name": "Y"}, headers={"If-Match": "*"}).status_code == 200
    assert client.patch(url, {"name": "Z"}).json()["data"]["version"] == 4


def test_a_change_that_changes_nothing_makes_no_version_and_no_history(one):
    client = one.client()
    pk = client.post(CUSTOMERS, {"name": "Efua"}).json()["data"]["id"]
    before = state_of(one)
    assert client.patch(f"{CUSTOMERS}{pk}/", {"name": "Efua"}).json()["data"]["version"] == 1
    assert state_of(one) == before


def test_a_phone_number_and_a_register_code_are_taken_once_in_a_business(one, stranger):
    client = one.client()
    for shop in (one, stranger):
        assert shop.client().post(CUSTOMERS, {"name": "Efua", "phone": "0244"}).status_code == 201
    refused(one, lambda: client.post(CUSTOMERS, {"name": "Kojo", "phone": "0244"}), 409, "phone_taken")
    for _ in range(2):
        assert client.post(CUSTOMERS, {"name": "No phone"}).status_code == 201
    till = {"storefront": str(one.storefront.pk), "code": "R1", "name": "Again"}
    refused(one, lambda: client.post(REGISTERS, till), 409, "register_code_taken")
    assert client.post(REGISTERS, {**till, "code": "R2"}).status_code == 201


@pytest.mark.parametrize("code", ["", "r1", "A-1", "А1", "1234567890123", "R 1"])
def test_the_code_of_a_register_is_capital_letters_and_digits(one, code):
    till = {"storefront": str(one.storefront.pk), "code": code, "name": "Till"}
    body = refused(one, lambda: one.client().post(REGISTERS, till), 400, "invalid_input")
    assert fields_of(body) == ["code"]


def test_a_register_in_a_place_that_is_unknown_or_a_strangers_is_400(one, stranger):
    bodies = [
        refused(
            one,
            lambda pk=pk: one.client().post(REGISTERS, {"storefront": str(pk), "code": "R2", "name": "Till"}),
            400,
            "invalid_input",
        )
        for pk in (uuid7(), stranger.storefront.pk)
    ]
    assert [paths_of(body) for body in bodies] == [[("storefront", "does_not_exist")]] * 2


def test_a_register_stands_in_a_storefront_and_nowhere_else(one):
    with one.inside():
        depot = inventory.add_location(by=one.owner, kind="WAREHOUSE", name="Depot")
    body = {"storefront": str(depot.pk), "code": "R9", "name": "Till 9"}
    failure = refused(one, lambda: one.client().post(REGISTERS, body), 400, "invalid_input")
    assert paths_of(failure) == [("storefront", "does_not_exist")]


def test_a_phone_number_is_one_however_it_is_spaced(one):
    first = one.client().post(CUSTOMERS, {"name": "Esi", "phone": "024 123 4567"}).json()["data"]
    assert first["phone"] == "0241234567"
    again = {"name": "Efua", "phone": "0241 234567"}
    refused(one, lambda: one.client().post(CUSTOMERS, again), 409, "phone_taken")
    number = refused(
        one, lambda: one.client().post(CUSTOMERS, {"name": "Efua", "phone": 241234567}), 400, "invalid_input"
    )
    assert paths_of(number) == [("phone", "invalid")]
