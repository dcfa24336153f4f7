"""
Every version of this deployment, in one place.

Renovate reads the comments (renovate.json) and changes the lines below them; `dist/` follows with `make accept`.
"""

from agentkeep import Checksum, Image, Plugin, Tools

# renovate: datasource=docker
OPENCLAW = Image("ghcr.io/openclaw/openclaw:2026.9.6")
# OpenClaw and its plugins move together: a bump of the image alone is refused, and the refusal says how to get these.
PLUGINS = (
    Plugin(
        "@openclaw/discord",
        version="2026.9.6",
        sha512="1239431addfe6c50e2d72eb690f6695eebc84c7ed53935e510186aa460d2a957"
        "c5ec9822b5871fac7d57edf64c2755455110258e58560ca04cb775402e560f05",
    ),
)
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

# Each checksum says which version it is of, so that it cannot be forgotten.
TOOLS = Tools(
    # renovate: datasource=npm depName=@openai/codex
    codex="0.98.0",
    codex_sha512=Checksum(
        "0.98.0",
        "08a8eb8409b34ef5a7ed56ec8b6ee2651281009c3d6bb6534e45900db2e04193"
        "f5c1e19b0c8064d6beb088b129d599833bbc347c73cb6209d5b2988ead881cc6",
    ),
    # renovate: datasource=github-releases depName=cli/cli
    gh="2.97.0",
    gh_sha256=Checksum("2.97.0", "a2c9b8497e1f85b1ad0dfcb78b5a622e098801b8e461e459e88e1ee12f018112"),  # amd64
)
