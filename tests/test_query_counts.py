"""What a request costs in SQL: a long list no more than a short one, the till's calls no more than their budgets."""

from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.db import connection, connections
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import SessionKind
from accounts.roles import Role
from billing import services as billing
from billing.gateways import Finding, Outcome
from core import limits
from inventory import services as inventory
from inventory.models import Location, Product
from reports import services as reports
from sales import services as sales
from sales.models import Customer, Register
from system import services as system
from tests import works
from tests.conftest import PASSWORD, Shop, open_shop, receive
from tests.making import serial
from tests.routes import routes
from tests.subscriptions.paying import pay

pytestmark = pytest.mark.django_db

LISTS = [route for route in routes() if route.action == "list"]
WHOLE = {"page_size": 200}


def statements(call) -> list[str]:
    """What a call sends to the database, on either connection; BEGIN, COMMIT and savepoints are no work."""
    seen: list[str] = []

    def note(execute, sql, params, many, context):
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note), connections[limits.OUTSIDE].execute_wrapper(note):
        call()
    return [sql for sql in seen if not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK TO"))]


def grow(shop: Shop, name: str) -> None:
    """One more row of every kind that a list shows."""
    with shop.inside():
        category = inventory.add_category(by=shop.owner, name=f"Shelf {name}")
        storefront = inventory.add_location(by=shop.owner, kind="STOREFRONT", name=f"Front {name}")
        inventory.add_location(by=shop.owner, kind="WAREHOUSE", name=f"Depot {name}")
        register = sales.add_register(by=shop.owner, storefront=storefront, code=f"X{name}", name="Till")
        group = sales.add_customer_group(by=shop.owner, name=f"Group {name}")
        customer = sales.add_customer(by=shop.owner, name=f"Customer {name}", group=group, credit_limit=Decimal(100))
        product = inventory.add_product(
            by=shop.owner, sku=f"NEW-{name}", name="New", retail_price=Decimal(5), category=category
        )
        inventory.receive_stock(
            by=shop.owner,
            location=storefront.pk,
            items=[{"product": product.pk, "quantity": Decimal(9), "unit_cost": Decimal(1)}],
        )
        inventory.hold_stock(
            by=shop.owner, location=storefront.pk, product=product.pk, cart=uuid7(), quantity=Decimal(1)
        )
        sale = sales.complete_sale(
            by=shop.owner,
            storefront=storefront.pk,
            register=register.pk,
            customer=customer.pk,
            lines=[{"product": product.pk, "quantity": Decimal(2)}],
            payments=[{"method": "CASH", "amount": Decimal(5)}, {"method": "CUSTOMER_CREDIT", "amount": Decimal(5)}],
        )
        cash = [{"method": "CASH", "amount": Decimal(5)}]
        sales.sell_gift_card(by=shop.owner, register=register.pk, amount=Decimal(5), payments=cash)
        sales.refund_sale(
            by=shop.owner,
            sale=shop.account.sales.locked().get(pk=sale.pk),
            lines=[{"line": sale.lines.all()[0].pk, "quantity": Decimal(1)}],
        )
        ask_by_phone(shop, name, register)
        shift = sales.open_shift(by=shop.owner, register=register.pk)
        sales.hand_over_shift(by=shop.owner, shift=shift, counted=Decimal(1), to=shop.cashier.pk)
        set_aside(shop, name, register, customer, product)
        offer(shop, name, product)
        reason = {"code": "payment_short", "detail": "", "errors": [], "meta": {}}
        sales.note_rejected(by=shop.owner, kind="sale", item_id=uuid7(), reason=reason, content={})
        stock_up(shop, name, storefront, product)
        buy(shop, name, storefront, product)
        inventory.open_count(by=shop.owner, location=storefront.pk)
        found = [{"product": product.pk, "quantity": Decimal(1)}]
        inventory.adjust_stock(by=shop.owner, location=storefront.pk, kind="FOUND", reason="Found", lines=found)
        inventory.open_transfer(
            by=shop.owner,
            source=storefront.pk,
            destination=shop.storefront.pk,
            lines=[{"product": product.pk, "quantity": Decimal(1)}],
        )
        table = system.keep_file(by=shop.owner, file=ContentFile(b"sku\n", name="table.csv"))
        inventory.start_import(by=shop.owner, file=table.pk, what="PRODUCTS")
        hire(shop, name, storefront)
        leave_to_background(shop)
        reports.add_schedule(by=shop.owner, report="sales-by-day", period="DAY", format="CSV")
        trade_in_credits(shop)
        accounts.invite(by=shop.owner, email=f"yaa{name}@x.example", role=Role.CASHIER)
        accounts.add_device(by=shop.owner, name=f"Phone {name}")
        accounts.open_session(by=shop.owner, kind=SessionKind.TOKEN)
        shop.owner.session = None
    pay(shop)


def a_phone() -> str:
    """Another each time: one is not asked without end."""
    return f"0244{next(serial):06d}"


def ask_by_phone(shop: Shop, name: str, register: Register) -> None:
    """One more request to a phone, and money that nobody asked for."""
    sales.start_mobile_payment(by=shop.owner, register=register.pk, amount=Decimal(5), phone=a_phone(), gateway="MOMO")
    finding = Finding(Outcome.PAID, amount=Decimal(5), currency="GHS")
    sales.keep_transfer(account=shop.account, gateway="MOMO", reference=name, finding=finding)


def set_aside(shop: Shop, name: str, register: Register, customer: Customer, product: Product) -> None:
    """One more cart, and one more thing that somebody pays in parts."""
    place = register.storefront
    cart = sales.open_cart(by=shop.owner, storefront=place, register=register, customer=customer, name=name)
    sales.add_cart_line(by=shop.owner, cart=cart, product=product.pk)
    sales.open_layaway(
        by=shop.owner,
        storefront=place.pk,
        register=register.pk,
        customer=customer.pk,
        lines=[{"product": product.pk, "quantity": Decimal(1)}],
        due_on=timezone.localdate(timezone=shop.account.zone),
        payments=[{"method": "CASH", "amount": Decimal(1)}],
    )


def offer(shop: Shop, name: str, product: Product) -> None:
    """One more price, coupon and promotion of the shop itself."""
    sales.add_price_rule(by=shop.owner, name=f"Rule {name}", product=product, unit_price=Decimal(4))
    sales.add_coupon(by=shop.owner, name=f"Coupon {name}", code=f"CODE-{name}", percent=Decimal(5))
    sales.add_promotion(
        by=shop.owner,
        name=f"Promotion {name}",
        kind="THRESHOLD",
        minimum=Decimal(100),
        amount=Decimal(5),
        buy_products=[product.pk, shop.account.products.first().pk],
    )


def trade_in_credits(shop: Shop) -> None:
    """One more line of credits, reservation and order of a pack."""
    billing.add_credits(by=shop.owner, account=shop.account, credits=100)
    billing.reserve_credits(by=shop.owner, account=shop.account, operation="linking")
    billing.buy_credits(by=shop.owner, pack="ghs-500", gateway="MOMO", payer_phone=a_phone())


def leave_to_background(shop: Shop) -> None:
    """One more task, with a file that it was given, and one more notice."""
    task = works.start(shop.owner)
    system.notify(account=shop.account, kind="till.unmatched", key=str(task.pk), title="Money", text="It waits.")


def stock_up(shop: Shop, name: str, storefront: Location, product: Product) -> None:
    """One more of what a product may have beside itself."""
    by = shop.owner
    inventory.add_pack(by=by, product=product, name="Carton", factor=Decimal(24), retail_price=Decimal(100))
    inventory.add_barcode_rule(by=by, prefix=f"2{name}", kind="WEIGHT")
    inventory.add_reorder_point(by=by, product=product, location=storefront.pk, minimum=Decimal(2))
    add_piece(shop, name, storefront)


def add_piece(shop: Shop, name: str, storefront: Location) -> None:
    """One more thing that has a serial number."""
    phone = inventory.add_product(
        by=shop.owner, sku=f"PHONE-{name}", name="Phone", retail_price=Decimal(900), tracking="SERIAL"
    )
    item = {"product": phone.pk, "quantity": Decimal(1), "unit_cost": Decimal(600), "serials": [f"A{name}"]}
    inventory.receive_stock(by=shop.owner, location=storefront.pk, items=[item])


def buy(shop: Shop, name: str, storefront: Location, product: Product) -> None:
    """One more order, with what came of it, and what of that went back."""
    order = inventory.add_order(
        by=shop.owner,
        supplier=shop.account.suppliers.create(name=f"Trader {name}").pk,
        location=storefront.pk,
        lines=[{"product": product.pk, "quantity": Decimal(5), "unit_cost": Decimal(1)}],
    )
    inventory.place_order(by=shop.owner, order=order)
    inventory.receive_order(by=shop.owner, order=order, items=[{"product": product.pk, "quantity": Decimal(2)}])
    batch = shop.account.stock_products.select_related("stock").get(stock__order=order)
    inventory.send_back_stock(by=shop.owner, stock=batch.stock, items=[{"batch": batch.pk, "quantity": Decimal(1)}])


def hire(shop: Shop, name: str, storefront: Location) -> None:
    """One more person, who works at one place only."""
    person = accounts.add_member(
        account=shop.account, name=f"Kofi {name}", email=f"kofi{name}@x.example", password=PASSWORD, role=Role.CASHIER
    )
    accounts.change_member(by=shop.owner, member=person, locations=[storefront.pk])


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.name)
def test_a_list_of_six_costs_what_a_list_of_one_costs(route):
    shop = open_shop("Small", prices=(), stock="0")
    grow(shop, "0")
    client = shop.client()
    client.get(route.url(), WHOLE)  # what is looked up once in a process is looked up now
    few = statements(lambda: client.get(route.url(), WHOLE))
    rows_before = len(client.get(route.url(), WHOLE).json()["results"])
    for name in range(1, 6):
        grow(shop, str(name))
    many = statements(lambda: client.get(route.url(), WHOLE))
    rows_after = len(client.get(route.url(), WHOLE).json()["results"])
    assert rows_before >= 1
    assert rows_after >= rows_before + 5, f"grow() makes no rows for {route.name}"
    assert len(many) == len(few), "\n".join(many)


def test_the_lists_are_found():
    assert len(LISTS) >= 16


# --- Budgets ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def big(db) -> Shop:
    """A business with thirty products in stock, each with a barcode."""
    shop = open_shop("Big", prices=(), stock="0")
    with shop.inside():
        shop.products = [
            inventory.add_product(
                by=shop.owner, sku=f"S-{i}", name=f"Thing {i}", barcode=f"590000{i:02d}", retail_price=Decimal("3.33")
            )
            for i in range(30)
        ]
        receive(shop, "50")
    return shop


def cost(client, method: str, path: str, body=None, *, status: int = 200) -> list[str]:
    """The statements of a call whose like has been made before, so that nothing is cached for the first time."""
    answers = []

    def call():
        sent = None if body is None else {**body, "id": str(uuid7())}
        answers.append(getattr(client, method)(f"/api/v1/{path}", sent))

    call()
    found = statements(call)
    assert [answer.status_code for answer in answers] == [status] * 2, answers[-1].content
    return found


def within(budget: int, found: list[str]) -> None:
    assert len(found) <= budget, "\n\n".join(found)


def test_a_signed_in_view_that_does_nothing_costs_two(big):
    within(2, cost(big.client(), "get", "accounts/auth/me/"))


def test_who_works_at_one_place_only_costs_no_statement_more(big):
    with big.inside():
        accounts.change_member(by=big.owner, member=big.cashier, locations=[big.storefront.pk])
    client = big.client(big.cashier)
    within(2, cost(client, "get", "accounts/auth/me/"))
    me = client.get("/api/v1/accounts/auth/me/").json()["data"]
    assert me["membership"]["locations"] == [str(big.storefront.pk)]


def test_a_list_of_25_batches_costs_four(big):
    client = big.client()
    within(4, cost(client, "get", "inventory/stock-products/?page=1&page_size=25"))
    assert len(client.get("/api/v1/inventory/stock-products/?page=1&page_size=25").json()["results"]) == 25


def test_a_look_up_by_barcode_costs_three(big):
    within(3, cost(big.client(), "get", "inventory/products/lookup/?barcode=59000007"))


def basket(shop: Shop, count: int) -> dict:
    return {
        "storefront": str(shop.storefront.pk),
        "register": str(shop.register.pk),
        "lines": [{"product": str(product.pk), "quantity": "1"} for product in shop.products[:count]],
        "payments": [{"method": "CASH", "amount": "200.00"}, {"method": "CARD", "amount": "0.01"}],
    }


def test_a_sale_costs_twelve_whether_of_three_lines_or_of_thirty(big):
    client = big.client()
    three = cost(client, "post", "sales/sales/", basket(big, 3), status=201)
    thirty = cost(client, "post", "sales/sales/", basket(big, 30), status=201)
    within(12, three)
    assert len(thirty) == len(three), "\n\n".join(thirty)


def delivery(shop: Shop, count: int) -> dict:
    items = [{"product": str(product.pk), "quantity": "1", "unit_cost": "1.5"} for product in shop.products[:count]]
    return {"location": str(shop.storefront.pk), "items": items}


def test_a_delivery_of_twenty_lines_costs_twelve(big):
    within(12, cost(big.client(), "post", "inventory/stock/", delivery(big, 20), status=201))


def test_a_delivery_that_changes_twenty_prices_costs_twelve_too(big):
    client, body = big.client(), delivery(big, 20)
    for price in ("4.00", "5.00"):
        for item in body["items"]:
            item["retail_price"] = price
        found = statements(lambda: client.post("/api/v1/inventory/stock/", {**body, "id": str(uuid7())}))
        within(12, found)
    with big.inside():
        assert big.account.products.filter(retail_price=Decimal("5.00")).count() == 20


@pytest.mark.parametrize("way", ["refunds", "exchanges", "void"])
def test_what_comes_back_in_thirty_lines_costs_what_it_costs_in_three(big, way):
    client = big.client()

    def take_back(count: int) -> list[str]:
        sale = client.post("/api/v1/sales/sales/", {**basket(big, count), "id": str(uuid7())}).json()["data"]
        lines = [{"line": line["id"], "quantity": "1"} for line in sale["lines"]]
        new_lines = [{"product": line["product"], "quantity": "1"} for line in sale["lines"]]
        bodies = {
            "refunds": {"lines": lines},
            "exchanges": {"lines": lines, "new_lines": new_lines, "reason": "Torn"},
            "void": {"reason": "Wrong"},
        }
        body, url = {"id": str(uuid7()), **bodies[way]}, f"/api/v1/sales/sales/{sale['id']}/{way}/"
        found = statements(lambda: client.post(url, body))
        assert client.get(f"/api/v1/sales/refunds/{body['id']}/").status_code == 200
        return found

    take_back(1)
    assert len(take_back(30)) == len(take_back(3))
