"""
A platform as a dist folder holds it, delivered as docs/deploy.md says: an administrator's files, the rest by ArgoCD.

Which is which is read from the folder, as a person would: what the kustomization does not list is the administrator's.
Copies under other names let many stand in one cluster, each to be hurt in its own way.
"""

from __future__ import annotations

import http.client
import json
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from tools.lab.client import Api, Object, Refused
from tools.lab.lab import ARGOCD, REGION, Lab
from tools.lab.processes import LabError

ROOT = Path(__file__).resolve().parents[2]
APPLICATION = "argoproj.io/v1alpha1/Application"
PROJECT = "argoproj.io/v1alpha1/AppProject"
CLAIM = "v1/PersistentVolumeClaim"
HARD_REFRESH = {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "hard"}}}


def dist_folders() -> list[Path]:
    """Every folder that is meant to be applied: the committed one, and one for each example that has it."""
    return [folder for folder in [ROOT / "dist", *sorted(ROOT.glob("examples/*/dist"))] if app_folders(folder)]


def app_folders(dist: Path) -> list[Path]:
    """The folders that ArgoCD follows in *dist*."""
    return sorted(path.parent for path in dist.glob("*/argoproj/*/kustomization.yaml"))


def dist_of(folder: Path) -> Path:
    """The dist folder that the folder of an app is in."""
    return folder.parents[2]


def own_name(folder: Path) -> str:
    """A name for the app in *folder*, which no other one has: examples call their platforms as the real one."""
    dist = dist_of(folder)
    return folder.name if dist == ROOT / "dist" else f"{dist.parent.name[:10]}-example"


@dataclass(frozen=True)
class Platform:
    """
    The files of one platform.

    Args:
        name: Of the Application, its project and the namespace.
        path: Where the folder is in the repository.
        administrators: Texts of the files that ArgoCD does not apply, by file name.
        delivered: Texts of the folder's other files, with the kustomization.
    """

    name: str
    path: str
    administrators: Mapping[str, str]
    delivered: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> Platform:
        """The platform in *folder* (``dist/<repository>/argoproj/<name>``)."""
        texts = {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.yaml"))}
        listed = {"kustomization.yaml", *yaml.safe_load(texts["kustomization.yaml"])["resources"]}
        return cls(
            folder.name,
            f"{folder.parent.name}/{folder.name}",
            {name: text for name, text in texts.items() if name not in listed},
            {name: text for name, text in texts.items() if name in listed},
        )

    def renamed(self, name: str) -> Platform:
        """The same under another name, in a namespace of its own; nobody pulls its images here."""

        def change(texts: Mapping[str, str]) -> dict[str, str]:
            return {file.replace(self.name, name): text.replace(self.name, name) for file, text in texts.items()}

        return Platform(name, self.path.replace(self.name, name), change(self.administrators), change(self.delivered))

    def edited(self, file: str, change: Callable[[str], str]) -> Platform:
        """The same with one file's text changed by *change*; a change that changes nothing is an error in the test."""
        texts = {**self.administrators, **self.delivered}
        before = texts[file]
        texts[file] = change(before)
        if before == texts[file]:
            raise ValueError(f"{file}: nothing was changed")
        return replace(
            self,
            administrators={name: texts[name] for name in self.administrators},
            delivered={name: texts[name] for name in self.delivered},
        )

    def objects(self, *files: str) -> list[Object]:
        """The objects in the files called so, or in all files that are applied, the administrator's first."""
        texts = {**self.administrators, **self.delivered}
        wanted = files or [name for name in texts if name != "kustomization.yaml"]
        return [item for name in wanted for item in yaml.safe_load_all(texts[name]) if item]

    def claims(self) -> list[str]:
        """Names of its volume claims."""
        return [item["metadata"]["name"] for item in self.objects() if item["kind"] == "PersistentVolumeClaim"]

    def parameters(self) -> list[str]:
        """Names of the parameters that its secrets are copied from."""
        found = {
            entry["remoteRef"]["key"]
            for item in self.objects()
            if item["kind"] == "ExternalSecret"
            for entry in item["spec"]["data"]
        }
        return sorted(found)


class Repository:
    """A git repository that ArgoCD follows over ``file://``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True)
        self._git("init", "--quiet", "--initial-branch=main")

    @property
    def url(self) -> str:
        """What stands in Application and AppProject."""
        return f"file://{self._folder}"

    def commit(self, files: Mapping[str, str | None], message: str = "change") -> str:
        """Write *files*, or remove those that are None; returns the commit."""
        for name, text in files.items():
            path = self._folder / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        self._git("add", "--all")
        self._git(
            "-c",
            "user.name=lab",
            "-c",
            "user.email=lab@example.com",
            "commit",
            "--quiet",
            "--allow-empty",
            "-m",
            message,
        )
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self._folder), "-c", "gc.auto=0", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


class Delivery:
    """
    One platform in one lab.

    Args:
        lab: The cluster.
        platform: What is delivered.
    """

    def __init__(self, lab: Lab, platform: Platform) -> None:
        self.lab = lab
        self.platform = platform
        self.repository = Repository(lab.folder / "git" / f"{platform.name}.git")

    @property
    def api(self) -> Api:
        """The cluster, as its administrator."""
        return self.lab.api

    def begin(self, *, store_keys: bool = True) -> None:
        """The order of docs/deploy.md: parameters and keys, the commit, and then the administrator's files."""
        if store_keys:
            for name in self.platform.parameters():
                put_parameter(self.lab, name, f"value-of-{name.rpartition('/')[2]}")
        self.commit()
        self.api.apply_all(sorted(self.administrators(), key=_application_last))

    def administrators(self) -> list[Object]:
        """The administrator's objects; Application and project name the lab's repository."""
        items = self.platform.objects(*self.platform.administrators)
        for item in items:
            if item["kind"] == "Application":
                item["spec"]["source"]["repoURL"] = self.repository.url
            if item["kind"] == "AppProject":
                item["spec"]["sourceRepos"] = [self.repository.url]
        return items

    def commit(self, platform: Platform | None = None) -> str:
        """Commit the folder as *platform* has it."""
        self.platform = platform or self.platform
        return self.repository.commit(
            {f"{self.platform.path}/{name}": text for name, text in self.platform.delivered.items()}
        )

    def merge(self, file: str, text: str) -> None:
        """Add one file to the folder and to its kustomization, as somebody does who merges a pull request."""
        kustomization = yaml.safe_load(self.platform.delivered["kustomization.yaml"])
        kustomization["resources"] = [*kustomization["resources"], file]
        merged = {**self.platform.delivered, "kustomization.yaml": yaml.safe_dump(kustomization), file: text}
        self.commit(replace(self.platform, delivered=merged))
        self.refresh()

    def refresh(self) -> None:
        """Ask ArgoCD to look at the repository now; it takes the last wish away when it has fulfilled it."""
        self.lab.wait_for("the last refresh", lambda: not self._is_asked())
        self.api.patch(APPLICATION, self.platform.name, HARD_REFRESH, ARGOCD)

    def _is_asked(self) -> bool:
        return "argocd.argoproj.io/refresh" in self.application()["metadata"].get("annotations", {})

    def application(self) -> Object:
        """The Application with its status."""
        return self.api.get(APPLICATION, self.platform.name, ARGOCD)

    def state(self) -> tuple[str, str]:
        """What ArgoCD says: sync and health."""
        status = self.application().get("status", {})
        return status.get("sync", {}).get("status", ""), status.get("health", {}).get("status", "")

    def wait_until_delivered(self, seconds: float = 120) -> None:
        """Wait until ArgoCD says Synced and Healthy."""
        try:
            self.lab.wait_for(f"{self.platform.name}", lambda: self.state() == ("Synced", "Healthy"), seconds)
        except LabError as problem:
            raise LabError(f"{problem}: {self.told()}") from problem

    def told(self) -> str:
        """What ArgoCD has to say about the last sync, for a failed test."""
        status = self.application().get("status", {})
        last = status.get("operationState", {})
        resources = [
            f"{item['kind']}/{item['name']}: {item.get('message', '')}"
            for item in last.get("syncResult", {}).get("resources", [])
            if item.get("status") not in ("Synced", None) or item.get("hookPhase") in ("Failed", "Error")
        ]
        conditions = [item["message"] for item in status.get("conditions", [])]
        unhealthy = [
            f"{item['kind']}/{item['name']} {item.get('status')} {item.get('health', {}).get('status', '')}"
            for item in status.get("resources", [])
            if item.get("status") != "Synced" or item.get("health", {}).get("status") not in (None, "Healthy")
        ]
        return f"{self.state()} {last.get('phase')} {last.get('message')} {resources} {conditions} {unhealthy}"

    def volume(self, claim: str | None = None) -> tuple[str, str]:
        """Uid of the claim and name of its volume."""
        found = self.api.get(CLAIM, claim or self.platform.claims()[0], self.platform.name)
        return found["metadata"]["uid"], found["spec"]["volumeName"]


def put_parameter(lab: Lab, name: str, value: str) -> None:
    """Set a parameter in moto, as ``aws ssm put-parameter --overwrite`` does."""
    aws(lab, "ssm", "AmazonSSM.PutParameter", {"Name": name, "Value": value, "Type": "SecureString", "Overwrite": True})


def aws(lab: Lab, service: str, action: str, body: Object) -> Object:
    """One request to moto; it reads the region from the signature and checks nothing else of it."""
    connection = http.client.HTTPConnection("127.0.0.1", lab.aws, timeout=30)
    scope = f"testing/20260101/{REGION}/{service}/aws4_request"
    headers = {
        "X-Amz-Target": action,
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
    }
    connection.request("POST", "/", json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status != http.client.OK:
        raise LabError(f"[moto] {action} failed: {text}")
    found: Object = json.loads(text or "{}")
    return found


def refusal(action: Callable[..., object], *arguments: object) -> str:
    """What the API server says against *action*; it must say something."""
    try:
        action(*arguments)
    except Refused as no:
        return no.message
    raise LabError("nobody refused it")


def applied(items: Iterable[Object], kind: str) -> list[Object]:
    """Those of one kind."""
    return [item for item in items if item["kind"] == kind]


def _application_last(item: Object) -> bool:
    return str(item["kind"]) == "Application"
