"""What a Dask worker loads before it begins, so that it can be let die as it judges.

It imports nothing of the tests: a worker is started outside this tree and does not find them.
"""

import contextlib
import os
import signal
from pathlib import Path
from typing import Any

DEATHS = "R2B_TEST_DEATHS"
"""Names the folder in which a file stands for each death that is due."""


def dask_setup(_worker: object) -> None:
    """Called by a worker that loads this: let it die in the middle of a bucket when it is due."""
    from tasks.ready_to_bill import judgement

    deaths, judged = Path(os.environ[DEATHS]), judgement._verdicts

    def mortal(*said: Any) -> Any:
        for death in sorted(deaths.iterdir()):
            # one death is for one: whoever takes it away has it
            with contextlib.suppress(FileNotFoundError):
                death.unlink()
                os.kill(os.getpid(), signal.SIGKILL)
        return judged(*said)

    judgement._verdicts = mortal
