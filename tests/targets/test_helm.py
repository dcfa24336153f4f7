"""The chart as text: what is in it, what may be changed in it, and what cannot be made into one. No helm is started."""

import copy
import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema.validators import validator_for

from agentkeep import (
    AgentChart,
    ArgoCd,
    Chart,
    DeclarationErrors,
    Placement,
    Sandbox,
    SandboxedAgent,
    SecretParam,
    SynthesisError,
    Taint,
)
from agentkeep.core.model import Model, Override
from agentkeep.core.pod import Mount, Pod, Volume
from agentkeep.targets.helm import upstream
from agentkeep.targets.helm.objects import Written, application_objects, documents
from agentkeep.targets.helm.templates import Selectors, template_files
from agentkeep.targets.helm.yaml_text import emit, literal
from agentkeep.targets.synthesis import load
from agentkeep.testing import DEMO_ARGOCD, demo_platform
from agentkeep.verify.command import verify
from tests.conftest import APP, ROOT
from tests.trees import helm_tree, kubernetes_tree
from tests.worlds import World, add_agent, world

SCHEMAS = ROOT.parent / "shared" / "data" / "helm"
STANDIN = ROOT / "tests/real/helm/standin/openclaw"
HELM = "helm/openclaw"
Tree = Mapping[str, str]


@pytest.fixture(scope="module")
def model() -> Model:
    return load("lolice.openclaw:declare")


@pytest.fixture(scope="module")
def values(tree: Tree) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(tree[f"{HELM}/values.yaml"])
    return loaded


@pytest.fixture(scope="module")
def schema(tree: Tree) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(tree[f"{HELM}/values.schema.json"])
    return loaded


def plain(made: World, tmp_path: Path) -> dict[str, str]:
    return kubernetes_tree(made.platform.seal(), tmp_path / "k8s")


def evaluated(text: str) -> str:
    """What the template engine makes of *text*, if its only actions are raw strings; any other fails."""
    out, rest = "", text
    while "{{" in rest:
        before, _, rest = rest.partition("{{")
        found = re.match(r" `([^`]*)` }}", rest)
        assert found, f"another action: {{{{{rest[:40]}"
        out, rest = out + before + found[1], rest[found.end() :]
    return out + rest


def mappings(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    if isinstance(value, dict):
        yield path, value
        for key, item in value.items():
            yield from mappings(item, (*path, key))


def over(defaults: Any, values: Any) -> Any:
    """What helm makes of a chart's defaults and of what is said over them."""
    if not (isinstance(defaults, dict) and isinstance(values, dict)):
        return values
    return {
        key: over(defaults[key], values[key]) if key in defaults and key in values else {**defaults, **values}[key]
        for key in {**defaults, **values}
    }


def below(path: tuple[str, ...], value: Any) -> Any:
    for key in path:
        value = value[key]
    return value


# --- text ------------------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.from_regex(
    r"[a-z{}:#|>\-\n\t \"'\\0-9.]{0,40}", fullmatch=True
)
VALUES = st.dictionaries(
    TEXTS,
    st.recursive(
        TEXTS | st.integers() | st.booleans() | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=12,
    ),
    max_size=4,
)


@pytest.mark.property
@given(VALUES)
def test_emitted_values_read_back_as_they_were(value: dict[str, Any]) -> None:
    assert value == yaml.safe_load(emit(value))


@pytest.mark.property
@given(st.text("{}`\\\"'-%\n a", max_size=30) | TEXTS)
def test_literal_text_survives_the_template_engine(text: str) -> None:
    assert text == evaluated(literal(text))


@pytest.mark.property
@given(st.text("{}`\\\"': #|-\n\ta", max_size=30))
def test_literal_text_survives_inside_quoted_and_block_yaml(text: str) -> None:
    # app-template evaluates the YAML text of a map, so the escape must not contain anything that YAML escapes.
    assert {"key": text} == yaml.safe_load(evaluated(emit({"key": literal(text)})))


@pytest.mark.parametrize(
    "text", ["1e3", "0o17", "y", "On", "0.98.0", "1_000", ".5", "~", "null", "0x1F", "-", "", "a: b"]
)
def test_text_that_some_parser_takes_for_something_else_is_quoted(text: str) -> None:
    assert f'key: "{text}"\n' == emit({"key": text})


def test_comments_stand_above_their_keys() -> None:
    text = emit({"a": {"b": 1}, "c": []}, {("a", "b"): "two\nlines", ("c",): "empty"})

    assert text == "a:\n  # two\n  # lines\n  b: 1\n# empty\nc: []\n"


# --- templates -------------------------------------------------------------------------------------------------------


def test_every_plain_object_is_a_template_or_in_the_values(model: Model, tree: Tree, values: dict[str, Any]) -> None:
    objects = application_objects(model, tree)
    texts = [text for name, text in tree.items() if name.startswith(f"{HELM}/templates/") and "guard" not in name]
    templates = {(d["kind"], d["metadata"]["name"]) for text in texts for d in yaml.safe_load_all(evaluated(text))}
    template = values["openclaw"]["app-template"]
    from_values = {
        ("Deployment", template["global"]["fullnameOverride"]),
        ("Service", template["service"]["main"]["forceRename"]),
        ("ConfigMap", template["configMaps"]["config"]["forceRename"]),
        ("PersistentVolumeClaim", template["persistence"]["data"]["forceRename"]),
    }

    assert {(written.kind, written.name) for written in objects} == templates | from_values
    assert not templates & from_values


def test_templates_differ_from_the_manifests_by_two_things_only(model: Model, tree: Tree) -> None:
    keep = "    helm.sh/resource-policy: keep\n"
    narrow = re.compile(r" +app\.kubernetes\.io/(controller: main|instance: openclaw)\n")
    changed = {}
    for name, text in tree.items():
        page = f"{APP}/{Path(name).name}"
        if name.startswith(f"{HELM}/templates/") and page in tree:
            assert tree[page] == narrow.sub("", evaluated(text).replace(keep, ""))
            if text != tree[page] and "{{" not in text:
                changed[Path(name).name] = (text.count(keep), len(narrow.findall(text)) // 2)

    assert changed.keys() == {"networkpolicy.yaml"}
    # The agent's own policy, and those of the two that it talks to.
    assert changed["networkpolicy.yaml"] == (0, 3)


def test_policies_select_what_app_template_selects() -> None:
    text = (
        "kind: NetworkPolicy\nmetadata:\n  name: a\nspec:\n  podSelector:\n    matchLabels:\n      app: agent\n"
        "  egress:\n    - to:\n        - podSelector:\n            matchLabels:\n              app: agent\n"
        "        - podSelector:\n            matchLabels:\n              app: other\n"
        "        - namespaceSelector: {}\n"
    )
    selectors = Selectors([({"app": "agent"}, {"by": "chart"})])
    (file,) = template_files(documents("page", text), set(), selectors).values()
    spec = yaml.safe_load(file)["spec"]

    assert spec["podSelector"]["matchLabels"] == {"app": "agent", "by": "chart"}
    assert [peer.get("podSelector", {}).get("matchLabels") for peer in spec["egress"][0]["to"]] == [
        {"app": "agent", "by": "chart"}, {"app": "other"}, None,
    ]  # fmt: skip


def test_a_selector_that_the_text_hides_is_noticed() -> None:
    text = "kind: NetworkPolicy\nmetadata: {name: a}\nspec: {podSelector: {matchLabels: {app: agent}}}\n"

    with pytest.raises(SynthesisError, match=r"^\[NetworkPolicy a\] the chart's text is not what was meant"):
        template_files(documents("page", text), set(), Selectors([({"app": "agent"}, {"by": "chart"})]))


def test_what_brings_argocd_to_manage_itself_is_not_in_the_chart(tree: Tree) -> None:
    text = "".join(text for name, text in tree.items() if name.startswith(HELM))

    assert not re.search(r"kind: (Application|AppProject|ValidatingAdmissionPolicy\w*)", text)


def test_blank_lines_at_the_end_of_a_text_are_kept() -> None:
    manifest = "kind: ConfigMap\nmetadata:\n  name: a\ndata:\n  text: |+\n    x\n\n\n"
    written = documents("page", f"# head\n{manifest}")
    (text,) = template_files(written, set(), Selectors([])).values()

    # helm trims what it renders.
    assert yaml.safe_load(text.rstrip() + "\n")["data"] == {"text": "x\n\n\n"}


def test_what_is_left_of_a_page_has_a_file_of_its_own() -> None:
    text = "# about the first\n# made by\nkind: A\nmetadata:\n  name: one\n---\nkind: B\nmetadata:\n  name: two\n"
    files = template_files(documents("page", text), {("A", "one")}, Selectors([]))

    assert list(files) == ["two-b.yaml"]
    assert files["two-b.yaml"].startswith("# B two; the public chart renders the rest of page\n# made by\nkind: B\n")


# --- values and their schema -----------------------------------------------------------------------------------------


def test_values_fit_their_schema(values: dict[str, Any], schema: dict[str, Any]) -> None:
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.Draft7Validator(schema).validate(values)


def test_an_unknown_key_is_refused_wherever_it_is(values: dict[str, Any], schema: dict[str, Any]) -> None:
    validator = jsonschema.Draft7Validator(schema)
    accepted = []
    for path, _ in mappings(values):
        changed = copy.deepcopy(values)
        below(path, changed)["unknownKey"] = True
        if validator.is_valid(changed):
            accepted.append(".".join(path[2:]))

    # Names of the chart's own, which are off as a whole; and what helm hands down to every chart.
    assert {
        "global", "configMaps.scripts", "ingress.main", "networkpolicies.main", "service.main.ports.http",
        "controllers.main.containers.main", "controllers.main.containers.chromium",
        "controllers.main.initContainers.init-config",
        "controllers.main.initContainers.init-skills", "persistence.bash-aliases", "persistence.config",
        "persistence.scripts", "persistence.tmp",
    } == set(accepted)  # fmt: skip


CHANGES: dict[str, tuple[str, Any, bool]] = {
    "another version": ("openclawVersion", "2026.10.1", True),
    "a moving version": ("openclawVersion", "latest", False),
    "more memory": ("controllers.main.containers.openclaw.resources.limits.memory", "8Gi", True),
    "memory as a number": ("controllers.main.containers.openclaw.resources.limits.memory", 8, False),
    "a slower probe": ("controllers.main.containers.openclaw.probes.liveness.spec.periodSeconds", 60, True),
    "a bigger volume": ("persistence.data.size", "20Gi", True),
    "two replicas": ("controllers.main.replicas", 2, False),
    "replicas as text": ("controllers.main.replicas", "1", False),
    "a token": ("defaultPodOptions.automountServiceAccountToken", True, False),
    "another user": ("controllers.main.initContainers.dind.securityContext.runAsUser", 1000, False),
    "the chart's browser": ("controllers.main.containers.chromium.enabled", True, False),
    "the chart's policy": ("networkpolicies.main.enabled", True, False),
    "a claim that goes": ("persistence.data.retain", False, False),
    "another port": ("service.main.ports.gateway.port", 80, False),
}


@pytest.mark.parametrize(("path", "value", "accepted"), CHANGES.values(), ids=CHANGES.keys())
def test_values_change_where_nothing_else_depends_on_them(
    values: dict[str, Any], schema: dict[str, Any], path: str, value: Any, accepted: bool
) -> None:
    changed = copy.deepcopy(values)
    *parents, key = path.split(".")
    found = below(("openclaw", "app-template", *parents), changed)
    assert key in found, "the path is not in the values any more"
    found[key] = value

    assert accepted == jsonschema.Draft7Validator(schema).is_valid(changed)


def test_values_over_the_charts_defaults_fit_too(values: dict[str, Any], schema: dict[str, Any]) -> None:
    defaults = {"openclaw": yaml.safe_load((STANDIN / "values.yaml").read_text())}
    handed_down = {"openclaw": {"global": {}, "app-template": {"common": {"anything": 1}}}}

    jsonschema.Draft7Validator(schema).validate(over(over(defaults, handed_down), values))


def test_every_default_of_the_stand_in_is_a_known_one() -> None:
    defaults = yaml.safe_load((STANDIN / "values.yaml").read_text())["app-template"]

    for path, mapping in mappings(defaults):
        known: Any = upstream.DEFAULTS
        for key in path:
            known = known[key] if isinstance(known, dict) else upstream.ANY
        assert known == upstream.ANY or set(mapping) <= set(known), path


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the public charts' schemas are not here")
def test_values_fit_the_schemas_of_the_public_charts(values: dict[str, Any]) -> None:
    defaults = yaml.safe_load((STANDIN / "values.yaml").read_text())
    told = over(defaults, values["openclaw"])

    for name, instance in (
        ("openclaw-1.5.37.values.schema.json", told),
        ("common-4.6.2.bundled.schema.json", told["app-template"]),
    ):
        public = json.loads((SCHEMAS / name).read_text())
        validator_for(public)(public).validate(instance)


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the public charts' schemas are not here")
def test_the_table_of_defaults_names_every_key_of_the_public_schema() -> None:
    public = json.loads((SCHEMAS / "openclaw-1.5.37.values.schema.json").read_text())
    missing = []

    def walk(node: Any, known: Any, path: str) -> None:
        for key, item in node.get("properties", {}).items():
            if known == upstream.ANY:
                return
            if not isinstance(known, dict) or key not in known:
                missing.append(f"{path}.{key}")
            else:
                walk(item, known[key], f"{path}.{key}")

    walk(public["properties"]["app-template"], upstream.DEFAULTS, "")

    assert missing == []


def test_nothing_of_the_charts_defaults_reaches_the_pod(values: dict[str, Any]) -> None:
    defaults = yaml.safe_load((STANDIN / "values.yaml").read_text())
    told = over(defaults, values["openclaw"])["app-template"]
    controller = told["controllers"]["main"]
    containers = [controller[field][name] for field in ("initContainers", "containers") for name in controller[field]]
    live = {key: item for key, item in told["persistence"].items() if item.get("enabled", True)}
    text = json.dumps([[c for c in containers if c.get("enabled", True)], live, told["defaultPodOptions"]])
    # What may stand: a port that no probe looks at, and mounts of containers that are off.
    text = text.replace('"tcpSocket": {"port": 4242}', "").replace('[{"path": "/default/data"}]', "")

    assert not re.search(r"4242|42Gi|42m|default/|\[\"default", text)


# --- Chart.yaml ------------------------------------------------------------------------------------------------------


def test_the_lock_covers_what_the_chart_asks_for(tree: Tree) -> None:
    chart, lock = (yaml.safe_load(tree[f"{HELM}/Chart.{end}"]) for end in ("yaml", "lock"))
    asked = json.dumps([chart["dependencies"], lock["dependencies"]], separators=(",", ":"))
    order = json.dumps(
        [[{key: d[key] for key in ("name", "version", "repository")} for d in chart["dependencies"]]] * 2,
        separators=(",", ":"),
    )

    assert json.loads(asked) == json.loads(order)
    assert f"sha256:{hashlib.sha256(order.encode()).hexdigest()}" == lock["digest"]


def test_the_chart_names_one_version_of_everything(tree: Tree) -> None:
    chart = yaml.safe_load(tree[f"{HELM}/Chart.yaml"])

    assert (chart["apiVersion"], chart["name"], chart["appVersion"]) == ("v2", "openclaw", "2026.9.6")
    assert chart["dependencies"] == [
        {"name": "openclaw", "version": "1.5.37", "repository": "https://serhanekicii.github.io/openclaw-helm"}
    ]


@pytest.mark.parametrize("version", ["1.3.7", "1.5.36", "1.6.0", "^1.5.37", "1.5.x", "1.5.37\n"])
def test_a_chart_of_other_values_is_refused(version: str) -> None:
    problems = [problem for problem, _ in AgentChart(version=version).problems()]

    assert [f"chart version={version!r} reads other values than those that are written"] == problems


@pytest.mark.parametrize("repository", ["http://charts.example.com", "charts.example.com", "https://a b", ""])
def test_a_repository_that_can_be_overheard_is_refused(repository: str) -> None:
    chart = Chart(chart=AgentChart(repository=repository))

    assert any("chart repository=" in problem for problem, _ in chart.problems())


def test_another_source_than_the_two_is_refused() -> None:
    with pytest.raises(DeclarationErrors, match="ArgoCd cannot be built"):
        ArgoCd(repository="https://git.example.com/a/b", source="helm")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("manifests", {"path": "argoproj/demo"}),
        ("chart", {"path": "argoproj/demo-chart", "helm": {"releaseName": "demo"}}),
    ],
)
def test_the_application_deploys_the_declared_form(source: Any, expected: dict[str, Any], tmp_path: Path) -> None:
    made = world(platform=demo_platform(delivery=DEMO_ARGOCD.model_copy(update={"source": source})))
    made.publish("app")
    application = yaml.safe_load(plain(made, tmp_path)["cluster/argoproj/demo/application.yaml"])
    found = application["spec"]["source"]

    assert {**expected, "repoURL": found["repoURL"], "targetRevision": "main"} == found


SOURCES: dict[str, tuple[Callable[[dict[str, Any]], object], bool]] = {
    "the chart": (lambda _: None, True),
    "another chart": (lambda source: source.update(path="argoproj/other-chart"), False),
    "another release": (lambda source: source["helm"].update(releaseName="other"), False),
    "no release": (lambda source: source.pop("helm"), False),
    "other values": (lambda source: source["helm"].update(values="a: 1"), False),
    "no schema": (lambda source: source["helm"].update(skipSchemaValidation=True), False),
}


def edited(tree: Tree, path: str, kind: str, change: Callable[[dict[str, Any]], object]) -> dict[str, str]:
    """The tree, with a change to the one object of *kind* in a file."""
    found = list(yaml.safe_load_all(tree[path]))
    for document in found:
        if document["kind"] == kind:
            change(document)
    return {**tree, path: yaml.safe_dump_all(found, sort_keys=False)}


@pytest.mark.parametrize(("change", "proved"), SOURCES.values(), ids=SOURCES.keys())
def test_the_proofs_accept_the_chart_as_it_stands(
    tree: Tree, tmp_path: Path, change: Callable[[dict[str, Any]], object], proved: bool
) -> None:
    def to_chart(application: dict[str, Any]) -> None:
        application["spec"]["source"].update(path="argoproj/openclaw-chart", helm={"releaseName": "openclaw"})
        change(application["spec"]["source"])

    for name, text in edited(tree, f"{APP}/application.yaml", "Application", to_chart).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (verdict,) = (one for one in verify(str(tmp_path))[1] if one.rule == "REF011")

    assert verdict.proved == proved


# --- other platforms -------------------------------------------------------------------------------------------------


def test_another_agent_has_its_own_names_everywhere(tmp_path: Path) -> None:
    made = world(
        sandbox=Sandbox.off(because="nothing runs commands"),
        placement=Placement(arch="arm64", taint=Taint(key="agents", value="only")),
        storage="3Gi",
    )
    made.publish("app")
    tree = helm_tree(made.platform.seal(), plain(made, tmp_path))
    told = yaml.safe_load(tree["helm/demo/values.yaml"])["openclaw"]["app-template"]

    assert told["global"] == {"nameOverride": "agent", "fullnameOverride": "agent"}
    assert "agent" in told["controllers"]["main"]["containers"]
    assert told["persistence"]["data"]["forceRename"] == "agent-data"
    assert told["persistence"]["data"]["size"] == "3Gi"
    assert told["defaultPodOptions"]["tolerations"] == [
        {"key": "agents", "operator": "Equal", "value": "only", "effect": "NoSchedule"}
    ]
    assert 'ne . "demo"' in tree["helm/demo/templates/guard.yaml"]
    assert not re.search(r"\bopenclaw-(data|config|scripts)\b", "".join(tree.values()))


def test_without_agents_everything_is_a_template(model: Model, tree: Tree) -> None:
    others = {name: part for name, part in model.parts.items() if not isinstance(part, SandboxedAgent)}
    model = dataclasses.replace(model, parts=others)
    chart = helm_tree(model, tree)

    assert f"{HELM}/Chart.lock" not in chart
    assert "dependencies" not in yaml.safe_load(chart[f"{HELM}/Chart.yaml"])
    assert yaml.safe_load(chart[f"{HELM}/values.yaml"]) == {}
    assert f"{HELM}/templates/openclaw-deployment.yaml" in chart


def test_two_agents_are_two_aliases_of_the_public_chart(tmp_path: Path) -> None:
    made = world()
    made.publish("app")
    second = add_agent(made, "second")
    made.llm.serve(second, key=_proxy_key(made))
    tree = helm_tree(made.platform.seal(), plain(made, tmp_path))
    values, chart = (yaml.safe_load(tree[f"helm/demo/{name}"]) for name in ("values.yaml", "Chart.yaml"))
    schema = json.loads(tree["helm/demo/values.schema.json"])

    assert [dependency["alias"] for dependency in chart["dependencies"]] == ["agent", "second"]
    assert {"agent", "second"} == set(values) == set(schema["required"])
    assert values["second"]["app-template"]["global"]["fullnameOverride"] == "second"
    jsonschema.Draft7Validator(schema).validate(values)


def _proxy_key(made: World) -> SecretParam:
    return SecretParam(made.platform, "SECOND_PROXY_KEY", about="the second agent's own key")


# --- what cannot be expressed ----------------------------------------------------------------------------------------


def with_pod(model: Model, change: Callable[[Pod], Pod]) -> Model:
    """The same platform, whose agent runs another pod."""
    found = dataclasses.replace(model)
    found._pods["openclaw"] = change(model.pod("openclaw"))
    return found


def main(pod: Pod, **changes: Any) -> Pod:
    """The pod with another main container."""
    first, *others = pod.containers
    return dataclasses.replace(pod, containers=(dataclasses.replace(first, **changes), *others))


REFUSED: dict[str, tuple[Callable[[Pod], Pod], str]] = {
    "an order of variables": (lambda pod: main(pod, env={"A": "$(HOME)/x"}), r"with a \$\(REFERENCE\)"),
    "a volume without mounts": (
        lambda pod: dataclasses.replace(pod, volumes=(*pod.volumes, Volume("idle", "scratch", size="1Mi"))),
        "which no container mounts",
    ),
    "braces in a command": (lambda pod: main(pod, command=("sh", "{{ .Values }}")), "'{{' in"),
    "braces in a mount": (lambda pod: main(pod, mounts=(Mount("data", "/{{ x }}"),)), "'{{' in"),
}


@pytest.mark.parametrize(("change", "problem"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses_what_the_chart_takes_otherwise(
    model: Model, tree: Tree, change: Callable[[Pod], Pod], problem: str
) -> None:
    with pytest.raises(SynthesisError, match=rf"^\[openclaw/openclaw\] the chart cannot express .*{problem}"):
        helm_tree(with_pod(model, change), tree)


def test_refuses_an_override_of_what_the_public_chart_renders(model: Model, tree: Tree) -> None:
    override = Override("Deployment", "openclaw", ("spec", "replicas"), 2, "for the test")

    with pytest.raises(SynthesisError, match=r"cannot express the override of Deployment 'openclaw' "):
        helm_tree(dataclasses.replace(model, overrides=(override,)), tree)


def test_the_same_pod_is_accepted(model: Model, tree: Tree) -> None:
    assert helm_tree(with_pod(model, lambda pod: pod), tree) == helm_tree(model, tree)


@pytest.mark.parametrize("name", ["kustomization.yaml", "openclaw-deployment.yaml"])
def test_refuses_a_tree_that_is_not_whole(model: Model, tree: Tree, name: str) -> None:
    manifests = {path: text for path, text in tree.items() if path != f"{APP}/{name}"}

    with pytest.raises(SynthesisError, match=r"is not among the manifests; synthesize the Kubernetes half$"):
        helm_tree(model, manifests)


def test_braces_in_texts_are_escaped_for_the_one_pass_they_get(model: Model, tree: Tree) -> None:
    text = '{"a": "{{ .Values.x }} {{`}} {{{{ }}"}\n'

    def insert(pod: Pod) -> Pod:
        config, *others = pod.files
        return dataclasses.replace(pod, files=(dataclasses.replace(config, texts={"openclaw.json": text}), *others))

    values = yaml.safe_load(helm_tree(with_pod(model, insert), tree)[f"{HELM}/values.yaml"])
    data = values["openclaw"]["app-template"]["configMaps"]["config"]["data"]

    assert text == evaluated(data["openclaw.json"])


def test_written_objects_know_their_kind_and_name() -> None:
    (written,) = documents("page", "kind: A\nmetadata:\n  name: one\n")

    assert isinstance(written, Written)
    assert (written.kind, written.name, written.page) == ("A", "one", "page")
