"""How people sign in, in tests: by token, by cookie, with a second factor, on a registered till."""

from base64 import b32decode
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_otp.oath import TOTP
from rest_framework.test import APIClient

from accounts import services
from tests.conftest import PASSWORD

AUTH = "/api/v1/accounts/auth/"
ME = f"{AUTH}me/"
SESSIONS = f"{AUTH}sessions/"
ACCOUNT = "/api/v1/accounts/account/"
PRODUCTS = "/api/v1/inventory/products/"
ANOTHER = "another-horse-battery"
PIN = "4702"


def client(token: str | None = None, **headers: Any) -> APIClient:
    """Somebody with this access token, or nobody yet."""
    made = APIClient(raise_request_exception=False)
    if token:
        headers["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    made.credentials(**headers)
    return made


def browser(member: Any, **body: Any) -> APIClient:
    """A page that is signed in by cookie, on a server that checks CSRF; it sends what it has to."""
    made = APIClient(raise_request_exception=False, enforce_csrf_checks=True)
    log_in(made, member, **body)
    return made


def log_in(page: APIClient, member: Any, **body: Any) -> None:
    response = page.post(f"{AUTH}login/", credentials(member, **body))
    assert response.status_code == 200, response.content
    page.credentials(HTTP_X_CSRFTOKEN=response.json()["data"]["csrf_token"])


def sign_in(member: Any, **body: Any) -> dict[str, str]:
    """Access and refresh token, by password."""
    response = client().post(f"{AUTH}token/", credentials(member, **body))
    assert response.status_code == 200, response.content
    return response.json()["data"]


def credentials(member: Any, **body: Any) -> dict[str, Any]:
    return {"email": member.user.email, "password": PASSWORD, **body}


def refresh(token: str, **headers: Any) -> Any:
    return client(**headers).post(f"{AUTH}token/refresh/", {"refresh": token})


def told(response: Any) -> tuple[int, str | None]:
    """The status, and the code of a refusal."""
    if response.status_code >= 400:
        assert response["Content-Type"] == "application/json"
        return response.status_code, response.json()["code"]
    return response.status_code, None


def same_but_for_the_id(*responses: Any) -> bool:
    bodies = [{**response.json(), "request_id": ""} for response in responses]
    return all(body == bodies[0] for body in bodies)


@contextmanager
def statements() -> Any:
    """All SQL on the web's two connections, as it is sent."""
    found: list[str] = []
    with ExitStack() as stack:
        captured = [stack.enter_context(CaptureQueriesContext(connections[name])) for name in ("default", "outside")]
        yield found
        found += [query["sql"] for queries in captured for query in queries.captured_queries]


@dataclass
class Authenticator:
    """An app on a phone that was shown the `otpauth:` address."""

    address: str
    recovery_codes: list[str] = field(default_factory=list)

    @property
    def key(self) -> bytes:
        return b32decode(parse_qs(urlsplit(self.address).query)["secret"][0])

    def code(self, steps: int = 0) -> str:
        """Now, or so many steps of 30 seconds from now."""
        clock = TOTP(self.key)
        clock.time = timezone.now().timestamp() + 30 * steps
        return f"{clock.token():06d}"


def with_authenticator(shop: Any, member: Any) -> Authenticator:
    """A second factor in force; its first code was that of the step before this one."""
    with shop.inside():
        phone = Authenticator(services.begin_totp(by=member, password=PASSWORD))
        phone.recovery_codes = services.confirm_totp(by=member, code=phone.code(-1))
        member.user.refresh_from_db()
    return phone


@dataclass
class Till:
    """A registered device."""

    shop: Any
    device: Any

    @property
    def header(self) -> dict[str, str]:
        return {"HTTP_X_DEVICE_TOKEN": self.device.token}

    def change_to(self, member: Any, pin: str = PIN) -> Any:
        return client(**self.header).post(f"{AUTH}pin/", {"member": str(getattr(member, "pk", member)), "pin": pin})

    def signed_in(self, member: Any, pin: str = PIN) -> APIClient:
        response = self.change_to(member, pin)
        assert response.status_code == 200, response.content
        return client(response.json()["data"]["access"], **self.header)


def register(shop: Any, name: str = "Phone") -> Till:
    with shop.inside():
        return Till(shop, services.add_device(by=shop.owner, name=name))


def give_pin(shop: Any, member: Any, pin: str = PIN) -> None:
    with shop.inside():
        services.change_pin(by=member, password=PASSWORD, pin=pin)
