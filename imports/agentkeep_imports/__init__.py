"""Typed bindings for Terraform providers and Kubernetes kinds, generated from their schemas (``make imports``)."""
