"""What the tests ask of customers' accounts: who owes, who pays, and whether it all adds up."""

from decimal import Decimal

from uuid_utils.compat import uuid7

from sales import services, sums
from tests.conftest import Shop
from tests.sales.requests import CUSTOMERS, SALES


def add_customer(shop: Shop, limit: str = "100", **facts):
    with shop.inside():
        facts = {"name": "Efua", "credit_limit": Decimal(limit), **facts}
        return services.add_customer(by=shop.owner, **facts)


def paid(**amounts: str):
    """Payments by method, as a till sends them."""
    return [{"method": method, "amount": amount} for method, amount in amounts.items()]


def owe(shop: Shop, customer, *, member=None, quantity="1", payments=None, headers=None, **extra):
    """The answer to a sale on credit: at 10.00 a piece."""
    payments = payments or paid(CUSTOMER_CREDIT=f"{Decimal(quantity) * 10:.2f}")
    named = {"customer": str(customer.pk)} if customer else {}
    body = shop.basket(quantity, payments=payments, **named, **extra)
    return shop.client(member).post(SALES, body, **(headers or {}))


def sold(response):
    assert response.status_code == 201, response.content
    return response.json()["data"]


def pay(shop: Shop, customer, amount: str, *, member=None, action="payments", payments=None, **extra):
    body = {"id": str(uuid7()), "register": str(shop.register.pk), **extra}
    body["payments"] = payments or paid(CASH=amount)
    return shop.client(member).post(f"{CUSTOMERS}{customer.pk}/{action}/", body)


def pay_out(shop: Shop, customer, amount: str, *, member=None, **extra):
    body = {"id": str(uuid7()), "register": str(shop.register.pk), "amount": amount, **extra}
    return shop.client(member).post(f"{CUSTOMERS}{customer.pk}/pay-out/", body)


def balance(shop: Shop, customer) -> tuple[str, str]:
    """What they owe, and what is kept for them."""
    shown = shop.client().get(f"{CUSTOMERS}{customer.pk}/").json()["data"]
    return shown["debt"], shown["wallet"]


def debts(shop: Shop, customer) -> list[tuple[Decimal, Decimal]]:
    """Of each debt, the one that is due first, first: what it was, and what is settled."""
    with shop.inside():
        rows = shop.account.debts.filter(customer=customer).order_by("due_on", "id")
        return [(debt.amount, debt.settled) for debt in rows]


def entries(shop: Shop, customer) -> list[tuple[str, Decimal]]:
    with shop.inside():
        return list(customer.entries.order_by("sequence").values_list("kind", "amount"))


def adds_up(shop: Shop) -> None:
    """Every balance is what its ledger says."""
    with shop.inside():
        assert [row.problem for row in sums.find_disagreements(using="default")] == []


def cash_in_drawer(shop: Shop) -> Decimal:
    """What the payments by cash say that the drawer holds."""
    with shop.inside():
        return sum(shop.account.payments.filter(method="CASH").values_list("amount", flat=True), Decimal(0))
