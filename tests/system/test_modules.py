"""Modules: what is off is closed wherever it is reached from, and keeps all that it has."""

import json
from decimal import Decimal

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.roles import Role
from sales import services as sales
from system import modules, services
from system.errors import ModuleDisabled
from system.modules import Module
from tests.access import answer, member, put_in_state
from tests.bodies import content_of
from tests.routes import routes

pytestmark = pytest.mark.django_db

SETTINGS = "/api/v1/system/settings/account-modules/"
# Beside what stands under the module's own name.
TILL = {"sale-catalog/", "/availability/", "inventory/reservations/"}
KNOWN = ("sales/customers/", "sales/customer-groups/", "sales/debts/", "sales/receivables/")
OFF = (403, "module_disabled")


def modules_of(route):
    """Written out here, and not read from the declarations. Of the reports, the one that is asked is of sales."""
    if route.path == "sales/tax-report/" or route.path.startswith("reports/{name}/"):
        return {"reports", "sales"}
    if route.path.startswith(KNOWN):
        return {"customers"}
    if any(part in route.path for part in TILL):
        return {"sales"}
    return {route.path.partition("/")[0]} & {"inventory", "sales", "reports"}


def switch(shop, **switches):
    with shop.inside():
        row = services.open_module_settings(by=shop.owner)
        return services.change_modules(
            by=shop.owner, row=row, **{f"{name}_enabled": on for name, on in switches.items()}
        )


def flags(client):
    response = client.get(SETTINGS)
    assert response.status_code == 200, response.content
    return response.json()["data"]


def sent(client, *items):
    """The verdicts on what a till sends that was offline."""
    response = client.post("/api/v1/sales/sync/", {"items": items})
    return json.loads(content_of(response))["data"]


def code_of(response):
    return response.status_code, response.json().get("code")


# --- The switches -----------------------------------------------------------------------------------------------------


def test_s44_all_modules_are_on_until_somebody_switches_one_off(shop):
    """S44."""
    client = shop.client(shop.cashier)
    assert flags(client) == {**{f"{module}_enabled": True for module in Module}, "version": 1}
    assert len(Module) == 12
    me = client.get("/api/v1/accounts/auth/me/").json()["data"]
    assert me["modules"] == dict.fromkeys(map(str, Module), True)


def test_s44_check_says_so_and_knows_no_other_module(shop):
    """S44."""
    client = shop.client(shop.cashier)
    switch(shop, sales=False)
    for module in Module:
        told = client.get(f"{SETTINGS}check/{module}/").json()["data"]
        assert told == {"module": module, "is_enabled": module != "sales"}
    for unknown in ("billing", "SALES", "sales_enabled", "version", "id", "account", "None", "ѕales"):
        assert code_of(client.get(f"{SETTINGS}check/{unknown}/")) == (404, "not_found"), unknown
        assert not modules.is_enabled(shop.account, unknown)
        with pytest.raises(ModuleDisabled):
            modules.require_module(shop.account, unknown)


def test_a_switch_is_changed_by_whoever_changes_settings_and_leaves_a_line(shop):
    client = shop.client()
    assert code_of(shop.client(shop.cashier).patch(SETTINGS, {"sales_enabled": False})) == (403, "capability_missing")
    changed = client.patch(SETTINGS, {"sales_enabled": False, "planner_enabled": True})
    assert changed.status_code == 200
    assert changed["ETag"] == '"2"'
    assert flags(client) == {**{f"{module}_enabled": module != "sales" for module in Module}, "version": 2}
    with shop.inside():
        (event,) = shop.account.audit_events.filter(action="accountmodulesettings.changed")
    assert (event.before, event.after) == ({"sales_enabled": True}, {"sales_enabled": False})
    assert event.by_id == shop.owner.pk


def test_whoever_read_the_switches_before_another_changed_them_does_not_overwrite_them(shop):
    client = shop.client()
    tag = client.get(SETTINGS)["ETag"]
    client.patch(SETTINGS, {"sales_enabled": False})
    late = client.patch(SETTINGS, {"sales_enabled": True}, HTTP_IF_MATCH=tag)
    assert code_of(late) == (412, "stale_version")
    assert flags(client)["sales_enabled"] is False


@pytest.mark.parametrize(
    "body", [{"sales_enabled": "false"}, {"sales_enabled": None}, {"sales_enabled": 0}, {"billing_enabled": False},
             {"version": 7}, {"account": str(uuid7())}]
)  # fmt: skip
def test_what_is_no_switch_is_refused(shop, body):
    client = shop.client()
    assert code_of(client.patch(SETTINGS, body))[0] == 400
    assert all(value for name, value in flags(client).items())
    assert flags(client)["version"] == 1


def test_the_switches_of_one_business_are_not_those_of_another(shop, stranger):
    switch(shop, inventory=False)
    assert flags(stranger.client())["inventory_enabled"] is True
    assert stranger.client().get("/api/v1/inventory/products/").status_code == 200
    assert code_of(shop.client().get("/api/v1/inventory/products/")) == OFF


# --- Doors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", [str(module) for module in Module])
def test_s44_a_module_that_is_off_is_closed_and_no_other(shop, module):
    """S44."""
    switch(shop, **{module: False})
    client = shop.client()
    mine = {route.name for route in routes() if module in modules_of(route)}
    closed = {route.name for route in routes() if answer(client, route) == OFF}
    assert closed == mine
    assert bool(mine) == (module in ("inventory", "sales", "customers", "reports"))


def test_s44_who_has_no_right_is_told_so_first_and_who_has_not_paid_last(shop):
    """S44."""
    switch(shop, **{str(module): False for module in Module})
    staff = shop.client(member(shop, Role.STAFF))
    assert code_of(staff.post("/api/v1/sales/sales/", {})) == (403, "capability_missing")
    put_in_state(shop, "EXPIRED")
    assert code_of(shop.client().post("/api/v1/sales/sales/", {})) == OFF


def test_s44_switching_off_destroys_nothing(shop):
    """S44."""
    client = shop.client()
    customer = client.post("/api/v1/sales/customers/", {"name": "Efua"}).json()["data"]
    sold = client.post("/api/v1/sales/sales/", shop.basket(customer=customer["id"])).json()["data"]
    paths = (
        "sales/sales/",
        f"sales/sales/{sold['id']}/",
        "sales/customers/",
        "inventory/products/",
        "inventory/stock/",
    )
    before = [client.get(f"/api/v1/{path}").json() for path in paths]
    everything_off = {str(module): False for module in Module}
    switch(shop, **everything_off)
    assert {code_of(client.get(f"/api/v1/{path}")) for path in paths} == {OFF}
    switch(shop, **dict.fromkeys(everything_off, True))
    after = [client.get(f"/api/v1/{path}").json() for path in paths]
    assert [{**page, "request_id": ""} for page in after] == [{**page, "request_id": ""} for page in before]


# --- Other ways in ----------------------------------------------------------------------------------------------------


def test_s44_a_sale_is_refused_while_sales_are_off_and_so_is_what_a_till_sends_later(shop):
    """S44."""
    switch(shop, sales=False)
    client, basket = shop.client(), shop.basket()
    assert code_of(client.post("/api/v1/sales/sales/", basket)) == OFF
    item = {"kind": "sale", "id": basket["id"], "content": {name: basket[name] for name in basket if name != "id"}}
    assert code_of(client.post("/api/v1/sales/sync/", {"items": [item]})) == OFF
    with shop.inside():
        assert not shop.account.sales.exists()
        assert not shop.account.idempotency_keys.exists()
    switch(shop, sales=True)
    (result,) = sent(client, item)
    assert result["verdict"] == "ACCEPTED"
    assert client.post("/api/v1/sales/sales/", basket).status_code in (200, 201, 409)
    with shop.inside():
        assert shop.account.sales.count() == 1


def test_s44_without_the_module_inventory_a_till_still_sells_and_stock_still_adds_up(shop):
    """S44."""
    switch(shop, inventory=False)
    client = shop.client()
    assert code_of(client.post("/api/v1/inventory/adjustments/", {})) == OFF
    catalogue = client.get(f"/api/v1/inventory/storefronts/{shop.storefront.pk}/sale-catalog/")
    assert len(catalogue.json()["data"]["items"]) == 3
    assert client.post("/api/v1/sales/sales/", shop.basket()).status_code == 201
    with shop.inside():
        held = shop.account.stock_products.values_list("quantity", flat=True)
        assert set(held) == {Decimal(99)}


def naming(shop, customer):
    """Every request that names a customer without being about customers."""
    register, place = str(shop.register.pk), str(shop.storefront.pk)
    product = str(shop.products[0].pk)
    cash = [{"method": "CASH", "amount": "100"}]
    line = [{"product": product, "quantity": "1"}]
    return {
        "sales/sales/": shop.basket(customer=customer),
        "sales/quotes/": {"storefront": place, "lines": line, "customer": customer},
        "sales/carts/": {"storefront": place, "register": register, "customer": customer},
        "sales/layaways/": {"storefront": place, "register": register, "customer": customer, "lines": line,
                            "due_on": str(timezone.localdate()), "payments": cash},
        "sales/mobile-payments/": {"register": register, "customer": customer, "amount": "5", "phone": "0244123456",
                                   "gateway": "MOMO"},
    }  # fmt: skip


def test_s44_nobody_names_a_customer_while_customers_are_off_and_a_walk_in_buys(shop):
    """S44."""
    client = shop.client()
    customer = client.post("/api/v1/sales/customers/", {"name": "Efua"}).json()["data"]["id"]
    switch(shop, customers=False)
    for path, body in naming(shop, customer).items():
        refused = client.post(f"/api/v1/{path}", body, HTTP_IDEMPOTENCY_KEY=str(uuid7()))
        assert code_of(refused) == OFF, (path, refused.content)
    with shop.inside():
        assert not shop.account.sales.exists()
        assert not shop.account.carts.exists()
        assert not shop.account.payment_attempts.exists()
        with pytest.raises(ModuleDisabled):
            sales.add_customer(by=shop.owner, name="Yaw")
    assert client.post("/api/v1/sales/sales/", shop.basket()).status_code == 201


def test_s44_a_sale_to_a_customer_that_has_happened_is_taken_with_a_word_and_a_customer_may_come_again(shop):
    """S44."""
    client = shop.client()
    customer = client.post("/api/v1/sales/customers/", {"name": "Efua"}).json()["data"]["id"]
    switch(shop, customers=False)
    basket = shop.basket(customer=customer)
    items = [
        {"kind": "sale", "id": basket["id"], "content": {name: basket[name] for name in basket if name != "id"}},
        {"kind": "customer", "id": str(uuid7()), "content": {"name": "Yaw"}},
    ]
    told = {result["kind"]: result for result in sent(client, *items)}
    assert told["sale"]["verdict"] == "ACCEPTED_WITH_EXCEPTION"
    assert [reason["code"] for reason in told["sale"]["reasons"]] == ["module_disabled"]
    assert told["customer"]["verdict"] == "REJECTED"
    assert told["customer"]["is_final"] is False
    switch(shop, customers=True)
    again = {result["kind"]: result["verdict"] for result in sent(client, *items)}
    assert again == {"sale": "DUPLICATE", "customer": "ACCEPTED"}


@pytest.mark.parametrize(
    ("module", "path", "body"),
    [
        ("inventory", "inventory/exports/", {"what": "PRODUCTS", "format": "CSV"}),
        ("sales", "sales/exports/", {"what": "PAYMENTS", "format": "CSV"}),
        ("customers", "sales/exports/", {"what": "CUSTOMERS", "format": "CSV"}),
        ("customers", "sales/exports/", {"what": "RECEIVABLES", "format": "CSV"}),
    ],
)
def test_s44_an_export_is_neither_begun_nor_gone_on_with_nor_fetched_while_its_module_is_off(shop, module, path, body):
    """S44."""
    client = shop.client()
    begun = client.post(f"/api/v1/{path}", body)
    assert begun.status_code == 202, begun.content
    done = client.post(f"/api/v1/{path}", body).json()["data"]["id"]
    services.run_task(account_id=shop.id, task_id=done)
    link = client.post(f"/api/v1/system/tasks/{done}/link/").json()["data"]["url"]
    made = content_of(client.get(link))
    switch(shop, **{module: False})
    assert code_of(client.post(f"/api/v1/{path}", body)) == OFF
    services.run_task(account_id=shop.id, task_id=begun.json()["data"]["id"])
    failed = client.get(f"/api/v1/system/tasks/{begun.json()['data']['id']}/").json()["data"]
    assert (failed["state"], failed["result"]["code"], failed["has_file"]) == ("FAILED", "module_disabled", False)
    assert code_of(client.get(f"/api/v1/system/tasks/{done}/file/")) == OFF
    assert code_of(client.post(f"/api/v1/system/tasks/{done}/link/")) == OFF
    assert code_of(client.get(link)) == (404, "not_found")
    switch(shop, **{module: True})
    assert content_of(client.get(link)) == made
