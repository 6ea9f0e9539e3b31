"""Files that are written whole or not at all, whatever becomes of who writes them."""

import os
import subprocess
import sys
import time
from pathlib import Path

from app.files.whole import write_whole

KILLED = """
import os, signal, sys
from pathlib import Path
from app.files.whole import write_whole
with write_whole(Path(sys.argv[1])) as file:
    file.write(b"rows and a key")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_command_left_goes_with_the_next(tmp_path: Path) -> None:
    for name in ("first.tar", "second.tar"):
        subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / name)], check=False)
    left = list(tmp_path.glob(".*"))
    assert [half.read_bytes() for half in left] == [b"rows and a key"] * 2
    (tmp_path / ".others.half").write_bytes(b"not ours")
    for half in left:
        hour_ago = time.time() - 3600
        os.utime(half, (hour_ago, hour_ago))
    with write_whole(tmp_path / "third.tar") as third:
        (own,) = (half for half in tmp_path.glob(".*.half") if half.name != ".others.half")
        os.utime(own, (hour_ago, hour_ago))  # one that waits for a slow disk
        with write_whole(tmp_path / "fourth.tar") as fourth:
            fourth.write(b"4")
        third.write(b"3")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        ".others.half": b"not ours",
        "fourth.tar": b"4",
        "third.tar": b"3",
    }
