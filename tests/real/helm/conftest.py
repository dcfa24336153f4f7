"""helm, the stand-in for the public chart served over HTTP, and the charts of two platforms with it built in."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentkeep import AgentChart
from agentkeep.core.model import Model
from agentkeep.targets.helm import Chart
from tests.conftest import ROOT
from tests.real.helm.equivalence import Objects, keyed
from tests.real.helm.programs import VERSIONS, Helm, binary

SCHEMAS = ROOT.parent / "shared" / "data" / "helm"
STANDIN = Path(__file__).parent / "standin" / "openclaw"
REPOSITORY = "public"


@dataclass(frozen=True)
class Built:
    """
    A chart that ``helm dependency build`` has filled.

    Attributes:
        model: What it was made from.
        manifests: Its plain form.
        folder: The chart.
        plain: The objects of the plain form that the chart must render.
    """

    model: Model
    manifests: Mapping[str, str]
    folder: Path
    plain: Objects


@pytest.fixture(scope="session", params=sorted(VERSIONS))
def helm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    return Helm(binary(request.param), tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="session")
def repository(helm: Helm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The stand-in in a chart repository on the loopback, as the real one is on the web."""
    source = tmp_path_factory.mktemp("source") / "openclaw"
    shutil.copytree(STANDIN, source)
    if SCHEMAS.is_dir():
        # The public charts' own schemas: helm then holds our values to them.
        shutil.copy(SCHEMAS / "openclaw-1.5.37.values.schema.json", source / "values.schema.json")
        shutil.copy(
            SCHEMAS / "common-4.6.2.bundled.schema.json", source / "charts" / "app-template" / "values.schema.json"
        )
    folder = tmp_path_factory.mktemp("repository")
    helm.done("package", str(source), "--destination", str(folder))
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        helm.done("repo", "index", str(folder), "--url", url)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        helm.done("repo", "add", REPOSITORY, url)
        yield url
        server.shutdown()
        thread.join(timeout=10)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@pytest.fixture(scope="session")
def lolice(engines: None, helm: Helm, repository: str, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The chart of this repository's own declaration."""
    from agentkeep.targets.synthesis import load

    return build(load("lolice.openclaw:declare"), helm, repository, tmp_path_factory.mktemp("lolice"))


@pytest.fixture(scope="session")
def two_agents(engines: None, helm: Helm, repository: str, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Two agents whose names are not the platform's, one of them on nodes of its own."""
    from agentkeep import Placement, SecretParam, Taint
    from tests.worlds import add_agent, world

    made = world(discord=True, placement=Placement(arch="arm64", taint=Taint(key="agents", value="only")))
    made.publish("app")
    second = add_agent(made, "second")
    made.llm.serve(second, key=SecretParam(made.platform, "SECOND_PROXY_KEY", about="the second agent's own key"))
    made.agent.reads(SecretParam(made.platform, "CERTIFICATE", about="read from a file"), as_file="/run/secrets/cert")
    return build(made.platform.seal(), helm, repository, tmp_path_factory.mktemp("two"))


def build(model: Model, helm: Helm, repository: str, folder: Path) -> Built:
    """The chart of *model*, its dependency fetched from *repository* by helm itself."""
    from agentkeep.targets.helm.objects import application_objects
    from tests.trees import kubernetes_tree

    chart = Chart(chart=AgentChart(repository=repository))
    others = (target for target in model.targets if not isinstance(target, Chart))
    model = replace(model, targets=(*others, chart))
    manifests = kubernetes_tree(model, folder / "k8s")
    built = write(model, manifests, folder / "chart")
    helm.done("dependency", "build", str(built))
    return Built(model, manifests, built, keyed(written.manifest for written in application_objects(model, manifests)))


def write(model: Model, manifests: Mapping[str, str], folder: Path) -> Path:
    """Write the chart of *manifests*."""
    from tests.trees import helm_tree

    for name, text in helm_tree(model, manifests).items():
        path = folder / name.removeprefix(f"helm/{model.id}/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def rendered(helm: Helm, folder: Path, release: str, *arguments: str) -> Objects:
    """What helm renders, by kind, namespace and name."""
    text = helm.done("template", release, str(folder), "--namespace", release, *arguments)
    return keyed(yaml.safe_load_all(text))
