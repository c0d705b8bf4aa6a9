"""Servers that speak, and misbehave, as those of other companies do. Nothing of the product imports them."""
