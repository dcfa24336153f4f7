"""cloudflared, Cloudflare's end of a tunnel."""

from typing import Final

from agentkeep.verify.programs import Program

PROGRAM: Final = Program(
    name="cloudflared",
    repositories=frozenset({"cloudflared"}),
    commands=((), ("cloudflared",)),
    needed=("readinessProbe", "livenessProbe"),
    answers={
        "startupProbe": frozenset({"/ready"}),
        "readinessProbe": frozenset({"/ready"}),
        # /ready fails for as long as the Internet is away; the other two tell that the process itself is alive.
        "livenessProbe": frozenset({"/ready", "/healthcheck", "/metrics"}),
    },
    # Images before this name their user, which runAsNonRoot cannot check.
    oldest=(2025, 7, 0),
)
# Each would publish something that no artifact names, or show the token.
FORBIDDEN_FLAGS: Final = frozenset(
    {
        "--token", "--url", "--config", "--hello-world", "--no-tls-verify", "--credentials-contents",
        "--origin-server-name",
    }
)  # fmt: skip
FORBIDDEN_VARIABLES: Final = ("TUNNEL_URL", "TUNNEL_CONFIG", "NO_TLS_VERIFY", "TUNNEL_HELLO_WORLD")
TOKEN_VARIABLES: Final = frozenset({"TUNNEL_TOKEN", "TUNNEL_TOKEN_FILE"})
