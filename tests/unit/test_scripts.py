"""
The shell scripts of the agent's pod, run as they are: plain sh, a temporary root, stubs for whatever would leave it.

Each runs as uid 1000 without privileges, with a root that it cannot write, when the tests run as root: that is how it
runs in the pod.
"""

import functools
import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import tarfile
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[2] / "constructs/agentkeep"
SCRIPTS = sorted(LIBRARY.rglob("files/*.sh"))
IS_ROOT = os.geteuid() == 0


class Pod:
    """A temporary root with stub programs in front of the real ones, and every call of a stub written down."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bin = root / "bin"
        self.bin.mkdir()
        self.log = root / "calls"
        self.log.touch()
        root.chmod(0o755)

    def stub(self, name: str, body: str) -> None:
        program = self.bin / name
        program.write_text(f'#!/bin/sh\nprintf "%s\\n" "{name} $*" >>"{self.log}"\n{body}\n')
        program.chmod(0o755)

    def folder(self, name: str) -> Path:
        path = self.root / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def own(self) -> None:
        if IS_ROOT:
            for path in (self.root, *self.root.rglob("*")):
                os.chown(path, 1000, 1000, follow_symlinks=False)

    def command(self, script: str, *args: str) -> list[str]:
        drop = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "--no-new-privs", "--inh-caps=-all"]
        # Those that run OpenClaw have a volume at /tmp.
        writable = ["/tmp"] if script in ("prepare-state.sh", "install-plugins.sh") else []  # noqa: S108 - of this test's own namespace
        return [*self.read_only(*writable), *(drop if IS_ROOT else []), "sh", str(where(script)), *args]

    def read_only(self, *writable: str) -> list[str]:
        """A root that nobody can write, as all containers but the daemon have it; what is mounted stays writable."""
        if not can_lock_root():
            return []
        unshare, mount = shutil.which("unshare") or "", shutil.which("mount")
        binds = " && ".join(f'{mount} --bind "{path}" "{path}"' for path in (*writable, self.root))
        lock = f'{binds} && {mount} -o remount,bind,ro / && exec "$@"'
        return [unshare, "--mount", "--propagation", "private", "/bin/sh", "-c", lock, "lock"]

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        return {"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(self.root), **env}

    def run(self, script: str, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        self.own()
        return subprocess.run(
            self.command(script, *args),
            env=self.environment(env),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, script: str, *args: str, **env: str) -> "subprocess.Popen[bytes]":
        self.own()
        return subprocess.Popen(self.command(script, *args), env=self.environment(env), start_new_session=True)

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().splitlines()


def where(script: str) -> Path:
    """The file of a script, in whichever construct it is."""
    return next(path for path in SCRIPTS if path.name == script)


@functools.cache
def can_lock_root() -> bool:
    """Whether this process may make a root of its own that is read-only."""
    if not IS_ROOT or not shutil.which("unshare"):
        return False
    probe = ["unshare", "--mount", "--propagation", "private", "mount", "-o", "remount,bind,ro", "/"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    if IS_ROOT and not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed")
    # The folder is below one of root's that nobody else may enter.
    for parent in (tmp_path, *list(tmp_path.parents)[:3]):
        if parent.stat().st_uid == os.geteuid() and parent != Path("/tmp"):  # noqa: S108 - compared, not used
            parent.chmod(parent.stat().st_mode | 0o011)
    return Pod(tmp_path)


def wait_until(condition: "object", seconds: float = 10) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("it did not happen in time")


def stop(process: "subprocess.Popen[bytes]") -> int:
    """Ask a process to end, kill whatever it leaves behind, and return its exit status."""
    # Popen.terminate() and wait() would free the number of the process, and with it the group's if nobody else is in
    # it. Until it is waited for, the group is there to be killed, and the number is nobody else's.
    os.kill(process.pid, signal.SIGTERM)
    try:
        wait_until(lambda: has_ended(process))
    finally:
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait(10)


def has_ended(process: "subprocess.Popen[bytes]") -> bool:
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def archive(path: Path, files: Mapping[str, str]) -> bytes:
    with tarfile.open(path, "w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(text.encode()), 0o755
            tar.addfile(info, io.BytesIO(text.encode()))
    return path.read_bytes()


# --- the tests' own tools ---------------------------------------------------------------------------------------------


def test_stopping_what_has_already_ended_gives_its_status() -> None:
    # Under load a script, and all it started, can be gone before its group is asked to go.
    process = subprocess.Popen(["sh", "-c", "exit 3"], start_new_session=True)
    wait_until(lambda: has_ended(process))

    assert stop(process) == 3


def test_stopping_what_goes_at_once_gives_its_status() -> None:
    # Nobody is left in the group when it is killed, every time.
    processes = [subprocess.Popen(["sleep", "60"], start_new_session=True) for _ in range(20)]

    assert {stop(process) for process in processes} == {-signal.SIGTERM}


def test_stopping_leaves_nothing_behind(tmp_path: Path) -> None:
    number = tmp_path / "number"
    deaf = f"trap '' TERM; echo $$ >{number}; exec sleep 60"
    command = ["sh", "-c", 'trap "exit 0" TERM; sh -c "$1" & wait', "sh", deaf]
    process = subprocess.Popen(command, start_new_session=True)
    wait_until(lambda: number.exists() and number.read_text().endswith("\n"))

    assert stop(process) == 0
    wait_until(lambda: not is_running(int(number.read_text())))


def is_running(number: int) -> bool:
    """Whether a process does anything; one that nobody waited for is a mere entry."""
    try:
        return ") Z " not in Path(f"/proc/{number}/stat").read_text()
    except FileNotFoundError:
        return False


# --- every script ----------------------------------------------------------------------------------------------------


def test_there_are_scripts() -> None:
    assert {
        "check-connectivity",
        "copy-docker-cli",
        "dind-prune",
        "install-tools",
        "prepare-state",
        "pull-sandbox",
        "share-certs",
        "sync-files",
    } <= {script.stem for script in SCRIPTS}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_shellcheck_finds_nothing(script: Path) -> None:
    checker = shutil.which("shellcheck", path=f"{Path(os.__file__).parents[2] / 'bin'}:{os.environ['PATH']}")
    checker = checker or shutil.which("shellcheck", path=str(Path(__file__).parents[2] / ".venv/bin"))
    if checker is None:
        pytest.skip("shellcheck is not installed")

    found = subprocess.run([checker, "--shell=sh", "--severity=style", script], capture_output=True, check=False)

    assert found.returncode == 0, found.stdout.decode()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_header_says_who_runs_it(script: Path) -> None:
    shebang, *comment = script.read_text().split("\nset -eu", maxsplit=1)[0].splitlines()
    header = " ".join(line.removeprefix("#").strip() for line in comment)

    assert shebang == "#!/bin/sh"
    assert re.search(r"Run by: .*([Uu]id and gid (1000|65534)|as root)", header)


def test_daemon_rotates_its_logs() -> None:
    daemon = json.loads(next(LIBRARY.rglob("files/daemon.json")).read_text())

    assert daemon["log-opts"] == {"max-size": "10m", "max-file": "3"}
    # The image's entrypoint gives these as flags, and dockerd refuses to start when both say them.
    assert not {"hosts", "tls", "tlsverify", "tlscacert"} & daemon.keys()


# --- sync-files ------------------------------------------------------------------------------------------------------


class Volumes:
    """ConfigMap volumes as kubelet makes them: symlinks into a folder that is swapped as a whole."""

    def __init__(self, pod: Pod) -> None:
        self.pod = pod
        self.config = pod.folder("config-source")
        self.policy = pod.folder("policy-source")
        self.live = pod.folder("config")
        self.workspace = pod.folder("state/workspace")
        self.write(self.config, {"openclaw.json": '{"a": 1}'})
        self.write(self.policy, {"SOUL.md": "rules", "skills/codex-review/SKILL.md": "review"})

    def write(self, volume: Path, files: Mapping[str, str]) -> None:
        data = volume / f"..{time.monotonic_ns()}"
        for name, text in files.items():
            (data / name).parent.mkdir(parents=True, exist_ok=True)
            (data / name).write_text(text)
        (volume / "..data_tmp").symlink_to(data.name)
        (volume / "..data_tmp").rename(volume / "..data")
        for name in {name.split("/")[0] for name in files}:
            if not (volume / name).is_symlink():
                (volume / name).symlink_to(f"..data/{name}")
        self.pod.own()

    @property
    def env(self) -> dict[str, str]:
        return {
            "CONFIG_SOURCE": str(self.config),
            "CONFIG_DIR": str(self.live),
            "POLICY_SOURCE": str(self.policy),
            "WORKSPACE_DIR": str(self.workspace),
            "SYNC_SECONDS": "0.1",
        }


@pytest.fixture
def volumes(pod: Pod) -> Volumes:
    return Volumes(pod)


def test_sync_copies_config_and_policy_as_regular_files(pod: Pod, volumes: Volumes) -> None:
    done = pod.run("sync-files.sh", "once", **volumes.env)

    assert done.returncode == 0, done.stderr
    live = volumes.live / "openclaw.json"
    assert (live.read_text(), live.is_symlink(), live.stat().st_mode & 0o777) == ('{"a": 1}', False, 0o600)
    soul = volumes.workspace / "SOUL.md"
    assert (soul.read_text(), soul.stat().st_mode & 0o777) == ("rules", 0o444)
    assert (volumes.workspace / "skills/codex-review/SKILL.md").read_text() == "review"
    assert [path.name for path in volumes.workspace.rglob("*") if path.is_file()].count("SOUL.md") == 1


def test_sync_again_writes_nothing(pod: Pod, volumes: Volumes) -> None:
    pod.run("sync-files.sh", "once", **volumes.env)
    before = (volumes.live / "openclaw.json").stat().st_ino

    done = pod.run("sync-files.sh", "once", **volumes.env)

    assert done.stderr == ""
    assert (volumes.live / "openclaw.json").stat().st_ino == before


def test_sync_keeps_what_the_agent_made(pod: Pod, volumes: Volumes) -> None:
    note = volumes.workspace / "MEMORY.md"
    note.write_text("mine")
    own = volumes.workspace / "skills/own/SKILL.md"
    own.parent.mkdir(parents=True)
    own.write_text("mine")

    assert pod.run("sync-files.sh", "once", **volumes.env).returncode == 0
    assert (note.read_text(), own.read_text()) == ("mine", "mine")


@pytest.mark.parametrize("tampering", ["changed", "removed", "folder", "symlink"])
def test_sync_restores_a_policy_file(pod: Pod, volumes: Volumes, tampering: str) -> None:
    pod.run("sync-files.sh", "once", **volumes.env)
    soul, elsewhere = volumes.workspace / "SOUL.md", pod.root / "elsewhere"
    soul.unlink()
    match tampering:
        case "changed":
            soul.write_text("no rules")
        case "folder":
            (soul / "inner").mkdir(parents=True)
        case "symlink":
            elsewhere.write_text("rules")
            soul.symlink_to(elsewhere)
        case _:
            pass

    assert pod.run("sync-files.sh", "once", **volumes.env).returncode == 0
    assert soul.read_text() == "rules"
    assert not soul.is_symlink()


def test_sync_does_not_follow_a_symlink_out_of_the_workspace(pod: Pod, volumes: Volumes) -> None:
    outside = pod.folder("outside")
    (volumes.workspace / "skills").symlink_to(outside)

    assert pod.run("sync-files.sh", "once", **volumes.env).returncode == 0
    assert list(outside.iterdir()) == []
    assert (volumes.workspace / "skills/codex-review/SKILL.md").read_text() == "review"


def test_sync_fails_without_a_configuration(pod: Pod, volumes: Volumes) -> None:
    shutil.rmtree(volumes.config)

    assert pod.run("sync-files.sh", "once", **volumes.env).returncode == 1


def test_sync_refuses_an_unknown_word(pod: Pod, volumes: Volumes) -> None:
    assert pod.run("sync-files.sh", "twice", **volumes.env).returncode == 64


def test_watch_follows_the_volume_and_stops(pod: Pod, volumes: Volumes) -> None:
    live, soul = volumes.live / "openclaw.json", volumes.workspace / "SOUL.md"
    process = pod.start("sync-files.sh", "watch", **volumes.env)
    try:
        wait_until(lambda: live.exists() and soul.exists())
        first = live.stat().st_ino
        volumes.write(volumes.config, {"openclaw.json": '{"a": 2}'})
        wait_until(lambda: live.read_text() == '{"a": 2}')
        assert live.stat().st_ino != first  # replaced, so that no reader ever sees half a file
        soul.unlink()
        wait_until(soul.exists)
    finally:
        assert stop(process) == 0


# --- prepare-state ---------------------------------------------------------------------------------------------------


class State:
    """What prepare-state.sh needs: a state folder, scratch, and stubs of npm and openclaw."""

    def __init__(self, pod: Pod, volumes: Volumes) -> None:
        self.pod = pod
        self.state = pod.folder("state")
        self.scratch = pod.folder("scratch")
        package = b"the plugin"
        (pod.root / "plugin.tgz").write_bytes(package)
        self.env = {
            **volumes.env,
            "STATE_DIR": str(self.state),
            "SCRATCH_DIR": str(self.scratch),
            "DISCORD_PLUGIN_VERSION": "2026.9.6",
            "DISCORD_PLUGIN_SHA512": hashlib.sha512(package).hexdigest(),
            "OPENCLAW_CONFIG_READONLY": "1",
            "npm_config_offline": "true",
        }
        pod.stub(
            "npm",
            f"""
[ -z "${{npm_config_offline:-}}" ] || exit 9
case $1 in
pack) cp "{pod.root}/plugin.tgz" discord.tgz && echo discord.tgz ;;
view) echo '"sha512-abc="' ;;
esac""",
        )
        self.install(integrity="sha512-abc=")

    def install(self, integrity: str) -> None:
        self.pod.stub(
            "openclaw",
            f"""
[ -z "${{OPENCLAW_CONFIG_READONLY:-}}" ] || exit 78
[ "$npm_config_offline" = true ] || exit 9
mkdir -p "$OPENCLAW_STATE_DIR/npm/projects/d"
printf '{{ "integrity": "{integrity}" }}' >"$OPENCLAW_STATE_DIR/npm/projects/d/package-lock.json" """,
        )

    def run(self, **env: str) -> subprocess.CompletedProcess[str]:
        return self.pod.run("prepare-state.sh", **{**self.env, **env})


@pytest.fixture
def state(pod: Pod, volumes: Volumes) -> State:
    return State(pod, volumes)


def test_prepare_lays_out_the_folders(state: State) -> None:
    done = state.run()

    assert done.returncode == 0, done.stderr
    assert {name: (state.state / name).stat().st_mode & 0o777 for name in ("workspace", "sandboxes", "sandbox")} == {
        "workspace": 0o700,
        "sandboxes": 0o700,
        "sandbox": 0o700,
    }
    assert (state.scratch / "tmp").stat().st_mode & 0o7777 == 0o1777
    assert (state.scratch / "home").stat().st_mode & 0o777 == 0o700
    assert (state.state / "workspace/SOUL.md").read_text() == "rules"
    assert sorted(path.name for path in state.scratch.iterdir()) == ["home", "tmp"]


def test_prepare_installs_the_plugin_once(state: State) -> None:
    assert state.run().returncode == 0
    first = state.pod.calls

    assert state.run().returncode == 0
    assert [call for call in first if call.startswith("openclaw ")] == [
        "openclaw plugins install npm:@openclaw/discord@2026.9.6 --pin --force --accept-capabilities"
    ]
    assert state.pod.calls == first


def test_prepare_installs_again_when_the_version_changes(state: State) -> None:
    assert state.run().returncode == 0

    assert state.run(DISCORD_PLUGIN_VERSION="2026.9.7").returncode == 0
    assert sum(call.startswith("openclaw ") for call in state.pod.calls) == 2


def test_prepare_without_discord_installs_nothing(state: State) -> None:
    assert state.run(DISCORD_PLUGIN_VERSION="").returncode == 0
    assert state.pod.calls == []


def test_prepare_refuses_a_package_with_another_checksum(state: State) -> None:
    done = state.run(DISCORD_PLUGIN_SHA512="0" * 128)

    assert done.returncode == 1
    assert "another checksum" in done.stderr
    assert not any(call.startswith("openclaw ") for call in state.pod.calls)


def test_prepare_refuses_a_package_without_checksum(state: State) -> None:
    assert state.run(DISCORD_PLUGIN_SHA512="").returncode != 0
    assert state.pod.calls == []


def test_prepare_fails_when_something_else_was_installed(state: State) -> None:
    state.install(integrity="sha512-other=")

    done = state.run()

    assert done.returncode == 1
    assert "not the one that was checked" in done.stderr
    assert not (state.state / "npm/.discord-installed").exists()


def test_prepare_fails_when_npm_does(state: State) -> None:
    state.pod.stub("npm", "exit 1")

    assert state.run().returncode == 1


def test_prepare_fails_without_its_volume(state: State) -> None:
    assert state.run(STATE_DIR=str(state.pod.root / "gone")).returncode == 1


@pytest.mark.skipif(not IS_ROOT, reason="needs root to give the volume another owner")
def test_prepare_takes_a_volume_that_kubelet_owns(state: State) -> None:
    command = state.pod.command("prepare-state.sh")
    command[command.index("--clear-groups")] = "--groups=1000"
    state.pod.own()
    os.chown(state.state, 0, 1000)
    state.state.chmod(0o2775)

    done = subprocess.run(
        command, env=state.pod.environment(state.env), capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "belongs to another user" in done.stderr


# --- install-plugins -------------------------------------------------------------------------------------------------

SLACK, OTHER = "@openclaw/slack@2026.9.6", "@acme/chat@1.2.3"


class Plugins(State):
    """What install-plugins.sh needs: the same, and a list instead of Discord's version."""

    @property
    def digest(self) -> str:
        return self.env["DISCORD_PLUGIN_SHA512"]

    def plugins(self, *packages: str, **env: str) -> subprocess.CompletedProcess[str]:
        wanted = " ".join(f"{package}={self.digest}" for package in packages)
        return self.pod.run("install-plugins.sh", **{**self.env, "PLUGINS": wanted, **env})

    @property
    def installed(self) -> list[str]:
        return [call.split()[3] for call in self.pod.calls if call.startswith("openclaw ")]


@pytest.fixture
def plugins(pod: Pod, volumes: Volumes) -> Plugins:
    return Plugins(pod, volumes)


def test_plugins_are_installed_once_each(plugins: Plugins) -> None:
    first = plugins.plugins(SLACK, OTHER)
    assert first.returncode == 0, first.stderr

    assert plugins.plugins(SLACK, OTHER).returncode == 0
    assert plugins.installed == [f"npm:{SLACK}", f"npm:{OTHER}"]
    assert list(plugins.scratch.iterdir()) == []


def test_plugins_are_installed_again_when_a_version_changes(plugins: Plugins) -> None:
    assert plugins.plugins(SLACK, OTHER).returncode == 0

    assert plugins.plugins(SLACK.replace("2026.9.6", "2026.9.7"), OTHER).returncode == 0
    assert plugins.installed == [f"npm:{SLACK}", f"npm:{OTHER}", "npm:@openclaw/slack@2026.9.7"]


def test_a_plugin_with_another_checksum_is_not_installed(plugins: Plugins) -> None:
    done = plugins.plugins(PLUGINS=f"{SLACK}={'0' * 128} {OTHER}={plugins.digest}")

    assert done.returncode == 1
    assert f"{SLACK} has another checksum" in done.stderr
    assert plugins.installed == []


@pytest.mark.parametrize(("wanted", "says"), [("", "nothing to install"), (SLACK, "is not package@version=sha512")])
def test_a_plugin_without_checksum_is_not_installed(plugins: Plugins, wanted: str, says: str) -> None:
    done = plugins.plugins(PLUGINS=wanted)

    assert done.returncode != 0
    assert says in done.stderr
    assert plugins.installed == []


def test_plugins_fail_when_something_else_was_installed(plugins: Plugins) -> None:
    plugins.install(integrity="sha512-other=")

    done = plugins.plugins(SLACK)

    assert done.returncode == 1
    assert "not the one that was checked" in done.stderr
    assert list((plugins.state / "npm").glob(".plugin-*")) == []


def test_plugins_fail_when_npm_does(plugins: Plugins) -> None:
    plugins.pod.stub("npm", "exit 1")

    done = plugins.plugins(SLACK)

    assert done.returncode == 1
    assert "could not be fetched" in done.stderr


# --- install-tools ---------------------------------------------------------------------------------------------------


class Tools:
    """Packages as their publishers lay them out, and stubs that hand them over."""

    def __init__(self, pod: Pod) -> None:
        self.pod = pod
        self.tools = pod.folder("tools")
        vendor = "package/vendor/x86_64-unknown-linux-musl"
        codex = archive(
            pod.root / "codex.tgz",
            {
                f"{vendor}/codex/codex": "#!/bin/sh\necho codex-cli 0.98.0\n",
                f"{vendor}/path/rg": "#!/bin/sh\n",
                "package/vendor/x86_64-apple-darwin/codex/codex": "mac",
            },
        )
        gh = archive(
            pod.root / "gh.tar.gz",
            {"gh_2.97.0_linux_amd64/bin/gh": "#!/bin/sh\necho 'gh version 2.97.0 (2026-07-31)'\n"},
        )
        self.env = {
            "TOOLS_DIR": str(self.tools),
            "CODEX_VERSION": "0.98.0",
            "CODEX_SHA512": hashlib.sha512(codex).hexdigest(),
            "GH_VERSION": "2.97.0",
            "GH_SHA256": hashlib.sha256(gh).hexdigest(),
        }
        pod.stub("uname", "echo x86_64")
        pod.stub("git", "")
        pod.stub("npm", f'cp "{pod.root}/codex.tgz" c.tgz && echo c.tgz')
        pod.stub(
            "curl",
            f'while [ "$1" != --output ]; do shift; done; cp "{pod.root}/gh.tar.gz" "$2"',
        )

    def run(self, **env: str) -> subprocess.CompletedProcess[str]:
        return self.pod.run("install-tools.sh", **{**self.env, **env})

    @property
    def installed(self) -> list[str]:
        return sorted(path.name for path in (self.tools / "bin").iterdir())


@pytest.fixture
def tools(pod: Pod) -> Tools:
    return Tools(pod)


def test_tools_are_installed_at_their_versions(tools: Tools) -> None:
    done = tools.run()

    assert done.returncode == 0, done.stderr
    assert tools.installed == ["codex", "gh", "rg"]
    assert [path.name for path in tools.tools.iterdir()] == ["bin"]
    fetched = next(call for call in tools.pod.calls if call.startswith("curl "))
    assert fetched.endswith("/cli/cli/releases/download/v2.97.0/gh_2.97.0_linux_amd64.tar.gz")
    assert "--proto =https" in fetched


def test_tools_are_not_fetched_twice(tools: Tools) -> None:
    assert tools.run().returncode == 0
    tools.pod.log.write_text("")

    assert tools.run().returncode == 0
    assert not any(call.startswith(("npm ", "curl ")) for call in tools.pod.calls)


@pytest.mark.parametrize("digest", ["CODEX_SHA512", "GH_SHA256"])
def test_a_tool_with_another_checksum_is_refused(tools: Tools, digest: str) -> None:
    done = tools.run(**{digest: "0" * 64})

    assert done.returncode == 1
    assert "another checksum" in done.stderr
    assert {"CODEX_SHA512": "codex", "GH_SHA256": "gh"}[digest] not in tools.installed


@pytest.mark.parametrize("digest", ["CODEX_SHA512", "GH_SHA256"])
def test_a_tool_without_checksum_is_refused(tools: Tools, digest: str) -> None:
    assert tools.run(**{digest: ""}).returncode != 0


def test_a_tool_that_says_another_version_is_refused(tools: Tools) -> None:
    done = tools.run(CODEX_VERSION="0.99.0")

    assert done.returncode == 1
    assert "does not say that it is 0.99.0" in done.stderr


def test_a_tool_without_version_is_left_out(tools: Tools) -> None:
    assert tools.run(GH_VERSION="").returncode == 0
    assert tools.installed == ["codex", "rg"]


def test_an_unknown_machine_is_refused(tools: Tools) -> None:
    tools.pod.stub("uname", "echo riscv64")

    assert tools.run().returncode == 1


def test_an_image_without_git_is_refused(tools: Tools) -> None:
    (tools.pod.bin / "git").unlink()
    for name in ("sh", "dirname", "mkdir", "mktemp", "rm", "cat", "head", "cut", "tail", "setpriv"):
        (tools.pod.bin / name).symlink_to(shutil.which(name) or name)

    done = subprocess.run(
        tools.pod.command("install-tools.sh"),
        env={**tools.env, "PATH": str(tools.pod.bin)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, "no git" in done.stderr) == (1, True)


# --- the daemon's client certificate ---------------------------------------------------------------------------------


def client_certificate(pod: Pod) -> Path:
    certs = pod.folder("certs")
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (certs / name).write_text(name)
        (certs / name).chmod(0o644)
    return certs


def test_the_client_key_is_given_to_one_user(pod: Pod) -> None:
    certs = client_certificate(pod)
    pod.stub("docker", f"""case "$*" in *--tlsverify*--tlskey={certs}/key.pem*version) exit 0 ;; *) exit 2 ;; esac""")
    pod.stub("chown", 'printf "%s\\n" "$*"')
    env = {"CLIENT_CERTS": str(certs), "GATEWAY_UID": "1234"}

    first, again = pod.run("share-certs.sh", **env), pod.run("share-certs.sh", **env)

    assert (first.returncode, again.returncode) == (0, 0)
    assert first.stdout == f"1234 {certs}/key.pem\n"
    assert {path.name: path.stat().st_mode & 0o777 for path in certs.iterdir()} == {
        "ca.pem": 0o644,
        "cert.pem": 0o644,
        "key.pem": 0o400,
    }


def test_a_key_that_a_restarted_daemon_opens_again_is_closed_again(pod: Pod) -> None:
    certs = client_certificate(pod)
    # All files are there from before; the key is opened just before the daemon answers.
    pod.stub(
        "docker",
        f"""echo x >>"{pod.root}/calls"; chmod 0644 {certs}/key.pem; [ "$(wc -l <"{pod.root}/calls")" -gt 1 ]""",
    )
    pod.stub("chown", "")

    assert pod.run("share-certs.sh", CLIENT_CERTS=str(certs)).returncode == 0
    assert (certs / "key.pem").stat().st_mode & 0o777 == 0o400


def test_a_daemon_that_does_not_answer_has_not_started(pod: Pod) -> None:
    certs = client_certificate(pod)
    pod.stub("docker", "exit 1")
    pod.stub("chown", "exit 9")

    done = pod.run("share-certs.sh", CLIENT_CERTS=str(certs), WAIT_SECONDS="1")

    assert (done.returncode, "did not answer" in done.stderr) == (1, True)


# --- the docker CLI --------------------------------------------------------------------------------------------------


def test_docker_cli_is_copied(pod: Pod) -> None:
    pod.stub("docker", "echo 'Docker version 29.8.0, build abc'")
    env = {"TOOLS_DIR": str(pod.folder("tools")), "DOCKER_VERSION": "29.8.0"}

    assert pod.run("copy-docker-cli.sh", **env).returncode == 0
    assert pod.run("copy-docker-cli.sh", **env).returncode == 0
    copied = pod.root / "tools/bin/docker"
    assert copied.read_bytes() == (pod.bin / "docker").read_bytes()
    assert copied.stat().st_mode & 0o777 == 0o755


def test_docker_cli_of_another_version_is_refused(pod: Pod) -> None:
    pod.stub("docker", "echo 'Docker version 29.8.01, build abc'")

    assert pod.run("copy-docker-cli.sh", TOOLS_DIR=str(pod.folder("tools")), DOCKER_VERSION="29.8.0").returncode == 1


SANDBOX = {
    "SANDBOX_SOURCE": "ghcr.io/boxp/sandbox@sha256:abc",
    "SANDBOX_IMAGE": "openclaw-sandbox:bookworm-slim",
    "WAIT_SECONDS": "3",
    "PULL_ATTEMPTS": "3",
    "PULL_PAUSE": "0",
}


def daemon(pod: Pod, *, answers_after: int = 0, pulls_after: int = 0, has: str = "-") -> None:
    """Stub a daemon that needs some calls before it answers or pulls, and may have an image already."""
    pod.stub(
        "docker",
        f"""
count() {{ echo x >>"{pod.root}/$1"; wc -l <"{pod.root}/$1"; }}
case "$1 $2" in
"version --format") [ "$(count version)" -gt {answers_after} ] ;;
"image inspect") [ "$3" = "{has}" ] || [ -e "{pod.root}/pulled" -a "$3" = "{SANDBOX["SANDBOX_SOURCE"]}" ] ;;
"pull --quiet") [ "$(count pull)" -gt {pulls_after} ] && touch "{pod.root}/pulled" ;;
"tag "*) [ -e "{pod.root}/pulled" ] || [ "{has}" = "$2" ] ;;
esac""",
    )


def test_sandbox_is_pulled_and_named(pod: Pod) -> None:
    daemon(pod, answers_after=1, pulls_after=1)

    done = pod.run("pull-sandbox.sh", **SANDBOX)

    assert done.returncode == 0, done.stderr
    assert pod.calls[-1] == "docker tag ghcr.io/boxp/sandbox@sha256:abc openclaw-sandbox:bookworm-slim"
    assert sum(call.startswith("docker pull") for call in pod.calls) == 2


def test_sandbox_that_is_there_is_not_pulled(pod: Pod) -> None:
    daemon(pod, has=SANDBOX["SANDBOX_SOURCE"])

    assert pod.run("pull-sandbox.sh", **SANDBOX).returncode == 0
    assert not any(call.startswith("docker pull") for call in pod.calls)


def test_sandbox_gives_up_on_a_daemon_that_is_silent(pod: Pod) -> None:
    daemon(pod, answers_after=99)

    assert pod.run("pull-sandbox.sh", **SANDBOX).returncode == 1
    assert sum(call.startswith("docker version") for call in pod.calls) == 4


def test_sandbox_gives_up_on_a_registry_that_is_down(pod: Pod) -> None:
    daemon(pod, pulls_after=99)

    assert pod.run("pull-sandbox.sh", **SANDBOX).returncode == 1
    assert sum(call.startswith("docker pull") for call in pod.calls) == 3


def test_sandbox_makes_do_with_an_older_image(pod: Pod) -> None:
    daemon(pod, pulls_after=99, has=SANDBOX["SANDBOX_IMAGE"])

    assert pod.run("pull-sandbox.sh", **SANDBOX).returncode == 0


def test_sandbox_under_its_own_name_is_not_tagged(pod: Pod) -> None:
    daemon(pod)

    assert pod.run("pull-sandbox.sh", **{**SANDBOX, "SANDBOX_IMAGE": ""}).returncode == 0
    assert not any(call.startswith("docker tag") for call in pod.calls)


def test_sandbox_needs_an_image(pod: Pod) -> None:
    assert pod.run("pull-sandbox.sh").returncode != 0


def test_prune_keeps_named_images(pod: Pod) -> None:
    pod.stub("docker", "")

    assert pod.run("dind-prune.sh", PRUNE_SECONDS="0", PRUNE_ROUNDS="2").returncode == 0
    assert pod.calls == 2 * [
        "docker container prune --force --filter until=24h",
        "docker image prune --force --filter until=24h",
        "docker builder prune --force --filter until=24h",
        "docker volume prune --force",
    ]


def test_prune_outlives_a_daemon_that_restarts(pod: Pod) -> None:
    pod.stub("docker", "exit 1")

    done = pod.run("dind-prune.sh", PRUNE_SECONDS="0", PRUNE_ROUNDS="2")

    assert done.returncode == 0
    assert done.stderr.count("trying again later") == 2


def test_prune_stops_at_once(pod: Pod) -> None:
    pod.stub("docker", "")
    process = pod.start("dind-prune.sh", PRUNE_SECONDS="600")
    try:
        wait_until(lambda: len(pod.calls) == 4)
    finally:
        assert stop(process) == 0


# --- the check inside the cluster -------------------------------------------------------------------------------------


OPEN = 'case "$*" in *" litellm 4000"|*" discord.com 443") exit 0 ;; *) exit 1 ;; esac'


KNOWN = 'case "$*" in discord.com|api.example) exit 0 ;; *) exit 1 ;; esac'


@pytest.mark.parametrize("never", ["10.96.0.1:443", "fd00:2::1:443", "api.example:443"])
def test_the_check_passes_where_everything_is_as_declared(pod: Pod, never: str) -> None:
    pod.stub("nc", OPEN)
    pod.stub("nslookup", KNOWN)

    done = pod.run("check-connectivity.sh", MUST_REACH="litellm:4000 discord.com:443", MUST_NOT_REACH=never, PAUSE="0")

    assert (done.returncode, done.stdout.count("ok ")) == (0, 3)


@pytest.mark.parametrize(
    ("reach", "never", "said"),
    [
        ("litellm:4000 elsewhere:1", "10.96.0.1:443", "FAIL  elsewhere:1 must be reachable and is not"),
        ("litellm:4000", "discord.com:443", "FAIL  discord.com:443 must not be reachable and is"),
        ("litellm:4000", "no-such.example:443", "FAIL  no-such.example:443 has no address, so nothing was tried"),
    ],
)
def test_the_check_fails_where_one_thing_differs(pod: Pod, reach: str, never: str, said: str) -> None:
    pod.stub("nc", OPEN)
    pod.stub("nslookup", KNOWN)

    done = pod.run("check-connectivity.sh", MUST_REACH=reach, MUST_NOT_REACH=never, ATTEMPTS="2", PAUSE="0")

    assert (done.returncode, said in done.stdout) == (1, True)


def test_a_root_that_is_read_only_is_really_so(pod: Pod) -> None:
    """The fault that the others are run against: a script that writes outside of its volumes."""
    if not can_lock_root():
        pytest.skip("unshare cannot lock the root here")
    own = pod.folder("volume")
    pod.own()

    lock = pod.read_only()
    inside = subprocess.run([*lock, "touch", f"{own}/file"], capture_output=True, check=False)
    outside = subprocess.run([*lock, "touch", "/var/tmp/file"], capture_output=True, check=False)  # noqa: S108 - refused

    assert (inside.returncode == 0, outside.returncode == 0) == (True, False)
