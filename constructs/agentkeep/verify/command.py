"""
``agentkeep verify``, ``explain`` and ``diff``: reads artifacts, starts without an engine and without Node.

Exit status: 0 proved (answered; nothing widened), 1 refuted (something widened), 2 could not run.
"""

import argparse
import gc
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from agentkeep.errors import ProofError
from agentkeep.verify.artifacts import load
from agentkeep.verify.case import Case
from agentkeep.verify.decide import case_of, decide
from agentkeep.verify.difference import Change, compare, side
from agentkeep.verify.documents import parse
from agentkeep.verify.explain import explain_connection, explain_secret
from agentkeep.verify.ledger import FAMILIES, Ledger, read_ledger
from agentkeep.verify.report import as_json, as_sarif, dump, overall, write_table
from agentkeep.verify.verdict import Outcome, Verdict

HEADINGS = {
    "readable": "newly readable",
    "reachable": "newly reachable",
    "public": "newly public",
    "deletable": "newly deletable",
    "weaker": "newly broken",
    "narrower": "no longer possible",
}


def verify(
    dist: str, policy: str | None = None, families: Sequence[str] | None = None
) -> tuple[Case, tuple[Verdict, ...]]:
    """
    The verdicts on a folder.

    Args:
        dist: The folder.
        policy: A policy file for manifests written by hand; without it the folder's own ``platform.json`` is the
            measure.
        families: Families of rules; all that the ledger asks for by default.

    Raises:
        ProofError: something could not be read.
    """
    ledger = _policy(policy) if policy else None
    case = case_of(load(dist), ledger)
    return case, decide(case, families=families)


def _policy(path: str) -> Ledger:
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ProofError(path, f"cannot be read ({error.strerror})", "name a policy file") from None
    documents = parse(data, path)
    if len(documents) != 1:
        raise ProofError(path, f"holds {len(documents)} documents", "write one")
    return read_ledger(documents[0])


def verify_command(argv: Sequence[str]) -> int:
    """``agentkeep verify [DIST]``; the exit status."""
    parser = argparse.ArgumentParser(
        prog="agentkeep verify", description="Decide every promise from the artifacts alone."
    )
    parser.add_argument(
        "dist", nargs="?", default="dist", metavar="DIST", help="the folder of artifacts (default: dist)"
    )
    parser.add_argument("--policy", metavar="FILE", help="what should hold, for manifests without a platform.json")
    parser.add_argument("--format", choices=("table", "json", "sarif"), default="table", help="how to answer")
    parser.add_argument(
        "--family",
        action="append",
        choices=FAMILIES,
        help="decide only these families of rules, and what is asked always",
    )
    options = parser.parse_args(argv)

    def run() -> int:
        case, verdicts = verify(options.dist, options.policy, options.family)
        if options.format == "table":
            write_table(verdicts, case, sys.stdout)
        else:
            dump(as_json(verdicts) if options.format == "json" else as_sarif(verdicts, case), sys.stdout)
        return 0 if overall(verdicts) is Outcome.PROVED else 1

    return _guarded(run)


def explain_command(argv: Sequence[str]) -> int:
    """``agentkeep explain SECRET`` or ``explain WORKLOAD TARGET``; the exit status."""
    parser = argparse.ArgumentParser(
        prog="agentkeep explain", description="Who reads a secret; or whether a workload reaches a target, and why."
    )
    parser.add_argument("what", metavar="SECRET|WORKLOAD", help="a secret, or the workload that connects")
    parser.add_argument("target", nargs="?", metavar="TARGET", help="litellm:4000, 10.0.0.1:443, dns:53/udp")
    parser.add_argument("--dist", default="dist", metavar="DIST", help="the folder of artifacts (default: dist)")
    parser.add_argument("--policy", metavar="FILE", help="what should hold, for manifests without a platform.json")
    options = parser.parse_args(argv)

    def run() -> int:
        case = case_of(load(options.dist), _policy(options.policy) if options.policy else None)
        if options.target is None:
            answer = explain_secret(case, options.what)
        else:
            answer = explain_connection(case, options.what, options.target)
        print(answer.headline)
        for hop in answer.hops:
            print(f"  {hop}")
        return 0

    return _guarded(run)


def diff_command(argv: Sequence[str]) -> int:
    """``agentkeep diff OLD NEW``; 1 if anything became readable, reachable, deletable, public or broken."""
    parser = argparse.ArgumentParser(prog="agentkeep diff", description="What becomes possible from OLD to NEW.")
    parser.add_argument("old", metavar="OLD", help="a folder, or a git revision")
    parser.add_argument("new", nargs="?", metavar="NEW", help="a folder, or a git revision (default: the folder DIST)")
    parser.add_argument("--dist", default="dist", metavar="DIST", help="the folder inside a revision (default: dist)")
    parser.add_argument(
        "--policy", metavar="FILE", help="what should hold on both sides, for manifests without a platform.json"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to answer")
    options = parser.parse_args(argv)

    def run() -> int:
        measure = _policy(options.policy) if options.policy else None
        old = side(options.old, options.dist, measure)
        changes = compare(old, side(options.new or options.dist, options.dist, measure))
        widens = any(change.widens for change in changes)
        if options.format == "json":
            listed = [{"kind": c.kind, "what": c.what, "witness": list(c.witness)} for c in changes]
            dump({"format": "agentkeep/diff/v1", "widens": widens, "changes": listed}, sys.stdout)
        else:
            _print_changes(changes)
        return 1 if widens else 0

    return _guarded(run)


def _print_changes(changes: Sequence[Change]) -> None:
    if not any(change.widens for change in changes):
        print("nothing becomes readable, reachable, deletable, public or broken")
    for kind, heading in HEADINGS.items():
        mine = [change for change in changes if change.kind == kind]
        if mine:
            print(f"{heading}:")
        for change in mine:
            print(f"  {change.what}")
            for hop in change.witness:
                print(f"      {hop}")


def _guarded(run: Callable[[], int]) -> int:
    # What is read is kept until the answer and has no cycles; looking for garbage in it would be a fifth of the time.
    collected = gc.isenabled()
    gc.disable()
    try:
        return run()
    except ProofError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader went away, as "| head" does; there is nobody left to tell.
        sys.stderr.close()
        return 2
    finally:
        if collected:
            gc.enable()


def main(argv: Sequence[str] | None = None) -> int:
    """``python -m agentkeep.verify.command verify|explain|diff ...``."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    commands = {"verify": verify_command, "explain": explain_command, "diff": diff_command}
    if not arguments or arguments[0] not in commands:
        print(f"usage: {' | '.join(commands)} ...", file=sys.stderr)
        return 2
    return commands[arguments[0]](arguments[1:])


if __name__ == "__main__":
    sys.exit(main())
