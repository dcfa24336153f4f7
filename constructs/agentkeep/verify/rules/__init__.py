"""
The rules, one in each file: ``<id>_<good_state>.py`` holds one function of that name.

Its docstring starts with ``<ID>: `` and the good state in one sentence; what follows tells what is looked at. What
else there is to say about a rule, its module says by a constant:

- ``NEVER_ACKNOWLEDGED``: nobody can answer for its findings; ``EXCEPT`` says which may be answered for all the same.
- ``VENDOR``: it is about one vendor, and left out where there is nothing of that vendor and it is not declared.
- ``PROGRAM``: it is about one program, and left out where no workload is declared to run it.
- ``ALWAYS``: it is asked whatever families are asked for.
- ``BY_POLICY``: it is decided by network policies, and undecided while there is one that is not read.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One property.

    Attributes:
        id: Such as ``NET001``.
        name: The good state, as the file is called.
        promise: The good state, in one sentence.
        about: What it looks at, and why.
        check: Looks at a case and writes into a report.
        acknowledgeable: Whether a finding of it can be answered for.
        exception: What can be answered for though the rule says never; empty if nothing.
        vendor: The only vendor that it is about; empty if it is about all.
        program: The only program that it is about; empty if it is about all.
        always: Whether it is asked whatever families are asked for.
        by_policy: Whether network policies decide it.
    """

    id: str
    name: str
    promise: str
    about: str
    check: Callable[[Case, Report], None]
    acknowledgeable: bool
    exception: str = ""
    vendor: str = ""
    program: str = ""
    always: bool = False
    by_policy: bool = False

    @property
    def family(self) -> str:
        """``NET`` of ``NET001``."""
        return self.id.rstrip("0123456789")


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """Every rule, in the order of ids."""
    found: list[Rule] = []
    for module_info in pkgutil.iter_modules(__path__):
        stem = module_info.name
        if stem.startswith("_"):
            continue
        module = importlib.import_module(f"{__name__}.{stem}")
        check: Callable[[Case, Report], None] = getattr(module, stem)
        head, _, about = (check.__doc__ or "").strip().partition("\n\n")
        rule_id, _, promise = " ".join(head.split()).partition(": ")
        found.append(
            Rule(
                id=rule_id,
                name=stem.partition("_")[2].replace("_", " "),
                promise=promise,
                about=" ".join(about.split()),
                check=check,
                acknowledgeable=not hasattr(module, "NEVER_ACKNOWLEDGED"),
                exception=getattr(module, "EXCEPT", ""),
                vendor=getattr(module, "VENDOR", ""),
                program=getattr(module, "PROGRAM", ""),
                always=hasattr(module, "ALWAYS"),
                by_policy=hasattr(module, "BY_POLICY"),
            )
        )
    return tuple(sorted(found, key=lambda rule: rule.id))
