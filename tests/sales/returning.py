"""What a till sends to take a sale back, and what is true afterwards."""

from decimal import Decimal

from django.utils import timezone
from uuid_utils.compat import uuid7

from inventory import sums as stock_sums
from sales import customer_ledger, services, sums
from sales.customer_ledger import Entry
from sales.models import EntryKind
from tests.conftest import Shop
from tests.sales import calls
from tests.sales.requests import SALES


def void(shop: Shop, sale, *, member=None, headers=None, **extra):
    body = {"id": str(uuid7()), "reason": "Wrong goods", **extra}
    return shop.client(member).post(f"{SALES}{sale['id']}/void/", body, **(headers or {}))


def thing(shop: Shop, index: int = 0, quantity: str = "1", **extra):
    """A line that sells so much of a product."""
    return {"product": str(shop.products[index].pk), "quantity": quantity, **extra}


def exchange(shop: Shop, sale, *new_lines, quantity: str = "1", member=None, headers=None, line=None, **extra):
    """So much of the first line comes back, for other goods."""
    back = {"line": sale["lines"][0]["id"], "quantity": quantity, **(line or {})}
    body = {"id": str(uuid7()), "reason": "Too small", "lines": [back], "new_lines": list(new_lines), **extra}
    return shop.client(member).post(f"{SALES}{sale['id']}/exchanges/", body, **(headers or {}))


def exchanged(shop: Shop, sale, *new_lines, **extra):
    response = exchange(shop, sale, *new_lines, **extra)
    assert response.status_code == 201, response.content
    return response.json()["data"]


def shown(shop: Shop, sale):
    return shop.client().get(f"{SALES}{sale['id']}/").json()["data"]


def tenders(payments):
    """Which tender moved how much, as an answer shows it."""
    return [(payment["method"], payment["amount"]) for payment in payments]


def by_method(shop: Shop) -> dict[str, Decimal]:
    """What all payments of the business sum to, by tender."""
    found: dict[str, Decimal] = {}
    with shop.inside():
        for method, amount in shop.account.payments.values_list("method", "amount"):
            found[method] = found.get(method, Decimal(0)) + amount
    return found


def problems(shop: Shop) -> list[str]:
    """Where the books do not agree."""
    with shop.inside():
        found = [*sums.find_disagreements(using="default"), *stock_sums.find_disagreements(using="default")]
        return [row.problem for row in found]


def open_shift(shop: Shop):
    """Put a shift into the shop's register."""
    with shop.inside():
        return services.open_shift(by=shop.owner, register=shop.register.pk)


def close_shift(shop: Shop) -> None:
    """End the shift that is open there, its drawer counted or not."""
    with shop.inside():
        shift = shop.account.shifts.locked().get(register=shop.register, closed_at=None)
        services.close_shift(by=shop.owner, shift=shift, denominations=[])


def add_customer(shop: Shop, name: str = "Efua"):
    with shop.inside():
        return shop.account.customers.create(name=name, credit_limit=Decimal(10_000))


def sell_on_credit(shop: Shop, customer, quantity: str, *, paid: str = "0"):
    """So much of the first product, of which only this was paid in cash, as a till sees it."""
    product = shop.products[0]
    owed = product.retail_price * Decimal(quantity) - Decimal(paid)
    payments = [{"method": "CUSTOMER_CREDIT", "amount": owed}]
    if Decimal(paid):
        payments.append({"method": "CASH", "amount": Decimal(paid)})
    sale = calls.sell(shop, quantity, payments=payments, customer=customer.pk)
    return shown(shop, {"id": str(sale.pk)})


def settle(shop: Shop, sale, amount: str, kind: EntryKind = EntryKind.PAID) -> None:
    """The customer pays so much of what they owe for a sale, or it is written off."""
    with shop.inside():
        debt = shop.account.debts.get(source_id=sale["id"])
        locked = shop.account.customers.locked().get(pk=sale["customer"])
        entry = Entry(kind, -Decimal(amount), debt=debt)
        customer_ledger.post([entry], by=shop.owner, customer=locked, source=locked, occurred_at=timezone.now())


def account_of(shop: Shop, customer) -> tuple[Decimal, Decimal]:
    """What a customer owes, and what is in their wallet."""
    with shop.inside():
        found = shop.account.customers.get(pk=customer.pk)
        return found.debt, found.wallet
