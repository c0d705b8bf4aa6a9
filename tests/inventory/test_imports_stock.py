"""Opening stock and suppliers from tables."""

from datetime import date
from decimal import Decimal

import pytest

from inventory import services
from inventory.importing import running
from inventory.verify import verify_account if False else None
