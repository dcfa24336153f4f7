"""The core knows workloads, secrets, flows and publications; every product has a room of its own outside of it."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

CORE = sorted((ROOT / "constructs/agentkeep/core").glob("*.py"))
# Programs, vendors and engines, in code, strings and comments alike. What a cluster is made of (Kubernetes, its YAML,
# the network plugins that `Cluster.cni` tells apart) is the ground that the core stands on.
FOREIGN = {
    *("anthropic", "argocd", "argo", "aws", "cdk", "cdk8s", "cdktf", "cdktn", "chatgpt", "claude", "cloudflare"),
    *("cloudflared", "codex", "dind", "discord", "docker", "ebs", "envoy", "gemini", "git", "github", "gitlab"),
    *("gogcli", "google", "grafana", "helm", "hermes", "jsii", "kata", "litellm", "longhorn", "nix", "nixos"),
    *("openai", "openclaw", "opentofu", "pulumi", "s3", "slack", "ssm", "telegram", "terraform", "unbound", "vault"),
}


def words(text: str) -> set[str]:
    """Every word of *text* in lower case, also the parts of ``OpenClaw``, ``proxy_key`` and ``argocd.example``."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return {word for one in (text, parted) for word in re.findall(r"[a-z0-9]+", one.lower())}


@pytest.mark.parametrize("module", CORE, ids=lambda path: path.name)
def test_the_core_holds_no_word_of_a_program_a_vendor_or_an_engine(module: Path) -> None:
    assert words(module.read_text(encoding="utf-8")) & FOREIGN == set()


def test_the_core_is_there_to_be_looked_at() -> None:
    assert {path.name for path in CORE} >= {"platform.py", "model.py", "edges.py", "workload.py", "cluster.py"}


@pytest.mark.parametrize(
    "text",
    [
        "from agentkeep.storages.longhorn import Longhorn",
        "class OpenClaw: ...",
        "DISCORD_BOT_TOKEN = 1",
        "# as Terraform does",
        '"argocd.argoproj.io/sync-wave"',
        "ssm_name: str",
        "# noqa: A002 - the CDK's own word",
    ],
)
def test_a_word_is_found_wherever_it_stands(text: str) -> None:
    assert words(text) & FOREIGN
