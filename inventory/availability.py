"""What can be had, said once for every statement that asks it: unexpired stock, less what open carts hold."""

# Of a batch, on the day `today`; of a reservation, at the moment `now`.
IS_FRESH = "(expires_on >= %(today)s OR expires_on IS NULL)"
IS_OPEN = "expires_at > %(now)s"


def available(on_hand: str, held: str) -> str:
    """SQL for what is left of the one after the other, either of which may be NULL."""
    return f"greatest(coalesce({on_hand}, 0) - coalesce({held}, 0), 0)"
