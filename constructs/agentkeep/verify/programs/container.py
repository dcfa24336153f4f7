"""Any program of the user's own: nothing is known about it but what the ledger says that it is told."""

from typing import Final

from agentkeep.verify.programs import USERS_OWN, Program

PROGRAM: Final = Program(name=USERS_OWN)
