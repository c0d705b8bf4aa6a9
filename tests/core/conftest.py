"""The owner's till, which the tests of hostile input share."""

import pytest
from rest_framework.test import APIClient

from tests.conftest import Shop


@pytest.fixture
def till(shop: Shop) -> APIClient:
    return shop.client()
