"""SecretParam: one secret, as an SSM parameter in Terraform and as keys of its readers' own Secrets in Kubernetes."""
