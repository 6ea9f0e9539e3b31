"""scripts/release in a repository of its own: what it refuses, and what it does."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from app.database.places import ROOT

pytestmark = pytest.mark.skipif(not (shutil.which("git") and shutil.which("bash")), reason="no git or no bash")
CHANGELOG = (
    "# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-11-22\n\n- A board.\n\n## 0.1.0 - 2026-01-01\n\n- All.\n"
)
GIT = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
}


class Repository:
    """A tree of version 0.1.0, released, with the changes of 0.2.0 told in its changelog."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in {
            "app/__init__.py": '"""A."""\n\n__version__ = "0.1.0"\n',
            "pyproject.toml": '[project]\nname = "a"\nversion = "0.1.0"\n\n[tool.x]\nversion = "9"\n',
            "CHANGELOG.md": CHANGELOG,
            "scripts/check": "#!/bin/sh\nexit 0\n",
            "scripts/bench/provider_table.py": "#!/bin/sh\nexit 0\n",
            "scripts/test": "#!/bin/sh\nexit 0\n",
            "scripts/accept/install": "#!/bin/sh\nexit 0\n",
        }.items():
            self.write(name, text)
        shutil.copy(ROOT / "scripts" / "release", folder / "scripts" / "release")
        for name in ("check", "test", "accept/install", "bench/provider_table.py"):
            (folder / "scripts" / name).chmod(0o755)
        self.git("init", "--quiet")
        self.commit()
        self.git("tag", "v0.1.0")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self) -> None:
        self.git("add", ".")
        self.git("commit", "--quiet", "--allow-empty", "--message", "x")

    def git(self, *words: str) -> str:
        return self._run("git", *words).stdout

    def release(self, *words: str) -> tuple[int, str]:
        done = self._run("scripts/release", *words, check=False)
        return done.returncode, done.stdout + done.stderr

    def _run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **GIT}
        return subprocess.run(words, cwd=self.folder, env=env, capture_output=True, check=check, text=True)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_a_release(repository: Repository) -> None:
    assert repository.release("0.2.0") == (
        0,
        "Released 0.2.0 of 2026-11-22 here. To publish it: git push origin HEAD v0.2.0\n",
    )
    assert '__version__ = "0.2.0"' in repository.git("show", "v0.2.0:app/__init__.py")
    assert repository.git("show", "v0.2.0:pyproject.toml").count('"0.2.0"') == 1
    assert repository.git("tag", "--list", "-n9", "v0.2.0").split("\n", 2)[2].strip() == "- A board."
    assert repository.git("status", "--porcelain") == ""


def test_a_dry_run_changes_nothing(repository: Repository) -> None:
    before = repository.git("rev-parse", "HEAD")
    code, said = repository.release("0.2.0", "--dry-run")
    assert (code, "would set the version" in said) == (0, True)
    assert repository.git("rev-parse", "HEAD") == before
    assert repository.git("tag").split() == ["v0.1.0"]


@pytest.mark.parametrize(
    ("version", "complaint"),
    [
        ("0.1.0", "0.1.0 is released already"),
        ("0.0.9", "0.0.9 is not newer than 0.1.0"),
        ("0.3.0", 'no section "## 0.3.0'),
    ],
)
def test_a_version_that_is_not_ready(repository: Repository, version: str, complaint: str) -> None:
    code, said = repository.release(version)
    assert (code, complaint in said) == (1, True)


@pytest.mark.parametrize("words", [[], ["next"], ["0.2"], ["0.2.0", "0.3.0"], ["0.2.0", "--force"]])
def test_bad_usage(repository: Repository, words: list[str]) -> None:
    assert repository.release(*words)[0] == 2


@pytest.mark.parametrize("name", ["CHANGELOG.md", "new.txt"])
def test_a_dirty_tree(repository: Repository, name: str) -> None:
    repository.write(name, CHANGELOG + "\n")
    code, said = repository.release("0.2.0", "--dry-run")
    assert (code, "the tree is dirty" in said) == (1, True)


@pytest.mark.parametrize(
    ("section", "complaint"),
    [
        ("## 0.2.0", "undated"),
        ("## 0.2.0 - soon", "undated"),
        ("## 0.2.0 - 2026-13-40", "undated"),
        ("## 0.2.0 - 2026-11-22\n\n## 0.1.9 - 2026-01-02", "empty"),
        ("## Unreleased", "no section"),
    ],
)
def test_a_changelog_that_is_not_ready(repository: Repository, section: str, complaint: str) -> None:
    repository.write("CHANGELOG.md", CHANGELOG.replace("## 0.2.0 - 2026-11-22", section))
    repository.commit()
    code, said = repository.release("0.2.0")
    assert (code, complaint in said) == (1, True)
    assert repository.git("tag").split() == ["v0.1.0"]


@pytest.mark.parametrize("name", ["check", "test"])
def test_a_failing_check(repository: Repository, name: str) -> None:
    repository.write(f"scripts/{name}", "#!/bin/sh\nexit 1\n")
    repository.commit()
    code, said = repository.release("0.2.0")
    assert (code, f"scripts/{name} fails" in said) == (1, True)


def test_a_check_that_writes(repository: Repository) -> None:
    repository.write("scripts/check", "#!/bin/sh\ntouch made\n")
    repository.commit()
    code, said = repository.release("0.2.0")
    assert (code, "changed the tree" in said) == (1, True)
