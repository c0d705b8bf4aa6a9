"""The settings, with the work that tests leave to the background."""

from app.settings import *  # noqa: F403
from app.settings import TASKS as OF_THE_PRODUCT

KINDS = {name: f"tests.system.steps.{name}" for name in ("count", "count_outside", "stumble", "stand_still", "make")}
TASKS = {**OF_THE_PRODUCT, **KINDS}
