"""Plays the .test files of this folder (format: README.md); ACCEPT=1 rewrites them."""
import difflib
import pathlib

import pytest

from terminal import Terminal, accepting, normal

FOLDER = pathlib.Path(__file__).parent
MARKS = ("$ ", "> ", "! ", "# ", "[exit ", "\\")


def parse(text):
    """The blocks of a file: (comment lines, command lines, expected lines)."""
    blocks = []
    comments = []
    for line in text.splitlines():
        if line.startswith("# "):
            comments.append(line)
        elif line.startswith("$ "):
            blocks.append((comments, [line], []))
            comments = []
        elif line.startswith("> ") and blocks and not blocks[-1][2]:
            blocks[-1][1].append(line)
        elif blocks and not comments:
            blocks[-1][2].append(line)
        else:
            assert not line, f"neither a comment nor a command: {line!r}"
    assert not comments, "comments after the last command"
    return blocks


def shown(terminal, command):
    """The lines that `command` shows, as a .test file has them."""
    code, stdout, stderr = terminal.play(command)
    lines = [normal(line, terminal.folder) for line in stdout]
    lines = ["\\" + line if line.startswith(MARKS) else line for line in lines]
    lines += [f"! {normal(line, terminal.folder)}".rstrip() for line in stderr]
    return lines + ([f"[exit {code}]"] if code else [])


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.test")), ids=lambda path: path.stem)
def test_session_reads_as_before(path, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    before = path.read_text()
    parts = []
    with Terminal(folder) as terminal:
        for comments, command, _ in parse(before):
            lines = shown(terminal, "\n".join(line[2:] for line in command))
            parts.append("".join(f"{line}\n" for line in [*comments, *command, *lines]))
    after = "\n".join(parts)
    if accepting():
        path.write_text(after)
    elif before != after:
        lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "expected", "shown", n=3, lineterm="")
        pytest.fail("\n".join([f"{path.name}; 'make accept' takes the new text", *lines]), pytrace=False)
