"""
Every version of this deployment, in one place.

Renovate reads the comments (renovate.json) and changes the lines below them; `dist/` follows with `make accept`.
"""

from agentkeep import Image, Tools
from agentkeep.sandboxed_agent.runtimes.openclaw.workspace import CODEX_SHA512, GH_SHA256

# renovate: datasource=docker
OPENCLAW = Image("ghcr.io/openclaw/openclaw:2026.9.6")
# renovate: datasource=docker
LITELLM = Image("ghcr.io/berriai/litellm:v1.103.2")
# renovate: datasource=docker
CLOUDFLARED = Image("cloudflare/cloudflared:2025.11.1")
# renovate: datasource=docker
DIND = Image("docker:29.8.0-dind")
# renovate: datasource=docker
DOCKER_CLI = Image("docker:29.8.0-cli")
# Built by the operator: docs/sandbox-image.md.
SANDBOX = Image("ghcr.io/boxp/openclaw-sandbox:1.0.0-bookworm-slim")

TOOLS = Tools(
    # renovate: datasource=npm depName=@openai/codex
    codex="0.98.0",
    codex_sha512=CODEX_SHA512["0.98.0"],
    # renovate: datasource=github-releases depName=cli/cli
    gh="2.97.0",
    gh_sha256=GH_SHA256["2.97.0-amd64"],
)
