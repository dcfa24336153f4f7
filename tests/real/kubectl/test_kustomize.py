"""
``kubectl kustomize`` reads the app's folder as ArgoCD will, and gives exactly what the files hold.

Consumer: kubectl on PATH, or 1.32 from PyPI. It starts no server and needs no cluster; each call may take 30 seconds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentkeep.targets.synthesis import load, synthesize
from lolice.cluster import LOLICE_ARGOCD
from tests.real.helm.programs import binary

pytestmark = pytest.mark.real

ROOT = Path(__file__).resolve().parents[3]
BOOTSTRAP = ("admission", "namespace", "storageclass", *LOLICE_ARGOCD.bootstrap)
APP = ROOT / "dist" / "lolice" / "argoproj" / "openclaw"

Objects = dict[tuple[str, str, str], dict[str, Any]]


@pytest.fixture(scope="session")
def kubectl() -> str:
    """kubectl on PATH, or the one out of the wheels that bring helm."""
    return shutil.which("kubectl") or str(binary("kubectl"))


def kustomize(kubectl: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run ``kubectl kustomize`` on *folder*, without any configuration of the machine."""
    return subprocess.run(
        [kubectl, "kustomize", str(folder)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "KUBECONFIG": os.devnull},
    )


def objects(text: str) -> Objects:
    """The objects of *text*, by kind, namespace and name; two of one identity are an error."""
    found: Objects = {}
    for item in yaml.safe_load_all(text):
        if item is None:
            continue
        key = (item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"])
        assert key not in found
        found[key] = item
    return found


def files(folder: Path) -> dict[str, Objects]:
    """The objects of every manifest in *folder*, by file."""
    return {
        path.name: objects(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.yaml"))
        if path.name != "kustomization.yaml"
    }


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A copy of the app's folder, to be changed."""
    folder = tmp_path / "openclaw"
    shutil.copytree(APP, folder)
    return folder


def test_kustomize_gives_exactly_what_the_files_hold(kubectl: str) -> None:
    done = kustomize(kubectl, APP)

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    outside = {f"{name}.yaml" for name in BOOTSTRAP}
    expected: Objects = {}
    for name, held in files(APP).items():
        if name not in outside:
            assert not expected.keys() & held.keys()
            expected |= held
    assert objects(done.stdout) == expected


def kinds(text: str) -> list[str]:
    """Every kind, in the order in which it would be applied."""
    return [item["kind"] for item in yaml.safe_load_all(text) if item]


def test_plain_manifests_are_applied_with_what_closes_first(kubectl: str, tmp_path: Path) -> None:
    folder = tmp_path / "openclaw"
    shutil.copytree(ROOT / "examples/eks/dist/fleet/apps/openclaw", folder)
    kept = kinds(kustomize(kubectl, folder).stdout)
    listed = folder / "kustomization.yaml"
    listed.write_text(listed.read_text(encoding="utf-8").replace("sortOptions:\n  order: fifo\n", ""), encoding="utf-8")
    sorted_by_kind = kinds(kustomize(kubectl, folder).stdout)

    last_policy = len(kept) - kept[::-1].index("NetworkPolicy")
    assert last_policy < min(kept.index("Deployment"), kept.index("Job"))
    # What kustomize does by itself: the reason for the order.
    assert sorted_by_kind.index("NetworkPolicy") > sorted_by_kind.index("Deployment")


def test_every_file_is_in_the_app_or_in_its_bootstrap() -> None:
    listed = set(yaml.safe_load((APP / "kustomization.yaml").read_text(encoding="utf-8"))["resources"])

    assert {path.name for path in APP.glob("*.yaml")} == listed | {"kustomization.yaml"} | {
        f"{name}.yaml" for name in BOOTSTRAP
    }


def test_an_image_override_changes_that_image_and_nothing_else(kubectl: str, app: Path) -> None:
    """What ArgoCD makes of an override that Image Updater wrote: an entry in ``images``."""
    before = kustomize(kubectl, app).stdout
    with (app / "kustomization.yaml").open("a", encoding="utf-8") as file:
        file.write("images:\n  - name: ghcr.io/openclaw/openclaw\n    newTag: 2026.9.7\n")

    after = kustomize(kubectl, app)

    assert after.returncode == 0, after.stderr
    changed = [
        (old, new) for old, new in zip(before.splitlines(), after.stdout.splitlines(), strict=True) if old != new
    ]
    assert changed
    assert {old.strip().removeprefix("- ") for old, _ in changed} == {"image: ghcr.io/openclaw/openclaw:2026.9.6"}
    assert {new.strip().removeprefix("- ") for _, new in changed} == {"image: ghcr.io/openclaw/openclaw:2026.9.7"}


def test_regenerating_keeps_what_image_updater_wrote(tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    synthesize(load("lolice.openclaw"), dist)
    override = dist / "lolice" / "argoproj" / "openclaw" / ".argocd-source-openclaw.yaml"
    override.write_text("kustomize:\n  images:\n    - ghcr.io/openclaw/openclaw:2026.9.7\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in dist.rglob("*") if path.is_file()}

    synthesize(load("lolice.openclaw"), dist)

    assert {path: path.read_bytes() for path in dist.rglob("*") if path.is_file()} == before


# --- seeded faults ---------------------------------------------------------------------------------------------------


def unlisted_file_named(app: Path) -> None:
    (app / "kustomization.yaml").write_text(
        (app / "kustomization.yaml").read_text().replace("cloudflared.yaml\n", "cloudflare.yaml\n", 1)
    )


def broken_yaml(app: Path) -> None:
    (app / "litellm-service.yaml").write_text("kind: Service\n  metadata: [\n")


def object_without_a_name(app: Path) -> None:
    path = app / "litellm-service.yaml"
    path.write_text(path.read_text().replace("  name: litellm\n", "", 1))


def object_twice(app: Path) -> None:
    shutil.copy2(app / "networkpolicy.yaml", app / "networkpolicy-2.yaml")
    with (app / "kustomization.yaml").open("a") as file:
        file.write("  - networkpolicy-2.yaml\n")


def file_of_another_app(app: Path) -> None:
    (app.parent / "other.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n")
    with (app / "kustomization.yaml").open("a") as file:
        file.write("  - ../other.yaml\n")


def overrides_taken_for_a_manifest(app: Path) -> None:
    """The plan's own mistake: the file of overrides is no Application, nor any other object."""
    (app / ".argocd-source-openclaw.yaml").write_text("kustomize:\n  images: [ghcr.io/openclaw/openclaw:2026.9.7]\n")
    with (app / "kustomization.yaml").open("a") as file:
        file.write("  - .argocd-source-openclaw.yaml\n")


FAULTS: list[Callable[[Path], None]] = [
    unlisted_file_named,
    broken_yaml,
    object_without_a_name,
    object_twice,
    file_of_another_app,
    overrides_taken_for_a_manifest,
]


@pytest.mark.parametrize("seed", FAULTS, ids=lambda seed: seed.__name__)
def test_a_seeded_fault_is_refused(kubectl: str, app: Path, seed: Callable[[Path], None]) -> None:
    seed(app)

    done = kustomize(kubectl, app)

    assert done.returncode != 0
    assert done.stdout == ""
