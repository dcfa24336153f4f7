"""Typed Kubernetes kinds for cdk8s, one module each."""
