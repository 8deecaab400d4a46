"""A bucket of lines on its way to where it is judged, and what came of it on its way back.

Pure: where to, and how, is decided in flows. Neither says what is in it: whoever carries it may
write down what was carried.
"""

import io
import pickle
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version

import polars as pl

from tasks.fingerprint import fingerprint
from tasks.ready_to_bill.judgement import Judgement, judge
from tasks.ready_to_bill.terms import Terms


def made_of() -> dict[str, str]:
    """What a judgement depends on besides its lines and terms, of this process: name -> version.

    The same wherever judging comes to the same. Plain, so that another version can read it.
    """
    return {
        "Python": platform.python_version(),
        "polars": version("polars"),
        "phonenumbers": version("phonenumbers"),
        "this program": fingerprint(),
    }


def unlike(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """How `there` differs from `here`, in words; blank if judging comes to the same."""
    for name, wanted in here.items():
        if there.get(name) != wanted:
            if name == "this program":
                return "has another version of this program"
            return f"has {name} {there.get(name, 'of no known version')}, not {wanted}"
    return ""


class CarriedLines:
    """LINE_FACTS of a bucket, and the terms to judge them by, as bytes."""

    def __init__(self, lines: pl.DataFrame, terms: Terms) -> None:
        """Pack them."""
        self._made_of = made_of()
        # text of another version could not be read there: it is refused before that
        self._terms = pickle.dumps(terms)
        self._lines = _packed(lines)

    def __repr__(self) -> str:
        """Nothing of what is in it."""
        return f"<lines, {len(self._lines)} bytes>"

    def judged(self) -> "CarriedJudgement":
        """Judge them here, unless that could come to something else than where they are from."""
        differs = unlike(self._made_of, made_of())
        if differs:
            return CarriedJudgement((), differs)
        terms: Terms = pickle.loads(self._terms)  # noqa: S301  from whoever asks, as all of this
        return CarriedJudgement(judge(_unpacked(self._lines), terms))


class CarriedJudgement:
    """A Judgement as bytes, or how the place `differs` that was to judge."""

    def __init__(self, judgement: Iterable[pl.DataFrame], differs: str = "") -> None:
        """Pack it."""
        self._frames = [_packed(frame) for frame in judgement]
        self.differs = differs

    def __repr__(self) -> str:
        """Nothing of what is in it."""
        return f"<judgement, {sum(map(len, self._frames))} bytes>"

    def unpacked(self) -> Judgement:
        """What `judge` said there."""
        return Judgement(*map(_unpacked, self._frames))


def _packed(frame: pl.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.write_ipc_stream(stream, compression="zstd")
    return stream.getvalue()


def _unpacked(frame: bytes) -> pl.DataFrame:
    return pl.read_ipc_stream(io.BytesIO(frame))
