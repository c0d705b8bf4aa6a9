"""A customer is forgotten; what was sold to them stays."""

from datetime import timedelta
from threading import Barrier

import pytest
from django.db.models import QuerySet
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.roles import Role
from sales.models import Customer
from subscriptions.models import Subscription
from tests.accounts.test_erasure import tables_that_say
from tests.conftest import PASSWORD, open_shop
from tests.races import at_once, meeting_before

NAME, RENAMED, PHONE, SECOND = "Efua Quartey-Ɛhun", "Efua Ofosuhene", "+233244123456", "0209998877"
CUSTOMERS = "/api/v1/sales/customers/"


@pytest.fixture
def shop(committed):
    return open_shop("Ama Provisions")


def known(shop):
    """A customer who was added, renamed, sold to and refunded, with every answer kept that can be kept."""
    client = shop.client()
    key = {"HTTP_IDEMPOTENCY_KEY": str(uuid7())}
    added = client.post(CUSTOMERS, {"id": str(uuid7()), "name": NAME, "phone": PHONE}, **key)
    assert added.status_code == 201, added.content
    customer = added.json()["data"]["id"]
    changed = client.patch(f"{CUSTOMERS}{customer}/", {"name": RENAMED, "phone": SECOND})
    assert changed.status_code == 200
    sold = client.post("/api/v1/sales/sales/", shop.basket(customer=customer)).json()["data"]
    lines = [{"line": sold["lines"][0]["id"], "quantity": "1"}]
    back = client.post(f"/api/v1/sales/sales/{sold['id']}/refunds/", {"id": str(uuid7()), "lines": lines})
    assert back.status_code == 201
    return customer, sold


def erase(shop, customer, by=None):
    response = shop.client(by).post(f"{CUSTOMERS}{customer}/erase/")
    return response.status_code, response.json()


def history(shop):
    with shop.inside():
        return list(
            shop.account.audit_events.filter(subject="customer").order_by("pk").values_list("action", flat=True)
        )


def test_no_table_says_the_name_or_the_phone_of_an_erased_customer(shop):
    customer, _ = known(shop)
    assert tables_that_say(NAME, RENAMED, PHONE, SECOND) == {"customers", "idempotency_keys"}
    status, body = erase(shop, customer)
    assert (status, body["data"]["name"], body["data"]["phone"]) == (200, "Erased customer", "")
    assert (body["data"]["is_active"], body["data"]["version"]) == (False, 3)
    assert tables_that_say(NAME, RENAMED, PHONE, SECOND, "Quartey", "Ofosuhene", "244123456") == set()


def test_every_personal_field_of_a_customer_is_emptied(shop):
    customer, _ = known(shop)
    erase(shop, customer)
    with shop.inside():
        row = shop.account.customers.get(pk=customer)
    assert {"name", "phone"} <= Customer.PERSONAL
    assert {name: getattr(row, name) for name in Customer.PERSONAL - {"name"}} == dict.fromkeys(
        Customer.PERSONAL - {"name"}, ""
    )


def test_what_was_sold_to_the_customer_stays(shop):
    customer, sold = known(shop)
    kept = ("sales", "sale_lines", "payments", "refunds", "refund_lines", "stock_movements", "registers")
    with shop.inside():
        before = {name: list(getattr(shop.account, name).order_by("pk").values()) for name in kept}
    erase(shop, customer)
    with shop.inside():
        assert {name: list(getattr(shop.account, name).order_by("pk").values()) for name in kept} == before
    receipt = shop.client().get(f"/api/v1/sales/sales/{sold['id']}/receipt/").json()["data"]
    assert (receipt["customer_name"], receipt["sale"]["customer"]) == ("Erased customer", customer)
    assert receipt["sale"]["total"] == sold["total"]


def test_the_history_tells_of_it_and_quotes_nothing(shop):
    customer, _ = known(shop)
    erase(shop, customer)
    assert history(shop) == ["customer.added", "customer.changed", "customer.erased"]
    with shop.inside():
        changed = shop.account.audit_events.get(action="customer.changed")
        erased = shop.account.audit_events.get(action="customer.erased")
    assert changed.before == changed.after == {"name": "***", "phone": "***"}
    assert (erased.by_id, str(erased.subject_id), erased.before, erased.after) == (shop.owner.pk, customer, {}, {})


def test_a_sale_to_an_erased_customer_is_still_made_once(shop):
    customer, _ = known(shop)
    key, basket = {"HTTP_IDEMPOTENCY_KEY": "till-1-sale-1"}, shop.basket(customer=customer)
    del basket["id"]
    sold = shop.client().post("/api/v1/sales/sales/", basket, **key)
    assert sold.status_code == 201
    erase(shop, customer)
    again = shop.client().post("/api/v1/sales/sales/", basket, **key)
    assert (again["Idempotency-Replayed"], again.json()) == ("true", sold.json())


def test_the_phone_is_free_for_somebody_else(shop):
    customer, _ = known(shop)
    somebody = {"name": "Esi", "phone": SECOND}
    assert shop.client().post(CUSTOMERS, somebody).json()["code"] == "phone_taken"
    erase(shop, customer)
    assert shop.client().post(CUSTOMERS, somebody).status_code == 201


def test_to_erase_twice_is_to_erase_once(shop):
    customer, _ = known(shop)
    first = erase(shop, customer)[1]["data"]
    assert erase(shop, customer)[1]["data"] == first
    assert history(shop).count("customer.erased") == 1


@pytest.mark.parametrize("role", ["MANAGER", "CASHIER", "WAREHOUSE", "STAFF"])
def test_who_has_not_the_right_erases_nobody(shop, role):
    customer, _ = known(shop)
    with shop.inside():
        member = accounts.add_member(
            account=shop.account, name=role, email="x@x.example", password=PASSWORD, role=Role(role)
        )
    status, body = erase(shop, customer, by=member)
    assert (status, body["code"]) == (403, "capability_missing")
    with shop.inside():
        assert shop.account.customers.get(pk=customer).name == RENAMED


def test_another_businesss_customer_is_not_there(shop):
    other = open_shop("Stranger Stores")
    customer, _ = known(other)
    assert [erase(shop, pk)[1]["code"] for pk in (customer, uuid7())] == ["not_found"] * 2
    with other.inside():
        assert other.account.customers.get(pk=customer).name == RENAMED


def test_a_customer_is_forgotten_also_where_the_subscription_has_ended(shop):
    customer, _ = known(shop)
    with shop.inside():
        held = Subscription.across_accounts.filter(account=shop.account)
        held.update(is_trial=False, ends_on=timezone.localdate() - timedelta(days=90))
    assert shop.client().post(CUSTOMERS, {"name": "Esi"}).status_code == 402
    assert erase(shop, customer)[0] == 200


def test_who_changes_a_customer_while_they_are_erased_is_told_that_it_is_stale(shop):
    customer, _ = known(shop)
    erase(shop, customer)
    response = shop.client().patch(f"{CUSTOMERS}{customer}/", {"name": RENAMED}, HTTP_IF_MATCH='"2"')
    assert (response.status_code, response.json()["code"]) == (412, "stale_version")
    assert tables_that_say(RENAMED) == set()


def test_two_who_erase_one_customer_at_once_erase_once(shop):
    customer, _ = known(shop)
    assert at_once([lambda: erase(shop, customer)[0]] * 4) == [200] * 4
    assert history(shop).count("customer.erased") == 1


def test_control_without_the_lock_two_erase_one_customer_twice(shop, monkeypatch):
    customer, _ = known(shop)
    both_have_read = Barrier(2)

    def erasing():
        with meeting_before('DELETE FROM "idempotency_keys"', both_have_read):
            return erase(shop, customer)[0]

    monkeypatch.setattr(QuerySet, "select_for_update", lambda queryset, **kwargs: queryset)
    assert at_once([erasing] * 2) == [200] * 2
    assert history(shop).count("customer.erased") == 2
