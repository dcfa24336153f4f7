"""The network of a pod and its neighbours: two namespaces, one wire, and nothing else that a packet could reach."""

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

POD, CLOUDFLARED, LITELLM = "192.178.0.10", "192.178.0.20", "192.178.0.30"
"""Addresses in the pod network of the cluster."""
NODE_ADDRESS, STRANGER = "192.168.10.50", "198.51.100.7"
"""A node of the cluster, and nobody's address."""


class Network:
    """The pod's network namespace and its neighbours', joined by one wire."""

    def __init__(self) -> None:
        self._holders: list[subprocess.Popen[bytes]] = []
        try:
            self.pod, self.neighbours = self._namespace(), self._namespace()
            inside, outside = str(self._holders[0].pid), str(self._holders[1].pid)
            self._ip(self.pod, f"link add eth0 type veth peer name eth0 netns {outside}")
            for namespace, addresses in (
                (self.pod, [f"{POD}/16"]),
                (self.neighbours, [f"{CLOUDFLARED}/16", f"{LITELLM}/16", f"{NODE_ADDRESS}/32", f"{STRANGER}/32"]),
            ):
                self._ip(namespace, "link set lo up")
                for address in addresses:
                    self._ip(namespace, f"address add {address} dev eth0")
                self._ip(namespace, "link set eth0 up")
            # The namespace's only wire is the default route, so that answers to nodes and strangers find their way.
            self._ip(self.pod, "route add default dev eth0")
            assert inside != outside
        except BaseException:
            self.close()
            raise

    def _namespace(self) -> str:
        holder = subprocess.Popen(["unshare", "--net", "setpriv", "--pdeathsig", "KILL", "sleep", "3600"])
        self._holders.append(holder)
        path, own = f"/proc/{holder.pid}/ns/net", Path("/proc/self/ns/net").readlink()
        end = time.monotonic() + 10
        while Path(path).readlink() == own:
            assert time.monotonic() < end, "no network namespace was made"
            time.sleep(0.01)
        return path

    @staticmethod
    def _ip(namespace: str, words: str) -> None:
        subprocess.run(["nsenter", f"--net={namespace}", "ip", *words.split()], check=True, capture_output=True)

    def close(self) -> None:
        """Take both namespaces down."""
        for holder in self._holders:
            holder.kill()
            holder.wait()

    @contextlib.contextmanager
    def listen(self, address: str, port: int, target: tuple[str, int], callers: list[str]) -> Iterator[None]:
        """Make *target*, an address of this machine, answer at *address* in this block; note down who called."""
        namespace = self.pod if address == "127.0.0.1" else self.neighbours
        ours, theirs = socket.socketpair()
        code = (
            "import socket,sys\n"
            f"s=socket.create_server(({address!r},{port}))\n"
            "socket.send_fds(socket.socket(fileno=int(sys.argv[1])),[b'x'],[s.fileno()])\n"
        )
        command = ["nsenter", f"--net={namespace}", sys.executable, "-c", code, str(theirs.fileno())]
        subprocess.run(command, pass_fds=[theirs.fileno()], check=True)
        _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
        server = socket.socket(fileno=descriptors[0])
        ours.close()
        theirs.close()
        thread = threading.Thread(target=_forward, args=(server, target, callers), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown(socket.SHUT_RDWR)
            server.close()
            thread.join(5)


def _forward(server: socket.socket, target: tuple[str, int], callers: list[str]) -> None:
    pairs: list[threading.Thread] = []
    while True:
        try:
            client, address = server.accept()
        except OSError:
            break
        callers.append(address[0])
        pairs.append(threading.Thread(target=_join, args=(client, target), daemon=True))
        pairs[-1].start()
    for pair in pairs:
        pair.join(5)


def _join(client: socket.socket, target: tuple[str, int]) -> None:
    """Copy both ways until both have ended."""
    # Idle connections of a pool would hold the copy for ever.
    client.settimeout(60)
    with client, socket.create_connection(target, timeout=60) as upstream:
        back = threading.Thread(target=_copy, args=(upstream, client), daemon=True)
        back.start()
        _copy(client, upstream)
        back.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end, how in ((source, socket.SHUT_RD), (sink, socket.SHUT_WR)):
        with contextlib.suppress(OSError):
            end.shutdown(how)
