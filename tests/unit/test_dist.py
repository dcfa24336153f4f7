"""The folder dist/ is replaced whole or not at all, and what others write into it survives."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agentkeep import SynthesisError
from agentkeep.targets.dist import expect_replaceable, not_ours, read_tree, swap, write_aside

OURS = {"platform.json": "{}\n", "lolice/argoproj/app/a.yaml": "kind: A\n"}
IMAGES = "lolice/argoproj/app/.argocd-source-app.yaml"


def put(folder: Path, tree: dict[str, str]) -> Path:
    for name, text in tree.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def fail(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def test_the_new_tree_takes_the_place_of_the_old(tmp_path: Path) -> None:
    dist = put(tmp_path / "dist", {"platform.json": "old", "gone.yaml": "# synthesized by agentkeep"})
    swap(write_aside(dist, OURS), dist)

    assert read_tree(dist) == OURS
    assert [path.name for path in tmp_path.iterdir()] == ["dist"]


def test_a_first_dist_is_made_with_its_parents(tmp_path: Path) -> None:
    dist = tmp_path / "a/b/dist"
    dist.parent.mkdir(parents=True)
    swap(write_aside(dist, OURS), dist)

    assert read_tree(dist) == OURS


def replace(dist: Path, tree: dict[str, str]) -> None:
    swap(write_aside(dist, tree, not_ours(read_tree(dist), tree)), dist)


@pytest.mark.parametrize("name", [IMAGES, "lolice/argoproj/app/notes.md", "lolice/argoproj/gone/OWNERS", "README"])
def test_what_somebody_else_put_there_survives(tmp_path: Path, name: str) -> None:
    dist = put(tmp_path / "dist", OURS | {name: "by hand"})
    (dist / name).chmod(0o755)
    replace(dist, OURS)

    assert read_tree(dist) == OURS | {name: "by hand"}
    assert (dist / name).stat().st_mode & 0o777 == 0o755


def test_a_file_of_ours_that_is_not_written_any_more_goes(tmp_path: Path) -> None:
    header = "# about\n# Synthesized by agentkeep from the declaration of 'app'; a change here is lost, change that.\n"
    chart = {"helm/app/Chart.yaml": header, "helm/app/Chart.lock": "digest: x\n", "helm/app/templates/guard.yaml": "x"}
    dist = put(tmp_path / "dist", OURS | chart | {"lolice/argoproj/app/old.yaml": header})
    replace(dist, OURS)

    assert read_tree(dist) == OURS


def test_a_full_disk_leaves_the_old_tree_and_nothing_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dist = put(tmp_path / "dist", OURS)
    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(SynthesisError, match=r"^\[dist\] cannot be written: No space left on device; "):
        write_aside(dist, {"platform.json": "new"})

    assert read_tree(dist) == OURS
    assert [path.name for path in tmp_path.iterdir()] == ["dist"]


@pytest.mark.parametrize("broken", [1, 2])
def test_a_swap_that_fails_puts_the_old_tree_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: int) -> None:
    dist = put(tmp_path / "dist", OURS)
    aside = write_aside(dist, {"platform.json": "new"})
    rename: Callable[[Path, Path], Path] = Path.rename
    calls = []

    def once(self: Path, target: Path) -> Path:
        calls.append(self)
        if len(calls) == broken:
            fail()
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", once)
    with pytest.raises(SynthesisError, match=r"^\[dist\] cannot be replaced: "):
        swap(aside, dist)

    assert read_tree(dist) == OURS


def test_what_is_not_text_is_carried_as_it_is(tmp_path: Path) -> None:
    dist = put(tmp_path / "dist", OURS)
    (dist / "arch").mkdir()
    (dist / "arch/.DS_Store").write_bytes(b"\x00\xff\xfe\n")
    swap(write_aside(dist, read_tree(dist)), dist)

    assert (dist / "arch/.DS_Store").read_bytes() == b"\x00\xff\xfe\n"


def test_a_new_an_empty_and_an_own_folder_may_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    put(tmp_path / "ours", OURS)
    for name in ("new", "empty", "ours"):
        expect_replaceable(tmp_path / name, "platform.json")


@pytest.mark.parametrize("name", ["folder", "file"])
def test_anything_else_may_not(tmp_path: Path, name: str) -> None:
    put(tmp_path, {"folder/thesis.txt": "x", "file": "x"})

    with pytest.raises(SynthesisError, match=rf"^\[{name}\] is there already and holds no platform.json; "):
        expect_replaceable(tmp_path / name, "platform.json")
