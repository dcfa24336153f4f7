"""
A cluster's network in miniature: one network namespace for each pod, one for the world outside, one router between
them.

Everything lives in namespaces made here, so no packet leaves the machine, and ``close`` removes them all.
"""

import contextlib
import ctypes
import os
import resource
import select
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.real.packets.firewall import LabPod, family

_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)
BATCH = 1500
"""Probes under way at once. Each batch waits its patience out for what was dropped, so fewer batches are faster."""

EVERYTHING = ("0.0.0.0/0", "::/0")


def why_not() -> str | None:
    """Why this machine cannot run the lab; ``None`` if it can."""
    for program in ("ip", "nft"):
        if shutil.which(program, path=_path()) is None:
            return f"{program} is missing (Debian packages iproute2 and nftables)"
    if os.geteuid() != 0:
        return "network namespaces need root"
    name = f"akprobe{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, env=_env(), check=False)
    if made.returncode:
        return "the kernel refuses network namespaces"
    works = subprocess.run(
        ["ip", "netns", "exec", name, "nft", "-f", "-"],
        input=b"table inet t {\n chain c {\n type filter hook forward priority filter;\n ct state new accept\n }\n}\n",
        capture_output=True,
        env=_env(),
        check=False,
    )
    subprocess.run(["ip", "netns", "del", name], capture_output=True, env=_env(), check=False)
    return "the kernel refuses nftables" if works.returncode else None


def _path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def _env() -> dict[str, str]:
    return {"PATH": _path(), "LC_ALL": "C"}


@dataclass(frozen=True)
class Probe:
    """One packet: from an address in *source* to an address in *target*."""

    source: str
    source_address: str
    target: str
    target_address: str
    protocol: str
    port: int

    def __str__(self) -> str:
        return (
            f"{self.source}[{self.source_address}] -> {self.target}[{self.target_address}] {self.protocol}/{self.port}"
        )


class Lab:
    """
    The running network.

    Args:
        pods: Their addresses are fixed here; their labels matter only to the filter.
        outside: Addresses that exist beyond the cluster.
        ports: Every port that will be probed, on every pod and outside.
    """

    def __init__(self, pods: Sequence[LabPod], outside: Sequence[str], ports: Sequence[int]) -> None:
        self._prefix = f"ak{os.getpid() % 100000}x"
        self._home = os.open("/proc/self/ns/net", os.O_RDONLY)
        self._names: dict[str, str] = {}
        self._handles: dict[str, int] = {}
        self._sockets: list[socket.socket] = []
        self._receivers: dict[int, socket.socket] = {}
        self._poll = select.epoll()
        self.pods = list(pods)
        self.outside = list(outside)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 8192)), hard))
        try:
            self._build()
            for place in self._names:
                if place != "router":
                    self._listen(place, ports)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Remove every namespace; harmless when called twice."""
        for one in self._sockets:
            one.close()
        self._sockets.clear()
        if not self._poll.closed:
            self._poll.close()
        for handle in self._handles.values():
            os.close(handle)
        self._handles.clear()
        for name in self._names.values():
            subprocess.run(["ip", "netns", "del", name], capture_output=True, env=_env(), check=False)
        self._names.clear()
        if self._home >= 0:
            os.close(self._home)
            self._home = -1

    def load(self, ruleset: str) -> None:
        """Replace the router's filter."""
        self._run(["ip", "netns", "exec", self._names["router"], "nft", "-f", "-"], ruleset)

    def _run(self, command: list[str], text: str = "") -> None:
        done = subprocess.run(command, input=text, capture_output=True, text=True, env=_env(), check=False, timeout=60)
        if done.returncode:
            raise RuntimeError(f"{command[:6]}: {done.stderr[:400]}")

    def _make(self, place: str) -> str:
        name = f"{self._prefix}{len(self._names)}"
        self._run(["ip", "netns", "add", name])
        self._names[place] = name
        self._handles[place] = os.open(f"/run/netns/{name}", os.O_RDONLY)
        settings = "ip link set lo up; cd /proc/sys/net; echo 4096 > core/somaxconn"
        for kind in ("all", "default"):
            settings += f"; echo 0 > ipv4/conf/{kind}/rp_filter; echo 0 > ipv6/conf/{kind}/accept_dad"
        self._run(["ip", "netns", "exec", name, "sh", "-ec", settings])
        return name

    def _build(self) -> None:
        router = self._make("router")
        forwarding = "cd /proc/sys/net; echo 1 > ipv4/ip_forward; echo 1 > ipv6/conf/all/forwarding"
        self._run(["ip", "netns", "exec", router, "sh", "-ec", forwarding])
        for number, pod in enumerate(self.pods):
            self._attach(router, pod.key, number, pod.addresses, default=False)
        self._attach(router, "outside", len(self.pods), self.outside, default=True)

    def _attach(self, router: str, place: str, number: int, addresses: Sequence[str], *, default: bool) -> None:
        name = self._make(place)
        # Both ends share a hardware address and ask nobody for it, so that no neighbour discovery disturbs the probes.
        hardware = f"02:00:00:00:{number // 256:02x}:{number % 256:02x}"
        inner = [f"addr add {a}/{128 if ':' in a else 32} dev {'lo' if default else 'eth0'}" for a in addresses]
        routes = [f"route add {a} dev v{number}" for a in addresses]
        if default:
            routes = [f"route add {everything} dev v{number}" for everything in EVERYTHING]
        link = f"link add v{number} netns {router} address {hardware} arp off type veth "
        link += f"peer name eth0 netns {name} address {hardware}"
        self._run(["ip", "-batch", "-"], link + "\n")
        self._run(["ip", "-n", router, "-batch", "-"], "\n".join([f"link set v{number} up arp off", *routes]) + "\n")
        defaults = [f"route add {everything} dev eth0" for everything in EVERYTHING]
        self._run(["ip", "-n", name, "-batch", "-"], "\n".join(["link set eth0 up arp off", *inner, *defaults]) + "\n")

    @contextlib.contextmanager
    def _inside(self, place: str) -> Iterator[None]:
        """Sockets made in here live in the network namespace of *place*."""
        self._enter(self._handles[place])
        try:
            yield
        finally:
            self._enter(self._home)

    def _enter(self, handle: int) -> None:
        if _LIBC.setns(handle, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")

    def _listen(self, place: str, ports: Sequence[int]) -> None:
        with self._inside(place):
            for port in ports:
                tcp = socket.socket(socket.AF_INET6, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
                tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                tcp.bind(("::", port))
                tcp.listen(4096)
                udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
                udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
                udp.bind(("::", port))
                self._sockets += [tcp, udp]
                self._receivers[udp.fileno()] = udp
                self._receivers[tcp.fileno()] = tcp
                self._poll.register(udp.fileno(), select.EPOLLIN)
                self._poll.register(tcp.fileno(), select.EPOLLIN)

    def send(self, probes: Sequence[Probe], patience: float = 0.35) -> list[bool]:
        """Which of *probes* arrived: a datagram read at the other end, or a connection accepted there."""
        arrived: list[bool] = []
        for start in range(0, len(probes), BATCH):
            arrived += self._batch(probes[start : start + BATCH], patience)
        return arrived

    def certain(self, probes: Sequence[Probe], expected: Sequence[bool]) -> list[Probe]:
        """The probes that do not do as *expected*, the doubtful ones asked three times more, with more patience."""
        doubtful = [(p, e) for p, e, got in zip(probes, expected, self.send(probes), strict=True) if got != e]
        for patience in (0.8, 1.5, 2.5):
            if not doubtful:
                return []
            if len(doubtful) > 2 * BATCH:
                # Not a lost packet here and there: no need to wait for all of them again.
                break
            again = self.send([p for p, _ in doubtful], patience)
            doubtful = [(p, e) for (p, e), got in zip(doubtful, again, strict=True) if got != e]
        return [p for p, _ in doubtful]

    def _batch(self, probes: Sequence[Probe], patience: float) -> list[bool]:
        arrived = [False] * len(probes)
        clients: dict[int, tuple[int, socket.socket]] = {}
        by_place: dict[str, list[int]] = {}
        for number, probe in enumerate(probes):
            by_place.setdefault(probe.source, []).append(number)
        for place, numbers in by_place.items():
            with self._inside(place):
                for number in numbers:
                    one = self._fire(probes[number], number)
                    if one is not None:
                        clients[one.fileno()] = (number, one)
                        self._poll.register(one.fileno(), select.EPOLLOUT)
        deadline = time.monotonic() + patience
        while (left := deadline - time.monotonic()) > 0:
            for descriptor, event in self._poll.poll(left, 512):
                if descriptor in clients:
                    number, client = clients.pop(descriptor)
                    self._poll.unregister(descriptor)
                    connected = (
                        client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0 and not event & select.EPOLLERR
                    )
                    arrived[number] = connected
                    self._drop(client)
                else:
                    self._drain(descriptor, arrived)
        for descriptor, (_, client) in clients.items():
            self._poll.unregister(descriptor)
            self._drop(client)
        return arrived

    def _fire(self, probe: Probe, number: int) -> socket.socket | None:
        kind = socket.AF_INET6 if family(probe.target_address) == "ip6" else socket.AF_INET
        stream = probe.protocol == "TCP"
        one = socket.socket(kind, (socket.SOCK_STREAM if stream else socket.SOCK_DGRAM) | socket.SOCK_NONBLOCK)
        try:
            one.bind((probe.source_address, 0))
            if stream:
                one.connect((probe.target_address, probe.port))
            else:
                one.sendto(struct.pack("!Q", number), (probe.target_address, probe.port))
        except BlockingIOError:
            return one
        except OSError as error:
            one.close()
            raise RuntimeError(f"{probe}: {error}") from error
        if stream:
            return one
        one.close()
        return None

    def _drop(self, client: socket.socket) -> None:
        # A reset instead of a farewell: no socket lingers to be confused with the next batch.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()

    def _drain(self, descriptor: int, arrived: list[bool]) -> None:
        receiver = self._receivers[descriptor]
        for _ in range(4096):
            try:
                if receiver.type & socket.SOCK_STREAM and not receiver.type & socket.SOCK_DGRAM:
                    receiver.accept()[0].close()
                else:
                    (number,) = struct.unpack("!Q", receiver.recv(64))
                    arrived[number] = True
            except (BlockingIOError, ConnectionAbortedError):
                return
