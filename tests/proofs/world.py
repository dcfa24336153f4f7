"""The real ``dist/`` as data that a test may break, and back to bytes."""

import copy
import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from agentkeep.verify.artifacts import Artifacts, assemble
from agentkeep.verify.case import Case
from agentkeep.verify.decide import case_of, decide, run
from agentkeep.verify.rules import Rule, all_rules

DIST = Path(__file__).parents[2] / "dist"
APP = "lolice/argoproj/openclaw/"
Json = dict[str, Any]

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class World:
    """A copy of ``dist/``. What a mutator touches is written anew; every other file keeps its bytes."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = dict(_files())
        self._yaml: dict[str, list[Json]] = {}
        self._json: dict[str, Json] = {}

    # --- finding things

    def manifests(self, path: str) -> list[Json]:
        """The documents of one YAML file."""
        if path not in self._yaml:
            known = _documents().get(path)
            self._yaml[path] = copy.deepcopy(known) if known else list(yaml.load_all(self.files[path], Loader=_Loader))
        return self._yaml[path]

    def k8s(self, kind: str, name: str) -> Json:
        """One Kubernetes object."""
        return self.manifests(_where(kind, name))[_index(kind, name)]

    def add(self, *bodies: Json) -> None:
        """New objects, in a file that the kustomization lists."""
        path = f"{APP}added.yaml"
        if path not in self._yaml:
            self._yaml[path] = []
            self.kustomization["resources"].append("added.yaml")
        self._yaml[path].extend(bodies)

    def drop(self, kind: str, name: str) -> None:
        """Remove one object."""
        self.manifests(_where(kind, name)).remove(self.k8s(kind, name))

    @property
    def kustomization(self) -> Json:
        return self.manifests(f"{APP}kustomization.yaml")[0]

    def json(self, path: str) -> Json:
        """One JSON file."""
        if path not in self._json:
            self._json[path] = json.loads(self.files[path])
        return self._json[path]

    @property
    def ledger(self) -> Json:
        return self.json("platform.json")

    @property
    def aws(self) -> Json:
        return self.json("arch/terraform/aws/openclaw/cdk.tf.json")

    @property
    def cloudflare(self) -> Json:
        return self.json("arch/terraform/cloudflare/b0xp.io/openclaw/cdk.tf.json")

    def tf(self, kind: str) -> Json:
        """The only resource of *kind* in the Cloudflare root module."""
        (body,) = self.cloudflare["resource"][kind].values()
        found: Json = body
        return found

    def pod(self, name: str) -> Json:
        """The pod spec of a Deployment."""
        found: Json = self.k8s("Deployment", name)["spec"]["template"]["spec"]
        return found

    def container(self, workload: str, name: str | None = None) -> Json:
        """One container, of any kind; the main one by default."""
        pod = self.pod(workload)
        every = [*pod.get("initContainers", []), *pod["containers"]]
        found: Json = next(c for c in every if c["name"] == (name or workload))
        return found

    def text_config(self, name: str, key: str, change: Callable[[Json], Any]) -> None:
        """Change a JSON or YAML file inside a ConfigMap."""
        data = self.k8s("ConfigMap", name)["data"]
        body = json.loads(data[key]) if key.endswith(".json") else yaml.safe_load(data[key])
        change(body)
        data[key] = json.dumps(body, indent=2) if key.endswith(".json") else yaml.safe_dump(body, sort_keys=False)

    def openclaw(self, change: Callable[[Json], Any]) -> None:
        """Change ``openclaw.json``."""
        self.text_config("openclaw-config", "openclaw.json", change)

    def litellm(self, change: Callable[[Json], Any]) -> None:
        """Change LiteLLM's ``config.yaml``."""
        self.text_config("litellm-config", "config.yaml", change)

    # --- back to artifacts

    def bytes(self) -> dict[str, bytes]:
        """Every file."""
        changed = {
            path: yaml.dump_all(bodies, Dumper=_Dumper, sort_keys=False).encode() for path, bodies in self._yaml.items()
        }
        changed |= {path: json.dumps(body, indent=1).encode() for path, body in self._json.items()}
        return {**self.files, **changed}

    def artifacts(self) -> Artifacts:
        return assemble("mutant", self.bytes())

    def case(self) -> Case:
        return case_of(self.artifacts())


@functools.cache
def _files() -> dict[str, bytes]:
    return {path.relative_to(DIST).as_posix(): path.read_bytes() for path in sorted(DIST.rglob("*")) if path.is_file()}


@functools.cache
def _documents() -> dict[str, list[Json]]:
    return {
        path: [body for body in yaml.load_all(data, Loader=_Loader) if body]  # a safe loader, in C if there
        for path, data in _files().items()
        if path.startswith(APP) and path.endswith(".yaml")
    }


def objects(*kinds: str) -> Iterator[tuple[str, str]]:
    """(kind, name) of every object of *kinds* in the real ``dist/``."""
    for bodies in _documents().values():
        for body in bodies:
            if body.get("kind") in kinds:
                yield body["kind"], body["metadata"]["name"]


def body_of(kind: str, name: str) -> Json:
    """The real object, for reading only."""
    return _documents()[_where(kind, name)][_index(kind, name)]


@functools.cache
def _where(kind: str, name: str) -> str:
    return next(
        path
        for path, bodies in _documents().items()
        if any(b.get("kind") == kind and b.get("metadata", {}).get("name") == name for b in bodies)
    )


@functools.cache
def _index(kind: str, name: str) -> int:
    bodies = _documents()[_where(kind, name)]
    return next(n for n, b in enumerate(bodies) if b.get("kind") == kind and b["metadata"]["name"] == name)


def containers() -> Iterator[tuple[str, str, Json]]:
    """(workload, container, body) of every container in the real ``dist/``."""
    for _, workload in objects("Deployment"):
        pod = body_of("Deployment", workload)["spec"]["template"]["spec"]
        for body in [*pod.get("initContainers", []), *pod["containers"]]:
            yield workload, body["name"], body


@functools.cache
def baseline() -> frozenset[str]:
    """Names of the findings of the untouched ``dist/``, acknowledged or not."""
    verdicts = decide(World().case())
    return frozenset(f.name for verdict in verdicts for f in (*verdict.findings, *verdict.accepted))


@functools.cache
def rule(rule_id: str) -> Rule:
    return next(one for one in all_rules() if one.id == rule_id)


@dataclass(frozen=True)
class Mutant:
    """A good artifact set with one thing broken: *harm* names what it does, *owner* the rule that has to see it."""

    owner: str
    harm: str
    change: Callable[[World], Any]

    @property
    def id(self) -> str:
        return f"{self.owner}: {self.harm}"

    @property
    def advice(self) -> str:
        """What to do if it survives."""
        return (
            f"{self.owner} passes a harm that it owns: {self.harm}; "
            "fix the rule before you add code (docs/adding-a-rule.md)"
        )

    def survives(self) -> bool:
        """Whether its owner does not refute it for anything but what the untouched artifacts have."""
        world = World()
        self.change(world)
        verdict = run(rule(self.owner), world.case())
        return verdict.examined > 0 and all(finding.name in baseline() for finding in verdict.findings)
