"""What we are paid: gateways to those who move money, and attempts to be paid, and credits."""
