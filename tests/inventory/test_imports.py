"""Who may import what, and what is asked for is done once."""

import pytest
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from accounts.roles import Role
from inventory import services
from inventory.importing import running
from system import services as system
from tests.conftest import PASSWORD
from tests.inventory.importing import IMPORTS, as_csv, bring, counts, post, run, shown, start

TABLE = [("sku", "name", "retail_price"), ("A", "Ananas", "1")]
STOCK = [("sku", "quantity", "unit_cost"), ("SKU-0", "5", "1")]


def member(shop, role, *, place=None):
    with shop.inside():
        found = accounts.add_member(
            account=shop.account, name=role, email=f"{role.lower()}@x.example", password=PASSWORD, role=Role(role)
        )
        if place:
            shop.account.location_members.create(location=place, member=found)
            shop.account.memberships.filter(pk=found.pk).update(is_limited=True)
        return shop.account.memberships.get(pk=found.pk)


def refused(response, status, code, *errors):
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert [(error["field"], error["code"]) for error in body["errors"]] == list(errors)


def tasks(shop):
    with shop.inside():
        return shop.account.tasks.count()


def test_an_import_is_a_task_that_can_be_looked_at_and_listed(shop):
    pk = start(shop, TABLE)
    client = shop.client()
    waiting = client.get(f"{IMPORTS}{pk}/").json()["data"]
    assert (waiting["state"], waiting["kind"], waiting["by"]) == ("WAITING", "inventory.import", str(shop.owner.pk))
    assert [row["id"] for row in client.get(IMPORTS).json()["results"]] == [pk]
    system.run_task(account_id=shop.id, task_id=pk)
    assert client.get(f"{IMPORTS}{pk}/").json()["data"]["result"] == counts(created=1)


def test_what_is_sent_has_to_be_whole(shop):
    file = bring(shop, as_csv(TABLE))
    refused(post(shop, file, what="EVERYTHING"), 400, "invalid_input", ("what", "invalid_choice"))
    refused(post(shop, file, is_dry_run="yes"), 400, "invalid_input", ("is_dry_run", "invalid"))
    refused(post(shop, str(uuid7())), 400, "invalid_input", ("file", "does_not_exist"))
    refused(post(shop, file, location=str(shop.storefront.pk)), 400, "invalid_input", ("location", "invalid"))
    refused(post(shop, file, what="OPENING_STOCK"), 400, "invalid_input", ("location", "required"))
    refused(post(shop, file, what="OPENING_STOCK", location=None), 400, "invalid_input", ("location", "null"))
    body = {"file": file, "what": "PRODUCTS"}
    refused(shop.client().post(IMPORTS, body, format="json"), 400, "idempotency_key_required")
    assert tasks(shop) == 0


def test_the_file_of_a_colleague_or_of_a_stranger_is_none(shop, stranger):
    theirs = bring(stranger, as_csv(TABLE))
    refused(post(shop, theirs), 400, "invalid_input", ("file", "does_not_exist"))
    colleagues = bring(shop, as_csv(TABLE), by=member(shop, "MANAGER"))
    refused(post(shop, colleagues), 400, "invalid_input", ("file", "does_not_exist"))
    assert tasks(shop) == 0


def test_who_keeps_no_stock_imports_nothing(shop):
    for role in ("CASHIER", "STAFF"):
        someone = member(shop, role)
        refused(post(shop, bring(shop, as_csv(TABLE), by=someone), by=someone), 403, "capability_missing")
    keeper = member(shop, "WAREHOUSE")
    assert post(shop, bring(shop, as_csv(TABLE), by=keeper), by=keeper).status_code == 202


def test_stock_comes_to_a_place_of_the_member_that_is_open_and_no_road(shop, stranger):
    with shop.inside():
        elsewhere = services.add_location(by=shop.owner, kind="WAREHOUSE", name="Depot")
        closed = services.add_location(by=shop.owner, kind="WAREHOUSE", name="Old")
        services.change_location(by=shop.owner, location=closed, is_active=False)
        road = shop.account.locations.get(kind="TRANSIT")
    limited = member(shop, "WAREHOUSE", place=shop.storefront)
    file, mine = bring(shop, as_csv(STOCK)), bring(shop, as_csv(STOCK), by=limited)
    unknown = (400, "invalid_input", ("location", "does_not_exist"))
    for place in (closed, road, stranger.storefront):
        refused(post(shop, file, what="OPENING_STOCK", location=str(place.pk)), *unknown)
    refused(post(shop, mine, by=limited, what="OPENING_STOCK", location=str(elsewhere.pk)), *unknown)
    here = str(shop.storefront.pk)
    assert run(shop, as_csv(STOCK), by=limited, what="OPENING_STOCK", location=here)["result"] == counts(created=1)


def test_the_same_key_is_the_same_import(shop):
    file, other = bring(shop, as_csv(TABLE)), bring(shop, as_csv(TABLE))
    first, again = post(shop, file, key="once"), post(shop, file, key="once")
    assert first.status_code == again.status_code == 202
    assert first.json()["data"] == again.json()["data"]
    assert again.headers["Idempotency-Replayed"] == "true"
    refused(post(shop, other, key="once"), 422, "idempotency_key_reused")
    assert tasks(shop) == 1


def test_stock_comes_from_one_file_to_one_place_once(shop):
    file = bring(shop, as_csv(STOCK))
    with shop.inside():
        depot = services.add_location(by=shop.owner, kind="WAREHOUSE", name="Depot")
    stock = {"what": "OPENING_STOCK", "location": str(shop.storefront.pk)}
    tried = post(shop, file, **stock, is_dry_run=True).json()["data"]["id"]
    system.run_task(account_id=shop.id, task_id=tried)
    begun = post(shop, file, **stock)
    assert begun.status_code == 202
    refused(post(shop, file, **stock), 409, "already_imported")
    system.run_task(account_id=shop.id, task_id=begun.json()["data"]["id"])
    refused(post(shop, file, **stock), 409, "already_imported")
    assert post(shop, file, **stock, is_dry_run=True).status_code == 202
    assert post(shop, file, what="OPENING_STOCK", location=str(depot.pk)).status_code == 202


def test_a_file_that_brought_nothing_may_come_again(shop):
    file = bring(shop, as_csv([STOCK[0], ("LATER", "5", "1")]))
    stock = {"what": "OPENING_STOCK", "location": str(shop.storefront.pk)}
    first = post(shop, file, **stock).json()["data"]["id"]
    system.run_task(account_id=shop.id, task_id=first)
    run(shop, [("sku", "name", "retail_price"), ("LATER", "Later", "1")])
    again = post(shop, file, **stock).json()["data"]["id"]
    system.run_task(account_id=shop.id, task_id=again)
    assert shown(shop, again)["result"] == counts(created=1)


def test_a_cancelled_import_is_not_begun(shop):
    pk = start(shop, TABLE)
    assert shop.client().post(f"/api/v1/system/tasks/{pk}/cancel/").status_code == 200
    system.run_task(account_id=shop.id, task_id=pk)
    assert (shown(shop, pk)["state"], shown(shop, pk)["done"]) == ("CANCELLED", 0)
    with shop.inside():
        assert not shop.account.products.filter(sku="A").exists()


def deactivated(shop, someone):
    accounts.deactivate_member(by=shop.owner, member=someone)


def demoted(shop, someone):
    accounts.change_member(by=shop.owner, member=someone, role=Role.STAFF)


@pytest.mark.parametrize(("change", "code"), [(deactivated, "no_business"), (demoted, "capability_missing")])
def test_who_has_lost_the_right_meanwhile_imports_nothing(shop, change, code):
    someone = member(shop, "MANAGER")
    pk = start(shop, TABLE, by=someone)
    with shop.inside():
        change(shop, shop.account.memberships.locked().get(pk=someone.pk))
    system.run_task(account_id=shop.id, task_id=pk)
    task = shown(shop, pk)
    assert (task["state"], task["result"], task["done"]) == ("FAILED", {"code": code}, 0)
    with shop.inside():
        assert not shop.account.products.filter(sku="A").exists()


def test_who_works_there_no_longer_receives_nothing_there(shop):
    limited = member(shop, "WAREHOUSE", place=shop.storefront)
    pk = start(shop, STOCK, by=limited, what="OPENING_STOCK", location=str(shop.storefront.pk))
    with shop.inside():
        shop.account.location_members.all().delete()
        before = shop.account.stock_movements.count()
    system.run_task(account_id=shop.id, task_id=pk)
    task = shown(shop, pk)
    assert (task["state"], task["result"], task["done"]) == ("FAILED", {"code": "invalid_input"}, 0)
    with shop.inside():
        assert shop.account.stock_movements.count() == before


def test_who_leaves_in_the_middle_imports_no_more(shop, monkeypatch):
    monkeypatch.setattr(running, "PORTION", 2)
    someone = member(shop, "MANAGER")
    pk = start(shop, [TABLE[0], *((f"M{number}", "Much", "1") for number in range(9))], by=someone)
    note_errors, portions = system.note_errors, []

    def leave_after_two(**what):
        portions.append(what)
        if len(portions) == 2:
            Membership.across_accounts.filter(pk=someone.pk).update(is_active=False)
        note_errors(**what)

    monkeypatch.setattr(running.system, "note_errors", leave_after_two)
    system.run_task(account_id=shop.id, task_id=pk)
    task = shown(shop, pk)
    assert (task["state"], task["done"], task["result"]["code"]) == ("FAILED", 4, "no_business")
    with shop.inside():
        assert shop.account.products.filter(sku__startswith="M").count() == 4
