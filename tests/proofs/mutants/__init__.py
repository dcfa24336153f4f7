"""
Named mutants of a base: each does one harm, and names the rule that has to see it.

Most are generated over every object of a kind, so that a new workload, secret or rule brings its own mutants along. A
family of rules has a file of its own. No maker holds the name of a part: it asks the base for whoever has a role.
"""

from collections.abc import Iterable, Iterator

from tests.proofs.mutants import cfg, data, img, net, pod, ref, sec, site
from tests.proofs.world import Base, Mutant, kind_of, words

FAMILIES = (sec, net, pod, img, data, ref, site, cfg)
MOST = 20
"""So many mutants of one rule are tried at once; more only where it has to see more kinds of harm."""


def all_mutants(base: Base) -> list[Mutant]:
    """Every mutant, in a fixed order."""
    found = [mutant for family in FAMILIES for mutant in family.mutants(base)]
    names = [mutant.id for mutant in found]
    assert len(set(names)) == len(names), sorted({name for name in names if names.count(name) > 1})
    return found


def sample(mutants: Iterable[Mutant], base: Base) -> list[Mutant]:
    """
    Few of *mutants* that stand for all, the same ones each time.

    Of each rule: every harm once, every workload and every kind of container once, and then whatever names the most
    that no other one named, up to ``MOST``.
    """
    by_rule: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        by_rule.setdefault(mutant.owner, []).append(mutant)
    return [mutant for listed in by_rule.values() for mutant in _of_one_rule(listed, base)]


def _of_one_rule(mutants: list[Mutant], base: Base) -> Iterator[Mutant]:
    if len(mutants) <= MOST:
        yield from mutants
        return
    must = {mutant.id: {*_musts(mutant, base)} for mutant in mutants}
    may = {mutant.id: {*words(mutant.harm, base)} for mutant in mutants}
    taken: dict[str, Mutant] = {}
    while len(taken) < len(mutants):
        # The first of the best, so that the choice moves only where the mutants do.
        best = max(
            (mutant for mutant in mutants if mutant.id not in taken),
            key=lambda mutant: (len(must[mutant.id]), len(may[mutant.id])),
        )
        if not must[best.id] and len(taken) >= MOST:
            break
        taken[best.id] = best
        for left in (must, may):
            covered = set(left[best.id])
            for words_left in left.values():
                words_left.difference_update(covered)
    yield from (mutant for mutant in mutants if mutant.id in taken)


def _musts(mutant: Mutant, base: Base) -> Iterator[str]:
    yield f"harm: {kind_of(mutant, base)}"
    for word in words(mutant.harm, base):
        if word in base.workloads:
            yield f"workload: {word}"
    for workload, container, _ in base.containers():
        if f"{workload}/{container}" in mutant.harm:
            yield f"kind of container: {base.kind_of(workload, container)}"
