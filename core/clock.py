"""How far the clock of a shop's device may be from ours."""

from datetime import UTC, datetime, timedelta

from core import errors

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
MOST_AHEAD = timedelta(days=1)
MOST_LATE = timedelta(days=7)  # of a device that was offline


def refuse_impossible(field: str, moment: datetime, *, now: datetime) -> None:
    """Raises InvalidInput for a moment that no clock that is a little wrong would give, and no shop remembers."""
    if moment < EARLIEST:
        raise errors.InvalidInput(errors=[errors.FieldError(field, "too_old", "That is too long ago.")])
    if moment > now + MOST_AHEAD:
        raise errors.InvalidInput(errors=[errors.FieldError(field, "in_future", "That is still to come.")])


def is_late(moment: datetime, *, now: datetime) -> bool:
    """Whether a till that was offline could not explain a date so old."""
    return moment < now - MOST_LATE
