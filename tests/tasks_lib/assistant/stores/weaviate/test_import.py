"""What importing the client does to the process."""

import subprocess
import sys


def test_import_of_the_client_leaves_the_filters_of_warnings_alone() -> None:
    program = (
        "import warnings; import tasks_lib; before = list(warnings.filters);"
        "import tasks_lib.assistant.stores.weaviate.connection, weaviate;"
        "print(('default', None, Warning, None, 0) in set(warnings.filters) - set(before))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
