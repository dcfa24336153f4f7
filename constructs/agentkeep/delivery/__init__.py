"""Delivery: the namespace, what ArgoCD is allowed to do, and what the API server refuses whoever asks."""
