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
import functools
import hashlib
import json
import os
import secrets
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.real.openclaw.manifests import (
    DIST,
    Document,
    gateway_of,
    load,
    pod_of,
    script_container,
    with_config,
)
from tests.real.openclaw.network import CLOUDFLARED, NODE_ADDRESS, POD, Network
from tests.real.openclaw.programs import CACHE, NODE, npm_environment, require_openclaw

START_LIMIT = 180.0
"""Seconds; 12 alone on a machine, up to 50 beside other work."""


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
        self._install_plugins()

    def _install_plugins(self) -> None:
        """Run install-plugins.sh, if the pod has it, as prepare-state.sh is run."""
        for container in self.pod_spec.get("initContainers", []):
            if container["name"] != "install-plugins":
                continue
            env = self._outer(container, self.environment_of(container), online=True) | npm_environment()
            if (self._volume_at(container, "/scratch") / "authorities.pem").exists():
                env["NODE_EXTRA_CA_CERTS"] = "/scratch/authorities.pem"
            done = subprocess.run(
                self._command(container, container["command"], network=None),
                env=env, capture_output=True, text=True, timeout=300, check=False,
            )  # fmt: skip
            self.prepare_log += done.stdout + done.stderr
            if done.returncode != 0:
                raise NotReadyError("install-plugins failed", done.returncode, self.prepare_log)

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

    def listen(self, address: str, port: int, target: tuple[str, int]) -> contextlib.AbstractContextManager[None]:
        """Make *target*, an address of this machine, answer at a neighbour's or the pod's *address* in a block."""
        assert self._network is not None
        return self._network.listen(address, port, target, self.callers)


class NoReplyError(Exception):
    """Nobody answered."""


def _prepared_state(version: str) -> Path:
    """Where a state volume with the plugin is kept between starts; prepare-state.sh then finds it installed."""
    return CACHE / f"state-{version or 'none'}"
