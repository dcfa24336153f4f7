"""SandboxedAgent: an OpenClaw agent, its storage and its sandbox."""
