"""The cast: an owner and her cashier, a stranger from another business, and nobody."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import override_settings
from django.utils import timezone
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts import tokens
from accounts.models import Account, Membership, Session, SessionKind
from accounts.roles import Role
from core import provision, tenancy
from inventory import services as inventory
from inventory.models import Location, Product
from sales.models import Register
from system.models import PrivateFile
from tests.again import noting_writes, write_again
from tests.database import administrator, empty
from tests.server import gunicorn

pytest_plugins = ["tests.filled"]
PASSWORD = "correct-horse-battery"


# --- The database: real PostgreSQL, built from migrations as owner, used as the web's role ---------------------------


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    name = f"test_makola_{worker}"
    embedded = settings.EMBEDDED_SERVER
    with embedded.running() if embedded else _nothing():
        provision.drop_database(admin_dsn=settings.DATABASE_ADMIN_DSN, database=name)
        provision.provision(admin_dsn=settings.DATABASE_ADMIN_DSN, database=name, passwords=settings.DATABASE_PASSWORDS)
        for alias in connections:
            connections[alias].close()
            connections[alias].settings_dict["NAME"] = name
            connections.databases[alias]["NAME"] = name
        _let_tests_take_their_time(name)
        with django_db_blocker.unblock():
            call_command("migrate", database="owner", interactive=False, verbosity=0)
        yield
        with django_db_blocker.unblock():
            connections.close_all()
        provision.drop_database(admin_dsn=settings.DATABASE_ADMIN_DSN, database=name)


def _let_tests_take_their_time(name: str) -> None:
    """A transaction that waits is ended after a minute, but for those of tests, which a busy machine makes wait. And no
    commit of theirs waits for the disk."""
    with administrator() as admin:
        admin.execute(f"ALTER DATABASE {name} SET synchronous_commit = off".encode())
        admin.execute(
            f"ALTER ROLE {provision.APP_ROLE} IN DATABASE {name} SET idle_in_transaction_session_timeout = 0".encode()
        )


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database whose writes are committed, for threads and second processes. Emptied afterwards, but for what
    migrations put there."""
    with django_db_blocker.unblock():
        yield
        empty()


@pytest.fixture
def server(committed: None) -> Iterator[str]:
    """The address of a real gunicorn with two workers, on a database whose writes are committed."""
    with gunicorn() as url:
        yield url


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in a transaction have it on both of the web's connections."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker or "db" in getattr(item, "fixturenames", ()):
            named = marker.kwargs.get("databases", ["default"]) if marker else ["default"]
            item.add_marker(pytest.mark.django_db(databases=[*named, "outside"]), append=False)


# --- The cast --------------------------------------------------------------------------------------------------------


@dataclass
class Shop:
    """One business with its people and something on every shelf."""

    account: Account
    owner: Membership
    cashier: Membership
    storefront: Location
    register: Register
    products: list[Product] = field(default_factory=list)
    sessions: dict[UUID, Session] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        return self.account.pk

    def inside(self) -> Any:
        return tenancy.scope(self.account.pk)

    def client(self, member: Membership | None = None) -> APIClient:
        """A till that is signed in by token as this member, the owner unless told."""
        client = APIClient(raise_request_exception=False)
        client.credentials(HTTP_AUTHORIZATION=self.bearer(member))
        return client

    def bearer(self, member: Membership | None = None) -> str:
        """The header by which this member, the owner unless told, is known."""
        return f"Bearer {self.tokens(member)['access']}"

    def tokens(self, member: Membership | None = None) -> dict[str, str]:
        """What this member, the owner unless told, got when signing in by token; once per test."""
        member = member or self.owner
        if member.pk not in self.sessions:
            with self.inside():
                self.sessions[member.pk] = accounts.open_session(by=member, kind=SessionKind.TOKEN)
                member.session = None
        return tokens.issue(self.sessions[member.pk])

    def basket(self, quantity: str = "1", *, id: str | None = None, **extra: Any) -> dict[str, Any]:
        """The body of a sale of this quantity of every product, paid in cash with plenty."""
        return {
            "id": id or str(uuid7()),
            "storefront": str(self.storefront.pk),
            "register": str(self.register.pk),
            "lines": [{"product": str(product.pk), "quantity": quantity} for product in self.products],
            "payments": [{"method": "CASH", "amount": "100000"}],
            **extra,
        }


def open_shop(
    name: str,
    *,
    country: str = "GH",
    currency: str = "GHS",
    time_zone: str = "Africa/Accra",
    prices: tuple[str, ...] = ("10.00", "3.33", "0.99"),
    stock: str = "100",
) -> Shop:
    """A business made by the services alone, as a registration would make it, with a product per price. What they wrote
    for the first test that asked for such a one is written again for those that come soon after."""
    asked = (name, country, currency, time_zone, prices, stock)
    known = (*asked, *settings.PASSWORD_HASHERS)
    made = _MADE.get(known)
    if made and made.is_fresh:
        with tenancy.scope(made.shop.id):
            write_again(made.writes)
        return deepcopy(made.shop)
    with noting_writes() as writes:
        shop = _make_shop(*asked)
    _MADE[known] = Made(deepcopy(shop), writes, timezone.now())
    return shop


@dataclass(frozen=True)
class Made:
    """A business, and what was written for it."""

    shop: Shop
    writes: list[str]
    made_at: datetime

    @property
    def is_fresh(self) -> bool:
        """Whether it could as well be made now: its trial begins today, and it knows nothing of the future."""
        zone, now = self.shop.account.zone, timezone.now()
        is_today = timezone.localdate(self.made_at, zone) == timezone.localdate(now, zone)
        return is_today and timedelta(0) <= now - self.made_at < timedelta(minutes=10)


_MADE: dict[tuple[Any, ...], Made] = {}


def _make_shop(name: str, country: str, currency: str, time_zone: str, prices: tuple[str, ...], stock: str) -> Shop:
    account_id = uuid7()
    slug = name.lower().replace(" ", "-")
    with tenancy.scope(account_id):
        owner = accounts.open_account(
            account_id=account_id,
            business_name=name,
            name=f"Owner of {name}",
            email=f"owner@{slug}.example",
            password=PASSWORD,
            country=country,
            currency=currency,
            time_zone=time_zone,
        )
        cashier = accounts.add_member(
            account=owner.account,
            name=f"Cashier of {name}",
            email=f"cashier@{slug}.example",
            password=PASSWORD,
            role=Role.CASHIER,
        )
        storefront = owner.account.locations.storefronts().get()
        shop = Shop(owner.account, owner, cashier, storefront, owner.account.registers.get())
        shop.products = [
            inventory.add_product(by=owner, sku=f"SKU-{i}", name=f"Thing {i}", retail_price=Decimal(price))
            for i, price in enumerate(prices)
        ]
        if Decimal(stock):
            receive(shop, stock)
    return shop


def receive(shop: Shop, quantity: str, **item: Any) -> Any:
    """A delivery of this quantity of every product. Call it inside the shop's scope."""
    return inventory.receive_stock(
        by=shop.owner,
        location=shop.storefront.pk,
        items=[
            {"product": product.pk, "quantity": Decimal(quantity), "unit_cost": Decimal("0.5"), **item}
            for product in shop.products
        ],
    )


@contextmanager
def quick_passwords() -> Iterator[None]:
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@contextmanager
def keeping_files_in(folder: Path) -> Iterator[Path]:
    """Where the bytes of private files lie meanwhile."""
    storage = PrivateFile._meta.get_field("content").storage
    with override_settings(FILES_DIR=folder), pytest.MonkeyPatch.context() as patch:
        for name in ("base_location", "location"):
            patch.setitem(vars(storage), name, str(folder))
        yield folder


@pytest.fixture(autouse=True)
def _quick_passwords() -> Iterator[None]:
    with quick_passwords():
        yield


@pytest.fixture(autouse=True)
def _looked_at_anew(settings: Any) -> None:
    settings.READINESS_KEPT = 0


@pytest.fixture(autouse=True)
def files_dir(tmp_path: Path) -> Iterator[Path]:
    with keeping_files_in(tmp_path / "files") as folder:
        yield folder


@pytest.fixture
def shop(db: None) -> Shop:
    """The business that the test is about."""
    return open_shop("Ama Provisions")


@pytest.fixture
def busy(committed: None) -> Shop:
    """A business for many at once, committed: one product at 10.00, and 500 of it on the shelf."""
    return open_shop("Ama Provisions", prices=("10.00",), stock="500")


@pytest.fixture
def stranger(db: None) -> Shop:
    """Another business, with rows of every kind."""
    return open_shop("Stranger Stores")


@pytest.fixture
def nobody() -> APIClient:
    """Somebody who has not signed in."""
    return APIClient(raise_request_exception=False)
