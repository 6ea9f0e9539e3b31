"""Checks what a measurement is asked with, and needs, before it begins: files, folders, checkouts, programs."""

import argparse
import shutil
from pathlib import Path


def existing_file(given: str) -> Path:
    """Read the path of a file that is there."""
    if not Path(given).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {given}")
    return Path(given)


def existing_folder(given: str) -> Path:
    """Read the path of a folder that is there."""
    if not Path(given).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {given}")
    return Path(given)


def other_checkout(given: str) -> Path:
    """Read the path of another checkout."""
    if not (Path(given) / "app" / "__init__.py").is_file():
        raise argparse.ArgumentTypeError(f"{given} is no checkout: git worktree add {given} COMMIT")
    return Path(given)


def need_wrk(parser: argparse.ArgumentParser) -> None:
    """End with 2 where wrk, which sends the requests, is not installed."""
    if not shutil.which("wrk"):
        parser.error("wrk is not installed (Debian: apt-get install wrk)")
