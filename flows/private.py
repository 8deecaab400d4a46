"""Whatever is written is for its owner alone, however loose the caller's habits are."""

import os

OWNER_ONLY = 0o077


def keep_private() -> None:
    """From here on this process, and what it starts, makes files 0600 and folders 0700.

    Every entry point begins with it: the command, and each flow that a worker runs.
    """
    os.umask(OWNER_ONLY)
