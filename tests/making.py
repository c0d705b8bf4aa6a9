"""What a body can name: rows of a business, found among those that are there, or else made."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import SessionKind
from accounts.roles import Role
from billing import services as billing
from billing.gateways import Finding, Outcome
from core.errors import FieldError
from inventory import services as inventory
from inventory.barcodes import check_digit
from sales import services as sales
from system import services as system
from tests import works
from tests.conftest import PASSWORD
from tests.routes import by_name
from tests.uploads import PDF, form, part
from tests.uploads import post as send_form

serial = count(1)


def product(cast):
    mark = next(serial)
    return {
        "sku": f"S{mark}",
        "name": f"Soap {mark}",
        "retail_price": "2.50",
        "barcode": barcode(),
        "item_code": f"{mark:05d}",
        "supplier": supplier(cast),
    }


def barcode():
    digits = f"590{next(serial):09d}"
    return digits + check_digit(digits)


def add_pieces(cast):
    """A product whose every piece has a number, and two of them."""
    with cast.shop.inside():
        by, serials = cast.shop.owner, [f"N{next(serial)}" for _ in range(2)]
        phone = inventory.add_product(
            by=by, sku=f"P{next(serial)}", name="Phone", retail_price=Decimal(900), tracking="SERIAL"
        )
        item = {"product": phone.pk, "quantity": Decimal(2), "unit_cost": Decimal(600), "serials": serials}
        inventory.receive_stock(by=by, location=cast.shop.storefront.pk, items=[item])


def add_task(cast):
    """What has been done in the background: it made a file, and had something to complain about."""
    with cast.shop.inside():
        by = cast.shop.owner
        task = works.start(by)
        system.note_errors(by=by, task=task, found=[(2, FieldError("sku", "required", "This field is required."))])
        task.file = system.keep_file(by=by, file=ContentFile(b"sku\n", name="products.csv"))
        task.state, task.ended_at = "DONE", timezone.now()
        task.save()


def with_keys(cast):
    """Nothing more, where the business has keys of its own."""
    cast.send("PUT system/settings/integrations/{provider}/")
    return {}


def add_notification(cast):
    """Two things that the people have been told."""
    with cast.shop.inside():
        for _ in range(2):
            title = f"Money waits {next(serial)}"
            system.notify(account=cast.shop.account, kind="till.unmatched", key=title, title=title, text=title)


def made(cast):
    """A task that has made a file."""
    add_task(cast)
    with cast.shop.inside():
        return str(cast.shop.account.tasks.filter(file__isnull=False).latest("id").pk)


def waiting(cast):
    """A task that has not begun."""
    with cast.shop.inside():
        return str(works.start(cast.shop.owner).pk)


def picture(cast):
    return SimpleUploadedFile("crack.png", b"\x89PNG\r\n\x1a\n" + uuid7().bytes)


def pack(cast):
    """A pack of the first product."""
    with cast.shop.inside():
        packs = cast.shop.products[0].packs.filter(account=cast.shop.account)
        return str((packs.first() or add_pack(cast)).pk)


def add_pack(cast):
    return cast.shop.account.product_packs.create(
        product=cast.shop.products[0], name="Pair", factor=Decimal(2), retail_price=Decimal(19)
    )


def coded_pack(cast):
    """A pack of the first product, with a barcode."""
    pk = pack(cast)
    with cast.shop.inside():
        cast.shop.account.product_packs.filter(pk=pk, barcode="").update(barcode=barcode())
    return pk


def supplier(cast):
    with cast.shop.inside():
        suppliers = cast.shop.account.suppliers
        found = suppliers.filter(is_active=True).order_by("id").first()
        return str((found or suppliers.create(name=f"Trader {next(serial)}")).pk)


def order(cast):
    return {
        "supplier": supplier(cast),
        "location": str(cast.shop.storefront.pk),
        "expected_on": "2030-01-31",
        "lines": [{"product": str(cast.shop.products[0].pk), "quantity": "1000", "unit_cost": "1"}],
    }


def order_that_is(cast, *states):
    """One of the orders in these states, or else a new one."""
    place = str(cast.shop.storefront.pk)
    for row in cast.rows("inventory/purchase-orders/?page_size=200"):
        if row["location"] == place and row["status"] in states:
            return row["id"]
    pk = cast.send("POST inventory/purchase-orders/")["id"]
    if "DRAFT" not in states:
        cast.call(by_name()["POST inventory/purchase-orders/{pk}/order/"], pk)
    return pk


def returnable(cast):
    """A batch of which something can go back."""
    query = f"in_stock=true&page_size=200&location={cast.shop.storefront.pk}"
    rows = cast.rows(f"inventory/stock-products/?{query}")
    return next(row for row in rows if row["stock"] and Decimal(row["quantity"]) >= 1)


def sale(cast):
    basket = cast.shop.basket()
    basket["lines"][0] |= {"pack": pack(cast), "serials": []}
    by_phone = {"method": "MOBILE_MONEY", "amount": "5", "attempt": paid_by_phone(cast)}
    return {
        **basket,
        "customer": cast.first("sales/customers/"),
        "shift": working_shift(cast),
        "cart": str(uuid7()),
        "keep_change": False,
        "payments": [by_phone, *basket["payments"]],
    }


def money(cast):
    """A little of it, at the register of the cast."""
    paid = [{"method": "CASH", "amount": "0.01", "reference": ""}]
    return {"id": str(uuid7()), "register": str(cast.shop.register.pk), "payments": paid}


def open_debt(cast):
    """Something that is owed still."""
    shop, found = cast.shop, cast.rows("sales/debts/?is_open=true")
    if found:
        return found[0]
    with shop.inside():
        debtor = sales.add_customer(by=shop.owner, name="Kofi", credit_limit=Decimal(1000))
        sales.complete_sale(
            by=shop.owner,
            storefront=shop.storefront.pk,
            register=shop.register.pk,
            customer=debtor.pk,
            lines=[{"product": shop.products[0].pk, "quantity": Decimal(1), "unit_price": Decimal(10)}],
            payments=[{"method": "CUSTOMER_CREDIT", "amount": Decimal(10)}],
            sold_at=timezone.now() - timedelta(days=1),  # so that it is not the sale which is refunded
        )
    return open_debt(cast)


def keeper_of_a_wallet(cast):
    """A customer for whom something is kept."""
    shop = cast.shop
    with shop.inside():
        found = shop.account.customers.filter(wallet__gt=0, is_active=True).order_by("pk").first()
        if found is None:
            found = sales.add_customer(by=shop.owner, name="Yaw")
            paid = [{"method": "CASH", "amount": Decimal(100)}]
            sales.top_up_wallet(by=shop.owner, customer=found, register=shop.register.pk, payments=paid)
    return str(found.pk)


def code_of_card(cast):
    """That of a gift card which has just been sold."""
    return cast.send("POST sales/gift-cards/")["code"]


def leased(cast):
    """A register that has leased its first numbers."""
    pk = cast.send("POST sales/registers/")["id"]
    cast.call(by_name()["POST sales/registers/{pk}/leases/"], pk, {"count": 5})
    return pk


def prompted(cast):
    return cast.send("POST sales/mobile-payments/")["id"]


def paid_by_phone(cast):
    """A mobile payment whose money has come, and waits for its sale."""
    pk, shop = prompted(cast), cast.shop
    now = timezone.now()
    with shop.inside():
        shop.account.payment_attempts.filter(pk=pk).update(state="PAID", paid_at=now, paid_amount=5)
    return pk


def transferred(cast):
    """Money that nobody asked for."""
    shop, mark = cast.shop, f"mark-{next(serial)}"
    finding = Finding(Outcome.PAID, amount=Decimal(7), currency=shop.account.currency, payer_phone="0244123456")
    with shop.inside():
        sales.keep_transfer(account=shop.account, gateway="PAYSTACK", reference=mark, finding=finding)
        shop.account.incoming_transfers.filter(reference=mark).update(register=shop.register)
        return str(shop.account.incoming_transfers.get(reference=mark).pk)


def working_shift(cast):
    """The shift that is open at the register of the shop."""
    shop = cast.shop
    with shop.inside():
        found = shop.account.shifts.filter(register=shop.register, closed_at=None).first()
        return str((found or sales.open_shift(by=shop.owner, register=shop.register.pk)).pk)


def closed_shift(cast):
    """One of the shifts that are over."""
    closed = cast.rows(f"sales/shifts/?is_open=false&storefront={cast.shop.storefront.pk}")
    return closed[0]["id"] if closed else cast.send("POST sales/shifts/{pk}/close/")["id"]


def refundable(cast):
    """The last sale of which something can come back, to a customer who is known."""
    return unrefunded(cast)[0]["id"]


def unrefunded(cast):
    """The same sale, and a line of it that nobody has brought back."""
    for row in cast.rows("sales/sales/?page_size=200"):
        sold = cast.client.get(f"/api/v1/sales/sales/{row['id']}/").json()["data"]
        free = [line for line in sold["lines"] if line["refunded_quantity"] == "0.000"]
        if free:
            return sold, free[0]
    raise LookupError("Everything has come back.")


def quote(cast):
    asked = sale(cast)
    return {name: asked[name] for name in ("storefront", "customer", "lines")}


def sell_by_coupon(cast):
    """A sale from which a coupon took something."""
    shop = cast.shop
    with shop.inside():
        facts = {"name": "Festival", "code": f"FEST-{next(serial)}", "percent": Decimal(5)}
        coupon = sales.add_coupon(by=shop.owner, storefront=shop.storefront, **facts)
        sales.complete_sale(
            by=shop.owner,
            storefront=shop.storefront.pk,
            register=shop.register.pk,
            customer=shop.account.customers.order_by("id").first().pk,
            lines=[{"product": shop.products[0].pk, "quantity": Decimal(1), "unit_price": Decimal(10)}],
            coupon=coupon.code,
            payments=[{"method": "CASH", "amount": Decimal(100)}],
            sold_at=timezone.now() - timedelta(days=1),  # so that it is not the sale which is refunded
        )


def add_notice(cast):
    """What a gateway said of an attempt."""
    attempt = cast.shop.account.payment_attempts.order_by("id")
    with cast.shop.inside():
        cast.shop.account.gateway_notices.create(
            gateway="MOMO", attempt=attempt.first(), digest=f"{next(serial):064}", body="{}"
        )


def offer(cast):
    """What all that the shop offers has in common."""
    return {
        "name": f"Offer {next(serial)}",
        "storefront": str(cast.shop.storefront.pk),
        "starts_on": "2026-01-01",
        "ends_on": "2100-12-31",
        "is_active": True,
    }


def customer_group(cast):
    with cast.shop.inside():
        groups = cast.shop.account.customer_groups
        return str((groups.order_by("id").first() or groups.create(name=f"Group {next(serial)}")).pk)


def price_rule(cast):
    return {
        **offer(cast),
        "product": str(cast.shop.products[0].pk),
        "pack": pack(cast),
        "customer_group": customer_group(cast),
        "price_level": "RETAIL",
        "min_quantity": "2",
        "unit_price": "9.50",
    }


def meant(cast):
    """The products that a promotion is about."""
    first, shelf = str(cast.shop.products[0].pk), cast.first("inventory/categories/")
    return {"buy_products": [first], "buy_categories": [shelf], "get_products": [first], "get_categories": [shelf]}


def promotion(cast):
    return {**offer(cast), **meant(cast), "kind": "BUY_GET", "bought": 3, "got": 1, "percent": "50"}


def send_offline(cast):
    """Two sales of a till that was offline, at another price and without a payment: somebody has to look at them."""
    buyer = cast.first("sales/customers/")
    sales = [cast.shop.basket(customer=buyer), cast.shop.basket(payments=[])]
    sales[0]["lines"][0]["unit_price"] = "9"
    items = [{"kind": "sale", "id": basket.pop("id"), "content": basket} for basket in sales]
    response = cast.client.post("/api/v1/sales/sync/", {"sent_at": timezone.now().isoformat(), "items": items})
    assert response.status_code == 200, response.content
    list(response.streaming_content)


def refund(cast):
    sold, line = unrefunded(cast)
    return {
        "id": str(uuid7()),
        "register": sold["register"],
        "shift": working_shift(cast),
        "customer": sold["customer"],
        "lines": [{"line": line["id"], "quantity": "1", "serials": []}],
    }


def exchange(cast):
    _, line = unrefunded(cast)
    price = Decimal(line["total"]) + 50  # dearer than what comes back, which an earlier exchange may have sold
    thing = {"product": str(cast.shop.products[0].pk), "pack": pack(cast), "quantity": "1", "unit_price": str(price)}
    by_phone = {"method": "MOBILE_MONEY", "amount": "5", "attempt": paid_by_phone(cast)}
    paid = [by_phone, {"method": "CASH", "amount": "1000000"}]
    return {**refund(cast), "reason": "Too small", "new_lines": [thing], "payments": paid}


def open_cart(cast):
    """A new cart, with something in it."""
    pk = cast.send("POST sales/carts/")["id"]
    body = {"product": str(cast.shop.products[0].pk), "quantity": "1"}
    cast.call(by_name()["POST sales/carts/{pk}/lines/"], pk, body)
    return pk


def parked_cart(cast):
    pk = open_cart(cast)
    cast.call(by_name()["POST sales/carts/{pk}/park/"], pk)
    return pk


def layaway(cast):
    """Two pairs of the first product at 19, less 2 each and 2 on the whole: 32; 18 in cash."""
    return {
        "id": str(uuid7()),
        "storefront": str(cast.shop.storefront.pk),
        "register": str(cast.shop.register.pk),
        "customer": cast.first("sales/customers/"),
        "due_on": due_day(cast, 30),
        "price_level": "RETAIL",
        "lines": [
            {
                "product": str(cast.shop.products[0].pk),
                "pack": pack(cast),
                "quantity": "2",
                "unit_price": "18",
                "discount": "2",
            }
        ],
        "discount": "2",
        "payments": [{"method": "CASH", "amount": "18", "reference": ""}],
    }


def due_day(cast, days):
    return str(timezone.localdate(timezone=cast.shop.account.zone) + timedelta(days=days))


def unpaid_layaway(cast):
    return cast.send("POST sales/layaways/")["id"]


def paid_layaway(cast):
    """The last one that is paid and not handed over, or else a new one."""
    for row in cast.rows("sales/layaways/?status=OPEN&page_size=200"):
        if row["open_amount"] == "0.00" and row["storefront"] == str(cast.shop.storefront.pk):
            return row["id"]
    sent = layaway(cast)
    return cast.send("POST sales/layaways/", {**sent, "payments": [{"method": "CASH", "amount": "32"}]})["id"]


def layaway_line(cast):
    pk = paid_layaway(cast)
    return cast.client.get(f"/api/v1/sales/layaways/{pk}/").json()["data"]["lines"][0]["id"]


def depot(cast):
    """A warehouse of the business, whoever of it looks, with plenty of the first product."""
    shop = cast.shop
    with shop.inside():
        place = shop.account.locations.filter(name="Depot").first()
        if place is None:
            place = inventory.add_location(by=shop.owner, kind="WAREHOUSE", name="Depot")
            goods = {"product": shop.products[0].pk, "quantity": Decimal(1000), "unit_cost": Decimal(1)}
            inventory.receive_stock(by=shop.owner, location=place.pk, items=[goods])
        return str(place.pk)


def transfer(cast):
    return {
        "id": str(uuid7()),
        "source": str(cast.shop.storefront.pk),
        "destination": depot(cast),
        "reason": "They run low",
        "is_request": False,
        "lines": [{"product": str(cast.shop.products[0].pk), "quantity": "0.5"}],
    }


def drafted(cast):
    """A transfer that can leave the shop."""
    found = cast.rows(f"inventory/transfers/?status=DRAFT&source={cast.shop.storefront.pk}")
    return found[0]["id"] if found else cast.send("POST inventory/transfers/")["id"]


def requested(cast):
    """A transfer that another place asks the shop for."""
    shop, place = cast.shop, UUID(depot(cast))
    with shop.inside():
        asked = inventory.open_transfer(
            by=shop.owner,
            source=shop.storefront.pk,
            destination=place,
            lines=[{"product": shop.products[0].pk, "quantity": Decimal(1)}],
            is_request=True,
        )
        return str(asked.pk)


def on_the_road(cast):
    """A transfer that is on the way to the shop."""
    shop = cast.shop
    coming = cast.rows(f"inventory/transfers/?destination={shop.storefront.pk}")
    for row in coming:
        if row["status"] in ("IN_TRANSIT", "PARTLY_RECEIVED"):
            return row["id"]
    there = UUID(depot(cast))
    with shop.inside():
        sent = inventory.open_transfer(
            by=shop.owner,
            source=there,
            destination=shop.storefront.pk,
            lines=[{"product": shop.products[0].pk, "quantity": Decimal(10)}],
        )
        return str(inventory.dispatch_transfer(by=shop.owner, transfer=sent).pk)


def line_of(cast, transfer_id):
    return cast.client.get(f"/api/v1/inventory/transfers/{transfer_id}/").json()["data"]["lines"][0]["id"]


def adjustment(cast):
    query = f"in_stock=true&page_size=200&location={cast.shop.storefront.pk}"
    rows = cast.rows(f"inventory/stock-products/?{query}")
    plain = {str(product.pk) for product in cast.shop.products}
    batch = next(row for row in rows if Decimal(row["quantity"]) >= 1 and row["product"] in plain)
    return {
        "id": str(uuid7()),
        "location": str(cast.shop.storefront.pk),
        "kind": "DAMAGE",
        "reason": "It fell",
        "occurred_at": "2026-01-31T12:00:00Z",
        "lines": [{"product": batch["product"], "stock_product": batch["id"], "quantity": "0.5", "serials": []}],
    }


def undecided(cast):
    """An adjustment that is beyond the limit of whoever opened it."""
    shop = cast.shop
    waiting = cast.rows(f"inventory/adjustments/?status=PENDING&location={shop.storefront.pk}")
    if waiting:
        return waiting[0]["id"]
    with shop.inside():
        mark = next(serial)
        keeper = accounts.add_member(
            account=shop.account, name="Abla", email=f"keeper{mark}@x.example", password=PASSWORD, role=Role.WAREHOUSE
        )
        found = {"product": shop.products[0].pk, "quantity": Decimal(1), "unit_cost": Decimal(1000)}
        facts = {"location": shop.storefront.pk, "kind": "FOUND", "reason": "Behind the shelf", "lines": [found]}
        return str(inventory.adjust_stock(by=keeper, **facts).pk)


def expired_at(cast):
    """The shop, where something has expired."""
    shop = cast.shop
    with shop.inside():
        if not shop.account.stock_products.filter(location=shop.storefront, expires_on="2020-01-31", quantity__gt=0):
            goods = {"product": shop.products[0].pk, "quantity": Decimal(1), "unit_cost": Decimal(1)}
            old = {**goods, "expires_on": date(2020, 1, 31)}
            inventory.receive_stock(by=shop.owner, location=shop.storefront.pk, items=[old])
    return str(shop.storefront.pk)


def paper(cast):
    """A file that the cast has just sent."""
    return {"file": send_form(cast.client, form(part(PDF))).json()["data"]["id"]}


def proved(collection, find):
    """A document with an attachment: of those that this finds, the last."""

    def make(cast):
        pk = find(cast)
        cast.call(by_name()[f"POST inventory/{collection}/{{pk}}/attachments/"], pk, paper(cast))
        return pk

    return make


def with_attachment(collection):
    """The last document that has one."""

    def find(cast):
        rows = [row["id"] for row in cast.rows(f"inventory/{collection}/?page_size=200")]
        return next(
            pk for pk in rows if cast.client.get(f"/api/v1/inventory/{collection}/{pk}/attachments/").json()["data"]
        )

    return find


def table(cast):
    """A table of what is there, which the cast has just sent."""
    return send_form(cast.client, form(part(b"sku,quantity,unit_cost\nSKU-0,1,1\n"))).json()["data"]["id"]


def free_prefix(cast):
    taken = {row["prefix"] for row in cast.rows("inventory/barcode-rules/")}
    return next(prefix for prefix in map(str, range(20, 30)) if prefix not in taken)


def unwatched(cast):
    """A product that has no reorder point at the place."""
    points = cast.rows(f"inventory/reorder-points/?page_size=200&location={cast.shop.storefront.pk}")
    watched = {row["product"] for row in points}
    return next(row["id"] for row in cast.rows("inventory/products/?page_size=200") if row["id"] not in watched)


def spending(cast):
    """What takes credits, of which there are enough."""
    with cast.shop.inside():
        billing.add_credits(by=cast.shop.owner, account=cast.shop.account, credits=100)
    return {"id": str(uuid7()), "operation": "content", "amount": 101}


def reserved(cast):
    return cast.send("POST billing/credits/reservations/")["id"]


def top_shelf(cast):
    return next(row["id"] for row in cast.rows("inventory/categories/?page_size=200") if not row["parent"])


def nothing(cast):
    return {}


def open_invitation(cast):
    return next(row["id"] for row in cast.rows("accounts/invitations/") if row["state"] == "OPEN")


def leaver(cast):
    shop, mark = cast.shop, next(serial)
    with shop.inside():
        person = accounts.add_member(
            account=shop.account, name="Abla", email=f"abla{mark}@x.example", password=PASSWORD, role=Role.STAFF
        )
        return str(accounts.deactivate_member(by=shop.owner, member=person).pk)


def another_session(cast):
    owner = cast.shop.owner
    with cast.shop.inside():
        session = accounts.open_session(by=owner, kind=SessionKind.TOKEN)
    owner.session = None
    return str(session.pk)


def open_count(cast):
    return cast.send("POST inventory/stock-counts/")["id"]


def approved_count(cast):
    pk = open_count(cast)
    shop = cast.shop
    with shop.inside():
        inventory.approve_count(by=shop.owner, count=shop.account.stock_counts.locked().get(pk=pk))
    return pk
