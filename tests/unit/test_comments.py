"""Comments go above the line that they are about, and change nothing of what is parsed."""

import pytest
import yaml

from agentkeep import SynthesisError
from agentkeep.halves.pages import Comment
from agentkeep.targets.kubernetes.comments import commented

TEXT = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: one
data:
  script: |
    # not a comment
    echo hello
---
apiVersion: v1
kind: List
metadata:
  name: two
items:
  - name: first
    ports:
      - 80
      - 443
  - name: second
"""


def lines(*comments: Comment) -> list[str]:
    by_object: dict[tuple[str, str], list[Comment]] = {}
    for comment in comments:
        by_object.setdefault((comment.kind, comment.name), []).append(comment)
    return commented(TEXT, ["about", "more"], by_object, path="page").splitlines()


def test_the_header_comes_first() -> None:
    assert lines()[:3] == ["# about", "# more", "apiVersion: v1"]


@pytest.mark.parametrize(
    ("path", "below", "indent"),
    [
        (("data",), "data:", 0),
        (("data", "script"), "  script: |", 2),
        (("items", 0), "  - name: first", 2),
        (("items", "name=second"), "  - name: second", 2),
        (("items", "name=first", "ports"), "    ports:", 4),
        (("items", 0, "ports", 1), "      - 443", 6),
        ((), "apiVersion: v1", 0),
    ],
)
def test_stands_above_its_line(path: tuple[str | int, ...], below: str, indent: int) -> None:
    kind, name = ("ConfigMap", "one") if path[:1] == ("data",) else ("List", "two")
    found = lines(Comment(kind, name, path, "because"))
    at = found.index(f"{' ' * indent}# because")

    assert found[at + 1] == below


def test_a_long_reason_is_wrapped() -> None:
    found = lines(Comment("List", "two", ("items", "name=first", "ports"), "word " * 60))
    said = [line for line in found if "word" in line]

    assert len(said) > 1
    assert all(line.startswith("    # ") and len(line) <= 110 for line in said)


def test_two_comments_on_one_line_keep_their_order() -> None:
    found = lines(*(Comment("List", "two", ("items",), text) for text in ("first", "second")))

    assert found[found.index("# first") + 1] == "# second"


def test_a_comment_on_an_object_of_another_file_is_passed_over() -> None:
    assert lines(Comment("Secret", "one", ("data",), "because")) == lines()


@pytest.mark.parametrize("path", [("spec",), ("items", 5), ("items", "name=third"), ("items", 0, "name", "x")])
def test_a_comment_on_nothing_is_an_error_and_not_lost(path: tuple[str | int, ...]) -> None:
    with pytest.raises(SynthesisError, match=r"^\[page\] a comment is about .* of List 'two', which is not there; "):
        lines(Comment("List", "two", path, "because"))


@pytest.mark.parametrize("end", ["\n", "\r", "\x85", "\u2028", "\u2029"])
def test_no_reason_ends_its_comment(end: str) -> None:
    found = lines(Comment("ConfigMap", "one", ("data",), f"because{end}extra: field"))

    assert [*yaml.safe_load_all("\n".join(found) + "\n")] == [*yaml.safe_load_all(TEXT)]


def test_nothing_that_is_parsed_changes() -> None:
    found = lines(Comment("ConfigMap", "one", ("data", "script"), "because"))

    assert [*yaml.safe_load_all("\n".join(found) + "\n")] == [*yaml.safe_load_all(TEXT)]
