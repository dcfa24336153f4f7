"""The check of a workload's connections: a script of this library in a busybox, from inside of the cluster."""

from typing import Final

from agentkeep.verify.programs import Program

PROGRAM: Final = Program(name="check-connectivity")
