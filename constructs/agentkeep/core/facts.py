"""
Facts: the typed, frozen values that a declaration is made of, and how a bad one is refused.

Two kinds of trouble are told apart. A fact of the wrong *shape* (a keyword missing, unknown or of the wrong type)
cannot be built at all and raises on the spot, naming every such keyword. A fact with a wrong *value* (host bits set,
a tag that moves) is built, answers `problems()`, and the platform raises all problems of the whole declaration
together in `Platform.seal()`, so that a user fixes them in one go.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from types import UnionType
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from agentkeep.errors import CREDENTIAL, DeclarationError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Problem(NamedTuple):
    """What is wrong, in the names that the user typed, and what to do about it."""

    problem: str
    fix: str


class DeclarationErrors(ExceptionGroup[DeclarationError]):
    """Every problem of one declaration, raised together."""

    def derive(self, excs: Any) -> Any:
        """Keep the type, `DeclarationErrors`, when the group is split."""
        return DeclarationErrors(self.message, excs)


class Fact(BaseModel):
    """A frozen value; unknown keywords are refused and refusals never echo the input."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True
    )

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise refusals(type(self).__name__, error) from None

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the values; a sound fact yields nothing."""
        return iter(())


def refusals(name: str, error: ValidationError) -> DeclarationErrors:
    """Translate pydantic's refusal of *name* without the input, which might hold a secret."""
    found = []
    for item in error.errors(include_input=False, include_url=False, include_context=False):
        keyword = ".".join(map(str, item["loc"])) or name
        match item["type"]:
            case "missing":
                problem, fix = f"{keyword!r} is missing", f"add {keyword}=... to {name}(...)"
            case "extra_forbidden":
                problem, fix = f"{keyword!r} is not a keyword of {name}", f"remove {keyword}=..."
            case _:
                problem, fix = f"{keyword!r}: {item['msg'].lower()}", f"give {keyword}=... the documented type"
        found.append(DeclarationError(name, problem, fix))
    return DeclarationErrors(f"{name} cannot be built", found)


Expected = type | UnionType


def named(value: object) -> str:
    """The type of *value*, with its article. Never the value: it might be a secret."""
    name = "None" if value is None else type(value).__name__
    return name if value is None else f"{'an' if name[0] in 'AEIOaeio' else 'a'} {name}"


def expect(path: str, **given: tuple[object, Expected]) -> None:
    """
    Refuse keywords whose value is of the wrong type: the twin, when run, of what a type checker refuses.

    Raises:
        DeclarationErrors: Every such keyword.
    """
    found = []
    for keyword, (value, expected) in given.items():
        # To Python, True is a number.
        if not isinstance(value, expected) or (isinstance(value, bool) and expected is int):
            wanted = getattr(expected, "__name__", "").removeprefix("UnionType") or str(expected).replace(
                "agentkeep.", ""
            )
            wanted = " or ".join(part.rpartition(".")[2] for part in wanted.split(" | "))
            found.append(DeclarationError(path, f"{keyword}= is {named(value)}", f"pass {wanted}"))
    if found:
        raise DeclarationErrors(f"{path} cannot be built", found)


# --- names -----------------------------------------------------------------------------------------------------------

_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_PORT_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def dns_label_problems(what: str, name: str) -> Iterator[Problem]:
    """Kubernetes names of Services and namespaces are DNS labels (RFC 1123): lower case, digits, '-', at most 63."""
    if not _DNS_LABEL.fullmatch(name):
        yield Problem(
            f"{what} {name!r} is not a DNS label",
            "use at most 63 lower-case letters, digits and '-', with a letter or digit at both ends",
        )


def env_name_problems(name: str) -> Iterator[Problem]:
    """Environment variables that a shell can name."""
    if not _ENV_NAME.fullmatch(name):
        # Not repeated: whoever mixes up name and value has just typed the value.
        yield Problem(
            "as_env= is not the name of an environment variable", "use letters, digits and '_'; never the value"
        )


def port_name_problems(name: str) -> Iterator[Problem]:
    """Names of ports are shorter than other names, and Services refer to containers by them."""
    if not _PORT_NAME.fullmatch(name) or not re.search("[a-z]", name) or "--" in name:
        yield Problem(
            f"{name!r} is not the name of a port",
            "use at most 15 lower-case letters, digits and single '-', with at least one letter",
        )


def text_problems(keyword: str, text: str) -> Iterator[Problem]:
    """Text that ends up in reviewed files: one plain line, no credential, no template."""
    if not text.isprintable():
        # YAML ends a line, and a comment, at more characters than Python does; others turn a line around.
        yield Problem(f"{keyword} is not one line of plain text", "write it without line breaks and control characters")
    if CREDENTIAL.search(text):
        yield Problem(f"{keyword} holds what looks like a credential", "revoke it, and write what it is for instead")
    if "${" in text or "%{" in text:
        yield Problem(f"{keyword} holds a template", "write it without '${' and '%{'")


def address_name(name: str) -> str:
    """
    *name* as the last part of a resource's address: ``BOT_TOKEN`` becomes ``bot_token``.

    Two names may become one; whoever makes several resources from names must refuse that.
    """
    found = re.sub(r"[^a-z0-9_]", "_", name.lower())
    # An address must not begin with a digit.
    return f"_{found}" if found[:1].isdigit() else found


# --- networks --------------------------------------------------------------------------------------------------------


def network_problems(keyword: str, cidrs: Iterable[str]) -> Iterator[Problem]:
    """Each CIDR parses, and has no host bits set (Kubernetes would refuse it or, worse, mask it silently)."""
    for cidr in cidrs:
        try:
            ipaddress.ip_network(cidr)
        except ValueError:
            try:
                meant = ipaddress.ip_network(cidr, strict=False)
            except ValueError:
                yield Problem(
                    f"{keyword}: {cidr!r} is not a network", "write it as address/prefix, such as '10.96.0.0/12'"
                )
            else:
                yield Problem(f"{keyword}: {cidr!r} has host bits set", f"write it as '{meant}'")


def networks(cidrs: Iterable[str]) -> tuple[Network, ...]:
    """The CIDRs that parse; those that do not are reported by `network_problems`."""
    found = []
    for cidr in cidrs:
        try:
            found.append(ipaddress.ip_network(cidr))
        except ValueError:
            continue
    return tuple(found)


Protocol = Literal["TCP", "UDP"]


class Port(Fact):
    """A transport port."""

    number: int
    protocol: Protocol = "TCP"

    @classmethod
    def tcp(cls, number: int) -> Port:
        """A TCP port."""
        return cls(number=number, protocol="TCP")

    @classmethod
    def udp(cls, number: int) -> Port:
        """A UDP port."""
        return cls(number=number, protocol="UDP")

    def problems(self) -> Iterator[Problem]:
        """Ports run from 1 to 65535."""
        if not 1 <= self.number <= 65535:
            yield Problem(f"{self.number} is not a port", "use 1 to 65535")


# --- images ----------------------------------------------------------------------------------------------------------

_IMAGE = re.compile(
    r"(?P<repository>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\.[a-z0-9-]+)*(?::\d+)?(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[a-f0-9]{64}))?",
    re.ASCII,
)
_FIXED_TAG = re.compile(r"v?\d+\.\d+\.\d+([.-][A-Za-z0-9.-]+)?", re.ASCII)


class Image:
    """
    A container image at one fixed version: a full version tag, a digest, or both.

    Args:
        reference: As in a manifest, e.g. ``redis:8.2.1-alpine`` or ``ghcr.io/acme/tool:v1.2.3@sha256:...``.
    """

    __slots__ = ("digest", "reference", "repository", "tag")

    def __init__(self, reference: str) -> None:
        self.reference = reference
        found = _IMAGE.fullmatch(reference)
        self.repository: str = found["repository"] if found else reference
        self.tag: str | None = found["tag"] if found else None
        self.digest: str | None = found["digest"] if found else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Image) and other.reference == self.reference

    def __hash__(self) -> int:
        return hash(self.reference)

    def __repr__(self) -> str:
        return f"Image({self.reference!r})"

    @property
    def version(self) -> tuple[int, ...] | None:
        """The numbers of the tag, ``v1.103.2`` as ``(1, 103, 2)``; None without a version tag."""
        found = re.match(r"v?(\d+(?:\.\d+)+)", self.tag or "")
        return tuple(int(part) for part in found[1].split(".")) if found else None

    def problems(self) -> Iterator[Problem]:
        """A tag such as ``latest``, ``27-slim`` or ``main-stable`` moves: tomorrow's bytes were never reviewed."""
        if not _IMAGE.fullmatch(self.reference):
            yield Problem(f"image {self.reference!r} is not an image reference", "write it as 'registry/name:1.2.3'")
        elif not self.digest and not _FIXED_TAG.fullmatch(self.tag or ""):
            yield Problem(
                f"image {self.reference!r} has no fixed version",
                "write the whole version, as in 'registry/name:1.2.3', or a digest, as in 'registry/name@sha256:...'",
            )


# --- quantities ------------------------------------------------------------------------------------------------------

# ASCII, because Python's \d is any script's digit. Two digits of exponent are more than any cluster has.
_QUANTITY = re.compile(r"(?P<number>\d+(?:\.\d*)?|\.\d+)(?P<suffix>[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d{1,2})?", re.ASCII)
_SCALE: dict[str | None, Fraction] = {
    None: Fraction(1),
    **{suffix: Fraction(1000) ** power for power, suffix in enumerate("num", start=-3)},
    **{suffix: Fraction(1000) ** power for power, suffix in enumerate("kMGTPE", start=1)},
    **{suffix: Fraction(1024) ** power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), start=1)},
}


def quantity(text: str) -> Fraction | None:
    """The value of a Kubernetes quantity (``500m`` is a half, ``1Gi`` is 2**30); None where Kubernetes refuses it."""
    found = _QUANTITY.fullmatch(text)
    if not found:
        return None
    number, suffix = Fraction(found["number"].rstrip(".")), found["suffix"]
    scale = _SCALE.get(suffix)
    return number * (Fraction(f"1{suffix}") if scale is None else scale)


def bytes_problems(keyword: str, text: str) -> Iterator[Problem]:
    """A positive number of whole bytes: ``512m`` is half a byte, and Kubernetes takes it."""
    value = quantity(text)
    if value is None or value <= 0:
        yield Problem(f"{keyword}={text!r} is not a quantity that Kubernetes takes", "write it as '512Mi' or '10Gi'")
    elif value.denominator != 1:
        yield Problem(
            f"{keyword}={text!r} is not a whole number of bytes: 'm' means thousandths", "write it as '512Mi'"
        )


class Resources(Fact):
    """What a container asks for and may use at most, as Kubernetes quantities (``500m``, ``1Gi``)."""

    cpu: str
    memory: str
    cpu_limit: str
    memory_limit: str

    def problems(self) -> Iterator[Problem]:
        """Each is a positive quantity, and no limit is below its request (Kubernetes refuses both)."""
        for keyword in ("cpu", "cpu_limit"):
            value = quantity(getattr(self, keyword))
            if value is None or value <= 0 or (value * 1000).denominator != 1:
                yield Problem(
                    f"{keyword}={getattr(self, keyword)!r} is not a quantity of processors that Kubernetes takes",
                    "write it as '2' or '500m'; '1m' is the least",
                )
        for keyword in ("memory", "memory_limit"):
            yield from bytes_problems(keyword, getattr(self, keyword))
        for keyword in ("cpu", "memory"):
            request, limit = quantity(getattr(self, keyword)), quantity(getattr(self, f"{keyword}_limit"))
            if request is not None and limit is not None and limit < request:
                yield Problem(
                    f"{keyword}_limit={getattr(self, f'{keyword}_limit')!r} is below the request "
                    f"{getattr(self, keyword)!r}",
                    f"raise {keyword}_limit or lower {keyword}",
                )

    @property
    def memory_limit_mib(self) -> int:
        """The memory limit in whole MiB."""
        return int((quantity(self.memory_limit) or 0) // 2**20)


_DURATION = re.compile(r"([0-9]+(h|m|s))+")


def duration_problems(keyword: str, text: str) -> Iterator[Problem]:
    """Durations as Go prints them: ``24h``, ``1h30m``."""
    if not _DURATION.fullmatch(text):
        yield Problem(f"{keyword}={text!r} is not a duration", "write it as '24h' or '30m'")
