"""
The rules, one in each file: ``<id>_<good_state>.py`` holds one function of that name.

Its docstring starts with ``<ID>: `` and the good state in one sentence; what follows tells what is looked at. A
module with ``NEVER_ACKNOWLEDGED`` holds a rule whose findings nobody can answer for.
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
    """

    id: str
    name: str
    promise: str
    about: str
    check: Callable[[Case, Report], None]
    acknowledgeable: bool

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
            )
        )
    return tuple(sorted(found, key=lambda rule: rule.id))
