"""The upload of a tenant's first batch, on somebody's word: `benchmarks.settle FOLDER`."""

import sys
from pathlib import Path

from flows.transfer import transfer_to_billing

if __name__ == "__main__":
    transfer_to_billing.fn(1, "Ann", profile_path=str(Path(sys.argv[1]) / "r2b.toml"))
