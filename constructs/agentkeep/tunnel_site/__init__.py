"""TunnelSite: hosts published through a Cloudflare tunnel, each behind an Access application."""
