"""SandboxedAgent: an agent, the program that it runs (`runtimes/`) and where its commands run (`sandboxes/`)."""
