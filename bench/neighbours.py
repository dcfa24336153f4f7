"""
The nearest programs there are, on the same folder: what they cost, and which harms each of them notices.

Every cell comes from a run. A program *notices* a harm if what it says of the harmed folder differs from what it says
of the untouched one, by something it calls wrong; network-config-analyzer calls nothing wrong here, it draws a map, so
there the cell says that the map changed and a person would have to see it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.measure import BenchError, Sample, measure

APP = "lolice/argoproj/openclaw"
ARCH = "arch"
AWS = "arch/terraform/aws/openclaw/cdk.tf.json"
CLOUDFLARE = "arch/terraform/cloudflare/b0xp.io/openclaw/cdk.tf.json"
# checkov's reader of Terraform JSON gives up on a file that states this, and then reports nothing; it is given a copy
# without it, because what it would decide is the question.
GIVES_UP_ON = re.compile(r',\n\s*"required_version": "[^"]*"|"required_version": "[^"]*",\n\s*')
NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Tool:
    """
    One program.

    Args:
        name: Its column.
        arguments: Command line; ``{home}`` is its environment's ``bin``, ``{dist}`` the folder that it is shown.
        read: What it says is wrong, or else all that it says, from its standard output.
        home: Its environment, below the project; "" for the project's own.
        lock: The lock file of that environment.
        misses: What it does not decide.
        map_only: Whether it judges nothing, so that a change is only a change.
    """

    name: str
    arguments: tuple[str, ...]
    read: Callable[[str], frozenset[str]]
    home: str = ""
    lock: str = ""
    misses: str = ""
    map_only: bool = False


@dataclass(frozen=True, slots=True)
class Harm:
    """One thing broken: in *file*, the first *old* behind *after* becomes *new*."""

    name: str
    file: str
    old: str
    new: str
    after: str = ""

    def apply(self, dist: Path) -> None:
        """
        Break *dist*.

        Raises:
            BenchError: The file no longer says what this harm changes.
        """
        path = dist / self.file
        text = path.read_text(encoding="utf-8")
        start = text.find(self.after)
        at = text.find(self.old, start) if start >= 0 else -1
        if at < 0:
            raise BenchError(f"{self.file} does not hold {self.old!r}, which the harm {self.name!r} changes")
        path.write_text(text[:at] + self.new + text[at + len(self.old) :], encoding="utf-8")


def _env(variable: str, secret: str, key: str) -> str:
    return (
        f"          env:\n            - name: {variable}\n              valueFrom:\n                secretKeyRef:\n"
        f"                  key: {key}\n                  name: {secret}\n"
    )


AGENT = f"{APP}/openclaw-deployment.yaml"
PROXY = f"{APP}/litellm-deployment.yaml"
POLICY = f"{APP}/networkpolicy.yaml"
HARMS = (
    Harm(
        "provider key in the agent's environment", AGENT, "          env:\n",
        _env("ANTHROPIC_API_KEY", "litellm-credentials", "ANTHROPIC_API_KEY"),
    ),
    Harm(
        "tunnel token in the agent's environment", AGENT, "          env:\n",
        _env("TUNNEL_TOKEN", "cloudflared-credentials", "cloudflared-tunnel-token"),
    ),
    Harm("private range dropped from the agent's except", POLICY, "              - 10.0.0.0/8\n", ""),
    Harm(
        "look-alikes of the proxy in every namespace", POLICY, "        - podSelector:",
        "        - namespaceSelector: {}\n          podSelector:", after="  name: openclaw\n",
    ),
    Harm("volume claim may be pruned", f"{APP}/openclaw-pvc.yaml", "Prune=false,Delete=false", "Prune=true"),
    Harm("Access admits everybody", CLOUDFLARE, '"email": "${var.access_emails}"', '"everyone": true'),
    Harm("provider key kept as plain text in SSM", AWS, '"type": "SecureString"', '"type": "String"'),
    Harm("proxy pod privileged", PROXY, "allowPrivilegeEscalation: false", "privileged: true"),
    Harm("number of replicas is a word", PROXY, "  replicas: 1\n", "  replicas: one\n"),
)  # fmt: skip


def _rules(said: str) -> frozenset[str]:
    return frozenset(one["rule"] for one in json.loads(said)["rules"] if one["outcome"] != "proved")


def _checks(said: str) -> frozenset[str]:
    answer = json.loads(said)
    found = set()
    for report in answer if isinstance(answer, list) else [answer]:
        for check in report.get("results", {}).get("failed_checks", ()):
            found.add(f"{check['check_id']} {check['resource']}")
        for file in report.get("results", {}).get("parsing_errors", ()):
            found.add(f"unread {Path(file).name}")
    return frozenset(found)


def _connections(said: str) -> frozenset[str]:
    # The order in which it names pods and its running time differ from run to run.
    return frozenset(line for line in said.splitlines() if line.startswith(("src", "dst")))


def _schema_faults(said: str) -> frozenset[str]:
    return frozenset(line.split()[0] for line in said.splitlines() if line.startswith(("ERROR", "FATAL")))


CHECKOV = ("{home}/checkov", "--skip-download", "--soft-fail", "--quiet", "--compact", "--output", "json")
TOOLS = (
    Tool("agentkeep", (sys.executable, "-m", "agentkeep.cli", "verify", "{dist}", "--format", "json"), _rules),
    Tool(
        "checkov",
        (*CHECKOV, "--framework", "kubernetes", "terraform_json", "--directory", "{dist}"),
        _checks, ".cache/venv-neighbours", "locks/neighbours.txt",
        "judges one object at a time by its fields: not who may read which secret, not what a policy lets through, "
        "nothing of ArgoCD, ExternalSecret or Access, and nothing across the two repositories",
    ),
    Tool(
        "network-config-analyzer",
        ("{home}/nca", "--connectivity", "--return_0", "--resource_list", f"{{dist}}/{APP}"),
        _connections, ".cache/venv-network-config-analyzer", "locks/network-config-analyzer.txt",
        "draws who may connect to whom and leaves the judgement to the reader (or to a scheme that one writes); "
        "ipBlock never covers a pod for it; nothing about secrets, volumes, images, Terraform or Access",
        map_only=True,
    ),
    Tool(
        "kubernetes-validate",
        ("{home}/kubernetes-validate", "--strict", "{manifests}"),
        _schema_faults, ".cache/venv-neighbours", "locks/neighbours.txt",
        "compares built-in kinds with the API's schema; passes over ExternalSecret and Application; decides no meaning",
    ),
)  # fmt: skip


def command(tool: Tool, root: Path, dist: Path) -> list[str]:
    """The command that shows *dist* to *tool*."""
    filled: list[str] = []
    for argument in tool.arguments:
        if argument == "{manifests}":
            filled += [str(path) for path in sorted((dist / APP).glob("*.yaml"))]
        else:
            filled.append(argument.replace("{home}", str(root / tool.home / "bin")).replace("{dist}", str(dist)))
    return filled


def environment(tool: Tool, root: Path) -> dict[str, str]:
    """What *tool* runs in: the project's modules for our own, and for the others a proxy that nobody answers at."""
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}}
    if not tool.home:
        return kept | {"PYTHONPATH": os.pathsep.join(map(str, (root / "constructs", root / "imports", root)))}
    nobody = "http://127.0.0.1:9"
    return kept | {"HTTP_PROXY": nobody, "HTTPS_PROXY": nobody, "http_proxy": nobody, "https_proxy": nobody}


def install(tool: Tool, root: Path) -> str:
    """Install *tool*; returns "" or why it is not here."""
    if not tool.home:
        return ""
    asked = subprocess.run(  # noqa: S603 - the project's own program
        [sys.executable, "tools/environment.py", tool.home, tool.lock],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return "" if asked.returncode == 0 else f"not installed here: {asked.stdout.strip().splitlines()[-1:]}"


def shown(root: Path, folder: Path, harm: Harm | None = None) -> Path:
    """A copy of ``dist/`` below *folder*, harmed."""
    dist = folder / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    shutil.copytree(root / "dist", dist)
    # The chart is a third form of the manifests. agentkeep would notice each harm as a difference between the two,
    # which is not the answer that is asked for.
    shutil.rmtree(dist / "helm", ignore_errors=True)
    if harm is not None:
        harm.apply(dist)
    return dist


def readable_for_checkov(dist: Path) -> None:
    """Take from the Terraform JSON of *dist* what checkov's reader gives up on."""
    for path in (dist / ARCH).rglob("*.tf.json"):
        path.write_text(GIVES_UP_ON.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")


def ask(tool: Tool, root: Path, dist: Path) -> frozenset[str]:
    """
    What *tool* says of *dist*.

    Raises:
        BenchError: It could not say anything.
    """
    if tool.name == "checkov":
        readable_for_checkov(dist)
    asked = subprocess.run(  # noqa: S603 - the benchmark's own programs
        command(tool, root, dist), env=environment(tool, root), cwd=root, capture_output=True, text=True, check=False
    )
    if not tool.map_only and tool.name == "kubernetes-validate":
        # It logs, and its log goes to standard error.
        return tool.read(asked.stdout + asked.stderr)
    try:
        return tool.read(asked.stdout)
    except (json.JSONDecodeError, KeyError, TypeError):
        raise BenchError(f"{tool.name} gave no readable answer: {asked.stderr.strip()[-300:]}") from None


def cell(tool: Tool, before: frozenset[str], after: frozenset[str]) -> str:
    """What *tool* makes of a harm."""
    if tool.map_only:
        return "map changes" if before != after else NOTHING
    new = sorted({one.split()[0] for one in after - before})
    return " ".join(new) if len(new) < 4 else f"{' '.join(new[:3])} and {len(new) - 3} more"


def compare(root: Path, scratch: Path, runs: int) -> str:
    """What the neighbours cost on the folder that they are for, and the table of harms."""
    folder = scratch / "neighbours"
    folder.mkdir()
    missing = {tool.name: install(tool, root) for tool in TOOLS}
    present = [tool for tool in TOOLS if not missing[tool.name]]
    costs: dict[str, list[Sample]] = {tool.name: [] for tool in present}
    dist = shown(root, folder)
    readable_for_checkov(dist)
    for turn in range(min(runs, 3) + 1):
        for tool in present:
            print(f"neighbours, run {turn}: {tool.name}", file=sys.stderr, flush=True)
            # agentkeep is shown what is there, as everybody else: the manifests and the Terraform JSON.
            where = root / "dist" if tool.name == "agentkeep" else dist
            sample = measure(command(tool, root, where), environment(tool, root), root)
            if turn:
                costs[tool.name].append(sample)
    found = {tool.name: [ask(tool, root, shown(root, folder))] for tool in present}
    for harm in HARMS:
        print(f"neighbours: {harm.name}", file=sys.stderr, flush=True)
        for tool in present:
            found[tool.name].append(ask(tool, root, shown(root, folder, harm)))
    return told(costs, found, missing)


def told(costs: dict[str, list[Sample]], found: dict[str, list[frozenset[str]]], missing: dict[str, str]) -> str:
    """The tables: *found* holds each tool's answer to the untouched folder, then to each harm."""
    rows: list[Sequence[str]] = [("on dist/", "runs", "CPU s", "MiB")]
    for tool in TOOLS:
        taken = costs.get(tool.name, [])
        if not taken:
            rows.append((tool.name, "0", "", ""))
            continue
        figures = (median(one.cpu for one in taken), median(one.memory for one in taken))
        rows.append((tool.name, str(len(taken)), f"{figures[0]:.2f}", f"{figures[1]:.0f}"))
    lines = [*_aligned(rows), "", "what they do not decide:"]
    lines += [f"{tool.name}: {missing[tool.name] or tool.misses}" for tool in TOOLS if tool.misses]
    present = [tool for tool in TOOLS if tool.name in found]
    table: list[Sequence[str]] = [("harm", *(tool.name for tool in present))]
    for number, harm in enumerate(HARMS, start=1):
        cells = (cell(tool, found[tool.name][0], found[tool.name][number]) or NOTHING for tool in present)
        table.append((harm.name, *cells))
    return "\n".join([*lines, "", *_aligned(table)])


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
