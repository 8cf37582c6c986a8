"""Finding rule files, and writing whole files or none."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from transpiler import files
from transpiler.errors import UsageError
from transpiler.files import Output, find, is_folder, make_folder, read_text, write


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")


# --- finding ------------------------------------------------------------------------------------


def test_a_folder_gives_its_rules_sorted(tmp_path: Path) -> None:
    touch(tmp_path, "b.yml", "a/z.yaml", "a/B.YML", "c.txt", "a.yml", ".git/x.yml", ".hidden.yml")
    found = find([str(tmp_path)])
    assert [os.path.relpath(path, tmp_path) for path in found.files] == ["a/B.YML", "a/z.yaml", "a.yml", "b.yml"]
    assert found.empty == []


def test_paths_are_named_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "r/b.yml", "odd.name")
    monkeypatch.chdir(tmp_path)
    assert find(["."]).files == ["r/b.yml"]
    assert find(["r/"]).files == ["r/b.yml"]
    assert find(["./odd.name", "-", "r/b.yml", "r", "missing.yml"]).files == ["odd.name", "-", "r/b.yml", "missing.yml"]


def test_a_folder_without_rules(tmp_path: Path) -> None:
    assert find([str(tmp_path)]) == ([], [str(tmp_path)])


def test_loops_of_links_are_harmless(tmp_path: Path) -> None:
    touch(tmp_path, "a/r.yml")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "self").symlink_to("self")
    (tmp_path / "self.yml").symlink_to("self.yml")
    found = find([str(tmp_path)]).files
    assert [os.path.relpath(path, tmp_path) for path in found] == ["a/r.yml", "self.yml"]


def test_linked_folders_are_followed_once(tmp_path: Path) -> None:
    touch(tmp_path / "elsewhere", "r.yml")
    (tmp_path / "rules").mkdir()
    for name in ("one", "two"):
        (tmp_path / "rules" / name).symlink_to(tmp_path / "elsewhere")
    assert find([str(tmp_path / "rules")]).files == [str(tmp_path / "rules" / "one" / "r.yml")]


def test_a_folder_named_like_a_rule(tmp_path: Path) -> None:
    touch(tmp_path, "x.yml/r.yml")
    assert find([str(tmp_path)]).files == [str(tmp_path / "x.yml" / "r.yml")]


def test_a_folder_that_cannot_be_listed_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "locked/r.yml", "r.yml")
    real = os.scandir

    def scandir(path: str) -> object:
        if path.endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert find([str(tmp_path)]).files == [str(tmp_path / "locked"), str(tmp_path / "r.yml")]


def test_deep_folders(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 300)
    deep.mkdir(parents=True)
    touch(deep, "r.yml")
    assert find([str(tmp_path)]).files == [str(deep / "r.yml")]


# --- writing ------------------------------------------------------------------------------------


def test_a_file_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    with Output(str(path)) as output:
        output.write("é\n")
        assert not path.exists()
    assert path.read_bytes() == "é\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_left_of_a_failed_run(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("before")
    with pytest.raises(ZeroDivisionError), Output(str(path)) as output:
        output.write("half")
        raise ZeroDivisionError
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_obeys_the_umask_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write(str(tmp_path / "new"), "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    (tmp_path / "new").chmod(0o604)
    write(str(tmp_path / "new"), "y")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o604


def test_links_are_resolved(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to("real/out.txt")
    write(str(link), "x")  # dangling: the file is made where the link leads
    write(str(link), "y")
    assert link.is_symlink()
    assert (tmp_path / "real" / "out.txt").read_text() == "y"
    assert list((tmp_path / "real").iterdir()) == [tmp_path / "real" / "out.txt"]


def test_a_pipe_is_written_through(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    write(str(pipe), "x")
    reader.join(10)
    assert got == ["x"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_device_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/null")
    write(str(tmp_path / "link"), "x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    assert (tmp_path / "link").is_symlink()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="not run: there is no /dev/full")
def test_a_full_disk() -> None:
    with pytest.raises(UsageError, match=r"U803.*No space left"):
        write("/dev/full", "x")
    with pytest.raises(UsageError, match=r"U803.*No space left"), Output("/dev/full") as output:
        output.write("x" * 100_000)
    with pytest.raises(ZeroDivisionError), Output("/dev/full") as output:
        output.write("x")
        raise ZeroDivisionError


def _in_a_file(folder: Path) -> str:
    touch(folder, "file")
    return str(folder / "file" / "out")


def _a_loop(folder: Path) -> str:
    (folder / "loop").symlink_to("loop")
    return str(folder / "loop")


@pytest.mark.parametrize("place", [_in_a_file, _a_loop, str, lambda folder: str(folder / "missing" / "out")])
def test_places_that_cannot_be_written(tmp_path: Path, place: Callable[[Path], str]) -> None:
    path = place(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError) as caught:
        write(path, "x")
    assert caught.value.diagnostic.code == "U803"
    assert path in caught.value.diagnostic.message
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "locked"
    path.write_text("before")
    monkeypatch.setattr(os, "access", lambda *_: False)  # the super-user may write everything
    with pytest.raises(UsageError, match="Permission denied"):
        write(str(path), "x")
    assert path.read_text() == "before"


def test_a_name_beside_that_is_taken(tmp_path: Path) -> None:
    touch(tmp_path, f".sigmaq-{os.getpid()}-0.tmp")
    write(str(tmp_path / "out"), "x")
    assert (tmp_path / "out").read_text() == "x"


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: os.close(os.open(pipe, os.O_RDONLY)))
    reader.start()
    output = Output(str(pipe))
    reader.join(10)
    with pytest.raises(BrokenPipeError), output:
        output.write("x" * 1_000_000)


def test_folders(tmp_path: Path) -> None:
    new = tmp_path / "a" / "b"
    make_folder(str(new))
    make_folder(str(new))
    assert list(new.iterdir()) == []
    assert is_folder(str(new))
    assert is_folder("not/there/")
    assert not is_folder("not/there")
    touch(tmp_path, "file")
    with pytest.raises(UsageError, match="U803"):
        make_folder(str(tmp_path / "file"))


def test_a_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> tuple[str, int]:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(files, "_create_beside", refuse)
    with pytest.raises(UsageError, match=r"U803.*Permission denied"):
        make_folder(str(tmp_path))


def test_reading_what_is_not_there(tmp_path: Path) -> None:
    assert read_text(str(tmp_path / "nothing")) == ""
    write(str(tmp_path / "x"), "x")
    assert read_text(str(tmp_path / "x")) == "x"
