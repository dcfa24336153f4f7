"""The sandbox's Docker daemon as its container starts it: rendered by the half, and held by the admission policy."""

from __future__ import annotations

from agentkeep.sandboxed_agent.openclaw_config import SHARED_STATE_DIRS, STATE_DIR

NAME = "dind"
SCRIPTS_FOLDER = "/opt/agent-scripts"
CERTS_FOLDER = "/certs"
DATA_FOLDER = "/var/lib/docker"

ARGS = (f"--config-file={SCRIPTS_FOLDER}/daemon.json",)
ENV = {"DOCKER_TLS_CERTDIR": CERTS_FOLDER}
# What its probes run, and its hook.
CLIENT = (
    "docker", "--host=tcp://localhost:2376", "--tlsverify", f"--tlscacert={CERTS_FOLDER}/client/ca.pem",
    f"--tlscert={CERTS_FOLDER}/client/cert.pem", f"--tlskey={CERTS_FOLDER}/client/key.pem", "version",
)  # fmt: skip
HOOK = ("sh", f"{SCRIPTS_FOLDER}/share-certs.sh")
PATHS = (CERTS_FOLDER, *(f"{STATE_DIR}/{name}" for name in SHARED_STATE_DIRS), SCRIPTS_FOLDER, DATA_FOLDER)
