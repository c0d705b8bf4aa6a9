"""The settings, with the work that tests leave to the background."""

from app.settings import *  # noqa: F403
from app.settings import TASKS as OF_THE_PRODUCT
from app.settings import TASKS_IN_TURNS as IN_TURNS

NAMES = ("count", "count_outside", "stumble", "stand_still", "make", "export_slowly")
KINDS = {name: f"tests.system.steps.{name}" for name in NAMES}
TASKS = {**OF_THE_PRODUCT, **KINDS}
TASKS_IN_TURNS = {*IN_TURNS, "count"}
