"""REF006: every service leads to a port."""

from agentkeep.verify.artifacts import mapping, mappings, text
from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report


def ref006_every_service_leads_to_a_port(case: Case, report: Report) -> None:
    """REF006: every port of a Service leads to a port which a container of the selected workload opens."""
    if not case.own("Service"):
        # A flow to a workload needs none; REF003 and REF008 ask for those that are needed.
        report.look()
    for service in case.own("Service"):
        selector = mapping(service.spec.get("selector"))
        workload = next(iter(case.labelled(selector)), None)
        ports = mappings(service.spec.get("ports"))
        if not ports:
            report.find(service, "has no port", place=service.place)
        for port in ports:
            report.look()
            target = port.get("targetPort", port.get("port"))
            protocol = text(port.get("protocol")) or "TCP"
            opened = [
                one
                for container in (workload.containers if workload else ())
                for one in mappings(container.body.get("ports"))
                if (one.get("name") if isinstance(target, str) else one.get("containerPort")) == target
                and (text(one.get("protocol")) or "TCP") == protocol
            ]
            if len(opened) != 1:
                report.find(service, f"leads to {protocol}/{target}, which no container opens", place=service.place)
