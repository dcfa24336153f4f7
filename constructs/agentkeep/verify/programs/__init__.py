"""
Facts about programs: one table for each, in a file of its own.

General rules ask what a workload may do, its *role*; what its *program* is told, answers and is known for stands here.
Whoever adds a program adds one file with a ``PROGRAM``, and changes nothing else.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

#: The program of a workload whose image and configuration are the user's own: what it is told, the ledger says.
USERS_OWN: Final = "container"
PROBES: Final = ("startupProbe", "readinessProbe", "livenessProbe")


@dataclass(frozen=True, slots=True)
class Program:
    """
    One program.

    Attributes:
        name: How the ledger calls it.
        repositories: Last parts of the names of its images.
        commands: What its container may be told to run; an empty command is the image's own. Empty: not this table's
            business.
        needed: Probes that it has to have.
        answers: Paths that tell its health, by probe.
        config: The file that configures it; the rules about it name the program.
        malicious: Versions that were published with malice.
        floors: The first versions without known holes, by minor version.
        oldest: Any version below this, and not above a floor of its own minor version, is too old.
    """

    name: str
    repositories: frozenset[str] = frozenset()
    commands: tuple[tuple[str, ...], ...] = ()
    needed: tuple[str, ...] = ()
    answers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    config: str = ""
    malicious: frozenset[tuple[int, ...]] = frozenset()
    floors: Mapping[tuple[int, ...], tuple[int, ...]] = field(default_factory=dict)
    oldest: tuple[int, ...] = ()

    def problem_of(self, number: tuple[int, ...]) -> str:
        """What is wrong with the version *number*; empty if nothing is known."""
        if number in self.malicious:
            return "is malicious"
        return "is too old" if number < self.floors.get(number[:2], self.oldest) else ""


def _all() -> dict[str, Program]:
    found: dict[str, Program] = {}
    for module in pkgutil.iter_modules(__path__):
        program: Program = importlib.import_module(f"{__name__}.{module.name}").PROGRAM
        found[program.name] = program
    return found


#: Every program by its name.
PROGRAMS: Final[Mapping[str, Program]] = _all()
BY_REPOSITORY: Final[Mapping[str, Program]] = {
    repository: program for program in PROGRAMS.values() for repository in program.repositories
}
