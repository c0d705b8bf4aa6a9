"""From whom the shop buys: who may say so, and what is forgotten of a person."""

import pytest
from uuid_utils.compat import uuid7

from accounts.roles import Role
from tests.answers import ids, refused
from tests.inventory.catalogue import NOWHERE, history, invalid, post, unchanged
from tests.inventory.requests import PRODUCTS, SUPPLIERS, product
from tests.places import add_member

pytestmark = pytest.mark.django_db

TRADER = {
    "name": "Makola Traders",
    "contact": "Efua Quartey-Ɛhun",
    "phone": "+233244123456",
    "email": "efua@traders.example",
    "lead_days": 3,
}


def test_a_supplier_is_added_shown_and_changed(shop):
    client, own = shop.client(), str(uuid7())
    made = post(shop, SUPPLIERS, {"id": own, **TRADER})
    assert made == {"id": own, **TRADER, "is_active": True, "version": 1}
    url = f"{SUPPLIERS}{own}/"
    assert client.get(url).json()["data"] == made
    changed = client.patch(url, {"lead_days": None, "is_active": False}).json()["data"]
    assert changed == {**made, "lead_days": None, "is_active": False, "version": 2}
    assert ids(shop, SUPPLIERS, is_active="false") == ids(shop, SUPPLIERS, search="makola quartey") == {own}
    assert ids(shop, SUPPLIERS, is_active="true") == set()
    unchanged(shop, SUPPLIERS, lambda: client.delete(url), 405, "method_not_allowed")


def test_the_history_does_not_quote_who_the_shop_deals_with(shop):
    own = post(shop, SUPPLIERS, TRADER)["id"]
    change = {"name": "Traders", "contact": "Yaa", "phone": "+233209998877", "email": "yaa@traders.example"}
    assert shop.client().patch(f"{SUPPLIERS}{own}/", change).status_code == 200
    said = history(shop, "supplier")
    assert [action for action, _, _ in said] == ["supplier.added", "supplier.changed"]
    assert said[1][1:] == (dict.fromkeys(change, "***"),) * 2
    personal = [text for facts in (TRADER, change) for text in facts.values() if isinstance(text, str)]
    assert not [text for text in [*personal, "traders.example"] if text in repr(said)]


def test_whom_the_shop_deals_with_is_forgotten_and_a_retry_does_not_tell(shop):
    client, own = shop.client(), str(uuid7())
    body = {"id": own, **TRADER}
    post(shop, SUPPLIERS, body)
    made = post(shop, PRODUCTS, product(supplier=own))["id"]
    erased = client.post(f"{SUPPLIERS}{own}/erase/").json()["data"]
    nobody = {"name": f"Erased supplier {own}", "contact": "", "phone": "", "email": ""}
    assert erased == {**body, **nobody, "is_active": False, "version": 2}
    again = client.post(f"{SUPPLIERS}{own}/erase/")
    assert (again.status_code, again.json()["data"]) == (200, erased)
    assert client.get(f"{PRODUCTS}{made}/").json()["data"]["supplier"] == own
    refused(shop, lambda: client.post(SUPPLIERS, body), 409, "id_taken")
    assert [action for action, _, _ in history(shop, "supplier")] == ["supplier.added", "supplier.erased"]


def test_two_who_are_forgotten_do_not_stand_in_each_others_way_and_the_name_is_free(shop):
    client, pks = shop.client(), [post(shop, SUPPLIERS, {"name": name})["id"] for name in ("One", "Two")]
    names = {client.post(f"{SUPPLIERS}{pk}/erase/").json()["data"]["name"] for pk in pks}
    assert len(names) == 2
    assert post(shop, SUPPLIERS, {"name": "One"})["id"] not in pks


def test_a_name_is_taken_once_in_a_business_and_free_in_another(shop, stranger):
    for business in (shop, stranger):
        post(business, SUPPLIERS, TRADER)
    unchanged(
        shop, SUPPLIERS, lambda: shop.client().post(SUPPLIERS, {"name": "MAKOLA traders"}), 409, "supplier_exists"
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"email": "efua"}, "email"),
        ({"lead_days": -1}, "lead_days"),
        ({"lead_days": 1.5}, "lead_days"),
        ({"lead_days": 3651}, "lead_days"),
        ({"lead_days": True}, "lead_days"),
        ({"phone": "1" * 33}, "phone"),
        ({"account": NOWHERE}, "account"),
    ],
)
def test_a_supplier_that_is_not_right_is_400_whether_new_or_changed(shop, change, field):
    client, url = shop.client(), f"{SUPPLIERS}{post(shop, SUPPLIERS, {'name': 'Other'})['id']}/"
    for call in (lambda: client.post(SUPPLIERS, {**TRADER, **change}), lambda: client.patch(url, change)):
        assert invalid(shop, SUPPLIERS, call) == [field]


def test_a_cashier_looks_and_a_storekeeper_changes(shop):
    own = post(shop, SUPPLIERS, TRADER)["id"]
    till, keeper = shop.client(shop.cashier), shop.client(add_member(shop, Role.WAREHOUSE))
    url = f"{SUPPLIERS}{own}/"
    assert till.get(url).status_code == 200
    unchanged(shop, SUPPLIERS, lambda: till.post(SUPPLIERS, {"name": "X"}), 403, "capability_missing")
    unchanged(shop, SUPPLIERS, lambda: till.patch(url, {"name": "X"}), 403, "capability_missing")
    unchanged(shop, SUPPLIERS, lambda: till.post(f"{url}erase/"), 403, "capability_missing")
    assert keeper.patch(url, {"name": "Traders"}).status_code == 200
