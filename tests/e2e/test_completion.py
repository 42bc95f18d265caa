"""Words at the key Tab, in real shells: what bash, zsh and fish make of the scripts of `roost completion`."""
import os
import pty
import re
import select
import subprocess
import time

import pytest

from program import TIMEOUT_SECONDS, environment, program_path

LINES = [("tra", "train"), ("run --step val", "run --step validate"), ("run --step=val", "run --step=validate"),
         ("data show fl", "data show flights"), ("validate month", "validate month-2.csv")]


@pytest.fixture
def shell(project):
    """Gives what a program says in the project's folder, with roost on PATH."""
    (project.folder / "month-2.csv").write_text("a\n1\n")
    project.run("data", "add", "flights", "month-2.csv")

    def run(*words):
        result = subprocess.run(list(map(str, words)), cwd=project.folder, env=environment(project.home),
                                capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        assert result.returncode == 0, result.stderr
        return result.stdout.splitlines()

    return run


def asked(shell, *words):
    """The words, without their texts, that the program itself offers, and whether files fit."""
    lines = shell(program_path(), "complete", "--", *words)
    return [line.split("\t")[0] for line in lines[:-1]], lines[-1] == ":files"


def test_every_command_and_option_is_offered(shell):
    """Held against what help shows, command by command."""
    def walk(*command):
        text = "\n".join(shell(program_path(), *command, "--help"))
        shown = re.findall(r"^  ([a-z][a-z-]*) {2,}", text.split("\nCommands")[1], re.M) if "\nCommands" in text else []
        offered = asked(shell, *command, "")[0]
        assert set(shown) <= set(offered), command
        options = set(re.findall(r"(--[a-z][a-z-]*)", "\n".join(re.findall(r"^  (-\S.*?)(?:  |$)", text, re.M))))
        assert options <= set(asked(shell, *command, "--")[0]), command
        return sum(walk(*command, name) for name in shown) + 1

    assert walk() > 50


def test_values_names_and_files(shell):
    assert asked(shell, "run", "--step", "")[0] == ["ingest", "validate", "assert", "train", "evaluate", "gate", "release"]
    assert asked(shell, "run", "--step=tr")[0] == ["--step=train"]
    assert asked(shell, "init", "--template", "") == (["tabular", "flights"], False)
    assert asked(shell, "data", "show", "fl") == (["flights"], False)
    assert asked(shell, "train", "--model", "") == (["late-flights"], False), "of roost.yaml: none is trained yet"
    assert asked(shell, "model", "show", "la") == (["late-flights"], False)
    assert asked(shell, "--project", "")[1]
    assert asked(shell, "complete", "x") == ([], False), "what is hidden is not offered"
    assert asked(shell, "no-such-command", "x", "--wrong", "")[1] is False


class Typed:
    """An interactive shell at a terminal, into which keys are typed."""

    def __init__(self, words, folder, variables):
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.execvpe(words[0], words, variables)
        self.seen = ""

    def type(self, keys):
        os.write(self.terminal, keys.encode())

    def wait_for(self, pattern):
        """Reads until what was seen since the last call has `pattern`."""
        end = time.monotonic() + 60
        while not re.search(pattern, self.seen, re.S):
            assert time.monotonic() < end, f"no {pattern!r} in {self.seen[-2000:]!r}"
            if select.select([self.terminal], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.terminal, 65536).decode(errors="replace")
                except OSError:
                    pass
        self.seen = ""

    def close(self):
        os.close(self.terminal)
        os.kill(self.process, 9)
        os.waitpid(self.process, 0)


@pytest.fixture
def typed(project):
    """Starts a shell with a prompt of its own, in a folder with files; all are ended at the end."""
    (project.folder / "month-2.csv").write_text("a\n1\n")
    project.run("data", "add", "flights", "month-2.csv")
    started = []

    def start(*words):
        started.append(Typed(words, project.folder, environment(project.home) | {"TERM": "dumb", "PS1": "ready> "}))
        return started[-1]

    yield start
    for terminal in started:
        terminal.close()


def complete_lines(terminal, ready):
    """Types the begin of each line and Tab, and has the shell say what the line became."""
    terminal.type(f"{ready}; echo is-$((40 + 2))\n")
    terminal.wait_for("is-42")
    for line, becomes in LINES:
        terminal.type(f"roost {line}\t\x01echo \x05]\n")  # to the begin of the line, to its end
        terminal.wait_for(rf"\nroost {re.escape(becomes)} ?\]\r\n")


def test_bash_completes(typed):
    complete_lines(typed("bash", "--norc", "--noprofile", "-i"), "source <(roost completion bash)")


def test_zsh_completes(typed):
    complete_lines(typed("zsh", "-f", "-i"), "bindkey -e; autoload -Uz compinit && compinit -u -D; source <(roost completion zsh)")


def test_fish_completes(shell):
    def fish(line):
        said = shell("fish", "--no-config", "-c", "roost completion fish | source; complete --do-complete $argv[1]", line)
        return [word.split("\t")[0] for word in said]

    assert fish("roost tra") == ["train"]
    assert fish("roost run --step val") == ["validate"]
    assert fish("roost run --step=val") == ["--step=validate"]
    assert fish("roost data show fl") == ["flights"]
    assert "month-2.csv" in fish("roost validate mon")
    assert fish("roost --project=mon")[0].startswith("--project=mon")
