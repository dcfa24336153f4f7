"""Keepers: workloads that alone hold isolated secrets, and serve clients by a key of the client's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agentkeep.core.edges import Flow, Inward, Serving
from agentkeep.core.model import Secret
from agentkeep.core.workload import Workload

CLIENT_KEY = "proxy-key"


class Client(Workload):
    """A workload that a keeper may serve."""

    def reads_key(self, key: Secret) -> None:
        """Read the key that a keeper knows it by; called by the keeper alone."""
        self.deliver(key, as_env=key.id, as_file=None, use=CLIENT_KEY)


class Keeper(Workload):
    """A workload that holds what its clients must not have, and answers them instead."""

    role = "keeper"

    def record_serving(self, client: Client, key: Secret, offer: Sequence[Any], *, port: str, because: str) -> Flow:
        """
        Record what it means to serve *client*: a key that both know, and a way from the one to the other.

        The client may ask for names too, because it knows the keeper by its name.
        """
        flow = Flow(client.id, Inward(self.id, self.ports[port]), because)
        self.platform.serve(Serving(self.id, client.id, key.id, tuple(offer)))
        client.reads_key(key)
        self.deliver(key, as_env=key.id, as_file=None, use=CLIENT_KEY)
        self.platform.connect(flow)
        self.platform.resolve_names(client.id)
        return flow
