"""Laws of declarations: what holds whatever is declared, in whatever order."""

import ipaddress
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from agentkeep import (
    Access,
    EgressLockdown,
    Image,
    Internet,
    IsolatedLLMProxy,
    IsolatedSecret,
    OpenClaw,
    Platform,
    Port,
    Provider,
    Range,
    SandboxedAgent,
    SecretParam,
    TunnelSite,
)
from agentkeep.core.cluster import IpFamily
from agentkeep.core.facts import Network, address_name, quantity
from agentkeep.egress_lockdown.addresses import WHOLE, internet_blocks
from agentkeep.errors import CREDENTIAL, DeclarationError
from agentkeep.halves.pages import Comment
from agentkeep.targets.kubernetes.comments import commented
from agentkeep.targets.ledger import ledger_text
from agentkeep.testing import DEMO_ZONE, demo_platform
from tests.trees import kubernetes_tree, terraform_tree
from tests.worlds import CLOUDFLARED, DOCKER, LITELLM, OPENCLAW, OPUS, RANGES, SONNET, TOOLS, refusals, world

pytestmark = pytest.mark.property

Step: TypeAlias = Callable[[], object]
FAMILIES: tuple[IpFamily, ...] = ("IPv4", "IPv6")

# --- the order of a declaration --------------------------------------------------------------------------------------


class Builder:
    """A declaration as steps that may come in any order that Python allows: what is used exists already."""

    def __init__(self) -> None:
        self.keep = demo_platform()
        self.made: dict[str, Any] = {}

    def secret(self, name: str, kind: type[SecretParam] | type[IsolatedSecret] = SecretParam) -> None:
        self.made[name] = kind(self.keep, name, about=f"what {name} is for")

    def proxy(self) -> None:
        providers = [Provider("acme", self.made["ACME_API_KEY"], [SONNET, OPUS], RANGES)]
        self.made["llm"] = IsolatedLLMProxy(
            self.keep, "llm", image=LITELLM, master_key=self.made["MASTER_KEY"], providers=providers
        )

    def agent(self, name: str) -> None:
        self.made[name] = SandboxedAgent(
            self.keep,
            name,
            runtime=OpenClaw(
                image=OPENCLAW, gateway_token=self.made[f"{name.upper()}_GATEWAY"], primary="Sonnet", tools=TOOLS
            ),
            sandbox=DOCKER,
        )

    def lockdown(self) -> None:
        self.made["lockdown"] = EgressLockdown(self.keep)

    def site(self) -> None:
        self.made["site"] = TunnelSite(self.keep, zone=DEMO_ZONE, image=CLOUDFLARED, tunnel="t")

    def serve(self, name: str) -> None:
        self.made["llm"].serve(self.made[name], key=self.made[f"{name.upper()}_KEY"])

    def publish(self, name: str) -> None:
        self.made["site"].publish(self.made[name], host=name, allow=Access.github())

    def read(self, name: str, secret: str) -> None:
        self.made[name].reads(self.made[secret], as_env=secret)

    def allow(self, name: str, cidr: str | None) -> None:
        to = Range(cidrs=(cidr,), port=Port.tcp(443)) if cidr else Internet.https()
        self.made["lockdown"].allow(self.made[name], to, because=f"{name} needs {cidr or 'the internet'}")


def agent_steps(build: Builder, name: str, upper: str) -> list[tuple[str, set[str], Step]]:
    """What one agent needs, and what it may have."""
    return [
        (f"{upper}_GATEWAY", set(), lambda: build.secret(f"{upper}_GATEWAY")),
        (f"{upper}_KEY", set(), lambda: build.secret(f"{upper}_KEY")),
        (name, {f"{upper}_GATEWAY"}, lambda: build.agent(name)),
        (f"serve {name}", {name, "llm", f"{upper}_KEY"}, lambda: build.serve(name)),
        (f"publish {name}", {name, "site"}, lambda: build.publish(name)),
        (f"read {name}", {name, "SHARED"}, lambda: build.read(name, "SHARED")),
        (f"internet {name}", {name, "lockdown"}, lambda: build.allow(name, None)),
        (f"range {name}", {name, "lockdown"}, lambda: build.allow(name, "203.0.113.0/24")),
    ]


def steps(build: Builder) -> list[tuple[str, set[str], Step]]:
    """Name, what must come before, and the call."""
    found: list[tuple[str, set[str], Step]] = [
        ("ACME_API_KEY", set(), lambda: build.secret("ACME_API_KEY", IsolatedSecret)),
        ("MASTER_KEY", set(), lambda: build.secret("MASTER_KEY", IsolatedSecret)),
        ("SHARED", set(), lambda: build.secret("SHARED")),
        ("llm", {"ACME_API_KEY", "MASTER_KEY"}, build.proxy),
        ("lockdown", set(), build.lockdown),
        ("site", set(), build.site),
    ]
    for name in ("one", "two"):
        found += agent_steps(build, name, name.upper())
    return found


def declared(choose: Callable[[list[str]], str], *, without: frozenset[str] = frozenset()) -> Platform:
    """The same declaration, each time in the order that *choose* gives."""
    build = Builder()
    left = {name: (before, call) for name, before, call in steps(build) if name not in without}
    done: set[str] = set()
    while left:
        name = choose(sorted(name for name, (before, _) in left.items() if before <= done))
        left.pop(name)[1]()
        done.add(name)
    return build.keep


def first(ready: list[str]) -> str:
    return ready[0]


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_no_order_of_declaration_changes_the_ledger(data: st.DataObject) -> None:
    shuffled = declared(lambda ready: data.draw(st.sampled_from(ready)))

    assert ledger_text(shuffled.seal()) == ledger_text(declared(first).seal())


@given(st.randoms(use_true_random=False))
@settings(max_examples=3, deadline=None)
def test_no_order_of_declaration_changes_a_byte_of_the_output(random: Any) -> None:
    from tempfile import TemporaryDirectory

    def trees(platform: Platform) -> dict[str, str]:
        model = platform.seal()
        with TemporaryDirectory() as folder:
            return terraform_tree(model, Path(folder) / "tf") | kubernetes_tree(model, Path(folder) / "k8s")

    assert trees(declared(random.choice)) == trees(declared(first))


# --- edges -----------------------------------------------------------------------------------------------------------


def readers(platform: Platform) -> set[tuple[str, str]]:
    return {(grant.secret, grant.workload) for grant in platform.model.all_grants}


def edges(platform: Platform) -> set[tuple[str, ...]]:
    return {
        (flow.source_name, name, flow.port.protocol, str(flow.port.number))
        for flow in platform.model.all_flows
        for name in flow.ledger_names
    }


GRANTS = {
    "read one": {("SHARED", "one")},
    "read two": {("SHARED", "two")},
    "serve one": {("ONE_KEY", "one"), ("ONE_KEY", "llm")},
    "publish one": set[tuple[str, str]](),
}


@pytest.mark.parametrize(("gone", "expected"), GRANTS.items(), ids=GRANTS.keys())
def test_removing_a_grant_removes_exactly_its_readers(gone: str, expected: set[tuple[str, str]]) -> None:
    whole, less = declared(first), declared(first, without=frozenset({gone}))

    assert readers(whole) - readers(less) == expected
    assert readers(less) <= readers(whole)


OPTIONAL = ("serve one", "serve two", "publish one", "publish two", "internet one", "internet two", "range one")


@given(st.sets(st.sampled_from(OPTIONAL)), st.sampled_from(OPTIONAL))
@settings(max_examples=60, deadline=None)
def test_adding_an_edge_never_removes_one(missing: set[str], added: str) -> None:
    less = declared(first, without=frozenset(missing | {added}))
    more = declared(first, without=frozenset(missing - {added}))

    assert edges(less) <= edges(more)
    assert readers(less) <= readers(more)


@given(st.lists(st.tuples(st.sampled_from(["203.0.113.0/24", "198.18.0.0/24", "1.1.1.0/24"]), st.sampled_from("ab"))))
def test_a_flow_has_one_reason_or_is_refused(flows: list[tuple[str, str]]) -> None:
    built = world()
    for cidr, because in flows:
        built.lockdown.allow(built.agent, Range(cidrs=(cidr,), port=Port.tcp(443)), because=because)
    contradictions = {cidr for cidr, _ in flows if len({because for known, because in flows if known == cidr}) > 1}

    assert {problem for _, problem, _ in refusals(built.platform)} == {
        f"the flow to cidr:{cidr} has two reasons" for cidr in contradictions
    }


# --- the internet ----------------------------------------------------------------------------------------------------

# From the registries, apart from the table that is tested: first and last address of what is never the internet.
SPECIAL = [
    *("0.0.0.0-0.255.255.255", "10.0.0.0-10.255.255.255", "100.64.0.0-100.127.255.255", "127.0.0.0-127.255.255.255"),
    *("168.63.129.16-168.63.129.16", "169.254.0.0-169.254.255.255", "172.16.0.0-172.31.255.255"),
    *("192.0.0.0-192.0.0.255", "192.0.2.0-192.0.2.255", "192.88.99.0-192.88.99.255", "192.168.0.0-192.168.255.255"),
    *("198.18.0.0-198.19.255.255", "198.51.100.0-198.51.100.255", "203.0.113.0-203.0.113.255"),
    "224.0.0.0-255.255.255.255",
]
SPANS = [tuple(int(ipaddress.IPv4Address(end)) for end in span.split("-")) for span in SPECIAL]


@st.composite
def own_networks(draw: st.DrawFn) -> list[Network]:
    def network(bits: int) -> Network:
        prefix = draw(st.integers(8, bits))
        number = draw(st.integers(0, 2**bits - 1)) >> (bits - prefix) << (bits - prefix)
        kind = ipaddress.IPv4Network if bits == 32 else ipaddress.IPv6Network
        return kind((number, prefix))

    return [network(draw(st.sampled_from([32, 32, 128]))) for _ in range(draw(st.integers(0, 4)))]


@given(own_networks(), st.integers(0, 2**32 - 1))
@settings(max_examples=200)
def test_the_internet_is_everything_but_special_and_own_addresses_at_every_border(
    own: list[Network], any_: int
) -> None:
    ((cidr, exceptions),) = internet_blocks(("IPv4",), own)
    excluded = [ipaddress.IPv4Network(one) for one in exceptions]
    spans = [*SPANS, *((int(one[0]), int(one[-1])) for one in own if one.version == 4)]
    borders = {any_, *(edge + step for span in spans for edge in span for step in (-1, 0, 1))}

    assert cidr == "0.0.0.0/0"
    for number in borders:
        if not 0 <= number < 2**32:
            continue
        address = ipaddress.IPv4Address(number)
        special = any(low <= number <= high for low, high in spans)

        assert special == any(address in one for one in excluded), address


@given(own_networks())
def test_exceptions_are_what_kubernetes_takes(own: list[Network]) -> None:
    for cidr, exceptions in internet_blocks(FAMILIES, own):
        whole = ipaddress.ip_network(cidr)
        networks = [ipaddress.ip_network(one) for one in exceptions]

        assert all(one[0] in whole and one[-1] in whole and one != whole for one in networks)
        assert all(int(before[-1]) < int(after[0]) for before, after in pairwise(networks))


@given(own_networks(), st.permutations(FAMILIES))
def test_the_internet_does_not_depend_on_an_order(own: list[Network], families: list[IpFamily]) -> None:
    assert internet_blocks(families, own) == internet_blocks(FAMILIES, list(reversed(own)))
    assert {cidr for cidr, _ in internet_blocks(families, own)} == {*WHOLE.values()}


# --- quantities, images, names ---------------------------------------------------------------------------------------

SUFFIXES: dict[str, int | Decimal] = {
    "": 1, "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "k": 10**3, "M": 10**6, "G": 10**9,
    "T": 10**12, "P": 10**15, "E": 10**18, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "Pi": 1 << 50,
    "Ei": 1 << 60,
}  # fmt: skip


@given(st.decimals(0, 10**6, places=3), st.sampled_from([*SUFFIXES]))
def test_a_quantity_is_number_times_suffix(number: Decimal, suffix: str) -> None:
    assert quantity(f"{number:f}{suffix}") == Fraction(number) * Fraction(SUFFIXES[suffix])


@given(st.integers(0, 999), st.integers(-99, 99), st.sampled_from("eE"))
def test_a_quantity_may_have_an_exponent(number: int, exponent: int, letter: str) -> None:
    assert quantity(f"{number}{letter}{exponent}") == Fraction(number) * Fraction(10) ** exponent


@given(st.text(alphabet="0123456789.numkKMGTPEie+- \n٣", max_size=8))
def test_whatever_is_a_quantity_here_is_one_in_kubernetes(text: str) -> None:
    # The grammar as the API server's documentation gives it, without a sign.
    grammar = r"([0-9]+|[0-9]+\.[0-9]*|\.[0-9]+)([KMGTPE]i|n|u|m|k|M|G|T|P|E|[eE][+-]?[0-9]+)?"
    value = quantity(text)

    assert value is None or re.fullmatch(grammar, text)
    assert value is not None or not re.fullmatch(grammar, text) or re.search(r"[eE][+-]?[0-9]{3}", text)


LABEL = st.from_regex(r"[a-z0-9]+", fullmatch=True)


@given(
    st.lists(LABEL, min_size=1, max_size=4),
    st.one_of(st.none(), st.tuples(*[st.integers(0, 9999)] * 3)),
    st.booleans(),
    st.sampled_from(["", "-slim", "-rc.1"]),
)
def test_an_image_is_read_as_it_was_written(
    parts: list[str], version: tuple[int, ...] | None, digest: bool, suffix: str
) -> None:
    repository = "/".join(parts)
    tag = f"{'.'.join(map(str, version))}{suffix}" if version else None
    pinned = "sha256:" + "0a" * 32 if digest else None
    reference = repository + (f":{tag}" if tag else "") + (f"@{pinned}" if pinned else "")
    image = Image(reference)

    assert (image.repository, image.tag, image.digest) == (repository, tag, pinned)
    assert (list(image.problems()) == []) is bool(tag or pinned)
    assert image.version == version


@given(st.text(max_size=40))
def test_a_terraform_name_is_one(name: str) -> None:
    assert re.fullmatch(r"([a-z_][a-z0-9_]*)?", address_name(name))
    assert address_name(name) == address_name(name.upper()) or not name.isascii()


@given(st.text(), st.text(), st.text())
def test_an_error_is_always_one_line_without_a_credential(path: str, problem: str, fix: str) -> None:
    key = "sk-ant-api03-0123456789abcdef"
    said = str(DeclarationError(path, f"{problem} {key} {problem}", fix))

    assert len(said.splitlines()) == 1
    assert key not in said
    assert not CREDENTIAL.search(said)


# --- comments --------------------------------------------------------------------------------------------------------

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.text(max_size=40), st.integers(), st.booleans(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=3)
    ),
    max_leaves=12,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path into a value."""
    found = [path]
    if isinstance(value, dict):
        found += [place for key, inner in value.items() for place in places(inner, (*path, key))]
    elif isinstance(value, list):
        found += [place for index, inner in enumerate(value) for place in places(inner, (*path, index))]
    return found


@given(st.dictionaries(st.text(min_size=1, max_size=8), VALUES, max_size=4), st.data(), st.text(min_size=1))
@settings(max_examples=200, deadline=None)
def test_a_comment_never_changes_what_is_parsed(content: dict[str, Any], data: st.DataObject, because: str) -> None:
    manifest = {"kind": "Thing", "metadata": {"name": "x"}, "spec": content}
    text = yaml.safe_dump(manifest, default_flow_style=False, sort_keys=False)
    paths = data.draw(st.lists(st.sampled_from(places(manifest)), max_size=4))
    comments = {("Thing", "x"): [Comment("Thing", "x", path, because) for path in paths]}

    assert yaml.safe_load(commented(text, ["about"], comments, path="page")) == manifest
