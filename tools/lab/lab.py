"""
A whole cluster on loopback: the real servers, one node that only says that its pods run, and nothing of a real cloud.

etcd, API server, controller manager and scheduler are Kubernetes' own; so are ArgoCD's two programs and the controllers
of External Secrets. kwok stands for the node, moto for AWS, a thread for Longhorn (`tools.lab.storage`), and folders of
git for what ArgoCD follows.
"""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tools.lab import build
from tools.lab.client import Api, Object
from tools.lab.processes import Crew, LabError, free_ports, listens
from tools.lab.storage import DEFINITION, NAMESPACE, Storage

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
DELIVERY = ("kustomize", "redis", "argocd", "external-secrets")
PROGRAMS = (*CONTROL_PLANE, *DELIVERY)
MOTO = Path(".cache/moto")
NODE = "node"
ARGOCD = "argocd"
REGION = "ap-northeast-1"
# Users with a token each. Everybody is an administrator: what is tried here must be refused whoever asks.
USERS = ("admin", "argocd", "external-secrets", "system:serviceaccount:longhorn-system:longhorn", "kwok", "controllers")
# Kinds that a program looks for once, when it starts.
DEFINED = {
    "argoproj.io/v1alpha1": {"Application", "AppProject"},
    "external-secrets.io/v1": {"ExternalSecret", "SecretStore", "ClusterSecretStore"},
    "generators.external-secrets.io/v1alpha1": {"GeneratorState", "ClusterGenerator", "Password"},
}


@dataclass
class Lab:
    """
    A running cluster.

    Args:
        folder: Everything it writes.
        api: The API server, as an administrator.
        kubeconfig: The same for kubectl.
        crew: Its programs.
        aws: Port of moto; 0 without.
        started: Seconds that the start took, by what was started; ``processor``: processor time of the programs.
    """

    folder: Path
    api: Api
    kubeconfig: Path
    crew: Crew
    tokens: Mapping[str, str]
    aws: int = 0
    started: dict[str, float] = field(default_factory=dict)

    def as_user(self, name: str) -> Api:
        """The API server, asked by *name*."""
        return self.api.as_user(self.tokens[name])

    def kubectl(self, *arguments: str, program: str = "kubectl") -> subprocess.CompletedProcess[str]:
        """Run kubectl as the administrator."""
        return subprocess.run(
            [program, f"--kubeconfig={self.kubeconfig}", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
        )

    def wait_for(self, what: str, ready: Callable[[], object], seconds: float = 60) -> None:
        """Wait until *ready* returns something true."""
        self.crew.wait_for(what, ready, seconds)


@contextmanager
def running(folder: Path | None = None, *, delivery: bool = True) -> Iterator[Lab]:
    """
    A cluster for the time of a ``with``.

    Args:
        folder: Where it writes; a temporary one by default.
        delivery: Also start ArgoCD, External Secrets and moto.

    Raises:
        BuildError: A program cannot be built.
        LabError: A program did not start.
    """
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        with _running(folder.resolve(), delivery) as lab:
            yield lab
        return
    with (
        tempfile.TemporaryDirectory(prefix="agentkeep-lab-", ignore_cleanup_errors=True) as scratch,
        _running(Path(scratch), delivery) as lab,
    ):
        yield lab


@contextmanager
def _running(folder: Path, delivery: bool) -> Iterator[Lab]:
    build.build(PROGRAMS if delivery else CONTROL_PLANE)
    crew = Crew(folder)
    storage: Storage | None = None
    lab: Lab | None = None
    try:
        begin = time.monotonic()
        lab = _control_plane(folder, crew)
        lab.started["control plane"] = time.monotonic() - begin
        if delivery:
            _delivery(lab)
            lab.started["delivery"] = time.monotonic() - begin
        lab.api.apply(DEFINITION)
        _established(lab, "longhorn.io/v1beta2", {"Volume"})
        lab.api.apply(_namespace(NAMESPACE))
        storage = Storage(lab.as_user("system:serviceaccount:longhorn-system:longhorn"))
        storage.start()
        lab.wait_for("the node", lambda: _node_is_ready(lab.api))
        lab.started["all"] = time.monotonic() - begin
        lab.started["processor"] = sum(crew.processor_time().values())
        yield lab
    finally:
        if storage is not None:
            storage.stop()
        if lab is not None:
            lab.api.close()
        crew.close()


# --- control plane ---------------------------------------------------------------------------------------------------


def _control_plane(folder: Path, crew: Crew) -> Lab:
    store, peer, secure = free_ports(3)
    tokens = {name: f"lab-{number}" for number, name in enumerate(USERS)}
    users = [f'{token},"{name}",{number},"system:masters"' for number, (name, token) in enumerate(tokens.items())]
    (folder / "tokens.csv").write_text("\n".join(users) + "\n", encoding="utf-8")
    key = folder / "service-account.key"
    if not key.exists():
        subprocess.run([_openssl(), "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    _make_certificate(folder)
    crew.start(
        "etcd",
        [
            build.binary("etcd"), f"--data-dir={folder / 'etcd'}", "--unsafe-no-fsync", "--log-level=error",
            f"--listen-client-urls=http://127.0.0.1:{store}", f"--advertise-client-urls=http://127.0.0.1:{store}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}", f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-cluster=default=http://127.0.0.1:{peer}",
        ],
    )  # fmt: skip
    crew.wait_for("etcd", lambda: listens(store))
    crew.start(
        "kube-apiserver",
        [
            build.binary("kube-apiserver"), f"--etcd-servers=http://127.0.0.1:{store}", "--bind-address=127.0.0.1",
            f"--secure-port={secure}", f"--tls-cert-file={folder / 'server.crt'}",
            f"--tls-private-key-file={folder / 'server.key'}", f"--token-auth-file={folder / 'tokens.csv'}",
            "--service-account-issuer=https://kubernetes.default.svc", f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}", "--service-cluster-ip-range=10.96.0.0/12",
            "--authorization-mode=RBAC", "--allow-privileged=true", "--endpoint-reconciler-type=none",
            "--anonymous-auth=false", "--profiling=false",
        ],
    )  # fmt: skip
    context = ssl.create_default_context(cafile=str(folder / "server.crt"))
    api = Api(secure, tokens["admin"], context)
    crew.wait_for("the API server", api.ready)
    configs = {name: _kubeconfig(folder, name, secure, token) for name, token in tokens.items()}
    crew.start(
        "kube-controller-manager",
        [
            build.binary("kube-controller-manager"), f"--kubeconfig={configs['controllers']}", "--leader-elect=false",
            f"--service-account-private-key-file={key}", f"--root-ca-file={folder / 'server.crt'}", "--secure-port=0",
            # kwok's node needs no heartbeat, so nobody may take it for dead.
            "--controllers=*,-node-lifecycle-controller,-node-ipam-controller,-node-route-controller",
            "--kube-api-qps=500", "--kube-api-burst=1000", "--concurrent-deployment-syncs=20",
            "--concurrent-replicaset-syncs=20",
        ],
    )  # fmt: skip
    crew.start(
        "kube-scheduler",
        [
            build.binary("kube-scheduler"), f"--kubeconfig={configs['controllers']}", "--leader-elect=false",
            "--secure-port=0", "--kube-api-qps=500", "--kube-api-burst=1000",
        ],
    )  # fmt: skip
    crew.start(
        "kwok",
        [
            build.binary("kwok"), f"--kubeconfig={configs['kwok']}", f"--manage-single-node={NODE}",
            f"--config={HERE / 'stages.yaml'}", "--node-lease-duration-seconds=0", "--cidr=10.0.0.0/8",
        ],
    )  # fmt: skip
    labels = {"kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux", "kubernetes.io/hostname": NODE}
    api.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE, "labels": labels}})
    # The server gives a new node a taint that only the controller which is left out above would take away.
    api.patch("v1/Node", NODE, {"spec": {"taints": None}})
    return Lab(folder, api, configs["admin"], crew, tokens)


def _openssl() -> str:
    found = shutil.which("openssl")
    if found is None:
        raise LabError("openssl is not installed; the lab's certificate is made with it")
    return found


def _make_certificate(folder: Path) -> None:
    """One certificate, its own authority: only this lab's programs talk to this server."""
    if (folder / "server.crt").exists():
        return
    command = [_openssl(), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=lab"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-addext", "basicConstraints=critical,CA:TRUE"]
    command += ["-keyout", str(folder / "server.key"), "-out", str(folder / "server.crt")]
    subprocess.run(command, check=True, capture_output=True)


def _kubeconfig(folder: Path, user: str, port: int, token: str) -> Path:
    path = folder / f"kubeconfig-{user.rpartition(':')[2]}"
    server = {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(folder / "server.crt")}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": server}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user}}],
        "current-context": "lab",
    }
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def _node_is_ready(api: Api) -> bool:
    conditions = api.get("v1/Node", NODE).get("status", {}).get("conditions", [])
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


# --- delivery --------------------------------------------------------------------------------------------------------


def _delivery(lab: Lab) -> None:
    lab.aws, cache, repositories, *metrics = free_ports(8)
    folder, crew = lab.folder, lab.crew
    crew.start("redis", [build.binary("redis"), f"127.0.0.1:{cache}"])
    crew.start("moto", [moto(), "--host", "127.0.0.1", "--port", str(lab.aws)])
    definitions = [
        *sorted((build.folder("argocd") / "crds").glob("*.yaml")),
        build.folder("external-secrets") / "crds" / "bundle.yaml",
    ]
    for path in definitions:
        lab.api.apply_all(without_webhooks(yaml.load_all(path.read_text("utf-8"), yaml.CSafeLoader)))
    for version, kinds in DEFINED.items():
        _established(lab, version, kinds)
    lab.api.apply_all(_argocd_settings())
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    (tools / "kustomize").unlink(missing_ok=True)
    (tools / "kustomize").symlink_to(build.binary("kustomize"))
    environment = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "ARGOCD_FAKE_IN_CLUSTER": "true",
        "ARGOCD_GPG_ENABLED": "false",
        "KUBECONFIG": str(folder / "kubeconfig-argocd"),
        "TMPDIR": str(_made(folder / "repositories")),
        # Many applications in one small machine: what is looked at again every three minutes is enough.
        "GOMAXPROCS": "2",
    }
    crew.start(
        "argocd-repo-server",
        [
            build.binary("argocd"), "repo-server", "--address=127.0.0.1", f"--port={repositories}",
            "--metrics-address=127.0.0.1", f"--metrics-port={metrics[0]}", f"--redis=127.0.0.1:{cache}",
            "--disable-tls", "--loglevel=warn",
        ],
        environment,
    )  # fmt: skip
    crew.wait_for("the repository server", lambda: listens(repositories))
    crew.start(
        "argocd-application-controller",
        [
            build.binary("argocd"), "application-controller", f"--kubeconfig={folder / 'kubeconfig-argocd'}",
            f"--namespace={ARGOCD}", f"--repo-server=127.0.0.1:{repositories}", "--repo-server-plaintext",
            f"--redis=127.0.0.1:{cache}", f"--metrics-port={metrics[1]}", "--loglevel=warn", "--app-resync=180",
            "--app-resync-jitter=0", "--self-heal-timeout-seconds=2",
        ],
        environment,
    )  # fmt: skip
    crew.start(
        "external-secrets",
        [
            build.binary("external-secrets"), f"--metrics-addr=127.0.0.1:{metrics[2]}", "--loglevel=warn",
            "--enable-cluster-external-secret-reconciler=false", "--enable-cluster-push-secret-reconciler=false",
            "--enable-push-secret-reconciler=false", "--concurrent=5",
        ],
        {
            "KUBECONFIG": str(folder / "kubeconfig-external-secrets"),
            "AWS_SSM_ENDPOINT": f"http://127.0.0.1:{lab.aws}",
            "AWS_EC2_METADATA_DISABLED": "true",
        },
    )  # fmt: skip
    crew.wait_for("moto", lambda: listens(lab.aws))
    lab.api.apply_all(_secret_store())


def moto() -> Path:
    """The command ``moto_server``, installed from its lock once."""
    command = [sys.executable, "tools/environment.py", str(MOTO), "locks/moto.txt"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    if ran.returncode:
        raise LabError(f"[moto] {ran.stdout.strip().splitlines()[-1]}")
    return ROOT / MOTO / "bin" / "moto_server"


def without_webhooks(definitions: Iterator[Object]) -> Iterator[Object]:
    """Definitions as they are without the operator's webhook: nothing here asks for another version of an object."""
    for definition in definitions:
        if definition:
            definition["spec"].pop("conversion", None)
            definition.pop("status", None)
            yield definition


def _established(lab: Lab, version: str, kinds: AbstractSet[str]) -> None:
    """Wait until the server serves *kinds* of *version*: each definition takes a moment of its own."""

    def served() -> bool:
        status, text = lab.api.raw("GET", f"/apis/{version}")
        return status == 200 and kinds <= {item["kind"] for item in json.loads(text)["resources"]}

    lab.wait_for(version, served)


def _argocd_settings() -> Sequence[Object]:
    names = ("argocd-cm", "argocd-rbac-cm", "argocd-cmd-params-cm", "argocd-tls-certs-cm", "argocd-ssh-known-hosts-cm",
             "argocd-gpg-keys-cm")  # fmt: skip
    labels = {"app.kubernetes.io/part-of": "argocd"}
    settings: list[Object] = [_namespace(ARGOCD)]
    for name in names:
        metadata = {"name": name, "namespace": ARGOCD, "labels": labels}
        settings.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {}})
    metadata = {"name": "argocd-secret", "namespace": ARGOCD, "labels": labels}
    secret = {"server.secretkey": "bGFi", "admin.password": "bGFi", "admin.passwordMtime": "bGFi"}
    return [*settings, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": secret}]


def _secret_store() -> Sequence[Object]:
    """What docs/deploy.md expects of the cluster: a store called ``parameterstore``."""
    reference = {"namespace": "external-secrets", "name": "aws"}
    return [
        _namespace("external-secrets"),
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": reference,
            "stringData": {"id": "testing", "key": "testing"},
        },
        {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ClusterSecretStore",
            "metadata": {"name": "parameterstore"},
            "spec": {
                "provider": {
                    "aws": {
                        "service": "ParameterStore",
                        "region": REGION,
                        "auth": {
                            "secretRef": {
                                "accessKeyIDSecretRef": {**reference, "key": "id"},
                                "secretAccessKeySecretRef": {**reference, "key": "key"},
                            }
                        },
                    }
                }
            },
        },
    ]


def _namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder
