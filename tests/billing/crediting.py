"""What the tests do with credits: give some, ask what there is, and see that the ledger adds up."""

from datetime import timedelta

from django.utils import timezone
from uuid_utils.compat import uuid7

from billing import ledger, services, sums

CREDITS = "/api/v1/billing/credits/"


def rich(shop, credits=1000):
    """The business, with so many credits, out of nowhere."""
    with shop.inside():
        services.add_credits(by=shop.owner, account=shop.account, credits=credits, reason="For the test")
    return shop


def spend(shop, operation="linking", amount=None, **extra):
    with shop.inside():
        return services.spend_credits(by=shop.owner, account=shop.account, operation=operation, amount=amount, **extra)


def reserve(shop, operation="linking", amount=None, **extra):
    with shop.inside():
        return services.reserve_credits(
            by=shop.owner, account=shop.account, operation=operation, amount=amount, **extra
        )


def commit(shop, reservation, amount=None):
    with shop.inside():
        return services.commit_reservation(by=shop.owner, reservation=reservation, amount=amount)


def release(shop, reservation):
    with shop.inside():
        return services.release_reservation(by=shop.owner, reservation=reservation)


def refund(shop, line, **extra):
    with shop.inside():
        return services.refund_credits(by=shop.owner, line=line, **extra)


def grant(shop, credits, on):
    with shop.inside():
        services.grant_monthly_credits(account=shop.account, months={on: credits})
        return shop.account.credit_transactions.filter(key=f"monthly {on}").first()


def left(shop):
    """The balance, and what of it is promised; the ledger adds up to it, or this fails."""
    with shop.inside():
        found = ledger.read_balance(shop.account, now=timezone.now())
        assert list(sums.find_disagreements(using="default")) == []
        return found.balance, found.reserved


def lines(shop):
    """Kind and amount of every line, in their order."""
    with shop.inside():
        return list(shop.account.credit_transactions.order_by("sequence").values_list("kind", "amount"))


def age(shop, reservation, **span):
    """Move a reservation into the past."""
    back = timedelta(**span)
    with shop.inside():
        rows = shop.account.credit_reservations.filter(pk=reservation.pk)
        rows.update(created_at=reservation.created_at - back, expires_at=reservation.expires_at - back)


def post(shop, path, body=None, *, member=None, key=True, **headers):
    """A write over the API, with a key unless told otherwise."""
    if key:
        headers["HTTP_IDEMPOTENCY_KEY"] = key if isinstance(key, str) else str(uuid7())
    return shop.client(member).post(f"{CREDITS}{path}", body or {}, **headers)


def get(shop, path, member=None, **query):
    return shop.client(member).get(f"{CREDITS}{path}", query)


def answer(response):
    return response.status_code, response.json().get("code")
