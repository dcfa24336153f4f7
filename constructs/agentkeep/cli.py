"""
The command line: ``agentkeep synth``, ``verify``, ``explain``, ``diff``.

No traceback reaches a user: what is wrong is said in lines of the form ``[path] problem; fix``. Exit status 0 means
done (or proved), 1 refused (or refuted), 2 could not run.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from agentkeep.core.facts import DeclarationErrors
from agentkeep.errors import AgentkeepError, SynthesisError

# Set by whoever fixes agentkeep itself.
TRACEBACK = "AGENTKEEP_TRACEBACK"
PROOFS = {
    "verify": "decide every promise from the artifacts alone",
    "explain": "who reads a secret; whether a workload reaches a target, and why",
    "diff": "what becomes possible from one dist/ to another",
}
UNCHANGED = "nothing was written; dist/ is as it was"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="agentkeep", description="Host AI agents so that they cannot leak, wander or destroy."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    synth = commands.add_parser("synth", help="write dist/ from a declaration, if every promise is proved")
    synth.add_argument("declaration", metavar="MODULE|FILE.py[:FUNCTION]", help="where the platform is declared")
    synth.add_argument("--dist", type=Path, default=Path("dist"), help="the folder to replace (default: dist)")
    for name, about in PROOFS.items():
        commands.add_parser(name, help=about, add_help=False)
    if given and given[0] in PROOFS:
        from agentkeep.verify import command  # noqa: PLC0415 - --help must start at once

        return {
            "verify": command.verify_command,
            "explain": command.explain_command,
            "diff": command.diff_command,
        }[given[0]](given[1:])
    options = parser.parse_args(given)
    return refusing(lambda: synth_command(options.declaration, options.dist))


def synth_command(declaration: str, dist: Path, *, only: str | None = None, scratch: Path | None = None) -> int:
    """Synthesize and say what was written. Only a whole platform is proved: one target alone may wait for another."""
    from agentkeep.targets.report import text  # noqa: PLC0415 - --help must start at once
    from agentkeep.targets.synthesis import load, synthesize  # noqa: PLC0415 - as above

    model = load(declaration)
    proofs: list[str] = []

    def prove(folder: Path) -> None:
        proofs.append(proved(folder))

    check = prove if only is None else None
    before, after = synthesize(model, dist.resolve(), only=only, scratch=scratch, check=check)
    print(text(model, dist, before, after))
    for line in proofs:
        print(line)
    return 0


def proved(folder: Path) -> str:
    """
    Decide every promise of the artifacts in *folder*, and say so in one line.

    Raises:
        SynthesisError: A promise is refuted; the error names the first finding, and all are printed.
    """
    from agentkeep.verify.command import verify  # noqa: PLC0415 - with the command
    from agentkeep.verify.report import overall  # noqa: PLC0415 - as above
    from agentkeep.verify.verdict import Outcome  # noqa: PLC0415 - as above

    _, verdicts = verify(str(folder))
    if overall(verdicts) is not Outcome.PROVED:
        broken = [verdict for verdict in verdicts if not verdict.proved]
        for verdict in broken:
            if not verdict.findings:
                print(f"{verdict.rule} found nothing to examine", file=sys.stderr)
            for finding in verdict.findings:
                print("\n    ".join((finding.line, *finding.witness)), file=sys.stderr)
        raise SynthesisError(
            "dist",
            f"{len(broken)} of {len(verdicts)} rules are not proved ({', '.join(verdict.rule for verdict in broken)})",
            "fix the declaration, or acknowledge the finding",
        )
    subjects = sum(verdict.examined for verdict in verdicts)
    return f"\nproved: {len(verdicts)} rules, {subjects} subjects (agentkeep verify shows them)"


def refusing(action: Callable[[], int]) -> int:
    """Run *action*; what it refuses is said in one line each, and nothing was written."""
    try:
        return action()
    except DeclarationErrors as errors:
        for error in errors.exceptions:
            print(error, file=sys.stderr)
        print(f"{errors.message}; {UNCHANGED}", file=sys.stderr)
    except AgentkeepError as error:
        print(error, file=sys.stderr)
        print(UNCHANGED, file=sys.stderr)
    except BrokenPipeError:
        # Whoever read the report has read enough. What was to be written is written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        print(f"[agentkeep] a fault of agentkeep itself ({type(error).__name__}); report it", file=sys.stderr)
        # Not its text: that could hold anything.
        print(f"{UNCHANGED}; {TRACEBACK}=1 shows where", file=sys.stderr)
    return 1


def terraform_main(declaration: str) -> int:
    """The body of ``main_tf.py``: the Terraform half, for cdktf's CLI or by itself."""
    from agentkeep.targets.synthesis import engine_folder  # noqa: PLC0415 - with the command

    outdir = engine_folder("CDKTF_OUTDIR", Path("cdktf.out"))
    return refusing(lambda: synth_command(declaration, Path("dist"), only="terraform", scratch=outdir))


def kubernetes_main(declaration: str) -> int:
    """The body of ``main_k8s.py``: the Kubernetes half, for cdk8s's CLI or by itself."""
    from agentkeep.targets.synthesis import engine_folder  # noqa: PLC0415 - with the command

    outdir = engine_folder("CDK8S_OUTDIR", Path("cdk8s.out"))
    return refusing(lambda: synth_command(declaration, Path("dist"), only="kubernetes", scratch=outdir))


if __name__ == "__main__":
    sys.exit(main())
