"""The console, the API's pages and the receipt in a real browser: nothing on them breaks their own policy."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.roles import Role
from tests.browser.conftest import Stage
from tests.console import Staff, hire
from tests.sales.requests import sell

pytestmark = pytest.mark.browser

WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation",
  event => window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


@pytest.fixture(scope="module")
def people(stage: Stage, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """Staff, and what a cashier sold; made before there is a browser."""
    with django_db_blocker.unblock():
        yield {"operator": hire(Role.OPERATOR, "Akua"), "sale": sell(stage.shop)["id"]}


class Watched:
    """A page that notes what its policy refused, and what went wrong."""

    def __init__(self, context: Any) -> None:
        context.add_init_script(WATCH)
        self.page = context.new_page()
        self.wrong: list[str] = []
        self.page.on("console", lambda message: self.note(message) if message.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("requestfailed", lambda request: self.wrong.append(request.url))

    def note(self, message: Any) -> None:
        if message.location.get("url", "").endswith("/favicon.ico"):  # browsers ask for it by themselves
            return
        self.wrong.append(f"{message.type} {message.text} {message.location.get('url')}")

    def open(self, address: str) -> None:
        answer = self.page.goto(address, wait_until="networkidle")
        assert answer.status == 200, (address, answer.status)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        self.is_clean()

    def is_clean(self) -> None:
        assert self.page.evaluate("window.violations") == [], self.page.url
        assert self.wrong == [], self.page.url


def sign_in(watched: Watched, api: str, staff: Staff) -> None:
    watched.open(f"{api}/admin/")
    for name, value in staff.credentials.items():
        watched.page.fill(f"#id_{name}", value)
    watched.page.click("text=Sign in")
    watched.page.wait_for_url(f"{api}/admin/")
    watched.is_clean()


def test_an_operator_signs_in_looks_around_and_changes_a_role_without_a_violation(people, stage, context):
    watched, api = Watched(context), stage.api("127.0.0.1")
    page = watched.page
    sign_in(watched, api, people["operator"])
    lists = page.eval_on_selector_all("#content-main th a", "links => links.map(link => link.href)")
    assert len(lists) >= 15
    for address in lists:
        watched.open(address)
    watched.open(f"{api}/admin/inventory/product/?account=ama")
    page.click("#result_list tbody th a")
    page.wait_for_load_state("networkidle")
    watched.is_clean()

    watched.open(f"{api}/admin/accounts/membership/?account=ama&role__exact=CASHIER&q=cashier")
    page.click("#result_list tbody th a")
    page.select_option("#id_role", "MANAGER")
    page.click("[name=_save]")
    page.wait_for_selector(".messagelist .success")
    watched.is_clean()
    watched.open(f"{api}/admin/accounts/membership/?account=ama&role__exact=MANAGER")
    assert "Cashier of Ama Provisions" in page.inner_text("#result_list")

    watched.open(f"{api}/admin/accounts/auditevent/?account=ama")
    assert "membership.changed" in page.inner_text("#result_list")
    page.click("text=Sign out")
    page.wait_for_load_state("networkidle")
    watched.is_clean()
    watched.open(f"{api}/admin/accounts/user/")
    assert page.url.startswith(f"{api}/admin/login/")


def test_the_pages_of_the_api_draw_themselves_without_a_violation(stage, context):
    watched = Watched(context)
    watched.open(f"{stage.api('127.0.0.1')}/api/docs/")
    watched.page.wait_for_selector(".opblock")
    watched.page.click(".opblock-summary-control >> nth=0")
    watched.page.wait_for_selector(".opblock-body")
    watched.is_clean()


def test_the_receipt_is_drawn_in_its_own_style_without_a_violation(people, stage, context):
    watched, api = Watched(context), stage.api("127.0.0.1")
    answer = context.request.post(f"{api}/api/v1/accounts/auth/login/", data=stage.credentials)
    assert answer.status == 200
    watched.open(f"{api}/api/v1/sales/sales/{people['sale']}/receipt/html/")
    assert watched.page.evaluate("getComputedStyle(document.querySelector('h1')).textAlign") == "center"


def test_the_control_an_inline_style_without_the_nonce_is_refused_and_noted(people, stage, context):
    watched, api = Watched(context), stage.api("127.0.0.1")
    watched.open(f"{api}/admin/login/")
    watched.page.evaluate("document.body.setAttribute('style', 'color: red')")
    watched.page.wait_for_function("window.violations.length == 1")
    with pytest.raises(AssertionError):
        watched.is_clean()
