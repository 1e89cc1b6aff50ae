"""What the imports store of their own."""

from importers.deposits.models import AddressRole, Deposit, DepositState, RowUnit

__all__ = ["AddressRole", "Deposit", "DepositState", "RowUnit"]
