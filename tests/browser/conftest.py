"""A real Chromium, a page on its own origin, and the API on others: with cookies for one site, and for several."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from accounts import services
from accounts.roles import Role
from tests.conftest import PASSWORD, Shop, open_shop
from tests.console import Staff
from tests.database import empty
from tests.server import gunicorn

SECURED = "abena@ama-provisions.example"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serve_page() -> Iterator[str]:
    """The till's page on an origin of its own, by the name `localhost`."""
    handler = partial(_Quiet, directory=str(Path(__file__).parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@dataclass(frozen=True)
class Stage:
    """Where everything is. The two APIs serve one database and differ in `CROSS_SITE_COOKIES` only."""

    listed: str
    unlisted: str
    same_site_port: str
    cross_site_port: str
    credentials: dict[str, str]
    shop: Shop
    recovery_codes: list[str]

    @property
    def cashier(self) -> dict[str, str]:
        return {"email": self.shop.cashier.user.email, "password": PASSWORD}

    @property
    def secured(self) -> dict[str, str]:
        """Of the member who has a second factor."""
        return {"email": SECURED, "password": PASSWORD}

    @property
    def product_count(self) -> int:
        return len(self.shop.products)

    def api(self, host: str, *, cross_site_cookies: bool = False) -> str:
        return f"http://{host}:{self.cross_site_port if cross_site_cookies else self.same_site_port}"


def add_secured(shop: Shop) -> list[str]:
    """A member with a second factor, known by `SECURED`: the recovery codes."""
    with shop.inside():
        member = services.add_member(
            account=shop.account, name="Abena", email=SECURED, password=PASSWORD, role=Role.CASHIER
        )
        address = services.begin_totp(by=member, password=PASSWORD)
        code = Staff(member, address).code()
        return services.confirm_totp(by=member, code=code)


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: Any) -> Iterator[Stage]:
    """Pages and servers on a committed shop. All database work is done here, before and after there is a browser:
    Django refuses it while Playwright's event loop runs."""
    with django_db_blocker.unblock():
        try:
            shop = open_shop("Ama Provisions")
            recovery_codes = add_secured(shop)
            with ExitStack() as opened:
                listed, unlisted = (opened.enter_context(serve_page()) for _ in range(2))
                urls = [
                    opened.enter_context(gunicorn(workers=1, TILL_ORIGINS=listed, CROSS_SITE_COOKIES=across))
                    for across in ("false", "true")
                ]
                ports = [url.rsplit(":", 1)[1] for url in urls]
                credentials = {"email": shop.owner.user.email, "password": PASSWORD}
                yield Stage(listed, unlisted, *ports, credentials, shop, recovery_codes)
        finally:
            empty()


@pytest.fixture(scope="module")
def chromium(stage: Stage) -> Iterator[Any]:
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("There is no Chromium on this machine.")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed.")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


class Till:
    """A page in a browser profile of its own, and what its script may see."""

    def __init__(self, context: Any, origin: str, api: str) -> None:
        self.context, self.api = context, api
        self.page = context.new_page()
        self.page.goto(f"{origin}/till.html?{urlencode({'api': f'{api}/api/v1'})}")

    def call(self, path: str, **options: Any) -> dict[str, Any]:
        return self.page.evaluate("([url, options]) => call(url, options)", [f"{self.api}{path}", options])

    def log_in(self, credentials: dict[str, str]) -> dict[str, Any]:
        return self.call("/api/v1/accounts/auth/login/", method="POST", body=credentials)

    def sign_in(self, by: str, credentials: dict[str, str]) -> dict[str, Any]:
        """As the README's recipe does: `by` is `byCookie` or `byToken`. The login form goes once it is used."""
        answer = self.page.evaluate(f"credentials => {by}.signIn(credentials)", credentials)
        if answer["status"] == 200:
            self.page.evaluate("document.getElementById('login').hidden = true")
        return answer

    def ask(self, by: str, path: str, **options: Any) -> dict[str, Any]:
        return self.page.evaluate(f"([path, options]) => {by}.ask(path, options)", [path, options])

    def begin(self, expression: str) -> None:
        """Let the page work while others do; `finish` waits for it."""
        self.page.evaluate(f"() => {{ window.begun = {expression}.catch(error => ({{ lost: error.name }})); }}")

    def finish(self) -> Any:
        return self.page.evaluate("() => window.begun")

    @property
    def asks_to_sign_in(self) -> bool:
        return self.page.locator("#login").is_visible()

    def cookies(self) -> dict[str, dict[str, Any]]:
        return {cookie["name"]: cookie for cookie in self.context.cookies()}


@pytest.fixture
def context(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context()
    yield context
    context.close()
