"""A row of another business behaves exactly as a row that does not exist: swept over every address there is.

Nothing here names a route: a new one is swept as soon as it stands in the URLconf, and fails where it has no body or
no rows in tests/bodies.py, or a filter that is not known here.
"""

import re
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.relations import RelatedField
from uuid_utils.compat import uuid7

from accounts import services as accounts
from core import vault
from core.api.fields import AccountKeyField
from inventory.till import Cursor, Look
from tests.bodies import (
    BODIES,
    Cast,
    at,
    everything,
    fill,
    input_of,
    named,
    pk_for,
    product,
    said,
    takes_id,
    text_of,
    with_value,
    writes,
)  # fmt: skip
from tests.conftest import PASSWORD, open_shop
from tests.routes import Route, by_name, routes

pytestmark = pytest.mark.django_db


# --- Paths ------------------------------------------------------------------------------------------------------------


def test_every_write_has_a_body_here():
    assert {route.name for route in writes()} == set(BODIES)
    assert {route.name for route in routes() if input_of(route)} <= set(BODIES)
    for name, path in named():
        field = [step for step in path if not step.isdigit()][-1]
        assert field in SENT[name], f"{name}: {'.'.join(path)} is missing from its body"


SENT = {
    "POST accounts/invitations/": {"locations"},
    "PATCH accounts/memberships/{pk}/": {"locations"},
    "POST inventory/categories/": {"parent"},
    "PATCH inventory/categories/{pk}/": {"parent"},
    "POST inventory/products/": {"category", "supplier"},
    "PATCH inventory/products/{pk}/": {"category", "supplier"},
    "POST inventory/packs/": {"product"},
    "POST inventory/reorder-points/": {"product", "location"},
    "POST inventory/imports/": {"file", "location"},
    "POST inventory/stock/": {"location", "supplier", "product", "pack"},
    "POST inventory/stock/{pk}/return/": {"batch"},
    "POST inventory/purchase-orders/": {"supplier", "location", "product"},
    "PATCH inventory/purchase-orders/{pk}/": {"supplier", "location", "product"},
    "POST inventory/purchase-orders/{pk}/receive/": {"product"},
    "POST inventory/stock-counts/": {"location"},
    "POST inventory/stock-counts/{pk}/scan/": {"product"},
    "POST inventory/adjustments/": {"location", "product", "stock_product"},
    "POST inventory/adjustments/{pk}/attachments/": {"file"},
    "POST inventory/stock/{pk}/attachments/": {"file"},
    "POST inventory/supplier-returns/{pk}/attachments/": {"file"},
    "POST inventory/transfers/{pk}/attachments/": {"file"},
    "POST inventory/adjustments/write-off-expired/": {"location"},
    "POST inventory/transfers/": {"source", "destination", "product"},
    "PATCH inventory/transfers/{pk}/": {"product"},
    "POST inventory/transfers/{pk}/dispatch/": {"line"},
    "POST inventory/transfers/{pk}/receive/": {"line"},
    "POST inventory/exports/": {"location"},
    "POST inventory/labels/": {"product", "pack"},
    "PATCH system/settings/user/": {"location"},
    "POST system/audit-logs/export/": {"by"},
    "POST sales/registers/": {"storefront"},
    "POST inventory/reservations/": {"location", "product"},
    "POST sales/mobile-payments/": {"register", "customer"},
    "POST sales/incoming-transfers/{pk}/match/": {"register", "customer"},
    "POST sales/sales/": {"storefront", "register", "shift", "customer", "product", "pack", "attempt"},
    "POST sales/sales/{pk}/refunds/": {"line", "register", "shift", "customer"},
    "POST sales/customers/": {"group"},
    "PATCH sales/customers/{pk}/": {"group"},
    "POST sales/customers/{pk}/payments/": {"register", "debt"},
    "POST sales/customers/{pk}/top-up/": {"register"},
    "POST sales/customers/{pk}/pay-out/": {"register"},
    "POST sales/gift-cards/": {"register"},
    "POST sales/shifts/": {"register"},
    "POST sales/shifts/{pk}/hand-over/": {"to"},
    "POST sales/sales/{pk}/exchanges/": {"line", "register", "shift", "customer", "product", "pack", "attempt"},
    "POST sales/carts/": {"storefront", "register", "customer"},
    "PATCH sales/carts/{pk}/": {"customer"},
    "POST sales/carts/{pk}/lines/": {"product", "pack"},
    "POST sales/carts/{pk}/resume/": {"register"},
    "POST sales/layaways/": {"storefront", "register", "customer", "product", "pack"},
    "POST sales/layaways/{pk}/payments/": {"register"},
    "POST sales/layaways/{pk}/complete/": {"register", "line"},
    "POST sales/layaways/{pk}/cancel/": {"register"},
    "POST sales/price-rules/": {"storefront", "product", "pack", "customer_group"},
    "PATCH sales/price-rules/{pk}/": {"storefront", "customer_group"},
    "POST sales/coupons/": {"storefront"},
    "PATCH sales/coupons/{pk}/": {"storefront"},
    "POST sales/promotions/": {"storefront", "buy_products", "buy_categories", "get_products", "get_categories"},
    "PATCH sales/promotions/{pk}/": {"storefront", "buy_products", "buy_categories", "get_products", "get_categories"},
    "POST sales/quotes/": {"storefront", "customer", "product", "pack"},
    "POST reports/{name}/exports/": {"location"},
    "POST reports/schedules/": {"location"},
}


def test_there_is_something_of_everything_to_be_hidden(theirs):
    details = [route for route in routes() if route.is_detail]
    assert details
    for route in details:
        assert theirs.rows(route.collection), route.name
        if route.method == "GET":
            assert said(theirs.call(route, pk_for(theirs, route)))[0] == 200, route.name


def test_a_strangers_row_is_the_same_404_as_a_row_that_never_was(mine, theirs):
    details = [route for route in routes() if route.is_detail]
    bodies = {route.name: BODIES[route.name](theirs) for route in details if route.name in BODIES}
    before = everything(theirs)
    for path in {route.path for route in details}:
        route = next(route for route in routes() if route.path == path)
        foreign, unknown = theirs.first(route.collection), uuid7()
        methods = {each.method for each in routes() if each.path == path}
        for method in ("GET", "PATCH", "PUT", "POST", "DELETE"):
            asked = Route(method, path, route.callback)
            body = bodies.get(asked.name, {})
            answers = [mine.call(asked, pk, body) for pk in (foreign, unknown)]
            assert said(answers[0]) == said(answers[1]), asked.name
            assert headers(answers[0]) == headers(answers[1]), asked.name
            if method in methods:
                assert said(answers[0])[0] == 404, asked.name
                assert said(answers[0])[1]["code"] == "not_found", asked.name
    assert everything(theirs) == before


def headers(response: Any) -> dict[str, str]:
    changing = {"X-Request-ID", "Content-Length"}
    return {name: value for name, value in response.items() if name not in changing}


def test_a_path_that_is_no_id_is_404(mine):
    for route in routes():
        if route.is_detail:
            for nonsense in ("1", "None", "%00", "' OR 1=1 --", "x" * 300):
                status, body = said(mine.call(route, nonsense))
                assert (status, body["code"]) == (404, "not_found"), (route.name, nonsense)


def test_if_match_does_not_tell_a_strangers_row_from_none(mine, theirs):
    for route in routes():
        if route.is_detail and route.method == "PATCH":
            answers = [
                mine.client.patch(route.url(pk), {}, HTTP_IF_MATCH='"99"')
                for pk in (theirs.first(route.collection), uuid7())
            ]
            assert said(answers[0]) == said(answers[1])
            assert answers[0].status_code == 404


# --- Lists, filters, search, counts -----------------------------------------------------------------------------------

PARAMETERS = {
    "barcode": "5909999999997",
    "first_on": "2020-01-01",
    "last_on": "2100-01-01",
    "on": "2020-01-01",
    "location": str(uuid7()),
    "cursor": str(Cursor(Look(1, 0))),
    "days": "30",
    "page": "1",
    "page_size": "25",
    "columns": "32",
    "most": "10",
    "plan": "unlimited",
    "cycle": "YEARLY",
    "gateway": "PAYSTACK",
    "operation": "content",
    "amount": "151",
    "discount": "0.5",
    "discount_percent": "5",
    "coupon": "NONE",
}
OTHERS = {  # filters whose name is not that of a field which the list shows
    "search": ["Soap", "Efua", "Shop"],
    "in_stock": ["true", "false"],
    "product": [str(UUID(int=0))],
    "expires_before": ["2100-01-01"],
    "due_before": ["2100-01-01"],
    "sold_from": ["2020-01-01T00:00:00Z"],
    "sold_before": ["2100-01-01T00:00:00Z"],
    "opened_from": ["2020-01-01T00:00:00Z"],
    "opened_before": ["2100-01-01T00:00:00Z"],
    "refunded_from": ["2020-01-01T00:00:00Z"],
    "refunded_before": ["2100-01-01T00:00:00Z"],
    "paid_from": ["2020-01-01T00:00:00Z"],
    "paid_before": ["2100-01-01T00:00:00Z"],
    "is_open": ["true", "false"],
    "shift": [str(UUID(int=0))],
    "refund": [str(UUID(int=0))],
    "total_from": ["0"],
    "total_to": ["1000000"],
    "method": ["CASH"],
    "is_reviewed": ["true", "false"],
    "is_read": ["true", "false"],
    "since": ["2020-01-01T00:00:00Z"],
    "until": ["2100-01-01T00:00:00Z"],
}


def questions(route: Route, rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Every query that may be put to a list, with values that rows of the stranger have."""
    asked: list[dict[str, str]] = [{}]
    if route.action == "list":
        asked += [{"page_size": "1"}, {"page_size": "200"}]
        for name in getattr(route.declared("filterset_class"), "base_filters", ()):
            shown = [
                str(row[name]).lower() if isinstance(row[name], bool) else row[name] for row in rows if name in row
            ]
            values = [*OTHERS.get(name, []), *filter(None, shown)]
            assert values, f"{route.name}: how is {name} to be asked? Add it to OTHERS, or to what fill() makes."
            asked += [{name: value} for value in dict.fromkeys(values)]
        if rows and "cursor" in route.declared("pagination_class").parameters:
            asked.append({"cursor": rows[0]["id"]})
    if route.parameters:
        asked.append({name: PARAMETERS[name] for name in route.parameters})
    return asked


def view_of(mine: Cast, asked: list[tuple[Route, str, dict[str, str]]]) -> dict[str, Any]:
    """What each question is answered. That it was asked may be on record, and is not afterwards."""
    found = {}
    for route, pk, query in asked:
        with transaction.atomic():
            found[f"{route.name} {query}"] = said(mine.call(route, pk, **query))
            transaction.set_rollback(True)
    return found


def test_s08_a_take_out_names_nothing_of_a_strangers(mine, theirs):
    """S08."""
    route = by_name()["GET accounts/account/take-out/"]
    ours, other = text_of(mine.call(route)), text_of(theirs.call(route))
    for shop, text, foreign in ((mine.shop, ours, other), (theirs.shop, other, ours)):
        for pk in (shop.id, shop.owner.pk, shop.storefront.pk, *(each.pk for each in shop.products)):
            assert str(pk) in text
            assert str(pk) not in foreign


def test_s08_nothing_that_i_read_changes_when_a_strangers_business_comes_goes_or_grows(mine, still):
    """S08."""
    reads = [route for route in routes() if route.method == "GET" and route.path != "accounts/auth/csrf/"]
    with transaction.atomic():
        theirs = fill(open_shop("Other Stores"))
        barcode = theirs.send("POST inventory/products/", {**product(theirs), "barcode": PARAMETERS["barcode"]})
        assert barcode["barcode"] == PARAMETERS["barcode"]
        asked = []
        for route in reads:
            rows = theirs.rows(route.path) if route.action == "list" else []
            assert rows or route.action != "list", route.name
            asked += [(route, pk_for(mine, route), query) for query in questions(route, rows)]
        with_stranger = view_of(mine, asked)
        for name in BODIES:
            theirs.send(name)
        with_more = view_of(mine, asked)
        transaction.set_rollback(True)
    alone = view_of(mine, asked)
    assert len(alone) > len(reads)
    assert with_stranger == alone
    assert with_more == alone


def test_a_filter_for_a_strangers_id_finds_what_a_random_id_finds(mine, theirs):
    swept = 0
    for route in routes():
        filters = getattr(route.declared("filterset_class"), "base_filters", {}) if route.action == "list" else {}
        for name in filters:
            ids = [row[name] for row in theirs.rows(route.path) if len(str(row.get(name))) == 36]
            if not ids:
                continue
            found, never = (said(mine.call(route, **{name: pk})) for pk in (ids[0], str(uuid7())))
            assert found == never, (route.name, name)
            assert (found[0], found[1]["results"]) == (200, []), (route.name, name)
            assert said(theirs.call(route, **{name: ids[0]}))[1]["results"], (route.name, name)
            swept += 1
    assert swept >= 10


def test_what_one_business_calls_its_things_is_free_in_every_other(mine, theirs):
    for name, body in BODIES.items():
        if (
            not name.startswith("POST") or name == "POST sales/gift-cards/look-up/"
        ):  # by a code that is one shop's alone
            continue
        foreign, own = body(theirs), body(mine)
        twin = {key: own[key] if is_reference(own[key]) else value for key, value in foreign.items()}
        theirs.send(name, foreign)
        mine.send(name, twin)


def is_reference(value: Any) -> bool:
    return isinstance(value, list) or (isinstance(value, str) and len(value) == 36)


# --- Foreign keys in bodies -------------------------------------------------------------------------------------------


def test_the_keys_that_bodies_may_name_are_found():
    assert ("POST sales/sales/", ("lines", "0", "product")) in named()
    assert ("POST inventory/products/", ("category",)) in named()


def test_every_related_field_that_can_be_written_looks_among_the_rows_of_the_account_only():
    swept = 0
    for route in routes():
        serializer = input_of(route)
        for field in serializer.fields.values() if serializer else ():
            if isinstance(field, RelatedField) and not field.read_only:
                assert isinstance(field, AccountKeyField), (route.name, field.field_name)
                swept += 1
    assert swept


def test_s08_every_writable_key_refuses_a_strangers_id_as_it_refuses_a_random_one(mine, theirs):
    """S08."""
    assert named()
    asked = []
    for name, path in named():
        values = at(BODIES[name](theirs), path), str(uuid7())
        bodies = [with_value(BODIES[name](mine), path, value) for value in values]
        asked.append((name, path, pk_for(mine, by_name()[name]), bodies))
    before, count_before = everything(mine), everything(theirs)
    for name, path, pk, bodies in asked:
        answers = [said(mine.call(by_name()[name], pk, body)) for body in bodies]
        assert answers[0][1].get("errors") == [
            {"field": ".".join(path), "code": "does_not_exist", "detail": "There is no such object."}
        ], name
        assert answers[0] == answers[1], (name, path)
        assert (answers[0][0], answers[0][1]["code"]) == (400, "invalid_input"), (name, path)
    assert everything(mine) == before
    assert everything(theirs) == count_before


def test_a_strangers_member_approves_nothing_and_is_not_told_from_nobody(mine, theirs):
    with theirs.shop.inside():
        accounts.change_pin(by=theirs.shop.owner, password=PASSWORD, pin="4702")
    route, before = by_name()["POST sales/customers/"], everything(mine)
    answers = []
    for approver in (theirs.shop.owner.pk, uuid7()):
        headers = {"HTTP_X_APPROVER": str(approver), "HTTP_X_APPROVER_PIN": "4702"}
        answers.append(said(mine.client.post(route.url(), BODIES[route.name](mine), **headers)))
    assert answers[0] == answers[1]
    assert (answers[0][0], answers[0][1]["code"]) == (403, "wrong_pin")
    assert everything(mine) == before


def test_with_ones_own_ids_the_same_bodies_are_accepted(mine):
    for name in BODIES:
        mine.send(name)


MADE_IN = {  # where what is made out of another row is listed
    "billing/credits/deduct/": "billing/credits/transactions/",
    "sales/sales/{pk}/refunds/": "sales/refunds/",
    "sales/customers/{pk}/payments/": "sales/payments/",
    "sales/customers/{pk}/top-up/": "sales/payments/",
    "sales/customers/{pk}/pay-out/": "sales/payments/",
    "sales/sales/{pk}/exchanges/": "sales/refunds/",
    "sales/sales/{pk}/void/": "sales/refunds/",
    "inventory/stock/{pk}/return/": "inventory/supplier-returns/",
    "inventory/adjustments/write-off-expired/": "inventory/adjustments/",
}


def test_an_id_that_a_stranger_has_taken_is_free_for_me_and_once_only(mine, theirs):
    swept = [route for route in routes() if takes_id(route) and route.name != "POST system/files/"]  # which has no list
    assert swept
    made_in = {route.name: MADE_IN.get(route.path, route.path) for route in swept}
    foreign = {route.name: theirs.rows(made_in[route.name].replace("{pk}", pk_for(theirs, route))) for route in swept}
    before = everything(theirs)
    for route in swept:
        collection = made_in[route.name].replace("{pk}", pk_for(mine, route))
        own = {row["id"] for row in mine.rows(collection + "?page_size=200")}
        taken = next(row["id"] for row in foreign[route.name] if row["id"] not in own)
        row = mine.send(route.name, {**BODIES[route.name](mine), "id": taken})
        assert row["id"] == taken, route.name
        assert taken in {each["id"] for each in mine.rows(collection + "?page_size=200")}, route.name
        again = mine.call(route, pk_for(mine, route), {**BODIES[route.name](mine), "id": taken})
        assert (again.status_code, again.json()["code"]) == (409, "id_taken"), route.name
    assert everything(theirs) == before


# --- Secrets ----------------------------------------------------------------------------------------------------------

SECRET_NAMES = re.compile(r"password|token|secret|hash|pin$|key|totp|otp|qr_|recovery|fingerprint|refresh|access$")
# Told once, to whom they are made for; and how much is left of what is not told.
TOLD = {
    "GET accounts/auth/csrf/": {"csrf_token"},
    "POST accounts/devices/": {"token"},
    "GET accounts/auth/mfa/": {"recovery_codes_left"},
}
HARMLESS = {"has_pin"}


def secrets_of(shop: Any) -> dict[str, str]:
    """Everything that the business has to keep to itself, by where it is kept."""
    found = {}
    with shop.inside():
        for user in shop.account.users.all():
            found |= {f"{name} of {user}": getattr(user, name) for name in ("password", "totp_key", "recovery_codes")}
        for member in shop.account.memberships.all():
            found[f"pin of {member}"] = member.pin
        for device in shop.account.devices.all():
            found[f"token of {device}"] = device.token_hash
        for invitation in shop.account.invitations.all():
            found[f"token of {invitation}"] = invitation.token_hash
        for session in shop.account.sessions.all():
            found[f"fingerprint of {session}"] = session.fingerprint
            found[f"refresh token of {session}"] = str(session.refresh_id)
    return {kept: secret for kept, secret in found.items() if secret not in ("", "None")}


def names_in(body: Any) -> set[str]:
    if isinstance(body, dict):
        return set(body).union(*map(names_in, body.values()))
    return set().union(*map(names_in, body)) if isinstance(body, list) else set()


def test_no_answer_but_the_one_that_tells_it_once_bears_a_secret(mine):
    shop = mine.shop
    with shop.inside():
        shop.account.users.filter(pk=shop.owner.user_id).update(
            totp_key=vault.seal("00" * 20), totp_confirmed_at=timezone.now(), recovery_codes=vault.digest("0000-0000")
        )
        accounts.change_pin(by=shop.owner, password=PASSWORD, pin="4702")
        accounts.change_pin(by=shop.cashier, password=PASSWORD, pin="7391")
    answers = {}
    for route in routes():
        if route.method == "GET":
            answers[route.name] = mine.call(route, pk_for(mine, route))
    for name, body in BODIES.items():
        route = by_name()[name]
        answers[name] = mine.call(route, pk_for(mine, route), body(mine))
        assert answers[name].status_code < 300, (name, answers[name].content)
    secrets = secrets_of(shop)
    assert {kept.split(" of ")[0] for kept in secrets} == {
        "password", "totp_key", "recovery_codes", "pin", "token", "fingerprint", "refresh token",
    }  # fmt: skip
    for name, response in answers.items():
        text = text_of(response)
        assert [kept for kept, secret in secrets.items() if secret in text] == [], name
        if text.startswith("{"):
            told = {each for each in names_in(response.json()) if SECRET_NAMES.search(each)} - HARMLESS
            assert told == TOLD.get(name, set()), name


def test_the_secret_of_a_device_is_told_once_and_kept_nowhere(mine):
    token = mine.send("POST accounts/devices/")["token"]
    for route in routes():
        if route.method == "GET":
            assert token not in text_of(mine.call(route, pk_for(mine, route))), route.name
    with connection.cursor() as cursor, mine.shop.inside():
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE strpos(t::text, %s) > 0", [token])
            assert cursor.fetchone() == (0,), table
