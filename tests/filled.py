"""Businesses with rows of every kind, made once for all tests of a module, each of which undoes what it does."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.bodies import Cast, fill
from tests.conftest import Shop, keeping_files_in, open_shop, quick_passwords
from tests.database import empty


@pytest.fixture(scope="module")
def kept_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def ground(django_db_setup: None, django_db_blocker: Any, kept_files: Path) -> Iterator[None]:
    """What is made on it is committed, and removed after the last test."""
    with django_db_blocker.unblock(), quick_passwords(), keeping_files_in(kept_files):
        try:
            yield
        finally:
            empty()


@pytest.fixture(scope="module")
def my_shop(ground: None) -> Shop:
    return fill(open_shop("Ama Provisions")).shop


@pytest.fixture(scope="module")
def their_shop(ground: None) -> Shop:
    return fill(open_shop("Stranger Stores")).shop


@pytest.fixture
def mine(db: None, my_shop: Shop, kept_files: Path) -> Iterator[Cast]:
    with keeping_files_in(kept_files):
        yield Cast(deepcopy(my_shop))


@pytest.fixture
def theirs(db: None, their_shop: Shop, kept_files: Path) -> Iterator[Cast]:
    with keeping_files_in(kept_files):
        yield Cast(deepcopy(their_shop))
