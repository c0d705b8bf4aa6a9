"""What we are paid: gateways to those who move money, and attempts to be paid. Credits are still to come."""
