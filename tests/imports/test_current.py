"""The committed bindings are what the generator makes."""

from pathlib import Path

import pytest

from tools import imports, imports_terraform


def test_nothing_is_out_of_date(capsys: pytest.CaptureFixture[str]) -> None:
    status = imports.main(["--check"])

    assert (status, "out of date" in capsys.readouterr().out) == (0, False)


def test_an_edited_module_is_found_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = tmp_path / "random.py"
    module.write_text("# edited by hand\n")
    monkeypatch.setattr(imports, "ROOT", tmp_path)
    monkeypatch.setattr(imports, "schemas", lambda **_: iter(()))
    monkeypatch.setattr(imports, "builtin_schemas", lambda: iter(()))
    monkeypatch.setattr(imports, "modules", lambda: iter([(module, "as generated\n")]))

    assert imports.main(["--check"]) == 1
    assert "out of date  random.py" in capsys.readouterr().out
    assert module.read_text() == "# edited by hand\n"


def test_a_source_that_is_not_at_hand_is_said_to_be_unchecked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(imports, "package", lambda *_, **__: None)
    monkeypatch.setattr(imports, "modules", lambda: iter(()))

    assert imports.main(["--check"]) == 0
    assert len(imports_terraform.SOURCES) == capsys.readouterr().out.count("not checked")


def test_a_package_that_is_built_differently_is_refused() -> None:
    source = imports_terraform.SOURCES[1]

    with pytest.raises(LookupError):
        imports_terraform.read_provider(source, _archive({}))


def test_a_wheel_that_is_not_the_pinned_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = next(one for one in imports_terraform.SOURCES if one.sha256)
    (tmp_path / f"{source.package.replace('-', '_')}-{source.version}-py3-none-any.whl").write_bytes(b"other")
    monkeypatch.setattr(imports, "CACHE", tmp_path)

    with pytest.raises(ValueError, match="is not the pinned file"):
        imports.wheel_file(source, fetch=False)


def _archive(files: dict[str, bytes]) -> bytes:
    import io
    import tarfile

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
