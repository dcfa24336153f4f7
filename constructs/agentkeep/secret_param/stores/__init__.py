"""Secret stores: one folder each, with what names are allowed there and, if it has one, its Terraform half."""
