"""Money by phone, as the tests of the till ask for it and as it comes."""

from uuid_utils.compat import uuid7

from tests.billing import payments

PAYMENTS = "/api/v1/sales/mobile-payments/"
TRANSFERS = "/api/v1/sales/incoming-transfers/"
CUSTOMERS = "/api/v1/sales/customers/"
PHONE = "0244123456"


def add_customer(shop, name="Efua", phone=PHONE):
    response = shop.client().post(CUSTOMERS, {"id": str(uuid7()), "name": name, "phone": phone})
    assert response.status_code == 201, response.content
    return response.json()["data"]["id"]


def body(shop, amount="10.00", **extra):
    return {
        "id": str(uuid7()),
        "register": str(shop.register.pk),
        "amount": amount,
        "phone": PHONE,
        "gateway": "MOMO",
        **extra,
    }


def ask(shop, amount="10.00", *, member=None, **extra):
    """A request to a phone, of which the worker has asked the gateway."""
    response = shop.client(member).post(PAYMENTS, body(shop, amount, **extra))
    assert response.status_code == 201, response.content
    payment = response.json()["data"]
    pursue(shop, payment)
    return payment


def attempt_of(shop, payment):
    with shop.inside():
        return shop.account.payment_attempts.get(pk=payment["id"])


def pursue(shop, payment):
    payments.pursue(attempt_of(shop, payment))


def pays(shop, fake, payment, **facts):
    """The customer pays, and the worker hears of it."""
    payments.decide(fake, attempt_of(shop, payment), **facts)
    pursue(shop, payment)


def paid(shop, fake, amount="10.00", **extra):
    payment = ask(shop, amount, **extra)
    pays(shop, fake, payment)
    return payment


def age(shop, payment, **span):
    payments.age(shop, attempt_of(shop, payment), **span)


def cancel(shop, payment, member=None):
    return shop.client(member).post(f"{PAYMENTS}{payment['id']}/cancel/")


def state(shop, payment):
    return shop.client().get(f"{PAYMENTS}{payment['id']}/").json()["data"]["state"]


def by_phone(payment, amount=None, **extra):
    """The payment of a sale by this attempt."""
    return {"method": "MOBILE_MONEY", "amount": amount or payment["amount"], "attempt": payment["id"], **extra}


def transfers(shop, **query):
    return shop.client().get(TRANSFERS, query).json()["results"]


def wallet(shop, customer):
    """What the customer has, what they owe, and the ledger's lines."""
    with shop.inside():
        row = shop.account.customers.get(pk=customer)
        entries = shop.account.customer_entries.filter(customer=row).order_by("sequence")
        return row.wallet, row.debt, [(entry.book, entry.kind, entry.amount) for entry in entries]


def books(shop):
    """All that a refusal must leave as it was: money, ledgers, stock, numbers, states."""
    with shop.inside():
        account = shop.account
        return {
            "payments": list(account.payments.order_by("id").values_list("id", "amount", "attempt")),
            "entries": account.customer_entries.count(),
            "customers": list(account.customers.order_by("id").values_list("id", "wallet", "debt")),
            "movements": account.stock_movements.count(),
            "numbers": list(account.registers.order_by("id").values_list("last_number", flat=True)),
            "attempts": list(account.payment_attempts.order_by("id").values_list("id", "state", "used_at")),
            "transfers": list(account.incoming_transfers.order_by("id").values_list("id", "state")),
            "sales": account.sales.count(),
        }
