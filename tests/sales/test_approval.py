"""A second person's PIN: lends rights and limits to one act at the till, and is recorded as its approver."""

import pytest
from django.db import connection
from uuid_utils.compat import uuid7

from accounts.models import SessionKind
from accounts.roles import APPROVABLE, CAPABILITIES, Capability, Role
from tests.answers import paths_of, refused
from tests.conftest import PASSWORD
from tests.places import PIN, add_member, approved_by, give_pin
from tests.sales.requests import SALES, back, sell

pytestmark = pytest.mark.django_db

OTHER_PIN = "58203947"


@pytest.fixture
def manager(one):
    return give_pin(one, add_member(one, Role.MANAGER, name="Manager"))


def refund(shop, sale=None, *, member=None, key=None, **headers):
    """The cashier gives one piece back."""
    sale = sale or sell(shop)
    if key:
        headers["HTTP_IDEMPOTENCY_KEY"] = key
    body = back(sale["lines"][0]["id"], **({} if key else {"id": str(uuid7())}))
    return shop.client(member or shop.cashier).post(f"{SALES}{sale['id']}/refunds/", body, **headers)


def events(shop, action):
    with shop.inside():
        return [(e.by_id, e.approved_by_id) for e in shop.account.audit_events.filter(action=action).order_by("id")]


# --- What it lets happen ----------------------------------------------------------------------------------------------


def test_a_cashier_gives_back_with_a_managers_pin_who_is_recorded(one, manager):
    sale = sell(one)
    refused(one, lambda: refund(one, sale), 403, "capability_missing")
    response = refund(one, sale, **approved_by(manager))
    assert (response.status_code, response.json()["data"]["refunded_by"]) == (201, str(one.cashier.pk))
    assert events(one, "sale.refunded") == [(one.cashier.pk, manager.pk)]


@pytest.mark.parametrize(
    "extra",
    [
        {"discount": "3.00"},
        {"line": {"discount": "3.00"}},
        {"line": {"unit_price": "7.00"}},
        {"line": {"unit_price": "11.00"}},
    ],
)
def test_s37_a_cashier_leaves_off_with_a_managers_pin_as_much_as_the_manager_may(one, manager, extra):
    """S37."""
    body = one.basket(**{name: value for name, value in extra.items() if name != "line"})
    body["lines"][0].update(extra.get("line", {}))
    client = one.client(one.cashier)
    refused(one, lambda: client.post(SALES, body), 403, "capability_missing")
    assert client.post(SALES, body, **approved_by(manager)).status_code == 201
    assert events(one, "sale.completed") == [(one.cashier.pk, manager.pk)]


def test_s37_beyond_the_managers_limit_the_owners_pin_is_needed(one, manager):
    """S37."""
    give_pin(one, one.owner, OTHER_PIN)
    body, client = one.basket(discount="3.01"), one.client(one.cashier)
    told = refused(one, lambda: client.post(SALES, body, **approved_by(manager)), 403, "approval_required")
    assert (told["meta"], paths_of(told)) == (
        {"limit": "30", "asked": "30.10"},
        [("discount", "approval_required")],
    )
    assert client.post(SALES, body, **approved_by(one.owner, OTHER_PIN)).status_code == 201
    assert events(one, "sale.completed") == [(one.cashier.pk, one.owner.pk)]


def test_a_manager_goes_beyond_their_own_limit_with_the_owners_pin(one, manager):
    give_pin(one, one.owner, OTHER_PIN)
    body, client = one.basket(discount="5.00"), one.client(manager)
    refused(one, lambda: client.post(SALES, body), 403, "approval_required")
    assert client.post(SALES, body, **approved_by(one.owner, OTHER_PIN)).status_code == 201
    assert events(one, "sale.completed") == [(manager.pk, one.owner.pk)]


def test_a_cashier_who_signed_in_by_pin_has_an_approval_too(one, manager):
    give_pin(one, one.cashier, OTHER_PIN)
    device = one.client().post("/api/v1/accounts/devices/", {"name": "Phone"}).json()["data"]["token"]
    till = one.client()
    till.credentials(HTTP_X_DEVICE_TOKEN=device)
    body = {"member": str(one.cashier.pk), "pin": OTHER_PIN}
    access = till.post("/api/v1/accounts/auth/pin/", body).json()["data"]["access"]
    till.credentials(HTTP_X_DEVICE_TOKEN=device, HTTP_AUTHORIZATION=f"Bearer {access}")
    sale = sell(one)
    url, lines = f"{SALES}{sale['id']}/refunds/", back(sale["lines"][0]["id"], id=str(uuid7()))
    refused(one, lambda: till.post(url, lines), 403, "capability_missing")
    assert till.post(url, lines, **approved_by(manager)).status_code == 201
    with one.inside():
        event = one.account.audit_events.get(action="sale.refunded")
        assert (event.by_id, event.approved_by_id, event.device.name) == (one.cashier.pk, manager.pk, "Phone")
        assert one.account.sessions.filter(kind=SessionKind.PIN).count() == 1


# --- Who cannot -------------------------------------------------------------------------------------------------------


def test_nobody_approves_their_own_act(one, manager):
    give_pin(one, one.cashier, OTHER_PIN)
    own = approved_by(one.cashier, OTHER_PIN)
    sale = sell(one)
    refused(one, lambda: refund(one, sale, **own), 403, "wrong_pin")
    body = one.basket(discount="5.00")
    refused(one, lambda: one.client(manager).post(SALES, body, **approved_by(manager)), 403, "wrong_pin")


def test_who_may_not_either_lends_nothing(one):
    other = give_pin(one, add_member(one, Role.CASHIER, name="Other"))
    keeper = give_pin(one, add_member(one, Role.WAREHOUSE, name="Keeper"), OTHER_PIN)
    sale = sell(one)
    for headers in (approved_by(other), approved_by(keeper, OTHER_PIN)):
        refused(one, lambda headers=headers: refund(one, sale, **headers), 403, "capability_missing")
        body = one.basket(discount="0.01")
        refused(
            one,
            lambda body=body, headers=headers: one.client(one.cashier).post(SALES, body, **headers),
            403,
            "capability_missing",
        )


def test_of_who_approves_all_are_refused_alike_who_are_not_there_or_not_known_here(one, manager, stranger):
    theirs = give_pin(stranger, add_member(stranger, Role.MANAGER, name="Theirs"))
    gone = give_pin(one, add_member(one, Role.MANAGER, name="Gone"))
    without = add_member(one, Role.MANAGER, name="Without")
    one.client().post(f"/api/v1/accounts/memberships/{gone.pk}/deactivate/")
    sale = sell(one)
    answers = []
    for headers in (
        approved_by(theirs),
        approved_by(gone),
        approved_by(without),
        approved_by(without, ""),
        approved_by(manager, OTHER_PIN),
        approved_by(manager, ""),
        {"HTTP_X_APPROVER": str(manager.pk)},
        {"HTTP_X_APPROVER": str(uuid7()), "HTTP_X_APPROVER_PIN": PIN},
        {"HTTP_X_APPROVER": "Manager", "HTTP_X_APPROVER_PIN": PIN},
        {"HTTP_X_APPROVER": "", "HTTP_X_APPROVER_PIN": PIN},
    ):
        told = refused(one, lambda headers=headers: refund(one, sale, **headers), 403, "wrong_pin")
        answers.append({**told, "request_id": ""})
    assert all(told == answers[0] for told in answers)


def test_a_pin_without_a_name_approves_nothing(one, manager):
    sale = sell(one)
    refused(one, lambda: refund(one, sale, HTTP_X_APPROVER_PIN=PIN), 403, "capability_missing")


def test_a_wrong_pin_is_refused_also_where_no_approval_is_needed(one, manager):
    body = one.basket()
    refused(one, lambda: one.client().post(SALES, body, **approved_by(manager, OTHER_PIN)), 403, "wrong_pin")


def test_what_is_not_of_the_till_cannot_be_lent(one, manager):
    give_pin(one, one.owner, OTHER_PIN)
    headers, client = approved_by(one.owner, OTHER_PIN), one.client(one.cashier)
    for method, path, body in (
        ("patch", f"accounts/memberships/{manager.pk}/", {"role": "CASHIER"}),
        ("post", f"accounts/memberships/{manager.pk}/deactivate/", {}),
        ("post", "accounts/invitations/", {"email": "x@x.example", "role": "OWNER"}),
        ("patch", "accounts/account/", {"name": "Mine"}),
        ("post", "accounts/devices/", {"name": "Mine"}),
        ("post", "inventory/storefronts/", {"name": "Mine"}),
        ("post", "inventory/products/", {"sku": "M", "name": "Mine", "retail_price": "1"}),
        ("patch", f"inventory/products/{one.products[0].pk}/", {"retail_price": "1"}),
        ("post", "sales/registers/", {"storefront": str(one.storefront.pk), "code": "M", "name": "Mine"}),
    ):
        call = getattr(client, method)
        refused(
            one,
            lambda call=call, path=path, body=body: call(f"/api/v1/{path}", body, **headers),
            403,
            "capability_missing",
        )
    # What an owner alone may, and lend: to give up a debt.
    assert APPROVABLE & (CAPABILITIES[Role.OWNER] - CAPABILITIES[Role.MANAGER]) == {Capability.DEBT_WRITE_OFF}


# --- One act ----------------------------------------------------------------------------------------------------------


def test_an_approval_does_not_reach_the_next_request(one, manager):
    sale = sell(one, "3")
    client = one.client(one.cashier)
    url, line = f"{SALES}{sale['id']}/refunds/", sale["lines"][0]["id"]
    assert client.post(url, back(line, id=str(uuid7())), **approved_by(manager)).status_code == 201
    body = back(line, id=str(uuid7()))
    refused(one, lambda: client.post(url, body), 403, "capability_missing")
    assert client.post(SALES, one.basket()).status_code == 201
    assert events(one, "sale.completed")[-1] == (one.cashier.pk, None)


def test_a_read_takes_no_approval(one, manager):
    client = one.client(one.cashier)
    response = client.get("/api/v1/system/audit-logs/", **approved_by(manager))
    assert (response.status_code, response.json()["code"]) == (403, "capability_missing")
    assert client.get(SALES, **approved_by(manager, OTHER_PIN)).status_code == 200


def test_a_retry_after_a_lost_answer_gets_the_stored_one(one, manager):
    sale = sell(one, "3")
    first = refund(one, sale, key="lost", **approved_by(manager))
    again = refund(one, sale, key="lost", **approved_by(manager))
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again["Idempotency-Replayed"] == "true"
    assert events(one, "sale.refunded") == [(one.cashier.pk, manager.pk)]
    refused(one, lambda: refund(one, sale, key="lost"), 403, "capability_missing")
    refused(one, lambda: refund(one, sale, key="lost", **approved_by(manager, OTHER_PIN)), 403, "wrong_pin")


def test_an_approval_that_was_refused_may_be_given_again_under_the_same_key(one, manager):
    sale = sell(one)
    refused(one, lambda: refund(one, sale, key="again", **approved_by(manager, OTHER_PIN)), 403, "wrong_pin")
    response = refund(one, sale, key="again", **approved_by(manager))
    assert (response.status_code, "Idempotency-Replayed" in response) == (201, False)


# --- The PIN is told to nobody ----------------------------------------------------------------------------------------


def test_the_pin_is_in_no_answer_no_log_and_no_row(one, manager, caplog, capfd):
    sale = sell(one, "3")
    answers = [
        refund(one, sale, key="told", **approved_by(manager)),
        refund(one, sale, key="told", **approved_by(manager)),
        refund(one, sale, **approved_by(manager, OTHER_PIN)),
        one.client(one.cashier).post(SALES, one.basket(discount="9"), **approved_by(manager)),
        one.client().get("/api/v1/system/audit-logs/"),
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 403, 403, 200]
    told = "".join(f"{answer.content.decode()} {answer.headers}" for answer in answers)
    assert "/refunds/" in caplog.text
    shown = capfd.readouterr()
    for secret in (PIN, OTHER_PIN, PASSWORD):
        assert secret not in told + caplog.text + shown.out + shown.err
        assert tables_with(one, secret) == []
    assert tables_with(one, "told") == ["idempotency_keys"]


def tables_with(shop, text: str) -> list[str]:
    """The tables that hold the text somewhere."""
    with connection.cursor() as cursor, shop.inside():
        tables = connection.introspection.table_names(cursor)
        found = []
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE strpos(t::text, %s) > 0", [text])
            if cursor.fetchone() != (0,):
                found.append(table)
        return found
