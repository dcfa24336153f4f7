"""The ledger says what was declared: every edge with its reason, in an order that no declaration changes."""

import json
from typing import Any

import pytest

from agentkeep import Image, Internet, SecretParam
from agentkeep.targets.ledger import ledger, ledger_text
from agentkeep.targets.report import text
from agentkeep.testing import demo_platform
from tests.worlds import DUAL_STACK, World, world


@pytest.fixture
def built() -> World:
    found = world(discord=True)
    found.publish("agent")
    found.lockdown.allow(found.agent, Internet.https(), because="web search")
    found.platform.seal()
    return found


def test_names_every_workload_with_the_containers_of_its_pod(built: World) -> None:
    found = {one["id"]: one for one in ledger(built.model)["workloads"]}

    assert found.keys() == {"agent", "cloudflared", "llm"}
    assert found["agent"]["path"] == "demo/agent"
    assert found["agent"]["role"] == "agent"
    assert found["agent"]["containers"] == ["agent", "dind-prune", "sync-files"]
    assert found["agent"]["initContainers"] == [
        *("copy-docker-cli", "install-tools", "prepare-state", "dind", "pull-sandbox")
    ]
    assert found["agent"]["privilegedContainers"] == ["dind"]
    assert found["agent"]["ports"] == [{"name": "gateway", "port": 18789, "protocol": "TCP"}]


def test_names_every_reader_of_every_secret(built: World) -> None:
    found = {one["id"]: one for one in ledger(built.model)["secrets"]}
    readers = {name: [(one["workload"], one["as"], one["name"]) for one in found[name]["readers"]] for name in found}

    assert readers == {
        "ACME_API_KEY": [("llm", "env", "ACME_API_KEY")],
        "DISCORD_BOT_TOKEN": [("agent", "env", "DISCORD_BOT_TOKEN")],
        "LITELLM_MASTER_KEY": [("llm", "env", "LITELLM_MASTER_KEY")],
        "LITELLM_PROXY_KEY": [("agent", "env", "LITELLM_PROXY_KEY"), ("llm", "env", "LITELLM_PROXY_KEY")],
        "OPENCLAW_GATEWAY_TOKEN": [("agent", "env", "OPENCLAW_GATEWAY_TOKEN")],
        "cloudflared-tunnel-token": [("cloudflared", "env", "TUNNEL_TOKEN")],
    }
    assert found["ACME_API_KEY"]["key"] == "/demo/demo/ACME_API_KEY"
    assert {one["filledBy"] for one in found.values()} == {"operator", "terraform"}


def test_a_file_is_told_from_a_variable() -> None:
    found = world()
    found.agent.reads(SecretParam(found.platform, "KEY", about="x"), as_file="/run/key")
    (secret,) = [one for one in ledger(found.model)["secrets"] if one["id"] == "KEY"]

    assert secret["readers"] == [{"workload": "agent", "containers": ["agent"], "as": "file", "name": "/run/key"}]


def test_every_flow_has_its_reason(built: World) -> None:
    flows = ledger(built.model)["flows"]

    assert all(one["because"] for one in flows)
    assert {"from": "agent", "to": "internet", "protocol": "TCP", "port": 443, "because": "web search"} in flows


def test_a_range_is_one_flow_for_each_network(built: World) -> None:
    edges = [one["to"] for one in ledger(built.model)["flows"] if one["port"] == 7844 and one["protocol"] == "UDP"]

    assert edges == ["cidr:198.41.192.0/24", "cidr:198.41.200.0/24"]


def test_says_who_may_open_a_host(built: World) -> None:
    (site,) = ledger(built.model)["sites"]

    assert (site["host"], site["workload"], site["port"], site["zone"]) == (
        "agent.example.com",
        "agent",
        18789,
        "example.com",
    )
    assert site["access"]["kind"] == "people"
    assert site["access"]["include"] == [{"kind": "emails", "value": "access_emails"}]
    assert site["access"]["require"] == [{"kind": "login-method", "value": "GitHub"}]


def test_says_where_data_is(built: World) -> None:
    assert ledger(built.model)["storage"] == [
        {
            "workload": "agent",
            "claim": "agent-data",
            "size": "10Gi",
            "storageClass": "demo-retain",
            "backupGroups": ["default"],
        }
    ]


def test_holds_the_facts_of_the_cluster() -> None:
    cluster: Any = ledger(world(platform=demo_platform(on=DUAL_STACK)).model)["cluster"]

    assert cluster["podCidrs"] == ["10.244.0.0/16", "2001:db8:1::/64"]
    assert cluster["dns"] == {"namespace": "kube-system", "podLabels": {"k8s-app": "kube-dns"}, "addresses": []}


def test_lists_images_once(built: World) -> None:
    (agent,) = [one for one in ledger(built.model)["workloads"] if one["id"] == "agent"]

    assert agent["images"] == sorted({*agent["images"]})
    assert Image("docker:27.5.1-dind").reference in agent["images"]


def test_is_json_that_ends_with_a_line_break(built: World) -> None:
    said = ledger_text(built.model)

    assert said.endswith("}\n")
    assert json.loads(said) == ledger(built.model)


# --- what is printed -------------------------------------------------------------------------------------------------


def test_the_report_names_what_changed_and_every_edge(built: World, tmp_path: Any) -> None:
    before = {"a": "1", "b": "1", "c": "# Synthesized by agentkeep from ...", "OWNERS": "somebody"}
    said = text(built.model, tmp_path, before, {"a": "1", "b": "2", "d": "1"}).splitlines()

    assert said[0].endswith("3 files, 3 changed")
    assert [line.split()[:2] for line in said[1:5]] == [
        ["changed", "b"],
        ["gone", "c"],
        ["new", "d"],
        ["kept", "OWNERS"],
    ]
    assert any(line.split()[:3] == ["ACME_API_KEY", "->", "llm"] for line in said)
    assert any("internet" in line and line.endswith("web search") for line in said)
    assert not any("WARNING" in line for line in said)


def test_the_report_of_nothing_says_so(tmp_path: Any) -> None:
    assert text(demo_platform().model, tmp_path, {}, {}).splitlines()[1:] == [
        *("", "who may read what", "  nothing", "", "who may connect to what, and why", "  nothing")
    ]


def test_the_report_warns_of_samples(tmp_path: Any) -> None:
    found = world()
    found.platform.note_sample("Discord user", "1")

    assert "WARNING: made from samples (Discord user 1)" in text(found.model, tmp_path, {}, {})
