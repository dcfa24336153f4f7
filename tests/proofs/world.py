"""A good artifact set as data that a test may break, and back to bytes."""

import copy
import functools
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from agentkeep.verify import documents
from agentkeep.verify.artifacts import Artifacts, assemble
from agentkeep.verify.case import Case
from agentkeep.verify.decide import case_of, decide, run
from agentkeep.verify.rules import Rule, all_rules
from agentkeep.verify.verdict import Finding, Outcome

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"
Json = dict[str, Any]
REFUTED, UNKNOWN = Outcome.REFUTED, Outcome.UNKNOWN

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # safe, and in C if there


class Base:
    """A folder that is proved, and the names in it. Who breaks it asks for a part by its role, never by its name."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        """Every file, by its path below the folder."""
        found = (path for path in sorted(self.root.rglob("*")) if path.is_file())
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in found}

    @cached_property
    def documents(self) -> Mapping[str, list[Json]]:
        """The manifests beside the kustomization, by file."""
        return {
            path: [body for body in yaml.load_all(data, Loader=_Loader) if body]
            for path, data in self.files.items()
            if path.startswith(self.app) and path.endswith(".yaml")
        }

    @cached_property
    def findings(self) -> frozenset[str]:
        """Names of the findings of the untouched folder, acknowledged or not."""
        verdicts = decide(World(self).case())
        return frozenset(f.name for verdict in verdicts for f in (*verdict.findings, *verdict.accepted))

    # --- places

    @cached_property
    def app(self) -> str:
        """The folder of the kustomization."""
        return next(path for path in self.files if path.endswith("/kustomization.yaml")).removesuffix(
            "kustomization.yaml"
        )

    @cached_property
    def chart(self) -> str:
        """The folder of the Helm chart; empty where there is none."""
        return next((path for path in self.files if path.endswith("/Chart.yaml")), "").removesuffix("Chart.yaml")

    def json(self, path: str) -> Json:
        """One JSON file, for reading only."""
        found: Json = json.loads(self.files[path])
        return found

    def _module(self, cloudflare: bool) -> str:
        """The root module that makes, or does not make, what Cloudflare keeps."""
        modules = {path: json.loads(data) for path, data in self.files.items() if path.endswith(".tf.json")}
        return next(
            path
            for path, body in modules.items()
            if cloudflare is any(kind.startswith("cloudflare_") for kind in body["resource"])
        )

    @cached_property
    def aws_module(self) -> str:
        return self._module(cloudflare=False)

    @cached_property
    def cloudflare_module(self) -> str:
        return self._module(cloudflare=True)

    @cached_property
    def cloudflare_version(self) -> int:
        """The major version of the provider, told by what it calls a DNS record."""
        return 5 if "cloudflare_dns_record" in self.json(self.cloudflare_module)["resource"] else 4

    @property
    def dns_record(self) -> str:
        """What the provider calls a DNS record."""
        return "cloudflare_record" if self.cloudflare_version == 4 else "cloudflare_dns_record"

    @cached_property
    def tunnel_resource(self) -> str:
        """The name of the tunnel inside its root module."""
        (found,) = self.json(self.cloudflare_module)["resource"]["cloudflare_zero_trust_tunnel_cloudflared"]
        return str(found)

    # --- roles

    @cached_property
    def ledger(self) -> Json:
        return self.json("platform.json")

    @property
    def namespace(self) -> str:
        found: str = self.ledger["namespace"]
        return found

    def with_role(self, role: str) -> tuple[str, ...]:
        """Deployments whose declared role is *role*."""
        return tuple(one["deployment"] for one in self.ledger["workloads"] if one["role"] == role)

    @cached_property
    def agents(self) -> tuple[str, ...]:
        return self.with_role("agent")

    @cached_property
    def agent(self) -> str:
        """The agent that has a privileged container, and so the most to lose."""
        return next(name for name in self.agents if self.declared(name)["privilegedContainers"])

    @cached_property
    def proxy(self) -> str:
        return self.with_role("keeper")[0]

    @cached_property
    def tunnel(self) -> str:
        return self.with_role("tunnel")[0]

    @cached_property
    def workloads(self) -> tuple[str, ...]:
        return (*self.agents, self.proxy, self.tunnel)

    def declared(self, workload: str) -> Json:
        """What the ledger says of *workload*."""
        found: Json = next(one for one in self.ledger["workloads"] if one["deployment"] == workload)
        return found

    def secret(self, role: str) -> Json:
        """The first declared secret of *role*."""
        found: Json = next(one for one in self.ledger["secrets"] if one["role"] == role)
        return found

    @cached_property
    def site(self) -> Json:
        """The publication of the agent."""
        found: Json = next(one for one in self.ledger["sites"] if one["workload"] == self.agent)
        return found

    def parameter(self, name: str) -> str:
        """Where the store would keep a secret of that name."""
        return f"{self.secret('provider-key')['key'].rpartition('/')[0]}/{name}"

    def host(self, workload: str) -> str:
        """The name under which the cluster's DNS knows *workload*."""
        return f"{workload}.{self.namespace}.svc.cluster.local"

    def cidrs(self, what: str) -> list[str]:
        """Ranges of the cluster: ``pod``, ``service`` or ``node``."""
        found: list[str] = self.ledger["cluster"][f"{what}Cidrs"]
        return found

    @property
    def api_server(self) -> str:
        """The one address of the API server, as a range."""
        address = self.ledger["cluster"]["apiServer"].rpartition(":")[0].strip("[]")
        return f"{address}/{128 if ':' in address else 32}"

    # --- objects

    def objects(self, *kinds: str) -> Iterator[tuple[str, str]]:
        """(kind, name) of every object of *kinds*."""
        for bodies in self.documents.values():
            for body in bodies:
                if body.get("kind") in kinds:
                    yield body["kind"], body["metadata"]["name"]

    def name_of(self, kind: str, ending: str = "") -> str:
        """The first object of *kind* whose name ends so."""
        return next(name for _, name in self.objects(kind) if name.endswith(ending))

    def body_of(self, kind: str, name: str) -> Json:
        """The object, for reading only."""
        path, index = self.where(kind, name)
        return self.documents[path][index]

    def where(self, kind: str, name: str) -> tuple[str, int]:
        """File of an object, and its number there."""
        return self._places[kind, name]

    @cached_property
    def _places(self) -> Mapping[tuple[str, str], tuple[str, int]]:
        return {
            (body["kind"], body["metadata"]["name"]): (path, index)
            for path, bodies in self.documents.items()
            for index, body in enumerate(bodies)
            if "metadata" in body
        }

    def containers(self) -> Iterator[tuple[str, str, Json]]:
        """(workload, container, body) of every container."""
        for _, workload in self.objects("Deployment"):
            pod = self.body_of("Deployment", workload)["spec"]["template"]["spec"]
            for body in [*pod.get("initContainers", []), *pod["containers"]]:
                yield workload, body["name"], body

    def main(self, workload: str) -> Json:
        """The container that *workload* is there for."""
        return next(body for name, container, body in self.containers() if name == container == workload)

    def kind_of(self, workload: str, container: str) -> str:
        """What kind of container it is: ``main``, ``beside`` it, ``init``, or an init container that stays."""
        pod = self.body_of("Deployment", workload)["spec"]["template"]["spec"]
        for body in pod.get("initContainers", []):
            if body["name"] == container:
                return "stays" if body.get("restartPolicy") == "Always" else "init"
        return "main" if container == workload else "beside"

    def grants(self) -> Iterator[tuple[str, str, str, str]]:
        """(Secret, key, workload, container) of every secret that a container reads, as a variable or as a file."""
        for workload, container, body in self.containers():
            for entry in body.get("env", []):
                ref = entry.get("valueFrom", {}).get("secretKeyRef")
                if ref:
                    yield ref["name"], ref["key"], workload, container
            mounted = {mount["name"] for mount in body.get("volumeMounts", [])}
            for volume in self.body_of("Deployment", workload)["spec"]["template"]["spec"].get("volumes", []):
                if volume["name"] in mounted and "secret" in volume:
                    for item in volume["secret"].get("items", []):
                        yield volume["secret"]["secretName"], item["key"], workload, container

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Whatever this folder could have called otherwise, longest first: workloads, containers, objects, secrets."""
        found = {self.namespace, *self.workloads}
        for workload, container, body in self.containers():
            pod = self.body_of("Deployment", workload)["spec"]["template"]["spec"]
            found |= {container, *(entry["name"] for entry in body.get("env", []))}
            found |= {volume["name"] for volume in pod.get("volumes", [])}
        found |= {name for _, name in self._places}
        found |= {name for secret, key, _, _ in self.grants() for name in (secret, key)}
        found |= {*self.json(self.aws_module)["resource"]["aws_ssm_parameter"]}
        found |= {path.removeprefix(f"{self.chart}templates/").partition(".")[0] for path in self.files}
        return tuple(sorted(found, key=lambda name: (-len(name), name)))


REAL = Base(DIST)
"""What is committed."""
APP = "lolice/argoproj/openclaw/"
objects, body_of = REAL.objects, REAL.body_of


class World:
    """A copy of a base. What a mutator touches is written anew; every other file keeps its bytes."""

    def __init__(self, base: Base = REAL) -> None:
        self.base = base
        self.files: dict[str, bytes] = dict(base.files)
        self._yaml: dict[str, list[Json]] = {}
        self._json: dict[str, Json] = {}

    # --- finding things

    def manifests(self, path: str) -> list[Json]:
        """The documents of one YAML file."""
        if path not in self._yaml:
            known = self.base.documents.get(path)
            self._yaml[path] = copy.deepcopy(known) if known else list(yaml.load_all(self.files[path], Loader=_Loader))
        return self._yaml[path]

    def k8s(self, kind: str, name: str) -> Json:
        """One Kubernetes object."""
        path, index = self.base.where(kind, name)
        return self.manifests(path)[index]

    def add(self, *bodies: Json) -> None:
        """New objects, in a file that the kustomization lists."""
        path = f"{self.base.app}added.yaml"
        if path not in self._yaml:
            self._yaml[path] = []
            self.kustomization["resources"].append("added.yaml")
        self._yaml[path].extend(bodies)

    def drop(self, kind: str, name: str) -> None:
        """Remove one object."""
        self.manifests(self.base.where(kind, name)[0]).remove(self.k8s(kind, name))

    @property
    def kustomization(self) -> Json:
        return self.manifests(f"{self.base.app}kustomization.yaml")[0]

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
        return self.json(self.base.aws_module)

    @property
    def cloudflare(self) -> Json:
        return self.json(self.base.cloudflare_module)

    def tf(self, kind: str) -> Json:
        """The first resource of *kind* in the Cloudflare root module."""
        found: Json = next(iter(self.cloudflare["resource"][kind].values()))
        return found

    @property
    def routes(self) -> list[Json]:
        """Where the tunnel leads, first match first."""
        config = self.tf("cloudflare_zero_trust_tunnel_cloudflared_config")["config"]
        found: list[Json] = config["ingress_rule" if self.base.cloudflare_version == 4 else "ingress"]
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
        """Change ``openclaw.json`` of the agent."""
        self.text_config(f"{self.base.agent}-config", "openclaw.json", change)

    def litellm(self, change: Callable[[Json], Any]) -> None:
        """Change LiteLLM's ``config.yaml``."""
        self.text_config(f"{self.base.proxy}-config", "config.yaml", change)

    # --- back to artifacts

    def bytes(self) -> dict[str, bytes]:
        """Every file."""
        changed = {
            path: yaml.dump_all(bodies, Dumper=_Dumper, sort_keys=False).encode() for path, bodies in self._yaml.items()
        }
        changed |= {path: json.dumps(body, indent=1).encode() for path, body in self._json.items()}
        return {**self.files, **changed}

    def artifacts(self) -> Artifacts:
        with _each_text_read_once():
            return assemble("mutant", self.bytes())

    def case(self) -> Case:
        return case_of(self.artifacts())


read_once = functools.lru_cache(maxsize=512)(documents.parse)


@contextmanager
def _each_text_read_once() -> Iterator[None]:
    """
    Most of a mutant's time would go into reading forty files that it did not touch.

    Sound as long as no rule changes what it reads, and a test looks for that.
    """
    readers = [
        module
        for name, module in sys.modules.items()
        if name.startswith("agentkeep.verify.") and vars(module).get("parse") is documents.parse
    ]
    with ExitStack() as stack:
        for reader in readers:
            stack.enter_context(patch.object(reader, "parse", read_once))
        yield


@functools.cache
def rule(rule_id: str) -> Rule:
    return next(one for one in all_rules() if one.id == rule_id)


@dataclass(frozen=True)
class Mutant:
    """
    A good artifact set with one thing broken.

    Attributes:
        owner: The rule that has to see it.
        harm: What it does.
        change: How.
        expects: Its owner's answer: a counterexample, unless ``UNKNOWN`` is written out.
        because: Why nobody could decide it; only with ``UNKNOWN``.
    """

    owner: str
    harm: str
    change: Callable[[World], Any]
    expects: Outcome = REFUTED
    because: str = ""

    def __post_init__(self) -> None:
        assert self.expects in (Outcome.REFUTED, Outcome.UNKNOWN), f"{self.id} is expected to be harmless"
        assert (self.expects is Outcome.UNKNOWN) == bool(self.because), f"{self.id}: say why nobody could decide it"

    @property
    def id(self) -> str:
        return f"{self.owner}: {self.harm}"

    def problem(self, base: Base = REAL) -> str:
        """What is wrong with its owner's answer, and what to do next; empty where it is the expected one."""
        world = World(base)
        self.change(world)
        asked = rule(self.owner)
        verdict = run(asked, world.case())
        new = [finding for finding in verdict.findings if finding.name not in base.findings]
        answer = _answer(new, verdict.examined)
        if answer is self.expects:
            return ""
        said = "; ".join(finding.problem for finding in new) or "nothing"
        where = Path(sys.modules[asked.check.__module__].__file__ or "").name
        match answer:
            case Outcome.PROVED:
                advice = (
                    f"the rule that owns this harm passes it: fix the rule ({where}) before adding code; "
                    "docs/adding-a-rule.md tells how"
                )
            case None:
                advice = f"the rule throws ({said}), which is not an answer: fix {where}"
            case Outcome.UNKNOWN:
                advice = (
                    f"the rule only says that it could not decide ({said}): let {where} decide it, "
                    "or give the mutant expects=UNKNOWN and the reason in because="
                )
            case _:
                advice = f"the rule decides it now ({said}): drop expects= and because= from the mutant"
        return f"{self.id}: {advice}"


def _answer(new: list[Finding], examined: int) -> Outcome | None:
    """What a rule said of a mutant; nothing at all if it threw."""
    if any(finding.subject == "the rule itself" for finding in new):
        return None
    if any(not finding.undecided for finding in new):
        return Outcome.REFUTED
    return Outcome.UNKNOWN if new or examined == 0 else Outcome.PROVED


def words(harm: str, base: Base) -> list[str]:
    """The names of *base* in a sentence."""
    return _names(base).findall(harm)


def kind_of(mutant: Mutant, base: Base) -> str:
    """A mutant's sentence without the names of its base: the harm, wherever it is done."""
    return _names(base).sub("*", mutant.harm)


@functools.cache
def _names(base: Base) -> re.Pattern[str]:
    return re.compile(
        r"(?<![\w-])(?:" + "|".join(map(re.escape, base.names)) + r"|(?<=rule )\d+|(?<=peer )\d+)(?![\w-])"
    )
