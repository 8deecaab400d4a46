"""Mistakes that no test notices, and why that is so: by `Mutation.name`."""

SURVIVORS: dict[str, str] = {
    "tasks/transfer/task.py _once_read_back: "
    "check_move(batch.seq, batch.state, BatchState.CONFIRMED) -> pass": (
        "Every batch that is read back may be confirmed: claimed ones were finished before, and "
        "abandoned ones return above. It guards against a state that is not there yet."
    ),
}
