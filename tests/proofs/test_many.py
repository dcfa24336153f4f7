"""What was proved of one agent is proved of many, and each further one is examined as the last one was."""

from agentkeep.verify.artifacts import assemble
from agentkeep.verify.decide import case_of, decide
from tests.proofs.many import many_agents


def test_a_platform_of_many_agents_is_proved_and_each_is_examined() -> None:
    answers = {count: decide(case_of(assemble("many", many_agents(count)))) for count in (2, 3, 4)}
    examined = [sum(verdict.examined for verdict in verdicts) for verdicts in answers.values()]

    assert [finding.line for verdicts in answers.values() for one in verdicts for finding in one.findings] == []
    # The agents are alike, so a rule that passes one over would be seen here.
    assert examined[1] - examined[0] == examined[2] - examined[1] > 100
