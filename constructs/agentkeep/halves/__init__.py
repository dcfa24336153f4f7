"""What halves of one kind share: for Terraform, for Kubernetes, and the start of their engines."""
