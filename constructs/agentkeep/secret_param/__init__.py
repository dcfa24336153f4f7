"""SecretParam: one secret, in a store (`stores/`) and as keys of its readers' own Secrets in Kubernetes."""
