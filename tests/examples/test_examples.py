"""
Every example: what it declares is what its ``dist/`` says, byte for byte; it is proved; and each way to break it is
refuted.

The harms are general ones, made in whatever an example has. What is particular to one stands in a file of its own
beside this one.
"""

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentkeep.verify.artifacts import assemble
from agentkeep.verify.decide import case_of, decide
from agentkeep.verify.verdict import Verdict
from tests.conftest import ROOT

EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/declare.py"))
NAMES = [path.name for path in EXAMPLES]
Files = dict[str, bytes]
Body = dict[str, Any]


def committed(example: Path) -> Files:
    dist = example / "dist"
    return {path.relative_to(dist).as_posix(): path.read_bytes() for path in sorted(dist.rglob("*")) if path.is_file()}


def verdicts(files: Files) -> tuple[Verdict, ...]:
    return decide(case_of(assemble("example", files)))


def manifests(files: Files) -> Iterator[tuple[str, list[Body]]]:
    """Every file of plain manifests, with its objects."""
    for name, data in files.items():
        if name.endswith(".yaml") and b"apiVersion:" in data and not name.startswith("helm/"):
            found = [body for body in yaml.safe_load_all(data) if body and body.get("kind") != "Kustomization"]
            if found:
                yield name, found


def changed(files: Files, kind: str, change: Callable[[Body], object]) -> Iterator[tuple[str, Files]]:
    """The files with one object of *kind* changed, for each that there is."""
    for name, bodies in manifests(files):
        for index, body in enumerate(bodies):
            if body["kind"] == kind:
                copied = copy.deepcopy(bodies)
                change(copied[index])
                yield f"{kind} {body['metadata']['name']}", {**files, name: yaml.safe_dump_all(copied).encode()}


def first_container(body: Body) -> Body:
    found: Body = body["spec"]["template"]["spec"]["containers"][0]
    return found


HARMS: dict[str, tuple[str, Callable[[Body], object]]] = {
    "a privileged container": (
        "Deployment",
        lambda body: first_container(body).setdefault("securityContext", {}).update(privileged=True),
    ),
    "another image": ("Deployment", lambda body: first_container(body).update(image="docker.io/evil/image:1.0.0")),
    "another command": ("Deployment", lambda body: first_container(body).update(command=["sh", "-c", "id"])),
    "a token of the API server": (
        "Deployment",
        lambda body: body["spec"]["template"]["spec"].update(automountServiceAccountToken=True),
    ),
    "somebody else's secret in its environment": (
        "Deployment",
        lambda body: (
            first_container(body)
            .setdefault("env", [])
            .append({"name": "X", "valueFrom": {"secretKeyRef": {"name": "litellm-credentials", "key": "STOLEN"}}})
        ),
    ),
    "a rule without peers": ("NetworkPolicy", lambda body: body["spec"].setdefault("egress", []).append({})),
    "an open door": ("NetworkPolicy", lambda body: body["spec"].setdefault("ingress", []).append({})),
    "a volume that goes with its claim": ("StorageClass", lambda body: body.update(reclaimPolicy="Delete")),
    "a policy that only warns": (
        "ValidatingAdmissionPolicyBinding",
        lambda body: body["spec"].update(validationActions=["Warn"]),
    ),
}


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_its_dist_is_what_it_declares(example: Path, engines: None, tmp_path: Path) -> None:
    from agentkeep.targets.synthesis import load, synthesize

    _, tree = synthesize(load(str(example / "declare.py")), tmp_path / "dist")

    assert {name: text.encode() for name, text in tree.items()} == committed(example)


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_it_is_proved_and_nothing_is_undecided(example: Path) -> None:
    found = verdicts(committed(example))

    assert [finding.line for verdict in found for finding in verdict.findings] == []
    assert [verdict.rule for verdict in found if not verdict.proved] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
@pytest.mark.parametrize("harm", HARMS)
def test_a_harm_is_refuted(example: Path, harm: str) -> None:
    kind, change = HARMS[harm]
    survivors = [
        name
        for name, files in changed(committed(example), kind, change)
        if all(verdict.proved for verdict in verdicts(files))
    ]

    assert survivors == []


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_it_has_a_page(example: Path) -> None:
    page = ROOT / "docs" / "examples" / f"{example.name}.md"

    assert re.search(rf"examples/{example.name}/declare\.py", page.read_text(encoding="utf-8"))
