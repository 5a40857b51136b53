"""Memory of the process of a version."""

import json
import platform
import subprocess
import sys

import pytest

from tasks_lib.registry.version_worker import __file__ as worker

PROGRAM = """
import json, runpy, sys
give_back = runpy.run_path(sys.argv[1])["_return_freed_memory"]

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

kept = [bytes(1000) for _ in range(100_000)]
full = resident()
del kept[:-1]  # what is left lies on top, and keeps the heap from shrinking by itself
freed = resident()
give_back()
print(json.dumps([full, freed, resident()]))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries return memory by themselves")
def test_memory_that_was_freed_while_a_version_loaded_goes_back_to_the_machine() -> None:
    command = [sys.executable, "-P", "-c", PROGRAM, worker]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    full, freed, after = json.loads(done.stdout)
    assert full - freed < 20_000_000
    assert freed - after > 60_000_000
