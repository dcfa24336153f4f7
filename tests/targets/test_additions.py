"""What the user adds to a platform: objects and fields land in the output with their reason, and nothing is lost."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from agentkeep.core.model import Model
from agentkeep.errors import SynthesisError
from agentkeep.targets.dist import Tree
from agentkeep.targets.synthesis import synthesize
from tests.worlds import world

FOLDER = "cluster/argoproj/demo"
CONFIG_MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "mine", "labels": {"team": "us"}},
    "data": {"a.b/c": "1"},
}
BUDGET = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "agent"},
    "spec": {"maxUnavailable": 0},
}

pytestmark = pytest.mark.usefixtures("engines")


def written(model: Model, tmp_path: Path) -> Tree:
    return synthesize(model, tmp_path / "dist", only="kubernetes")[1]


def objects(tree: Tree, page: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(tree[f"{FOLDER}/{page}.yaml"]))


def test_a_manifest_lands_on_a_page_of_its_own_with_its_reason(tmp_path: Path) -> None:
    built = world()
    built.platform.manifest(BUDGET, because="no node is drained under it")
    built.platform.manifest(CONFIG_MAP, because="what another tool reads")
    tree = written(built.platform.seal(), tmp_path)
    text = tree[f"{FOLDER}/added.yaml"]

    assert [one["metadata"]["name"] for one in objects(tree, "added")] == ["mine", "agent"]
    first, second = objects(tree, "added")
    assert first == {**CONFIG_MAP, "metadata": {"name": "mine", "namespace": "demo", "labels": {"team": "us"}}}
    assert second == {**BUDGET, "metadata": {"name": "agent", "namespace": "demo"}}
    assert "# what another tool reads\nkind: ConfigMap\n" in text
    assert "# no node is drained under it\nkind: PodDisruptionBudget\n" in text
    assert "added.yaml" in yaml.safe_load(tree[f"{FOLDER}/kustomization.yaml"])["resources"]


def test_the_order_of_adding_does_not_change_a_byte(tmp_path: Path) -> None:
    trees = []
    for number, bodies in enumerate(((BUDGET, CONFIG_MAP), (CONFIG_MAP, BUDGET))):
        built = world()
        for body in bodies:
            built.platform.manifest(body, because="x")
        (tmp_path / str(number)).mkdir()
        trees.append(written(built.platform.seal(), tmp_path / str(number)))

    assert trees[0] == trees[1]


def test_an_override_sets_one_field_and_says_why(tmp_path: Path) -> None:
    plain, changed = world(), world()
    changed.platform.override("Deployment", "llm", "spec", "revisionHistoryLimit", value=1, because="a small disk")
    (tmp_path / "plain").mkdir()
    before = written(plain.platform.seal(), tmp_path / "plain")
    after = written(changed.platform.seal(), tmp_path)

    changed_pages = [name for name in {*before, *after} if before.get(name) != after.get(name)]
    assert [name for name in changed_pages if name.startswith(FOLDER)] == [f"{FOLDER}/llm-deployment.yaml"]
    (deployment,) = [one for one in objects(after, "llm-deployment") if one["kind"] == "Deployment"]
    (known,) = [one for one in objects(before, "llm-deployment") if one["kind"] == "Deployment"]
    assert deployment == {**known, "spec": {**known["spec"], "revisionHistoryLimit": 1}}
    assert "  # a small disk\n  revisionHistoryLimit: 1\n" in after[f"{FOLDER}/llm-deployment.yaml"]


def test_an_override_of_a_whole_comes_before_one_of_its_part(tmp_path: Path) -> None:
    built = world()
    built.platform.override("NetworkPolicy", "agent", "metadata", "annotations", "b/c", value="2", because="part")
    built.platform.override("NetworkPolicy", "agent", "metadata", "annotations", value={"a": "1"}, because="whole")
    tree = written(built.platform.seal(), tmp_path)
    (policy,) = [one for one in objects(tree, "networkpolicy") if one["metadata"]["name"] == "agent"]

    assert policy["metadata"]["annotations"] == {"a": "1", "b/c": "2"}


def test_an_override_with_nothing_removes_the_field(tmp_path: Path) -> None:
    built = world()
    built.platform.override("Deployment", "llm", "spec", "revisionHistoryLimit", value=None, because="the default")
    tree = written(built.platform.seal(), tmp_path)
    (deployment,) = [one for one in objects(tree, "llm-deployment") if one["kind"] == "Deployment"]

    assert "revisionHistoryLimit" not in deployment["spec"]


@pytest.mark.parametrize(
    ("kind", "name", "path", "value", "problem"),
    [
        ("Deployment", "nobody", ("spec",), 1, "there is no Deployment 'nobody' to override"),
        ("CronJob", "agent", ("spec",), 1, "there is no CronJob 'agent' to override"),
        ("Deployment", "agent", ("spec", "nowhere", "deep"), 1, "the engine refused: "),
        ("Deployment", "agent", ("spec", "nowhere"), None, "there is no spec/nowhere in Deployment 'agent' to remove"),
    ],
)
def test_an_override_of_what_is_not_there_is_refused_and_dist_stays(
    tmp_path: Path, *, kind: str, name: str, path: tuple[str, ...], value: object, problem: str
) -> None:
    built = world()
    built.platform.override(kind, name, *path, value=value, because="x")
    with pytest.raises(SynthesisError) as caught:
        written(built.platform.seal(), tmp_path)

    assert caught.value.problem.startswith(problem)
    assert not (tmp_path / "dist").exists()


def test_an_override_of_what_the_public_chart_renders_is_refused(tmp_path: Path) -> None:
    built = world()
    built.platform.override("Deployment", "agent", "spec", "revisionHistoryLimit", value=1, because="a small disk")
    with pytest.raises(SynthesisError, match="the chart cannot express the override of Deployment 'agent'"):
        written(built.platform.seal(), tmp_path)

    assert not (tmp_path / "dist").exists()
