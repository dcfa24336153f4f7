"""SEC002: every read is traced."""

from agentkeep.verify.case import Case
from agentkeep.verify.secret_flow import EVERY_PARAMETER
from agentkeep.verify.verdict import Report


def sec002_every_read_is_traced(case: Case, report: Report) -> None:
    """
    SEC002: every secret that a container reads is traced to one SSM parameter, and nothing on the way is beyond
    analysis.

    Refuted by a Secret key that nothing in the artifacts fills, that two parameters fill, or that ``dataFrom``,
    ``find``, a generator, a foreign template, a cluster-wide ExternalSecret, a PushSecret or a driver fills.
    """
    for place, problem in case.flow.unclear:
        report.unsure(str(place), problem, place=place)
    for key, sources in case.flow.sources.items():
        report.look()
        parameters = {source.parameter for source in sources}
        if len(parameters) > 1:
            hops = [hop for source in sources for hop in source.hops]
            report.find("/".join(key), "is filled from more than one place", witness=hops, place=sources[0].place)
    for read in case.flow.reads:
        report.look()
        if read.parameter != EVERY_PARAMETER and not read.parameter.startswith("/"):
            report.unsure(read.reader, f"reads {read.parameter}, which nothing here fills", witness=read.hops)
