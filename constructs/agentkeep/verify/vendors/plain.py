"""Plain manifests, applied by ``kubectl apply -k`` or by Flux, say: nothing in a folder shows it."""

from typing import Final

from agentkeep.verify.vendors import Vendor

VENDOR: Final = Vendor(name="plain", kind="delivery")
