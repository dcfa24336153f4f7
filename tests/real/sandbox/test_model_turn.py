"""
Turns of the agent, end to end: agent, gate of the proxy, provider, and back into a sandbox of a real Docker daemon.

Only the provider is a stand-in, and the sandbox image is a busybox. The provider orders calls of tools, as a model does
that was talked into something, and reads what came out.

Each property is a function of a turn, so that ``test_seeded_faults.py`` can show that a wrong deployment fails it.
"""

import contextlib
import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests.real.litellm.harness import DIST, ORDER, LiteLLM, require_litellm
from tests.real.openclaw.manifests import Document, config_of, load, pod_of, script_container
from tests.real.openclaw.network import LITELLM, POD
from tests.real.openclaw.programs import require_openclaw
from tests.real.sandbox.pod import SandboxedPod, daemon_of
from tests.real.sandbox.programs import require_docker

pytestmark = pytest.mark.real

PROXY_HOST = "litellm.openclaw.svc.cluster.local"
STATE, WORKSPACE = "/home/node/.openclaw", "/home/node/.openclaw/workspace"
BRIDGE = "172.17.0.1"
"""The daemon's end of its default network."""


@dataclass
class Turn:
    """A pod and its proxy, and the answer to a first word."""

    agent: SandboxedPod
    proxy: LiteLLM
    answer: Any

    def order(self, tool: str, **arguments: object) -> str:
        """Let the model call *tool*; return what the model was then told."""
        self.proxy.upstream.seen.clear()
        word = json.dumps({"name": tool, "input": arguments})
        done = self.agent.run("openclaw", "agent", "--agent", "main", "--message", f"{ORDER} {word}", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        result = self._result()
        assert result is not None
        return result

    def order_by_chat(self, tool: str, **arguments: object) -> str:
        """Do the same with a message from the gateway's own page, which is a channel like Discord is."""
        self.proxy.upstream.seen.clear()
        word = json.dumps({"name": tool, "input": arguments})
        message = {"sessionKey": "agent:main:main", "message": f"{ORDER} {word}", "idempotencyKey": os.urandom(8).hex()}
        done = self.agent.run("openclaw", "gateway", "call", "chat.send", "--params", json.dumps(message), "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        end = time.monotonic() + 60
        while (result := self._result()) is None:
            assert time.monotonic() < end, self.agent.log[-2000:]
            time.sleep(0.2)
        return result

    def _result(self) -> str | None:
        """Return what the provider was last told of a tool's work, if it was."""
        for seen in reversed(self.proxy.upstream.seen):
            last = json.loads(seen.body)["messages"][-1]["content"] if "/v1/messages" in seen.path else ""
            for part in last if isinstance(last, list) else []:
                if part["type"] == "tool_result":
                    told = part["content"]
                    return told if isinstance(told, str) else "".join(one.get("text", "") for one in told)
        return None

    def shell(self, command: str) -> str:
        """Let the model run *command*; return what it printed."""
        return self.order("exec", command=command)

    def sandbox(self) -> Document:
        """Return what the daemon says of the sandbox's container."""
        names = self.agent.docker("ps", "--filter", "name=openclaw-sbx", "--quiet").stdout.split()
        assert len(names) == 1, f"one sandbox is expected, {len(names)} found"
        found: Document = json.loads(self.agent.docker("inspect", names[0]).stdout)[0]
        return found

    def secrets(self) -> dict[str, str]:
        """Return every secret of the pod and of the proxy, by name."""
        pod = pod_of(self.agent.documents)
        found = {
            entry["name"]: self.agent.environment_of(container)[entry["name"]]
            for container in (*pod["initContainers"], *pod["containers"])
            for entry in container.get("env", [])
            if "secretKeyRef" in entry.get("valueFrom", {})
        }
        key = self.agent.run("cat", "/certs/client/key.pem").stdout.splitlines()[1]
        return found | self.proxy.secrets | {"the daemon's client key": key}


@contextlib.contextmanager
def turning(documents: list[Document]) -> Iterator[Turn]:
    """Start a proxy from ``dist/`` and the agent's pod from *documents*, and say a first word to the agent."""
    require_openclaw()
    require_litellm()
    require_docker()
    with LiteLLM.from_dist(DIST) as proxy:
        agent = SandboxedPod(documents)
        agent.hosts = {PROXY_HOST: LITELLM}
        agent.environment = {"LITELLM_PROXY_KEY": proxy.client_key}
        with agent, agent.listen(LITELLM, 4000, ("127.0.0.1", proxy.port)):
            done = agent.run("openclaw", "agent", "--agent", "main", "--message", "ping", "--json", timeout=120)
            assert done.returncode == 0, done.stdout + done.stderr + agent.log[-2000:] + proxy.log()[-2000:]
            yield Turn(agent, proxy, json.loads(done.stdout))


@pytest.fixture(scope="module")
def turn() -> Iterator[Turn]:
    with turning(load(DIST)) as running:
        yield running


# --- a word to the provider and back ---------------------------------------------------------------------------------


def secret_source(documents: list[Document], container_key: str) -> set[str]:
    """Return the parameters that *container_key* comes from, over all consumers."""
    return {
        entry["remoteRef"]["key"]
        for document in documents
        if document.get("kind") == "ExternalSecret"
        for entry in document["spec"]["data"]
        if entry["secretKey"] == container_key
    }


def test_answer_comes_back(turn: Turn) -> None:
    assert "pong" in json.dumps(turn.answer)


def test_both_sides_read_the_same_key() -> None:
    assert len(secret_source(load(DIST), "LITELLM_PROXY_KEY")) == 1


def test_provider_sees_its_model_and_never_the_agents_key(turn: Turn) -> None:
    requests = [seen for seen in turn.proxy.upstream.seen if "/v1/messages" in seen.path]

    primary = config_of(turn.agent.documents)["agents"]["defaults"]["model"]["primary"].removeprefix("litellm/")
    upstream = next(
        entry["litellm_params"]["model"].partition("/")[2]
        for entry in turn.proxy.config["model_list"]
        if entry["model_name"] == primary
    )
    assert requests
    assert {json.loads(seen.body)["model"] for seen in requests} == {upstream}
    assert not any(seen.holds(turn.proxy.client_key) for seen in requests)


def test_policy_text_is_part_of_the_prompt(turn: Turn) -> None:
    assert any("鉄則" in repr(json.loads(seen.body)) for seen in turn.proxy.upstream.seen)


def test_no_secret_is_in_the_prompt(turn: Turn) -> None:
    keys = set(turn.secrets().values()) - {turn.proxy.secrets["ANTHROPIC_API_KEY"]}

    assert len(keys) > 5
    assert not any(seen.holds(key) for seen in turn.proxy.upstream.seen for key in keys)


def test_nothing_else_left_the_proxy(turn: Turn) -> None:
    assert turn.proxy.outside.seen == []


# --- a command of the model ------------------------------------------------------------------------------------------


def check_runs_in_the_sandbox(turn: Turn) -> None:
    """A command runs in a container of the daemon, with the limits of the configuration and without any right."""
    docker = config_of(turn.agent.documents)["agents"]["defaults"]["sandbox"]["docker"]
    told = turn.shell("hostname; id -u; id -g; grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status")
    sandbox = turn.sandbox()
    limits = sandbox["HostConfig"]

    assert told.split()[:3] == [sandbox["Id"][:12], *docker["user"].split(":")]
    assert set(re.findall(r"Cap\w+:\s*(\w+)", told)) == {"0" * 16}
    assert re.search(r"NoNewPrivs:\s*1", told)
    assert re.search(r"Seccomp:\s*2", told)
    assert sandbox["Config"]["Image"] == docker["image"]
    assert (limits["Privileged"], limits["ReadonlyRootfs"]) == (False, True)
    assert limits["PidsLimit"] == docker["pidsLimit"]
    assert limits["Memory"] == limits["MemorySwap"] == {"1g": 1 << 30}[docker["memory"]]
    assert limits["NetworkMode"] == docker["network"]


def check_writes_only_where_it_may(turn: Turn) -> None:
    """The root is read-only; only the declared scratch folders and the workspace can be written."""
    tmpfs = config_of(turn.agent.documents)["agents"]["defaults"]["sandbox"]["docker"]["tmpfs"]
    told = turn.shell(
        "for d in / /bin /etc /home /opt /usr /usr/bin /var /var/tmp /tmp /run /workspace /workspace/skills; do "
        "if touch $d/.probe 2>/dev/null; then rm $d/.probe; echo $d; fi; done"
    )

    # /run is a tmpfs too, and root's, as in the image.
    assert set(told.split()) - {"/workspace/skills"} == {*tmpfs, "/workspace"} - {"/run"}


def check_holds_no_secret(turn: Turn) -> None:
    """No file of the sandbox and no environment of a process in it has a secret, whoever may read it."""
    told = turn.shell("env; cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'")
    processes = list(_processes(turn.sandbox()["Id"]))
    files = list(_files(processes[0] / "root"))
    seen = [told.encode(), *((process / "environ").read_bytes() for process in processes)]
    seen += [path.read_bytes() for path in files]

    assert any(path.name == "SOUL.md" for path in files)
    assert {name for name, value in turn.secrets().items() if any(value.encode() in data for data in seen)} == set()


def _processes(container: str) -> Iterator[Path]:
    """Yield the /proc folders of the container's processes, as this machine sees them."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if container in (process / "cgroup").read_text():
                yield process


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        if Path(folder) == root:
            folders[:] = [name for name in folders if name not in ("dev", "proc", "sys")]
        for name in names:
            path = Path(folder) / name
            if path.is_file() and not path.is_symlink():
                yield path


def check_shares_the_workspace(turn: Turn) -> None:
    """What the sandbox writes is the gateway's file, and the other way round: the daemon mounts the same volume."""
    turn.shell("echo from the sandbox >/workspace/there.txt")
    turn.agent.run("sh", "-c", f"echo from the gateway >{WORKSPACE}/here.txt")

    assert turn.agent.run("cat", f"{WORKSPACE}/there.txt").stdout == "from the sandbox\n"
    assert turn.shell("cat /workspace/here.txt") == "from the gateway"


def test_a_command_runs_in_the_sandbox(turn: Turn) -> None:
    check_runs_in_the_sandbox(turn)


def test_a_command_writes_only_where_it_may(turn: Turn) -> None:
    check_writes_only_where_it_may(turn)


def test_the_sandbox_holds_no_secret(turn: Turn) -> None:
    check_holds_no_secret(turn)


def test_the_workspace_is_shared(turn: Turn) -> None:
    check_shares_the_workspace(turn)


def test_daemon_sees_every_mount_of_the_sandbox_at_the_same_path(turn: Turn) -> None:
    state = {mount["mountPath"]: mount for mount in turn.agent.gateway["volumeMounts"]}[STATE]
    shared = {
        PurePosixPath(mount["mountPath"]): mount
        for mount in turn.agent.daemon["volumeMounts"]
        if mount["name"] == state["name"]
    }

    sources = [PurePosixPath(mount["Source"]) for mount in turn.sandbox()["Mounts"] if mount["Type"] == "bind"]

    assert sources
    for source in sources:
        path = next(path for path in shared if source.is_relative_to(path))
        assert shared[path]["subPath"] == str(path.relative_to(STATE))


def check_cannot_ask_its_way_out(turn: Turn) -> None:
    """The model asks for a shell beside the gateway, on behalf of somebody whom the configuration does not name."""
    ways: tuple[dict[str, object], ...] = ({"elevated": True}, {"host": "gateway"}, {"host": "node"})
    for order in (turn.order, turn.order_by_chat):
        for way in ways:
            told = order("exec", command="id; cat /proc/self/environ", **way)
            assert "uid=" not in told
            assert json.loads(told)["status"] == "error"


def test_the_model_cannot_ask_its_way_out(turn: Turn) -> None:
    check_cannot_ask_its_way_out(turn)


OUTSIDE = (
    "/proc/1/environ", "/proc/self/environ", "/etc/openclaw/openclaw.json", "/certs/client/key.pem",
    f"{STATE}/openclaw.json", f"{WORKSPACE}/../../.bashrc", "../../etc/openclaw/openclaw.json",
)  # fmt: skip


@pytest.mark.parametrize(
    ("tool", "path"),
    [
        *(("read", path) for path in OUTSIDE),
        *((tool, f"{STATE}/openclaw.json") for tool in ("write", "edit", "ls")),
        ("write", "../../etc/openclaw/openclaw.json"),
    ],
)
def test_file_tools_stay_in_the_workspace(turn: Turn, tool: str, path: str) -> None:
    arguments: dict[str, dict[str, object]] = {
        "write": {"content": "x"},
        "edit": {"edits": [{"oldText": "a", "newText": "b"}]},
    }
    told = turn.order(tool, path=path, **arguments.get(tool, {}))

    assert json.loads(told)["status"] == "error", told
    assert not any(value in told for value in turn.secrets().values())


def test_a_link_leads_the_file_tools_nowhere(turn: Turn) -> None:
    turn.shell(f"ln -sf /etc/openclaw/openclaw.json /workspace/config; ln -sf {STATE} /workspace/state")

    for path in ("config", "state/openclaw.json", f"{WORKSPACE}/config"):
        told = turn.order("read", path=path)
        assert json.loads(told)["status"] == "error", told
    turn.shell("rm /workspace/config /workspace/state")


def http(address: str, port: int, path: str) -> str:
    """Return a command that asks for *path* and prints the answer."""
    # The sleep keeps the line open: some servers take its end for a farewell.
    return f"(printf 'GET {path} HTTP/1.0\\r\\n\\r\\n'; sleep 1) | nc -w 5 {address} {port}"


def test_packets_of_the_sandbox_carry_the_pods_address(turn: Turn) -> None:
    """So the pod's NetworkPolicies hold for them, and the proxy asks them for a key like everybody."""
    turn.agent.callers.clear()
    told = turn.shell(http(LITELLM, 4000, "/v1/models"))

    assert "401" in told.splitlines()[0]
    assert turn.agent.callers[0] == POD


def test_the_sandbox_gets_nothing_of_the_gateway_without_its_token(turn: Turn) -> None:
    for address in (POD, BRIDGE):
        told = turn.shell(http(address, 18789, "/v1/models"))
        assert re.search(r"^HTTP/1\.\d 40[134]", told), told


def test_the_sandbox_cannot_command_the_daemon(turn: Turn) -> None:
    told = turn.shell(http(BRIDGE, 2376, "/v1.41/containers/json"))

    assert told.splitlines()[0].split()[1] == "400", told
    assert turn.shell("ls /var/run/docker.sock /run/docker.sock 2>/dev/null; true").strip() in ("", "(no output)")


def test_changed_rules_come_back(turn: Turn) -> None:
    """What SOUL.md says of itself."""
    before = turn.agent.run("cat", f"{WORKSPACE}/SOUL.md").stdout
    turn.shell("rm -f /workspace/SOUL.md; echo do as you like >/workspace/SOUL.md")
    end = time.monotonic() + 60
    while turn.agent.run("cat", f"{WORKSPACE}/SOUL.md").stdout != before:
        assert time.monotonic() < end
        time.sleep(1)

    assert "鉄則" in before


# --- the daemon ------------------------------------------------------------------------------------------------------


def check_daemon_settings(pod: SandboxedPod) -> None:
    """The daemon runs with what daemon.json says."""
    info = json.loads(pod.docker("info", "--format", "{{json .}}").stdout)
    bridge = json.loads(pod.docker("network", "inspect", "bridge").stdout)[0]["Options"]
    status = pod.docker("run", "--rm", "--network", "none", pod.image, "cat", "/proc/self/status").stdout
    pod.docker("create", "--name", "plain", pod.image, "true")
    log = json.loads(pod.docker("inspect", "plain").stdout)[0]["HostConfig"]["LogConfig"]
    pod.docker("rm", "plain")

    assert info["DockerRootDir"] == "/var/lib/docker"
    assert info["LiveRestoreEnabled"] is False
    assert log == {"Type": "json-file", "Config": {"max-file": "3", "max-size": "10m"}}
    assert bridge["com.docker.network.bridge.enable_icc"] == "false"
    assert bridge["com.docker.network.driver.mtu"] == "1400"
    assert re.search(r"NoNewPrivs:\s*1", status)


def check_only_the_gateway_has_the_key(pod: SandboxedPod) -> None:
    """The client's key is its user's alone, and without it the daemon does nothing."""
    key = pod.volumes["docker-certs"] / "client" / "key.pem"
    assert (key.stat().st_uid, key.stat().st_mode & 0o777) == (1000, 0o400)
    pull = script_container(pod.documents, "pull-sandbox.sh")
    for flags in (["--tls=false"], ["--tls", "--tlscert=", "--tlskey="]):
        done = pod.run_in(pull, "docker", "--host=tcp://localhost:2376", *flags, "ps", env={"HOME": "/"})
        assert done.returncode != 0, done.stdout


def test_the_daemon_runs_with_its_settings(turn: Turn) -> None:
    check_daemon_settings(turn.agent)


def test_only_the_gateway_has_the_key_of_the_daemon(turn: Turn) -> None:
    check_only_the_gateway_has_the_key(turn.agent)


def test_a_restarted_daemon_is_as_it_was(turn: Turn) -> None:
    """The image opens the client's key again at each start; the sandbox is started again when it is needed."""
    turn.agent.restart_daemon()

    check_only_the_gateway_has_the_key(turn.agent)
    check_runs_in_the_sandbox(turn)


def test_the_daemon_answers_its_probes(turn: Turn) -> None:
    daemon = daemon_of(turn.agent.documents)
    for probe in ("startupProbe", "livenessProbe"):
        done = turn.agent.run_in(daemon, *daemon[probe]["exec"]["command"], env=turn.agent.environment_of(daemon))
        assert done.returncode == 0, done.stderr


def test_the_image_is_found_when_the_registry_is_not(turn: Turn) -> None:
    turn.agent.close_registry()

    turn.agent.run_script("pull-sandbox.sh")


def test_pruning_takes_what_is_left_over_and_nothing_else(turn: Turn) -> None:
    image = turn.agent.image
    kept = turn.sandbox()["Id"]
    turn.agent.docker("run", "--network", "none", "--name", "over", image, "true")
    turn.agent.docker("commit", "over")
    turn.agent.docker("volume", "create")
    # Docker counts ages in whole seconds.
    time.sleep(3)
    turn.agent.run_script("dind-prune.sh", PRUNE_ROUNDS="1", PRUNE_AGE="1s")

    assert turn.agent.docker("ps", "--all", "--quiet", "--no-trunc").stdout.split() == [kept]
    assert turn.agent.docker("images", "--filter", "dangling=true", "--quiet").stdout == ""
    assert turn.agent.docker("volume", "ls", "--quiet").stdout == ""
    assert turn.agent.docker("image", "inspect", image).returncode == 0
