"""Sessions that end, tabs that share one, second factors and PINs, in a page that follows the README's recipe."""

from pathlib import Path

import pytest

from tests.browser.conftest import Till
from tests.conftest import PASSWORD

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parent.parent.parent
ME = "accounts/auth/me/"
MODES = [("byCookie", False), ("byCookie", True), ("byToken", False)]


def open_till(stage, context, *, cross_site_cookies=False):
    host = "127.0.0.1" if cross_site_cookies else "localhost"
    return Till(context, stage.listed, stage.api(host, cross_site_cookies=cross_site_cookies))


def wear_out(till):
    """The access token is refused from now on, as it is after fifteen minutes; the refresh token is good."""
    till.page.evaluate("async () => byToken.write({ ...(await byToken.read()), access: 'worn-out' })")


class Meeting:
    """Holds requests to this address back until so many have come, then lets all of them go."""

    def __init__(self, context, address, *, of):
        self.held, self.of, self.count = [], of, 0
        context.route(f"**/{address}", self.come)

    def come(self, route):
        self.count += 1
        self.held.append(route)
        if self.count == self.of:
            for each in self.held:
                each.continue_()
        elif self.count > self.of:
            route.continue_()


def test_the_recipe_in_the_readme_is_the_one_that_is_tested_here():
    recipe = (ROOT / "tests/browser/till.js").read_text()
    assert f"```js\n{recipe}```" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize(("by", "cross_site_cookies"), MODES)
def test_a_session_that_is_ended_elsewhere_is_a_clean_401_and_signing_in_again_goes_on(
    stage, context, chromium, by, cross_site_cookies
):
    """S02."""
    till = open_till(stage, context, cross_site_cookies=cross_site_cookies)
    assert till.sign_in(by, stage.credentials)["status"] == 200
    assert till.ask(by, ME)["status"] == 200

    with chromium.new_context() as elsewhere:
        owner = open_till(stage, elsewhere)
        owner.sign_in("byToken", stage.credentials)
        assert owner.ask("byToken", "accounts/auth/sessions/", method="DELETE")["status"] == 204

    assert not till.asks_to_sign_in
    refused = till.ask(by, ME)
    assert (refused["status"], refused["code"], refused["success"]) == (401, "credential_invalid", False)
    assert till.asks_to_sign_in

    assert till.sign_in(by, stage.credentials)["status"] == 200
    written = till.ask(by, "sales/customers/", method="POST", body={"name": "Adwoa"})
    assert written["status"] == 201, written
    assert not till.asks_to_sign_in


def two_tabs(stage, context):
    tabs = [open_till(stage, context) for _ in range(2)]
    assert tabs[0].sign_in("byToken", stage.credentials)["status"] == 200
    assert [tab.ask("byToken", ME)["status"] for tab in tabs] == [200, 200]
    wear_out(tabs[0])
    return tabs


def both_find_the_access_token_worn_out(context, tabs):
    meeting = Meeting(context, ME, of=2)
    for tab in tabs:
        tab.begin(f"byToken.ask('{ME}')")
    answers = [tab.finish() for tab in tabs]
    assert meeting.count >= 2
    return answers


def test_s11_two_tabs_that_refresh_at_the_same_instant_both_stay_signed_in(stage, context):
    """S11."""
    tabs = two_tabs(stage, context)
    refreshes = Meeting(context, "accounts/auth/token/refresh/", of=1)
    answers = both_find_the_access_token_worn_out(context, tabs)
    assert [answer["status"] for answer in answers] == [200, 200]
    assert refreshes.count == 1
    assert [tab.ask("byToken", ME)["status"] for tab in tabs] == [200, 200]
    assert not any(tab.asks_to_sign_in for tab in tabs)


def test_s11_the_control_without_the_lock_two_tabs_that_refresh_at_once_are_signed_out(stage, context):
    """S11."""
    tabs = two_tabs(stage, context)
    for tab in tabs:
        tab.page.evaluate("() => { navigator.locks.request = (_, work) => work(); }")
    codes = []
    context.on("response", lambda answer: answer.url.endswith("/refresh/") and codes.append(answer.status))
    refreshes = Meeting(context, "accounts/auth/token/refresh/", of=2)
    both_find_the_access_token_worn_out(context, tabs)
    assert refreshes.count == 2
    assert sorted(codes) == [200, 401]
    assert [tab.ask("byToken", ME)["status"] for tab in tabs] == [401, 401]
    assert all(tab.asks_to_sign_in for tab in tabs)


def test_a_refresh_in_one_tab_does_not_disturb_the_request_of_the_other(stage, context):
    """S11."""
    one, other = (open_till(stage, context) for _ in range(2))
    one.sign_in("byToken", stage.credentials)
    meeting = Meeting(other.page, ME, of=2)
    with other.page.expect_request(f"**/{ME}"):
        other.begin(f"byToken.ask('{ME}')")
    one.page.evaluate("async () => byToken.refresh((await byToken.read()).access)")
    (held,) = meeting.held
    held.continue_()
    assert other.finish()["status"] == 200


def test_signing_out_in_one_tab_signs_the_other_out(stage, context):
    """S11."""
    one, other = (open_till(stage, context) for _ in range(2))
    one.sign_in("byToken", stage.credentials)
    access = other.page.evaluate("async () => (await byToken.read()).access")
    one.page.evaluate("byToken.signOut()")
    refused = other.ask("byToken", ME)
    assert (refused["status"], refused["code"], other.asks_to_sign_in) == (401, "not_signed_in", True)
    kept = other.call(f"/api/v1/{ME}", headers={"Authorization": f"Bearer {access}"}, credentials="omit")
    assert (kept["status"], kept["body"]["code"]) == (401, "credential_invalid")


def test_s11_a_refresh_whose_answer_is_lost_means_signing_in_again(stage, context):
    """S11."""
    till = open_till(stage, context)
    till.sign_in("byToken", stage.credentials)
    wear_out(till)

    def lose(route):
        assert route.fetch().status == 200
        route.abort()

    address = "**/accounts/auth/token/refresh/"
    till.page.route(address, lose)
    till.begin(f"byToken.ask('{ME}')")
    assert till.finish() == {"lost": "TypeError"}
    till.page.unroute(address)

    with till.page.expect_response(address) as second:
        refused = till.ask("byToken", ME)
    assert second.value.json()["code"] == "refresh_reused"
    assert (refused["status"], till.asks_to_sign_in) == (401, True)
    assert till.sign_in("byToken", stage.credentials)["status"] == 200
    assert till.ask("byToken", ME)["status"] == 200


@pytest.mark.parametrize(("by", "cross_site_cookies"), MODES)
def test_the_page_asks_for_the_second_factor_and_signs_in_with_it(stage, context, by, cross_site_cookies):
    """S02."""
    till = open_till(stage, context, cross_site_cookies=cross_site_cookies)
    wrong = till.sign_in(by, {**stage.secured, "password": "not-the-password"})
    assert (wrong["status"], wrong["code"]) == (401, "wrong_credentials")
    asked = till.sign_in(by, stage.secured)
    assert (asked["status"], asked["code"]) == (401, "second_factor_required")
    code = stage.recovery_codes.pop()
    assert till.sign_in(by, {**stage.secured, "code": code})["status"] == 200
    assert till.ask(by, ME)["status"] == 200
    again = till.sign_in(by, {**stage.secured, "code": code})
    assert (again["status"], again["code"]) == (401, "wrong_code")


@pytest.mark.parametrize("cross_site_cookies", [False, True])
def test_a_tab_writes_on_after_another_has_signed_in_and_turned_the_csrf_token(stage, context, cross_site_cookies):
    """S02."""
    one, other = (open_till(stage, context, cross_site_cookies=cross_site_cookies) for _ in range(2))
    for tab in (one, other):
        assert tab.sign_in("byCookie", stage.credentials)["status"] == 200
    written = one.ask("byCookie", "sales/customers/", method="POST", body={"name": "Esi"})
    assert written["status"] == 201, written


def test_members_change_by_pin_on_a_registered_till_and_a_second_person_approves_a_discount(stage, context):
    """S02."""
    till = open_till(stage, context)
    till.sign_in("byToken", stage.credentials)
    pin = {"password": PASSWORD, "pin": "4826"}
    assert till.ask("byToken", "accounts/auth/pin/change/", method="POST", body=pin)["status"] == 204
    added = till.ask("byToken", "accounts/devices/", method="POST", body={"name": "Counter 1"})
    device = {"X-Device-Token": added["data"]["token"]}

    switch = "/api/v1/accounts/auth/pin/"
    holders = till.call(switch, headers=device, credentials="omit")
    owner = str(stage.shop.owner.pk)
    assert owner in [row["id"] for row in holders["body"]["results"]]
    body = {"member": owner, "pin": "4826"}
    switched = till.call(switch, method="POST", headers=device, body=body, credentials="omit")
    assert switched["status"] == 200, switched
    till.page.evaluate("tokens => byToken.write(tokens)", switched["body"]["data"])

    assert till.ask("byToken", ME, headers=device)["status"] == 200
    wear_out(till)
    assert till.ask("byToken", ME, headers=device)["status"] == 200
    refused = till.ask("byToken", ME)
    assert (refused["status"], refused["code"]) == (401, "credential_invalid")

    till.sign_in("byToken", stage.cashier)
    sale = {"method": "POST", "body": stage.shop.basket(discount="1.00")}
    alone = till.ask("byToken", "sales/sales/", **sale)
    assert (alone["status"], alone["code"]) == (403, "capability_missing")
    approval = {"X-Approver": owner, "X-Approver-PIN": "4826"}
    wrong = till.ask("byToken", "sales/sales/", headers={**approval, "X-Approver-PIN": "9173"}, **sale)
    assert (wrong["status"], wrong["code"]) == (403, "wrong_pin")
    lent = till.ask("byToken", "sales/sales/", headers=approval, **sale)
    assert (lent["status"], lent["data"]["discount_total"]) == (201, "1.00"), lent
