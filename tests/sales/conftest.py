"""Shops that sell little."""

import pytest

from tests.billing.conftest import fake  # noqa: F401 - the fake providers
from tests.conftest import Shop, open_shop


@pytest.fixture
def one(shop) -> Shop:
    """The shop with only its first product, at 10.00, in its basket."""
    shop.products = shop.products[:1]
    return shop


@pytest.fixture
def bare(db) -> Shop:
    """A business with one product at 10.00 and nothing on the shelf."""
    return open_shop("Bare Shelves", prices=("10.00",), stock="0")
