"""Runs what documents tell people to type: `arena` in this process, everything else in a shell."""

import re
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from io import StringIO
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from app import cli
from app.database.places import ROOT

SHELL = frozenset({"", "bash", "sh", "console"})
NOT_RUN = re.compile(r"<!-- not run: (.{8,}) -->\s*$")
ARENA = re.compile(r"^(?P<given>([A-Z_]+=\S+ )*)(\.venv/bin/)?arena (?P<words>.*)$", re.DOTALL)
SERVER = re.compile(r"http://(127\.0\.0\.1|localhost):8000")


@dataclass(frozen=True)
class Block:
    """A piece of code in a document, and why it is not run if it is not."""

    language: str
    text: str
    line: int
    reason: str | None

    @property
    def lines(self) -> list[str]:
        """Commands, continued lines joined, comments left out."""
        joined = re.sub(r"\\\n\s*", "", self.text)
        bare = [re.sub(r"\s+# .*$|^#.*$", "", line).strip() for line in joined.splitlines()]
        return [line for line in bare if line]


@cache
def blocks(document: Path) -> tuple[Block, ...]:
    """Every code block of a document, indented ones too (their language is the empty one)."""
    found: list[Block] = []
    before = ""
    for token in MarkdownIt("commonmark", {"html": True}).parse(document.read_text(encoding="utf-8")):
        if token.type in {"fence", "code_block"}:
            reason = NOT_RUN.search(before)
            line = token.map[0] + 1 if token.map else 0
            found.append(Block(token.info.strip(), token.content, line, reason[1] if reason else None))
        before = token.content if token.type == "html_block" else ""
    return tuple(found)


def arena_lines(document: Path) -> list[str]:
    """Every line of a shell block that calls `arena`, run or not."""
    shells = (block for block in blocks(document) if block.language in SHELL)
    return [line for block in shells for line in block.lines if ARENA.match(line)]


@dataclass
class Shell:
    """A folder to type in, what was exported so far, and the server that stands for port 8000."""

    folder: Path
    base: str = ""
    exported: dict[str, str] = field(default_factory=dict)

    def run(self, line: str) -> str:
        """Standard output. Fails with what was said where the command fails."""
        line = SERVER.sub(self.base, line) if self.base else line
        called = ARENA.match(line)
        if called:
            return self._arena(called["given"], called["words"])
        if re.match(r"(export )?[A-Z_]+=", line):
            there = dict(pair.split("=", 1) for pair in self._bash(f"set -a; {line}; env -0").split("\0")[:-1])
            self.exported |= {name: there[name] for name in re.findall(r"\b([A-Z_]+)=", line)}
            return ""
        return self._bash(line)

    def _arena(self, given: str, words: str) -> str:
        split = self._bash(f"printf '%s\\0' {words}").split("\0")[:-1]
        variables = self.exported | dict(pair.split("=", 1) for pair in given.split())
        out, told, code = StringIO(), StringIO(), 0
        with (
            chdir(self.folder),
            redirect_stdout(out),
            redirect_stderr(told),
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setattr(sys, "argv", ["arena", *split])
            for name, value in variables.items():
                patch.setenv(name, value)
            try:
                cli.main()
            except SystemExit as stop:
                code = int(stop.code or 0)
        assert code == 0, f"arena {words}\n{out.getvalue()}{told.getvalue()}"
        return out.getvalue()

    def _bash(self, line: str) -> str:
        done = subprocess.run(
            ["bash", "-euc", line],
            cwd=self.folder,
            env={"PATH": f"{ROOT / '.venv' / 'bin'}:/usr/local/bin:/usr/bin:/bin", **self.exported},
            capture_output=True,
            check=False,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout
