"""What a shop offers in tests, each call in a transaction of its own."""

from decimal import Decimal

from sales import services
from tests.conftest import Shop


def add_rule(shop: Shop, price: str = "8.00", *, by=None, product=None, **facts):
    """A price for the first product, unless told."""
    with shop.inside():
        return services.add_price_rule(
            by=by or shop.owner,
            name=facts.pop("name", "Rule"),
            product=product or shop.products[0],
            unit_price=Decimal(price),
            **facts,
        )


def add_coupon(shop: Shop, code: str = "AMA-10", *, by=None, **facts):
    """Ten percent off, unless told."""
    worth = facts if facts.keys() & {"percent", "amount"} else {"percent": Decimal(10), **facts}
    with shop.inside():
        return services.add_coupon(by=by or shop.owner, name="Coupon", code=code, **worth)


def buy_get(shop: Shop, bought: int, got: int, *, percent: str = "100", **facts):
    """Of so many bought so many more free, of all products unless told."""
    with shop.inside():
        return services.add_promotion(
            by=shop.owner,
            name=facts.pop("name", "More"),
            kind="BUY_GET",
            bought=bought,
            got=got,
            percent=Decimal(percent),
            **facts,
        )


def threshold(shop: Shop, minimum: str, **facts):
    with shop.inside():
        return services.add_promotion(
            by=shop.owner, name=facts.pop("name", "Much"), kind="THRESHOLD", minimum=Decimal(minimum), **facts
        )


def add_group(shop: Shop, name: str = "Hairdressers"):
    with shop.inside():
        return shop.account.customer_groups.create(name=name)


def add_customer(shop: Shop, name: str = "Efua", **facts):
    with shop.inside():
        return services.add_customer(by=shop.owner, name=name, **facts)


def line(product, quantity: str = "1", **extra):
    return {"product": product.pk, "quantity": Decimal(quantity), **extra}


def parts(row):
    """(source, amount) of the parts of a line's discount."""
    return [(part["source"], part["amount"]) for part in row.discounts]
