"""The four nouns of a platform: workloads, secrets, flows and publications. Nothing here names a program or a vendor."""
