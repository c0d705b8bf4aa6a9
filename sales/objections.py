"""What is said against a sale: the first objection refuses it; but of one that has happened, all are noted."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import DomainError


class Objections:
    """Objections that refuse."""

    has_happened = False

    def note(self, objection: DomainError) -> None:
        raise objection

    @contextmanager
    def against(self, *kinds: type[DomainError]) -> Iterator[None]:
        """What is raised inside of these kinds is an objection."""
        try:
            yield
        except kinds as objection:
            self.note(objection)


class Noted(Objections):
    """Objections to what cannot be undone by refusing it: goods have gone and money has come."""

    has_happened = True

    def __init__(self) -> None:
        self.all: list[DomainError] = []

    def note(self, objection: DomainError) -> None:
        self.all.append(objection)


REFUSING = Objections()
