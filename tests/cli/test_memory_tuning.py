"""The server's malloc keeps little for each of its threads."""

import os
import platform
import subprocess
import sys

import pytest

AGAIN = """
import os, sys
from app.cli.memory_tuning import restart_with_small_thread_caches
restart_with_small_thread_caches()
print(os.getpid(), os.environ["GLIBC_TUNABLES"], *sys.argv[1:])
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these options")
@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "glibc.malloc.tcache_count=2"),
        ({"GLIBC_TUNABLES": "glibc.malloc.perturb=1"}, "glibc.malloc.perturb=1:glibc.malloc.tcache_count=2"),
        ({"GLIBC_TUNABLES": "glibc.malloc.tcache_count=3"}, "glibc.malloc.tcache_count=3"),
    ],
)
def test_a_process_starts_over_under_its_number_and_keeps_other_options(given: dict[str, str], told: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "GLIBC_TUNABLES"} | given
    command = [sys.executable, "-c", AGAIN, "two words", "a=b"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as started:
        said, _ = started.communicate(timeout=30)
    assert said.split(maxsplit=2) == [str(started.pid), told, "two words a=b\n"]


FAULTS = """
import resource
import numpy as np
from app.malloc import return_large_blocks, reusing_large_blocks

def count_faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(100):
        np.ones(100_000) + 1.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

return_large_blocks()
returned = count_faults()
with reusing_large_blocks():
    print(count_faults(), returned)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these options")
def test_a_computation_has_its_large_blocks_again() -> None:
    said = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True, timeout=30)
    reused, returned = map(int, said.stdout.split())
    assert 10 * reused < returned
