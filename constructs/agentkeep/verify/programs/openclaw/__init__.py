"""
OpenClaw: how it is started, what it answers, and its ``openclaw.json``, judged alone.

Each module holds what one rule asks of the configuration, as functions of the configuration itself, so that a text can
be judged without a folder around it; `judged.faults` asks them all. Every fact about the program was established by
running it (tests/real/openclaw).
"""

from typing import Final

from agentkeep.verify.programs import PROBES, Program

PROGRAM: Final = Program(
    name="openclaw",
    repositories=frozenset({"openclaw"}),
    commands=((), ("node", "openclaw.mjs", "gateway")),
    needed=PROBES,
    # It answers 200 on any other path as well, whatever its state.
    answers={
        "startupProbe": frozenset({"/startupz"}),
        "readinessProbe": frozenset({"/startupz", "/readyz", "/ready"}),
        "livenessProbe": frozenset({"/healthz", "/health"}),
    },
    config="openclaw.json",
    # The configuration is written for this release and later ones.
    oldest=(2026, 9, 6),
)
