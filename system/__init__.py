"""Running it: is it up, is it ready."""
