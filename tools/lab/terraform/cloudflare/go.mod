module agentkeep/lab/cloudflare

go 1.26.0

require github.com/cloudflare/terraform-provider-cloudflare v0.0.0-20260824180050-4f360d592a7d
