"""Quantities of packs in the base unit that they are multiples of."""

from decimal import Decimal

from core import errors
from core.amounts import SMALLEST_QUANTITY


def in_base_units(quantity: Decimal, factor: Decimal, *, field: str) -> Decimal:
    """So many packs of `factor` base units. Raises InvalidInput, naming the field, for what is finer than 0.001."""
    whole = quantity * factor
    exact = whole.quantize(SMALLEST_QUANTITY)
    if exact != whole:
        too_fine = errors.FieldError(field, "too_fine", f"That is {whole.normalize():f} of the base unit.")
        raise errors.InvalidInput(errors=[too_fine])
    return exact
