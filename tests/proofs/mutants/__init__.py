"""
Named mutants of the real ``dist/``: each does one harm, and names the rule that has to see it.

Most are generated over every object of a kind, so that a new workload, secret or rule brings its own mutants along.
A family of rules has a file of its own.
"""

from tests.proofs.mutants import cfg, data, img, net, pod, ref, sec, site
from tests.proofs.world import Mutant

FAMILIES = (sec, net, pod, img, data, ref, site, cfg)


def all_mutants() -> list[Mutant]:
    """Every mutant, in a fixed order."""
    found = [mutant for family in FAMILIES for mutant in family.mutants()]
    names = [mutant.id for mutant in found]
    assert len(set(names)) == len(names), sorted({name for name in names if names.count(name) > 1})
    return found
