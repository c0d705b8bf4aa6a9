"""Servers that speak as payment providers do, for development and tests. Nothing of the product imports them."""
