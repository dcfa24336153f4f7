"""
What a rule answers: proved, refuted or unknown, how much it looked at, and what shows it.

    finding   one counterexample: ``POD003[openclaw/dind]: privileged``
    verdict   a rule's answer: its findings, and how many subjects it examined

Unknown counts as refuted. A rule that examined nothing proves nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from agentkeep.verify.artifacts import Place


class Outcome(Enum):
    """The three answers of a rule."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One counterexample.

    Attributes:
        rule: Such as ``POD003``.
        subject: What it is about, such as ``openclaw/dind``.
        problem: What is wrong with it, short: rule, subject and problem together are the name of the finding.
        witness: What shows it, one hop or packet a line.
        place: File and line, where there is one.
        undecided: Whether the rule could not decide, rather than found something wrong.
        answerable: Whether somebody may answer for it, though the rule is one that nobody answers for.
    """

    rule: str
    subject: str
    problem: str
    witness: tuple[str, ...] = ()
    place: Place | None = None
    undecided: bool = False
    answerable: bool = False

    @property
    def name(self) -> str:
        """How an acknowledgement names this finding."""
        return f"{self.rule}[{self.subject}]: {self.problem}"

    @property
    def line(self) -> str:
        """One line for a person, in the form of every other error."""
        at = f" ({self.place})" if self.place else ""
        return f"{self.rule} [{self.subject}] {self.problem}{at}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    The answer of one rule.

    Attributes:
        rule: Its id.
        promise: The good state, in one sentence.
        examined: How many subjects it looked at.
        findings: What stands against the promise.
        accepted: Findings that somebody answers for; they do not count against it.
    """

    rule: str
    promise: str
    examined: int
    findings: tuple[Finding, ...]
    accepted: tuple[Finding, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """Refuted by any finding; unknown if something could not be decided or nothing was examined."""
        if any(not finding.undecided for finding in self.findings):
            return Outcome.REFUTED
        if self.findings or self.examined == 0:
            return Outcome.UNKNOWN
        return Outcome.PROVED

    @property
    def proved(self) -> bool:
        """Whether the promise holds."""
        return self.outcome is Outcome.PROVED


@dataclass(slots=True)
class Report:
    """Collects what one rule finds, while it looks."""

    rule: str
    examined: int = 0
    findings: list[Finding] = field(default_factory=list)

    def look(self, subjects: int = 1) -> None:
        """Count *subjects* as examined."""
        self.examined += subjects

    def find(
        self,
        subject: object,
        problem: str,
        *,
        place: Place | None = None,
        witness: Iterable[str] = (),
        answerable: bool = False,
    ) -> None:
        """Record a counterexample; one that is *answerable* may be acknowledged whatever the rule says."""
        self._add(Finding(self.rule, str(subject), problem, tuple(witness), place, answerable=answerable))

    def unsure(self, subject: object, problem: str, *, place: Place | None = None, witness: Iterable[str] = ()) -> None:
        """Record that something could not be decided."""
        self._add(Finding(self.rule, str(subject), problem, tuple(witness), place, undecided=True))

    def _add(self, finding: Finding) -> None:
        # The same fault met by two ways is one finding, so that one acknowledgement answers for it.
        if all(finding.name != known.name for known in self.findings[-64:]):
            self.findings.append(finding)
