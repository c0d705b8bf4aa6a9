"""The platform's staff at their console."""

import html
import re
from base64 import b32decode
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP

from accounts import services
from accounts.models import Membership
from accounts.roles import Role
from tests.conftest import PASSWORD

LOGIN = "/admin/login/"


@dataclass
class Staff:
    """One of the platform's staff with their authenticator."""

    member: Membership
    address: str

    @property
    def credentials(self) -> dict[str, str]:
        return {"email": self.member.user.email, "password": PASSWORD, "code": self.code()}

    def code(self) -> str:
        """What the authenticator shows now. It works once."""
        clock = TOTP(b32decode(parse_qs(urlsplit(self.address).query)["secret"][0]))
        clock.time = timezone.now().timestamp()
        return f"{clock.token():06}"

    def client(self, **options: Any) -> Client:
        """A browser that has signed in to the console."""
        client = Client(raise_request_exception=False, **options)
        response = client.post(LOGIN, self.credentials)
        assert (response.status_code, response["Location"]) == (302, "/admin/"), told(response)
        return client


def hire(role: Role, name: str = "Akua") -> Staff:
    email = f"{name}.{role}@makola.example".lower()
    return Staff(*services.add_staff(email=email, name=name, password=PASSWORD, role=role))


def told(response: Any) -> list[str]:
    """What a page says went wrong or well."""
    found = re.findall(
        r'<p class="errornote">(.*?)</p>|<ul class="errorlist[^>]*>(.*?)</ul>|<ul class="messagelist">(.*?)</ul>',
        response.content.decode(),
        re.DOTALL,
    )
    texts = (re.sub(r"<[^>]+>", " ", "".join(parts)) for parts in found)
    return [html.unescape(" ".join(text.split())) for text in texts]


def rows_of(model):
    """Counted by the staff's role, which sees all."""
    return list(model._default_manager.using("staff").values_list("pk", flat=True))
