"""
A full disk: acknowledged votes are stored, the others are told 503, reads go on, and votes are taken again, by the
same processes, as soon as there is room. SQLite on a small tmpfs, which takes root to mount.

    python scripts/faults/disk_full.py [--refused 500] [--voters 8]

Exit 1 where a vote is lost or changed, a page fails, or votes are taken again too late; 3 without root.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import httpx

from scripts.faults.server import Server, serving
from scripts.faults.stored import compare_on
from scripts.faults.voters import voting, wait_for

SIZE = 64 * 2**20
LEFT = 64 * 2**10
"""Bytes left for votes to fill."""
RECOVERY_SECONDS = 5.0
PAGES = ("/healthz", "/api/v1/competitions", "/api/v1/leaderboards/text-to-image", "/leaderboards/text-to-image")


@contextmanager
def small_disk() -> Iterator[Path | None]:
    """Mount a file system of SIZE bytes; None where nothing may be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="blindvote-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield folder if mounted and is_small(folder) else None
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", folder], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--refused", type=int, default=500)
    arguments.add_argument("--voters", type=int, default=8)
    options = arguments.parse_args()
    with small_disk() as disk:
        if disk is None:
            print("NOT TRIED: a small disk can't be mounted here; it takes root")
            return 3
        with serving(folder=disk) as server:
            return 0 if prove(server, options.refused, options.voters) else 1


def is_small(folder: Path) -> bool:
    """Whether filling the disk of this folder hurts nobody."""
    return shutil.disk_usage(folder).total <= SIZE


def prove(server: Server, refused: int, voters: int, recovery: float = RECOVERY_SECONDS) -> bool:
    """Print the figures; whether they are as they must be."""
    ballast = server.folder / "ballast"
    with voting(server.url, voters) as known:
        known.wait_for_more(2 * voters)
        with suppress(OSError), ballast.open("wb", buffering=0) as file:  # votes may take the last of it meanwhile
            while (room := shutil.disk_usage(server.folder).free) > LEFT:
                file.write(bytes(min(room - LEFT, 2**20)))
        wait_for(lambda: known.statuses[503] >= refused)
        reads = _read(server)
        full = len(known.votes)
        ballast.unlink()
        recovered = known.wait_for_more(3 * voters)
    stored = compare_on(server, known)
    print(f"{full} votes acknowledged until the disk was full, {len(known.votes)} in the end, {known}")
    print(f"pages read while it was full: {reads}")
    print(f"{stored}; {3 * voters} votes taken {recovered:.2f} s after there was room again")
    fine = stored.holds() and known.is_polite() and set(reads.values()) == {200}
    return server.is_sound() and fine and known.statuses[503] >= refused and recovered < recovery


def _read(server: Server) -> dict[str, int]:
    with httpx.Client(base_url=server.url, timeout=30, verify=False) as client:
        return {page: client.get(page).status_code for page in PAGES}


if __name__ == "__main__":
    sys.exit(main())
