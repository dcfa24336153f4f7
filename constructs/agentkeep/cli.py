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

from agentkeep.errors import AgentkeepError
from agentkeep.facts import DeclarationErrors

# Set by whoever mends agentkeep itself.
TRACEBACK = "AGENTKEEP_TRACEBACK"
UNCHANGED = "nothing was written; dist/ is as it was"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="agentkeep", description="Host AI agents so that they cannot leak, wander or destroy."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    synth = commands.add_parser("synth", help="write dist/ from a declaration")
    synth.add_argument("declaration", metavar="MODULE[:FUNCTION]", help="where the platform is declared")
    synth.add_argument("--dist", type=Path, default=Path("dist"), help="the folder to replace (default: dist)")
    options = parser.parse_args(arguments)
    return refusing(lambda: synth_command(options.declaration, options.dist))


def synth_command(
    declaration: str, dist: Path, *, terraform: Path | bool = True, kubernetes: Path | bool = True
) -> int:
    """Synthesize and say what was written."""
    from agentkeep.targets.report import text  # noqa: PLC0415 - --help must start at once
    from agentkeep.targets.synthesis import load, synthesize  # noqa: PLC0415 - as above

    platform = load(declaration)
    before, after = synthesize(platform, dist.resolve(), terraform=terraform, kubernetes=kubernetes)
    print(text(platform, dist, before, after))
    return 0


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
    return refusing(lambda: synth_command(declaration, Path("dist"), terraform=outdir, kubernetes=False))


def kubernetes_main(declaration: str) -> int:
    """The body of ``main_k8s.py``: the Kubernetes half, for cdk8s's CLI or by itself."""
    from agentkeep.targets.synthesis import engine_folder  # noqa: PLC0415 - with the command

    outdir = engine_folder("CDK8S_OUTDIR", Path("cdk8s.out"))
    return refusing(lambda: synth_command(declaration, Path("dist"), terraform=False, kubernetes=outdir))


if __name__ == "__main__":
    sys.exit(main())
