"""The four nouns of a platform: workloads, secrets, flows and publications. No program and no vendor."""
