"""Every report belongs to a module, and is read by no way while that is off."""

import pytest
from django.core import mail

from reports import services
from system import services as system
from tests.answers import refused
from tests.bodies import content_of
from tests.inventory.made import TASKS, ask, fetch, make, run
from tests.reports.asking import NAMES, REPORTS, get
from tests.reports.test_schedules import DAILY, SCHEDULES, add, at, tasks
from tests.sales.requests import sell
from tests.system.test_modules import switch

DAY = "2026-03-10"
BODY = {"format": "CSV", "first_on": DAY, "last_on": DAY}
# Written out here, and not read from the declarations.
OF_STOCK = {"stock-value", "stock-movements", "shrinkage", "fast-stock", "dead-stock"}
OF_CUSTOMERS = {"receivables", "customers"}
MODULES = {
    "inventory": OF_STOCK,
    "customers": OF_CUSTOMERS,
    "sales": set(NAMES) - OF_STOCK - OF_CUSTOMERS,
}
EACH = [(name, module) for module, names in MODULES.items() for name in sorted(names)]


def named(client) -> set[str]:
    return {report["name"] for report in client.get(REPORTS).json()["data"]}


@pytest.mark.django_db
@pytest.mark.parametrize("module", MODULES)
def test_s44_the_reports_of_a_module_that_is_off_are_not_among_those_that_are_told(shop, module):
    """S44."""
    client = shop.client()
    assert named(client) == set(NAMES)
    switch(shop, **{module: False})
    assert named(client) == set(NAMES) - MODULES[module]
    switch(shop, **{module: True})
    assert named(client) == set(NAMES)


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "module"), EACH)
def test_s44_a_report_of_a_module_that_is_off_is_neither_read_nor_made_nor_mailed(shop, name, module):
    """S44."""
    client, exports = shop.client(), f"{REPORTS}{name}/exports/"
    task, content = make(shop, exports, BODY)
    link = client.post(f"{TASKS}{task['id']}/link/").json()["data"]["url"]
    begun = ask(shop, exports, BODY)
    switch(shop, **{module: False})
    refused(shop, lambda: get(shop, name, DAY, DAY), 403, "module_disabled")
    refused(shop, lambda: client.get(f"{REPORTS}{name}/"), 403, "module_disabled")  # before it is asked for its days
    refused(shop, lambda: client.post(exports, BODY), 403, "module_disabled")
    refused(shop, lambda: client.post(SCHEDULES, {**DAILY, "report": name}), 403, "module_disabled")
    refused(shop, lambda: client.get(f"{TASKS}{task['id']}/file/"), 403, "module_disabled")
    refused(shop, lambda: client.post(f"{TASKS}{task['id']}/link/"), 403, "module_disabled")
    refused(shop, lambda: client.get(link), 404, "not_found")
    failed = run(shop, begun)
    assert (failed["state"], failed["result"], failed["has_file"]) == ("FAILED", {"code": "module_disabled"}, False)
    switch(shop, **{module: True})
    assert fetch(shop, task["id"]) == content
    assert content_of(client.get(link)) == content


@pytest.mark.django_db
@pytest.mark.parametrize("other", ["inventory", "customers", "sales"])
def test_s44_the_reports_of_other_modules_are_as_before(shop, other):
    """S44."""
    sell(shop, sold_at=f"{DAY}T12:00:00Z")
    names = sorted(set(NAMES) - MODULES[other])
    before = [get(shop, name, DAY, DAY).json()["data"] for name in names]
    switch(shop, **{other: False})
    assert [get(shop, name, DAY, DAY).json()["data"] for name in names] == before


@pytest.mark.parametrize(("name", "module"), [("receivables", "customers"), ("stock-value", "inventory")])
@pytest.mark.parametrize("is_begun", [False, True])
def test_s44_a_schedule_waits_while_its_module_is_off(busy, name, module, is_begun):
    """S44."""
    add(busy, report=name)
    if is_begun:
        assert services.start_due_reports(now=at(busy, 7)) == 1
    switch(busy, **{module: False})
    assert services.start_due_reports(now=at(busy, 7)) == 0
    mail.outbox.clear()
    for task in tasks(busy):
        system.run_task(account_id=busy.id, task_id=task.pk)
    assert mail.outbox == []
    assert [task.result for task in tasks(busy)] == [{"code": "module_disabled"}] * is_begun
    switch(busy, **{module: True})
    assert services.start_due_reports(now=at(busy, 8)) == (not is_begun)
