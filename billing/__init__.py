"""What we are paid: credits and gateways. Nothing is sold here yet."""
