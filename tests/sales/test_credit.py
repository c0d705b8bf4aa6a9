"""S35: who may owe, how much, and who says so."""

from datetime import timedelta

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.roles import Role
from tests.answers import paths_of, refused
from tests.conftest import open_shop
from tests.places import add_member, approved_by, give_pin
from tests.sales.owing import add_customer, adds_up, balance, debts, entries, owe, paid, sold
from tests.sales.requests import CUSTOMERS

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(one):
    return give_pin(one, add_member(one, Role.MANAGER, name="Manager"))


def events(shop, action):
    with shop.inside():
        return [(e.by_id, e.approved_by_id) for e in shop.account.audit_events.filter(action=action).order_by("id")]


def test_what_is_sold_on_credit_is_owed_until_the_end_of_the_terms(one):
    customer = add_customer(one, terms_days=14)
    sale = sold(owe(one, customer, member=one.cashier))
    assert (sale["total"], sale["paid"], sale["change_due"]) == ("10.00", "10.00", "0.00")
    assert balance(one, customer) == ("10.00", "0.00")
    with one.inside():
        debt = one.account.debts.get(customer=customer)
        today = timezone.localdate(timezone=one.account.zone)
        assert (debt.source, str(debt.source_id), debt.due_on) == ("sale", sale["id"], today + timedelta(days=14))
    adds_up(one)


def test_s35_a_customer_owes_up_to_the_limit_and_not_a_pesewa_more(one):
    """S35."""
    customer = add_customer(one, "19.99")
    sold(owe(one, customer))
    body = refused(one, lambda: owe(one, customer), 409, "credit_limit_exceeded")
    assert body["meta"] == {"limit": "19.99", "debt": "10.00", "available": "9.99"}
    rest = paid(CUSTOMER_CREDIT="9.99", CASH="0.01")
    sold(owe(one, customer, payments=rest))
    assert balance(one, customer) == ("19.99", "0.00")
    adds_up(one)


def test_s35_the_walk_in_customer_cannot_owe(one):
    """S35."""
    refused(one, lambda: owe(one, None), 409, "customer_required")
    refused(one, lambda: owe(one, None, payments=paid(WALLET="10")), 409, "customer_required")
    refused(one, lambda: owe(one, None, payments=paid(CASH="11"), keep_change=True), 409, "customer_required")


@pytest.mark.parametrize(
    ("facts", "code"),
    [({"is_blocked": True}, "customer_blocked"), ({"is_active": False}, "customer_inactive")],
)
def test_who_is_blocked_or_switched_off_gets_nothing_on_credit_but_pays_in_money(one, manager, facts, code):
    customer = add_customer(one, **facts)
    refused(one, lambda: owe(one, customer), 409, code)
    refused(one, lambda: owe(one, customer, member=one.cashier, headers=approved_by(manager)), 409, code)
    sold(owe(one, customer, payments=paid(CASH="10")))
    assert balance(one, customer) == ("0.00", "0.00")


def test_a_strangers_customer_is_as_unknown_as_none(one, stranger):
    theirs = add_customer(stranger)
    for pk in (theirs.pk, uuid7()):
        theirs.pk = pk
        body = refused(one, lambda: owe(one, theirs), 400, "invalid_input")
        assert paths_of(body) == [("customer", "does_not_exist")]


def test_a_second_person_allows_more_than_the_limit_and_is_on_record(one, manager):
    customer = add_customer(one, "5")
    refused(one, lambda: owe(one, customer, member=one.cashier), 409, "credit_limit_exceeded")
    colleague = give_pin(one, add_member(one, Role.CASHIER, name="Abla"))
    helped = lambda by: owe(one, customer, member=one.cashier, headers=approved_by(by))  # noqa: E731
    refused(one, lambda: helped(colleague), 409, "credit_limit_exceeded")
    sold(helped(manager))
    assert events(one, "customer.limit_exceeded") == [(one.cashier.pk, manager.pk)]
    assert events(one, "sale.completed") == [(one.cashier.pk, manager.pk)]
    assert balance(one, customer) == ("10.00", "0.00")
    adds_up(one)


def test_who_may_allow_debts_raises_the_limit_and_does_not_pass_it_by_selling(one):
    customer = add_customer(one, "5")
    refused(one, lambda: owe(one, customer), 409, "credit_limit_exceeded")


def test_several_lines_of_credit_in_one_sale_are_one_debt(one):
    customer = add_customer(one)
    payments = [*paid(CUSTOMER_CREDIT="3"), *paid(CASH="2"), *paid(CUSTOMER_CREDIT="5")]
    sale = sold(owe(one, customer, payments=payments))
    assert [payment["amount"] for payment in sale["payments"]] == ["3.00", "2.00", "5.00"]
    assert [amount for amount, _ in debts(one, customer)] == [8]
    assert entries(one, customer) == [("SOLD_ON_CREDIT", 8)]
    adds_up(one)


def test_credit_is_not_change(one):
    customer = add_customer(one)
    refused(one, lambda: owe(one, customer, payments=paid(CUSTOMER_CREDIT="10.01")), 409, "payment_too_much")
    refused(one, lambda: owe(one, customer, payments=paid(CUSTOMER_CREDIT="9.99")), 409, "payment_short")
    refused(one, lambda: owe(one, customer, payments=paid(CUSTOMER_CREDIT="-1", CASH="11")), 400, "invalid_input")
    refused(one, lambda: owe(one, customer, payments=paid(CUSTOMER_CREDIT="0", CASH="10")), 400, "invalid_input")


def test_s30_a_sale_on_credit_that_lacks_stock_leaves_no_debt(one):
    """S30."""
    customer = add_customer(one, "100000")
    refused(one, lambda: owe(one, customer, quantity="1000"), 409, "insufficient_stock")


def test_a_retried_sale_on_credit_is_owed_once(one):
    customer, client = add_customer(one), one.client()
    body = one.basket(customer=str(customer.pk), payments=paid(CUSTOMER_CREDIT="10.00"))
    first, again = (client.post("/api/v1/sales/sales/", body) for _ in range(2))
    assert first.json()["data"] == again.json()["data"]
    assert again["Idempotency-Replayed"] == "true"
    assert balance(one, customer) == ("10.00", "0.00")


def test_a_debt_of_an_offline_sale_is_due_from_the_day_of_the_sale(one):
    customer = add_customer(one, terms_days=0)
    sold_at = timezone.now() - timedelta(days=3)
    sold(owe(one, customer, sold_at=sold_at.isoformat()))
    with one.inside():
        assert one.account.debts.get().due_on == sold_at.astimezone(one.account.zone).date()


def test_s41_in_a_currency_without_cents_debts_have_none(db):
    """S41."""
    shop = open_shop("Dakar", country="SN", currency="XOF", time_zone="Africa/Dakar", prices=("10",))
    customer = add_customer(shop, "15")
    refused(shop, lambda: owe(shop, customer, payments=paid(CUSTOMER_CREDIT="9.50", CASH="1")), 400, "invalid_input")
    sold(owe(shop, customer, payments=paid(CUSTOMER_CREDIT="10")))
    assert balance(shop, customer) == ("10", "0")
    body = refused(shop, lambda: owe(shop, customer, payments=paid(CUSTOMER_CREDIT="10")), 409, "credit_limit_exceeded")
    assert body["meta"] == {"limit": "15", "debt": "10", "available": "5"}


# --- Terms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "terms",
    [{"credit_limit": "50"}, {"terms_days": 60}, {"is_blocked": True}, {"is_active": False}, {"group": "own"}],
)
def test_who_may_not_allow_debts_changes_the_name_and_the_phone_only(one, manager, terms):
    customer, client = add_customer(one), one.client(one.cashier)
    with one.inside():
        group = one.account.customer_groups.create(name="Resellers")
    terms = {name: str(group.pk) if value == "own" else value for name, value in terms.items()}
    url = f"{CUSTOMERS}{customer.pk}/"
    body = refused(one, lambda: client.patch(url, terms), 403, "capability_missing")
    assert body["meta"] == {"capability": "debt:allow"}
    assert client.patch(url, {"name": "Yaa", "credit_limit": "100"}).status_code == 200  # which it is already
    shown = client.patch(url, terms, **approved_by(manager)).json()["data"]
    assert {name: str(shown[name]) for name in terms} == {
        name: f"{value}.00" if name == "credit_limit" else str(value) for name, value in terms.items()
    }


def test_a_cashier_adds_a_customer_without_terms_of_their_own(one):
    client = one.client(one.cashier)
    refused(one, lambda: client.post(CUSTOMERS, {"name": "Yaa", "credit_limit": "1"}), 403, "capability_missing")
    shown = client.post(CUSTOMERS, {"name": "Yaa"}).json()["data"]
    assert (shown["credit_limit"], shown["terms_days"], shown["debt"], shown["wallet"]) == ("0.00", 30, "0.00", "0.00")
    refused(one, lambda: owe(one, type("Known", (), {"pk": shown["id"]})), 409, "credit_limit_exceeded")


@pytest.mark.parametrize("terms", [{"credit_limit": "-1"}, {"terms_days": -1}, {"terms_days": 3651}, {"debt": "1"}])
def test_terms_that_cannot_be_are_refused(one, terms):
    customer = add_customer(one)
    refused(one, lambda: one.client().patch(f"{CUSTOMERS}{customer.pk}/", terms), 400, "invalid_input")


def test_a_list_of_customers_says_of_nobody_what_they_owe(one):
    customer = add_customer(one)
    sold(owe(one, customer))
    row = one.client(one.cashier).get(CUSTOMERS).json()["results"][0]
    assert not {"debt", "wallet"} & row.keys()
    assert one.client(one.cashier).get(f"{CUSTOMERS}{customer.pk}/").json()["data"]["debt"] == "10.00"


def test_a_group_with_customers_is_not_removed(one):
    groups, client = "/api/v1/sales/customer-groups/", one.client()
    group = client.post(groups, {"name": "Résellers"}).json()["data"]["id"]
    refused(one, lambda: client.post(groups, {"name": "RÉSELLERS"}), 409, "customer_group_exists")
    customer = client.post(CUSTOMERS, {"name": "Yaa", "group": group}).json()["data"]
    refused(one, lambda: client.delete(f"{groups}{group}/"), 409, "in_use")
    assert client.get(CUSTOMERS, {"group": group}).json()["count"] == 1
    assert client.patch(f"{CUSTOMERS}{customer['id']}/", {"group": None}).status_code == 200
    assert client.delete(f"{groups}{group}/").status_code == 204
    assert client.get(f"{groups}{group}/").status_code == 404


# --- Erasure ----------------------------------------------------------------------------------------------------------


def test_who_owes_or_has_something_here_is_not_forgotten(one):
    customer, client = add_customer(one), one.client()
    sold(owe(one, customer, payments=paid(CUSTOMER_CREDIT="1", CASH="10"), keep_change=True))
    erase = lambda: client.post(f"{CUSTOMERS}{customer.pk}/erase/")  # noqa: E731
    assert refused(one, erase, 409, "customer_owes")["meta"] == {"debt": "1.00"}
    settle = {"id": str(uuid7()), "register": str(one.register.pk), "payments": paid(CASH="1")}
    assert client.post(f"{CUSTOMERS}{customer.pk}/payments/", settle).status_code == 201
    assert refused(one, erase, 409, "wallet_not_empty")["meta"] == {"wallet": "1.00"}
    out = {"id": str(uuid7()), "register": str(one.register.pk), "amount": "1"}
    assert client.post(f"{CUSTOMERS}{customer.pk}/pay-out/", out).status_code == 201
    assert erase().json()["data"]["name"] == "Erased customer"
    adds_up(one)
