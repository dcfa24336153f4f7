"""SEC002: every read is traced."""

from typing import Final

from agentkeep.verify.artifacts import mapping
from agentkeep.verify.case import Case
from agentkeep.verify.secret_flow import UNTRACED
from agentkeep.verify.verdict import Report

_SPEC: Final = frozenset({"data", "dataFrom", "refreshInterval", "refreshPolicy", "secretStoreRef", "target"})
_TARGET: Final = frozenset({"creationPolicy", "deletionPolicy", "immutable", "name", "template"})


def sec002_every_read_is_traced(case: Case, report: Report) -> None:
    """
    SEC002: every secret that a container reads is traced to one key of the store, and nothing on the way is beyond
    analysis.

    Refuted by a Secret key that nothing in the artifacts fills, that two parameters fill, or that ``dataFrom``,
    ``find``, a generator, a foreign template, a cluster-wide ExternalSecret, a PushSecret or a driver fills.
    """
    if not case.ledger.secrets:
        # Declared: none.
        report.look()
    for place, problem in case.flow.unclear:
        report.unsure(str(place), problem, place=place)
    for item in case.artifacts.kind("ExternalSecret"):
        report.look()
        target = mapping(item.spec.get("target"))
        for field in sorted(set(item.spec) - _SPEC) + sorted(set(target) - _TARGET):
            report.unsure(item, f"sets {field[:60]}, which is not understood", place=item.place)
    for key, sources in case.flow.sources.items():
        report.look()
        parameters = {source.parameter for source in sources}
        if len(parameters) > 1:
            hops = [hop for source in sources for hop in source.hops]
            report.find("/".join(key), "is filled from more than one place", witness=hops, place=sources[0].place)
    by_hand = {secret.key for secret in case.ledger.secrets} if case.ledger.by_hand else set()
    for read in case.flow.reads:
        report.look()
        # A policy file may declare "Secret app key API_KEY": filled by hand, outside of what is read here.
        if read.parameter.startswith(UNTRACED) and read.parameter not in by_hand:
            report.unsure(read.reader, f"reads {read.parameter}, which nothing here fills", witness=read.hops)
