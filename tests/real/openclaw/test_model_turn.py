"""
One turn of the agent, end to end: agent, gate of the proxy, provider and back, with rendered manifests on both sides.

Only the provider and the Docker daemon are stand-ins. The daemon takes the command line that OpenClaw really sends, so
the sandbox's flags and mounts are seen as a daemon would see them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import pytest

from tests.real.litellm.harness import DIST, LiteLLM, require_litellm
from tests.real.openclaw.harness import LITELLM, Document, OpenClaw, config_of, load, pod_of, require_openclaw

pytestmark = pytest.mark.real

PROXY_HOST = "litellm.openclaw.svc.cluster.local"
DOCKER = r"""#!/bin/sh
# A daemon that has every image, and containers of which only the options are real.
calls=/tmp/docker.calls made=/tmp/docker.mounts
id=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
printf '%s\n' "$*" >>$calls
case "$1 $2" in
"image inspect") echo '[{"Id":"sha256:1"}]' ;;
"create "*)
  mounts= tmpfs= number=100
  echo '100 1 0:1 / / ro - overlay overlay ro' >$made.info
  while [ $# -gt 1 ]; do
    case $1 in
    -v)
      source=${2%%:*} rest=${2#*:} write=true
      case $rest in *:ro*) write=false ;; esac
      mounts="$mounts,{\"Type\":\"bind\",\"Source\":\"$source\",\"Destination\":\"${rest%%:*}\",\"RW\":$write}"
      number=$((number + 1)) mode=rw
      [ $write = true ] || mode=ro
      echo "$number 100 8:1 $source ${rest%%:*} $mode - ext4 /dev/sda1 rw" >>$made.info ;;
    --tmpfs)
      tmpfs="$tmpfs,\"$2\":\"\"" number=$((number + 1))
      echo "$number 100 0:$number / $2 rw - tmpfs tmpfs rw" >>$made.info ;;
    esac
    shift
  done
  printf '{"Mounts":[%s],"Tmpfs":{%s}}\n' "${mounts#,}" "${tmpfs#,}" >$made
  echo $id ;;
"exec "*) case "$*" in *mountinfo*) cat $made.info ;; esac ;;
"inspect "*)
  [ -e $made ] || { echo 'Error: No such object' >&2; exit 1; }
  case "$*" in
  *State.Running*) echo true ;;
  *Mounts*) cat $made ;;
  *) echo $id ;;
  esac ;;
esac
"""


@dataclass
class Turn:
    """What was seen of one turn."""

    agent: OpenClaw
    proxy: LiteLLM
    answer: Any
    created: list[str]


@pytest.fixture(scope="module")
def turn() -> Iterator[Turn]:
    require_openclaw()
    require_litellm()
    with LiteLLM.from_dist(DIST) as proxy:
        agent = OpenClaw.from_dist(DIST)
        agent.fresh = False
        agent.tools = {"docker": DOCKER}
        agent.hosts = {PROXY_HOST: LITELLM}
        agent.environment = {"LITELLM_PROXY_KEY": proxy.client_key}
        with agent, agent.listen(LITELLM, 4000, ("127.0.0.1", proxy.port)):
            done = agent.run("openclaw", "agent", "--agent", "main", "--message", "ping", "--json", timeout=120)
            assert done.returncode == 0, done.stdout + done.stderr + agent.log[-2000:] + proxy.log()[-2000:]
            calls = agent.run("cat", "/tmp/docker.calls").stdout.splitlines()  # noqa: S108 - inside the pod
            created = next(call for call in calls if call.startswith("create "))
            yield Turn(agent, proxy, json.loads(done.stdout), created.split())


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
    assert any(seen.holds("鉄則") or "鉄則" in json.loads(seen.body).__repr__() for seen in turn.proxy.upstream.seen)


def test_no_secret_of_the_pod_is_in_the_prompt(turn: Turn) -> None:
    values = [value for name, value in turn.agent.environment_of(turn.agent.gateway).items() if len(value) == 64]

    assert values
    assert not any(seen.holds(value) for seen in turn.proxy.upstream.seen for value in values)


def test_nothing_else_left_the_proxy(turn: Turn) -> None:
    assert turn.proxy.outside.seen == []


def test_sandbox_is_confined_as_rendered(turn: Turn) -> None:
    docker = config_of(turn.agent.documents)["agents"]["defaults"]["sandbox"]["docker"]
    line = " ".join(turn.created)

    for flags in (
        "--read-only",
        "--cap-drop ALL",
        "--security-opt no-new-privileges",
        f"--network {docker['network']}",
        f"--user {docker['user']}",
        f"--memory {docker['memory']}",
        f"--pids-limit {docker['pidsLimit']}",
    ):
        assert f" {flags} " in f" {line} "
    assert docker["image"] in turn.created
    assert "--privileged" not in turn.created


def test_daemon_sees_every_mount_of_the_sandbox_at_the_same_path(turn: Turn) -> None:
    pod = pod_of(turn.agent.documents)
    containers = [*pod["initContainers"], *pod["containers"]]
    daemon = next(entry for entry in containers if (entry.get("securityContext") or {}).get("privileged"))
    state = {mount["mountPath"]: mount for mount in turn.agent.gateway["volumeMounts"]}["/home/node/.openclaw"]
    shared = {
        PurePosixPath(mount["mountPath"]): mount for mount in daemon["volumeMounts"] if mount["name"] == state["name"]
    }

    sources = [PurePosixPath(turn.created[i + 1].split(":")[0]) for i, word in enumerate(turn.created) if word == "-v"]

    assert sources
    for source in sources:
        path = next(path for path in shared if source.is_relative_to(path))
        assert shared[path]["subPath"] == str(path.relative_to("/home/node/.openclaw"))
