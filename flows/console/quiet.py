"""How Prefect behaves under the `r2b` command: offline, quick, and silent about what we say better.

Only defaults: whatever is set in the environment wins. Must run before Prefect is imported.
"""

import os

_DEFAULTS = {
    # nothing calls home: neither server nor client nor browser
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_UI_V2_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # a busy machine needs longer than the default 20 s to start the ephemeral server
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    # the terminal shows our own lines; the server still gets the logs
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_COLORS": "false",
}


def hush_prefect() -> None:
    """Set what the environment leaves open."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
