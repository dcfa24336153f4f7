"""Delivery: what brings manifests into the cluster (one for each vendor), and what the API server refuses to all."""
