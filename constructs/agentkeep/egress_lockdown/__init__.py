"""EgressLockdown: nothing may connect anywhere, except the declared flows."""
