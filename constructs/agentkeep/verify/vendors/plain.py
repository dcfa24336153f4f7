"""Plain manifests, applied by ``kubectl apply -k``, say, which deletes nothing. Nothing in a folder shows it."""

from typing import Final

from agentkeep.verify.vendors.deliveries import Delivery

VENDOR: Final = Delivery(name="plain", kind="delivery")
