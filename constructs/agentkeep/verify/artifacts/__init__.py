"""
A folder of artifacts, read once, safely, and given types.

What stands in the folder decides how a file is read: ``*.tf.json`` is Terraform, a folder with ``Chart.yaml`` is a
Helm chart, ``kustomization.yaml`` is what ArgoCD applies, ``platform.json`` is the ledger, and every YAML or JSON
document with a ``kind`` is a Kubernetes object. A file that is none of these is kept in ``Artifacts.strangers``: a
rule refutes it, nothing ignores it.
"""

from agentkeep.verify.artifacts.model import (
    CLUSTER_KINDS,
    POD_PARENTS,
    Artifacts,
    Chart,
    Container,
    Object,
    Place,
    Terraform,
    Workload,
    claims_of,
    line_in,
    mapping,
    mappings,
    text,
    texts,
)
from agentkeep.verify.artifacts.reading import MAX_FILES, MAX_TOTAL_BYTES, POLICY_FORMAT, assemble, load

__all__ = [
    "CLUSTER_KINDS",
    "MAX_FILES",
    "MAX_TOTAL_BYTES",
    "POD_PARENTS",
    "POLICY_FORMAT",
    "Artifacts",
    "Chart",
    "Container",
    "Object",
    "Place",
    "Terraform",
    "Workload",
    "assemble",
    "claims_of",
    "line_in",
    "load",
    "mapping",
    "mappings",
    "text",
    "texts",
]
