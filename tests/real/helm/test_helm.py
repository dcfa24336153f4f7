"""The chart, through the real helm: built, linted, packaged, rendered, and compared with the plain manifests."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from agentkeep.core.model import Model
from agentkeep.targets.kubernetes import Manifests
from agentkeep.targets.ledger import FILE as LEDGER_FILE
from agentkeep.targets.ledger import ledger_text
from agentkeep.verify.command import verify
from agentkeep.verify.verdict import Outcome
from tests.real.helm.conftest import Built, rendered, write
from tests.real.helm.equivalence import ALLOWANCES, differences, picks, pods
from tests.real.helm.programs import VERSIONS, Helm
from tests.trees import target_of, terraform_tree

pytestmark = pytest.mark.real

BUILT_IN = {"v1", "apps/v1", "batch/v1", "networking.k8s.io/v1", "storage.k8s.io/v1"}
# What the public chart needs; the newest that kubernetes-validate knows may be older than helm's own default.
KUBERNETES = "1.33"


def test_helm_is_the_locked_one(helm: Helm) -> None:
    (expected,) = [version for name, (_, version) in VERSIONS.items() if name == helm.binary.name]

    assert helm.done("version", "--template", "{{ .Version }}") == expected


# --- the chart as such -----------------------------------------------------------------------------------------------


def test_the_lock_is_what_helm_itself_would_write(helm: Helm, lolice: Built, tmp_path: Path) -> None:
    ours = yaml.safe_load((lolice.folder / "Chart.lock").read_text())
    copy = Path(shutil.copytree(lolice.folder, tmp_path / "chart"))
    (copy / "Chart.lock").unlink()
    helm.done("dependency", "update", str(copy))
    theirs = yaml.safe_load((copy / "Chart.lock").read_text())

    assert {**ours, "generated": None} == {**theirs, "generated": None}


def test_a_chart_that_asks_for_another_version_is_out_of_lock(helm: Helm, lolice: Built, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(lolice.folder, tmp_path / "chart"))
    chart = copy / "Chart.yaml"
    chart.write_text(chart.read_text().replace('"1.5.37"', '"1.5.38"'))
    ran = helm.run("dependency", "build", str(copy))

    assert ran.returncode != 0
    assert "out of sync" in ran.stderr


def test_lint_finds_nothing(helm: Helm, lolice: Built) -> None:
    said = helm.done("lint", "--strict", str(lolice.folder), "--namespace", "openclaw")

    assert "1 chart(s) linted, 0 chart(s) failed" in said
    assert "[WARNING]" not in said
    assert "[ERROR]" not in said


def test_the_package_holds_the_chart_and_its_dependency(helm: Helm, lolice: Built, tmp_path: Path) -> None:
    helm.done("package", str(lolice.folder), "--destination", str(tmp_path))
    with tarfile.open(tmp_path / "openclaw-1.0.0.tgz") as package:
        names = set(package.getnames())
    files = {f"openclaw/{path.relative_to(lolice.folder)}" for path in lolice.folder.rglob("*") if path.is_file()}

    # helm unpacks the dependency into the package.
    assert {name for name in files if "/charts/" not in name} <= names
    assert "openclaw/charts/openclaw/charts/app-template/Chart.yaml" in names
    assert rendered(helm, tmp_path / "openclaw-1.0.0.tgz", "openclaw") == rendered(helm, lolice.folder, "openclaw")


# --- equivalence -----------------------------------------------------------------------------------------------------


def test_the_rendered_chart_means_what_the_plain_manifests_mean(helm: Helm, lolice: Built) -> None:
    assert differences(lolice.plain, rendered(helm, lolice.folder, "openclaw"), ALLOWANCES) == []


def test_the_same_holds_for_other_agents(helm: Helm, two_agents: Built) -> None:
    assert differences(two_agents.plain, rendered(helm, two_agents.folder, "demo"), ALLOWANCES) == []


@pytest.mark.parametrize("dropped", ALLOWANCES, ids=lambda allowance: allowance.name.replace(" ", "-"))
def test_every_allowance_is_about_a_difference_that_is_there(helm: Helm, lolice: Built, dropped: Any) -> None:
    others = [allowance for allowance in ALLOWANCES if allowance is not dropped]

    assert differences(lolice.plain, rendered(helm, lolice.folder, "openclaw"), others)


def test_every_selector_picks_the_same_pods(helm: Helm, lolice: Built, two_agents: Built) -> None:
    for built in (lolice, two_agents):
        chart = rendered(helm, built.folder, built.model.id)

        assert pods(built.plain).keys() == pods(chart).keys()
        assert picks(built.plain) == picks(chart)
        assert all(found for where, found in picks(chart).items() if where.startswith(("Service/", "Deployment/")))


BELOW = "openclaw.app-template"
MAIN = f"{BELOW}.controllers.main"
HARMS = {
    "the sidecar is everybody's": f"{MAIN}.containers.openclaw.securityContext.privileged=true",
    "a token is mounted": f"{BELOW}.defaultPodOptions.automountServiceAccountToken=true",
    "the chart's main container runs": f"{MAIN}.containers.main.enabled=true",
    "the chart's browser runs": f"{MAIN}.containers.chromium.enabled=true",
    "the chart's init container runs": f"{MAIN}.initContainers.init-skills.enabled=true",
    "the chart's volumes come back": f"{BELOW}.persistence.tmp.enabled=true",
    "two agents write one volume": f"{MAIN}.strategy=RollingUpdate",
    "the claim is smaller": f"{BELOW}.persistence.data.size=1Gi",
    "the claim goes with the release": f"{BELOW}.persistence.data.retain=false",
    "another class of volumes": f"{BELOW}.persistence.data.storageClass=longhorn",
    "the node's network": f"{BELOW}.defaultPodOptions.hostNetwork=true",
    "another image": f"{MAIN}.containers.openclaw.image.repository=example.com/other",
    "another tool": f"{MAIN}.initContainers.install-tools.env.GH_VERSION=0.0.1",
    "a configuration that restarts the pod": f"{BELOW}.configMaps.config.includeInChecksum=true",
    "the service leads elsewhere": f"{BELOW}.service.main.ports.gateway.targetPort=1",
    "another agent's label": f"{BELOW}.defaultPodOptions.labels.app\\.kubernetes\\.io/name=litellm",
    "a container starts before what it needs": f"{MAIN}.initContainers.dind.dependsOn=null",
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=[name.replace(" ", "-") for name in HARMS])
def test_the_comparison_sees_every_harm_and_the_schema_refuses_it(helm: Helm, lolice: Built, harm: str) -> None:
    chart = rendered(helm, lolice.folder, "openclaw", "--skip-schema-validation", "--set", harm)
    refused = helm.run("template", "openclaw", str(lolice.folder), "--namespace", "openclaw", "--set", harm)

    assert differences(lolice.plain, chart, ALLOWANCES)
    assert refused.returncode != 0 or "persistence.data.size" in harm


def with_config(model: Model, text: str) -> Model:
    """The model with another configuration of the agent, which the chart takes from the pod and not from a manifest."""
    changed, pod = replace(model), model.pod("openclaw")
    assert any("openclaw.json" in one.texts for one in pod.files)
    files = tuple(
        replace(one, texts={**one.texts, "openclaw.json": text}) if "openclaw.json" in one.texts else one
        for one in pod.files
    )
    changed._pods["openclaw"] = replace(pod, files=files)  # no declaration gives such a text
    return changed


def test_braces_come_through_byte_for_byte(helm: Helm, lolice: Built, tmp_path: Path) -> None:
    nasty = (
        '{"a": "{{ .Values.x }}", "b": "{{- end }}", "c": "{{ `x` }}", "d": "${HOME} $$ {{{{ }}}} `{{`"}\n'
        "  # indented: {{/* comment */}}\n\n\ttab\n{{ include \"x\" . }}\n"
    )  # fmt: skip
    folder = "lolice/argoproj/openclaw"
    manifests = dict(lolice.manifests)
    (document,) = yaml.safe_load_all(manifests[f"{folder}/openclaw-scripts.yaml"])
    document["data"]["share-certs.sh"] = nasty
    manifests[f"{folder}/openclaw-scripts.yaml"] = yaml.safe_dump(document)
    (blank,) = yaml.safe_load_all(manifests[f"{folder}/openclaw-workspace.yaml"])
    blank["data"]["zz-last.md"] = "{{ text }}\n\n\n"
    manifests[f"{folder}/openclaw-workspace.yaml"] = yaml.safe_dump(blank)
    chart = write(with_config(lolice.model, nasty), manifests, tmp_path / "chart")
    shutil.copytree(lolice.folder / "charts", chart / "charts")
    found = rendered(helm, chart, "openclaw")

    assert nasty == found["ConfigMap", "openclaw", "openclaw-config"]["data"]["openclaw.json"]
    assert nasty == found["ConfigMap", "openclaw", "openclaw-scripts"]["data"]["share-certs.sh"]
    assert found["ConfigMap", "openclaw", "openclaw-policy"]["data"]["zz-last.md"] == "{{ text }}\n\n\n"


def test_values_read_by_helm_are_those_that_were_written(helm: Helm, lolice: Built, tmp_path: Path) -> None:
    """The Go library that helm reads YAML with agrees with PyYAML about every scalar."""
    probe = tmp_path / "probe"
    (probe / "templates").mkdir(parents=True)
    (probe / "Chart.yaml").write_text("apiVersion: v2\nname: probe\nversion: 1.0.0\n")
    shutil.copy(lolice.folder / "values.yaml", probe / "values.yaml")
    (probe / "templates" / "all.yaml").write_text("all: {{ toJson .Values | quote }}\n")
    (text,) = [
        document["all"] for document in yaml.safe_load_all(helm.done("template", "probe", str(probe))) if document
    ]

    assert yaml.safe_load((lolice.folder / "values.yaml").read_text()) == yaml.safe_load(text)


# --- refusals --------------------------------------------------------------------------------------------------------

REFUSALS = {
    "another release": (["other", "--namespace", "openclaw"], 'release "other" must be called openclaw; use: helm'),
    "another namespace": (["openclaw", "--namespace", "other"], 'namespace "other" must be openclaw; use: helm'),
    "no namespace": (["openclaw"], 'namespace "default" must be openclaw'),
    "a wrong type": (["openclaw", "-n", "openclaw", "--set", f"{MAIN}.replicas=two"], "replicas"),
    "an unknown key": (
        ["openclaw", "-n", "openclaw", "--set", f"{MAIN}.containers.openclaw.volumeMounts=x"], "volumeMounts",
    ),
    "an unknown key at the top": (["openclaw", "-n", "openclaw", "--set", "replicas=3"], "replicas"),
    "a moving version": (
        ["openclaw", "-n", "openclaw", "--set", f"{BELOW}.openclawVersion=latest"], "openclawVersion",
    ),
    "a list of variables": (
        ["openclaw", "-n", "openclaw", "--set-json", f'{MAIN}.containers.openclaw.env=[{{"name":"A","value":"b"}}]'],
        "env",
    ),
    "an old cluster": (["openclaw", "-n", "openclaw", "--kube-version", "1.28.0"], "incompatible with Kubernetes"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), REFUSALS.values(), ids=[name.replace(" ", "-") for name in REFUSALS])
def test_refuses_clearly_before_anything_is_rendered(
    helm: Helm, lolice: Built, arguments: list[str], said: str
) -> None:
    release, *options = arguments
    ran = helm.run("template", release, str(lolice.folder), *options)

    assert ran.returncode != 0
    assert said in ran.stderr
    assert ran.stdout == ""


# --- what others say of it -------------------------------------------------------------------------------------------


def test_kubernetes_takes_what_is_rendered(helm: Helm, lolice: Built, two_agents: Built) -> None:
    checked = 0
    for built in (lolice, two_agents):
        for manifest in rendered(helm, built.folder, built.model.id).values():
            if manifest["apiVersion"] in BUILT_IN:
                kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
                checked += 1

    assert checked > 30


@pytest.mark.parametrize("which", ["lolice", "two_agents"])
def test_the_proofs_hold_on_what_is_rendered(
    helm: Helm, which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """agentkeep verify decides every rule on the rendered chart as it does on the plain manifests."""
    built: Built = request.getfixturevalue(which)
    name = built.model.id
    app = f"{target_of(built.model, Manifests).folder}/argoproj/{name}"
    tree = {
        **terraform_tree(built.model, tmp_path / "tf"),
        **built.manifests,
        LEDGER_FILE: ledger_text(built.model),
    }
    listed = {f"{app}/{page}" for page in yaml.safe_load(tree[f"{app}/kustomization.yaml"])["resources"]}
    objects = rendered(helm, built.folder, name).values()
    instead = {
        **{path: text for path, text in tree.items() if path not in listed},
        f"{app}/rendered.yaml": yaml.safe_dump_all(objects),
        f"{app}/kustomization.yaml": yaml.safe_dump({"resources": ["rendered.yaml"]}),
    }
    plain, chart = (_answers(tmp_path / form, files) for form, files in (("plain", tree), ("chart", instead)))

    # Not all need to be: the invented platform answers for nothing.
    assert sum(outcome is Outcome.PROVED for outcome, _ in chart.values()) > 60
    assert plain == chart


def _answers(folder: Path, files: Mapping[str, str]) -> dict[str, tuple[Outcome, list[str]]]:
    """Every rule's outcome, and its findings."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return {one.rule: (one.outcome, [f.problem for f in one.findings]) for one in verify(str(folder))[1]}


def test_null_takes_a_charts_default_away_in_helm_3_only(helm: Helm, tmp_path: Path) -> None:
    """Why the agent is not the chart's container 'main': its probes could not be replaced."""
    for folder, text in (("", "sub: {probe: {tcpSocket: null}}"), ("charts/sub/", "probe: {tcpSocket: {port: 1}}")):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "Chart.yaml").write_text(
            f"apiVersion: v2\nname: {folder[7:-1] or 'top'}\nversion: 1.0.0\n"
        )
        (tmp_path / folder / "values.yaml").write_text(text)
    (tmp_path / "charts" / "sub" / "templates").mkdir()
    (tmp_path / "charts" / "sub" / "templates" / "all.yaml").write_text("{{ toYaml .Values.probe }}")
    found = [document for document in yaml.safe_load_all(helm.done("template", "top", str(tmp_path))) if document]

    kept = {"tcpSocket": {"port": 1}}
    assert (found == [kept]) == (helm.binary.name == "helm4")
