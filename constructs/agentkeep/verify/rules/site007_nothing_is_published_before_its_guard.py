"""SITE007: nothing is published before its guard."""

from collections.abc import Iterator
from typing import Final

from agentkeep.verify.artifacts import Place
from agentkeep.verify.case import Case
from agentkeep.verify.order import Order
from agentkeep.verify.vendors.cloudflare import Application, applications, records, routes
from agentkeep.verify.verdict import Report

NEVER_ACKNOWLEDGED: Final = True

VENDOR: Final = "cloudflare"


def site007_nothing_is_published_before_its_guard(case: Case, report: Report) -> None:
    """
    SITE007: Terraform publishes a host only after its Access application and every policy of it stand, and takes the
    guard away last.

    Where Cloudflare refuses the calls for Access, an apply ends half done: a DNS record or a tunnel's routes that wait
    for nothing would then be open to everybody. Counts what Terraform counts, that is `depends_on` and references, also
    through other resources, data sources and local values.
    """
    orders = {module.file: Order(module) for module in case.artifacts.terraform}
    guards = applications(case)
    for address, host, place in _publications(case):
        report.look()
        before = orders[place.file].before(address)
        for guard in guards:
            if guard.domain != host:
                continue
            if guard.place.file != place.file:
                report.find(address, f"publishes {host}, whose guard another root module makes", place=place)
            for missing in sorted(set(_made_of(guard)) - before):
                report.find(
                    address,
                    f"publishes {host} without waiting for {missing}",
                    place=place,
                    witness=[f"the calls for {missing} fail", f"{address} is applied", f"{host} answers everybody"],
                )
    if not case.ledger.sites:
        report.look()


def _publications(case: Case) -> Iterator[tuple[str, str, Place]]:
    """(address, host, place) of everything that makes a host reachable."""
    for record in records(case):
        yield record.address, record.host, record.place
    for route, _ in routes(case):
        if route.hostname:
            yield route.address, route.hostname, route.place


def _made_of(guard: Application) -> Iterator[str]:
    yield guard.address
    # A policy that is written inside its application comes with it.
    yield from (policy.address for policy in guard.policies if not policy.address.startswith(f"{guard.address}."))
