"""The rendered pod is started for real: what the validator, the audit and the gateway itself say about it."""

import functools
import json
import time
from typing import Any

import pytest

from agentkeep.sandboxed_agent.runtimes.openclaw.config import OPENCLAW_VERSION
from agentkeep.verify.programs.openclaw.judged import faults
from tests.real.openclaw.harness import OpenClaw
from tests.real.openclaw.manifests import Document, config_of, names
from tests.real.openclaw.network import CLOUDFLARED, LITELLM, NODE_ADDRESS, STRANGER

pytestmark = pytest.mark.real

TOOL = {"tool": "sessions_list", "args": {}}
FORWARDED = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https", "x-forwarded-host": "openclaw.b0xp.io"}
# What the audit may say, and why that is right here.
ACCEPTED_FINDINGS = {
    "summary.attack_surface": "a summary, not a finding",
    "fs.state_dir.perms_group_writable": "the volume's root belongs to kubelet; its group is the gateway's own",
    "fs.state_dir.perms_readable": "as above; nobody else is in the container",
    "security.trust_model.multi_user_heuristic": "a guild was named; only the listed users may mention the bot there",
}


def audit(openclaw: OpenClaw) -> list[Document]:
    done = openclaw.run("openclaw", "security", "audit", "--json")
    findings: list[Document] = json.loads(done.stdout)["findings"]
    return findings


def probe_faults(openclaw: OpenClaw, container: Document) -> list[str]:
    """Return the probes that the gateway does not answer as probes: an unknown path gets a page, and 200."""
    return [
        f"{kind} {json.dumps(container.get(kind, {}).get('httpGet', 'missing'))}"
        for kind in ("startupProbe", "readinessProbe", "livenessProbe")
        if not openclaw.answers_probe(container.get(kind, {}))
    ]


def rename(reference: str, alias: str, config: Document) -> None:
    config["agents"]["defaults"]["models"][reference]["alias"] = alias


def test_it_is_the_release_that_the_renderer_knows(openclaw: OpenClaw) -> None:
    assert OPENCLAW_VERSION in openclaw.run("openclaw", "--version").stdout


def test_strict_validation_has_no_warning(openclaw: OpenClaw) -> None:
    answer = json.loads(openclaw.run("openclaw", "config", "validate", "--json").stdout)

    assert (answer["valid"], answer["warnings"]) == (True, [])


def test_no_semantic_fault(openclaw: OpenClaw) -> None:
    assert faults(config_of(openclaw.documents), names(openclaw.gateway)) == []


def test_audit_finds_nothing_that_is_not_explained(openclaw: OpenClaw) -> None:
    findings = audit(openclaw)

    assert findings
    assert [finding for finding in findings if finding["severity"] == "critical"] == []
    assert {finding["checkId"] for finding in findings} <= ACCEPTED_FINDINGS.keys()


def test_probes_are_answered_as_probes(openclaw: OpenClaw) -> None:
    assert probe_faults(openclaw, openclaw.gateway) == []


def test_startup_probe_is_refused_from_a_trusted_address(openclaw: OpenClaw) -> None:
    """
    Where kubelet's probes come from the pod network (flannel, Cilium), httpGet on /startupz never succeeds.

    Calico sends them from the node's address. An exec probe on loopback works everywhere.
    """
    assert [openclaw.request(path, source=CLOUDFLARED).status for path in ("/startupz", "/healthz")] == [403, 200]
    assert openclaw.answers_probe(
        {"exec": {"command": ["sh", "-c", "curl -fsS http://127.0.0.1:18789/startupz | grep -qF '\"ok\":true'"]}}
    )


def test_log_holds_no_secret(openclaw: OpenClaw) -> None:
    assert openclaw.token
    assert openclaw.token not in openclaw.log + openclaw.prepare_log


@pytest.mark.parametrize(
    ("source", "headers", "with_token", "status"),
    [
        (CLOUDFLARED, FORWARDED, False, 401),
        (CLOUDFLARED, FORWARDED, True, 200),
        # A proxy that does not say for whom it asks is refused, so no pod of the cluster gets in without the tunnel.
        (CLOUDFLARED, {}, True, 403),
        (NODE_ADDRESS, {}, False, 401),
        (NODE_ADDRESS, FORWARDED, True, 403),
        (STRANGER, {}, False, 401),
        (STRANGER, FORWARDED, True, 403),
    ],
)
def test_who_gets_in(openclaw: OpenClaw, source: str, headers: dict[str, str], with_token: bool, status: int) -> None:
    token = openclaw.token if with_token else None

    reply = openclaw.request("/tools/invoke", source=source, headers=headers, token=token, body=TOOL)

    assert reply.status == status, reply.body[:200]


def test_a_wrong_token_is_refused(openclaw: OpenClaw) -> None:
    # From an address of its own: the gateway counts failures by address.
    reply = openclaw.request("/tools/invoke", source=LITELLM, headers=FORWARDED, token="x" * 64, body=TOOL)

    assert reply.status == 401


def test_inference_endpoints_are_closed(openclaw: OpenClaw) -> None:
    body = {"model": "openclaw", "messages": [{"role": "user", "content": "hi"}]}

    reply = openclaw.request("/v1/chat/completions", headers=FORWARDED, token=openclaw.token, body=body)

    assert reply.status in (403, 404, 405)


def test_review_skill_is_known(openclaw: OpenClaw) -> None:
    files = [data for doc in openclaw.documents if doc["kind"] == "ConfigMap" for data in doc["data"].values()]
    if not any("name: codex-review" in text for text in files):
        pytest.skip("this declaration has no review skill")

    skills: Any = json.loads(openclaw.run("openclaw", "skills", "list", "--json").stdout)["skills"]

    found = next(skill for skill in skills if skill["name"] == "codex-review")
    # Neither codex nor its key are on this machine; that they are missed shows that the requirement is read.
    assert found["missing"]["bins"] == ["codex"]


def test_models_are_those_of_the_proxy(openclaw: OpenClaw) -> None:
    listed: Any = json.loads(openclaw.run("openclaw", "models", "list", "--json").stdout)["models"]

    config = config_of(openclaw.documents)
    served = {f"litellm/{model['id']}" for model in config["models"]["providers"]["litellm"]["models"]}
    assert {model["key"] for model in listed} == served


def test_changed_configuration_is_used_without_restart(openclaw: OpenClaw) -> None:
    """Last in the file: it changes the configuration of the shared pod, and changes it back."""
    models = config_of(openclaw.documents)["agents"]["defaults"]["models"]
    reference, alias = next((name, model["alias"]) for name, model in models.items())

    for wanted, applied in ((f"{alias}2", 1), (alias, 2)):
        openclaw.change_config(functools.partial(rename, reference, wanted))
        end = time.monotonic() + 60
        while openclaw.log.count("config hot reload applied") < applied:
            assert time.monotonic() < end, openclaw.log[-2000:]
            time.sleep(0.5)

    assert openclaw.process.poll() is None
    assert openclaw.log.count("loading configuration") == 1
