"""OpenClaw on Amazon EKS: EBS, Secrets Manager and Flux, and nothing of Cloudflare or ArgoCD."""

from agentkeep import (
    Aws, Checksum, Cluster, ClusterDns, EbsCsi, EgressLockdown, Image, Internet, IsolatedLLMProxy, IsolatedSecret,
    Manifests, Model, OpenClaw, Plain, Platform, Provider, Rules, Sandbox, SandboxedAgent, SecretParam, SecretsManager,
    TerraformModules, TerraformState, Tools,
)  # fmt: skip

FRANKFURT = Aws(account_id="123456789012", region="eu-central-1")
EKS = Cluster(
    name="eks",
    # The VPC CNI gives pods addresses of the nodes' own subnets.
    pod_cidrs=("10.0.0.0/16",), node_cidrs=("10.0.0.0/16",), service_cidrs=("172.20.0.0/16",),
    api_server="ABC123.gr7.eu-central-1.eks.amazonaws.com:443",
    # Where AWS has public addresses in this region: those of the name change.
    api_server_cidrs=("3.120.0.0/14", "18.192.0.0/15"),
    dns=ClusterDns(addresses=("169.254.20.10",)),
    storage=EbsCsi(aws=FRANKFURT, type="gp3", encrypted=True, at="03:00", keep=14),
)  # fmt: skip
SECRETS = SecretsManager(name="secrets-manager", aws=FRANKFURT, prefix="agents")
REPOSITORIES = (
    TerraformModules(
        folder="infrastructure",
        state=TerraformState(bucket="acme-terraform-state", region="eu-central-1"),
        modules="terraform/{module}/{platform}",
    ),
    Manifests(folder="fleet"),
)
SONNET = Model(id="claude-sonnet-4-5", upstream="anthropic/claude-sonnet-4-5-20250929", alias="Sonnet",
               context_window=200_000, max_output=64_000, prompt_cache=True)  # fmt: skip
TOOLS = Tools(
    codex="0.98.0",
    codex_sha512=Checksum(
        "0.98.0",
        "08a8eb8409b34ef5a7ed56ec8b6ee2651281009c3d6bb6534e45900db2e04193"
        "f5c1e19b0c8064d6beb088b129d599833bbc347c73cb6209d5b2988ead881cc6",
    ),
    gh="2.97.0",
    gh_sha256=Checksum("2.97.0", "a2c9b8497e1f85b1ad0dfcb78b5a622e098801b8e461e459e88e1ee12f018112"),
)


def declare() -> Platform:
    """Declare the platform; nothing is synthesized yet."""
    keep = Platform("openclaw", on=EKS, store=SECRETS, delivery=Plain(folder="apps", flux=True), targets=REPOSITORIES)
    anthropic = IsolatedSecret(keep, "ANTHROPIC_API_KEY", about="Anthropic API key; in the LiteLLM pod alone")
    master = IsolatedSecret(keep, "LITELLM_MASTER_KEY", about="LiteLLM administration key; in the LiteLLM pod alone")
    proxy_key = SecretParam(keep, "LITELLM_PROXY_KEY", about="OpenClaw's key to LiteLLM; good for inference only")
    gateway = SecretParam(keep, "OPENCLAW_GATEWAY_TOKEN", about="Token that clients show to the OpenClaw gateway")
    github = SecretParam(keep, "GITHUB_TOKEN", about="GitHub fine-grained token: acme/app; pull requests")

    llm = IsolatedLLMProxy(
        keep, "litellm", image=Image("ghcr.io/berriai/litellm:v1.103.2"), master_key=master,
        providers=[Provider("anthropic", key=anthropic, models=[SONNET], ranges=("160.79.104.0/23",))],
    )  # fmt: skip
    agent = SandboxedAgent(
        keep, "openclaw",
        runtime=OpenClaw(
            image=Image("ghcr.io/openclaw/openclaw:2026.9.6"), gateway_token=gateway, primary="Sonnet", tools=TOOLS,
            rules=Rules(repositories=("acme/app",)),
        ),
        sandbox=Sandbox.docker_in_docker(
            image=Image("docker:29.8.0-dind"), cli=Image("docker:29.8.0-cli"),
            sandbox_image=Image("ghcr.io/acme/openclaw-sandbox:1.0.0"),
        ),
    )  # fmt: skip
    agent.reads(github, as_env=("GITHUB_TOKEN", "GH_TOKEN"))
    llm.serve(agent, key=proxy_key)
    lockdown = EgressLockdown(keep)
    lockdown.allow(agent, Internet.https(), because="GitHub, and web search")
    lockdown.check_in_cluster(agent, image=Image("busybox:1.37.0"), reaches=["github.com:443"])
    keep.acknowledge(
        "POD003[openclaw/dind]: privileged", owner="acme",
        because="Docker in the pod needs it. It holds no secret, and the admission policy admits it alone.",
    )  # fmt: skip
    return keep
