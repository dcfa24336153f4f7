"""
Who can open a connection to whom: NetworkPolicy, evaluated exactly.

Kubernetes leaves one thing to the network plugin: whether an ``ipBlock`` matches the addresses of pods. Calico says
yes, Cilium says no. So every question is asked under one of two readings: ``Reading.MAY`` (a block matches pods)
proves a denial, ``Reading.MUST`` (it does not) proves that a required flow works. Labels that no artifact knows are
treated alike: MAY takes the worst choice, MUST takes none for granted.

What policy cannot promise is said as such: a pod on the host network is bound by no policy, neither as source nor as
destination, and the node that a pod runs on may always reach it.
"""

from agentkeep.verify.reachability.answers import Answer, Reach, world
from agentkeep.verify.reachability.governing import Reading, numbers_at
from agentkeep.verify.reachability.pods import Pod, at, bare, ghost, pod_of
from agentkeep.verify.reachability.policies import (
    EGRESS,
    EVERY_PORT,
    INGRESS,
    MAX_BOXES,
    Fault,
    Peer,
    Policy,
    Ports,
    Rule,
    parse_policy,
)

__all__ = [
    "EGRESS",
    "EVERY_PORT",
    "INGRESS",
    "MAX_BOXES",
    "Answer",
    "Fault",
    "Peer",
    "Pod",
    "Policy",
    "Ports",
    "Reach",
    "Reading",
    "Rule",
    "at",
    "bare",
    "ghost",
    "numbers_at",
    "parse_policy",
    "pod_of",
    "world",
]
