"""One batch on its way: CLIs before products, intent before bytes, asked before repeated.

Knows no transport and no database. What was done and seen is durable in `delivery.json` before the
next thing is done.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import stamina

from schemas.vocabulary import FileState
from tasks.affinity.port import (
    CannotAsk,
    Declined,
    Delivery,
    LinkDown,
    NameTaken,
    Outgoing,
    Seen,
    Sight,
)
from tasks.outbox.delivery_journal import DeliveryJournal, FileDelivery, write_delivery
from tasks.outbox.durable import moment_text
from tasks.web import Patience, patiently


class Doubt(Exception):
    """Nobody can say whether a file arrived, or what is there is not ours: a person decides."""

    def __init__(self, words: str) -> None:
        """`words` are safe to show."""
        super().__init__(words)
        self.words = words


NOT_TAKEN_YET = "it is there, but Affinity has not taken it yet"


class NotTakenYet(Exception):
    """The file is there, whole, and the loader has not taken it."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(NOT_TAKEN_YET)


class _Gone(LinkDown):
    """What was there is not seen any more; some answers lag behind, so it is looked for again."""


REFUSED_WHOLE = "Affinity refused the file as a whole; its words are in delivery.json"

SHORTEST_WAIT = 0.001
"""Seconds; the library takes 0 for a mistake."""


@dataclass(frozen=True)
class CarryingTerms:
    """How patient one go is: tries of what fails, and the wait for a receipt (seconds)."""

    patience: Patience = field(default_factory=Patience)
    receipt_wait: float = 60.0
    poll: float = 1.0


class Carrying:
    """Brings the files of one batch over, as far as it gets."""

    def __init__(
        self,
        folder: Path,
        journal: DeliveryJournal,
        delivery: Delivery,
        terms: CarryingTerms,
        now: Callable[[], datetime],
    ) -> None:
        """`folder` holds the batch; `journal` says how far it has come."""
        self._folder = folder
        self.journal = journal
        self._delivery = delivery
        self._terms = terms
        self._now = now

    def carry(self) -> None:
        """Bring over every file that has no receipt yet; the next only once the last has its own.

        Raises:
            LinkDown, NotTakenYet: waiting may help.
            Declined: the other side does not take a file.
            Doubt: a person has to decide; the journal says why.
            DeliveryIncomplete: our bytes are not those of the manifest.
        """
        for name in [file.name for file in self.journal.files]:
            try:
                self._heed(name)
                if self._file(name).state is not FileState.RECEIPTED:
                    self._bring(name)
            except (_Gone, Doubt) as error:
                self._doubt(name, error.words)

    def _heed(self, name: str) -> None:
        """Ask once more about a file that arrived by a person's word: Affinity's counts more.

        Where it cannot be asked, or does not see it any more, the person's word stands.
        """
        file = self._file(name)
        if file.state is not FileState.RECEIPTED or file.receipted_at is not None:
            return
        with contextlib.suppress(CannotAsk, LinkDown):
            sight = self._delivery.look(file.remote_name)
            if sight.seen is not Seen.ABSENT:
                with contextlib.suppress(NotTakenYet):
                    self._note_sight(file, sight)

    def _doubt(self, name: str, words: str) -> None:
        self._write(replace(self.journal.changed(name, words=words), doubt=f"{name}: {words}"))
        raise Doubt(f"{name}: {words}")

    def _bring(self, name: str) -> None:
        for wait in stamina.retry_context(
            on=NotTakenYet,
            attempts=None,
            timeout=max(self._terms.receipt_wait, SHORTEST_WAIT),
            wait_initial=self._terms.poll,
            wait_max=self._terms.poll,
            wait_jitter=0,
        ):
            with wait:
                patiently(self._terms.patience)(self._pause, self._try, name)

    def _pause(self, error: Exception) -> bool | float:
        """Whether to go on after `error`, and after how long if the other side said so."""
        if not isinstance(error, LinkDown):
            return False
        if error.retry_after is None:
            return True
        return min(error.retry_after, self._terms.patience.longest_wait)

    def _try(self, name: str) -> None:
        """Look, send if it is not there, and note what is there then."""
        file = self._file(name)
        sight = self._look(file)
        if sight.seen is Seen.ABSENT:
            if file.state is FileState.STORED:
                raise _Gone("it was there, and is not there any more")
            sight = self._send(file)
        self._note_sight(file, sight)

    def _look(self, file: FileDelivery) -> Sight:
        """What is there; also before a first send, for names must not be used twice."""
        try:
            return self._delivery.look(file.remote_name)
        except CannotAsk:
            if file.has_left:
                raise Doubt("it left, and nobody can be asked whether it arrived") from None
            return Sight(Seen.ABSENT)

    def _send(self, file: FileDelivery) -> Sight:
        self._note(
            file,
            state=FileState.SENDING,
            attempts=file.attempts + 1,
            sent_at=self._moment(),
            words="",
        )
        outgoing = Outgoing(file.remote_name, self._folder / file.name, file.sha256, file.bytes)
        receipt = None
        try:
            receipt = self._delivery.send(outgoing)
        except NameTaken:
            # an earlier try of ours, or a stranger's: the digest will tell
            return self._look_again(file)
        except Declined as error:
            self._note(file, state=FileState.REFUSED, words=error.words)
            raise
        if receipt is not None and receipt.sha256 != file.sha256:
            return receipt
        self._note(file, state=FileState.STORED)
        try:
            sight = self._delivery.look(file.remote_name)
        except CannotAsk:
            if receipt is None:
                raise Doubt("it left, and nobody can be asked whether it arrived") from None
            return receipt
        if sight.seen is Seen.ABSENT:
            raise _Gone("it was sent without an error, and is not there")
        return sight

    def _look_again(self, file: FileDelivery) -> Sight:
        try:
            sight = self._delivery.look(file.remote_name)
        except CannotAsk:
            raise Doubt("there is a file of that name already, and nobody can be asked") from None
        if sight.seen is Seen.ABSENT:
            raise LinkDown("its name is taken, and yet it is not there")
        return sight

    def _note_sight(self, file: FileDelivery, sight: Sight) -> None:
        if sight.sha256 != file.sha256:
            raise Doubt("what is there under its name has other bytes")
        match sight.seen:
            case Seen.REFUSED:
                words = sight.words or "Affinity did not take the file"
                self._note(file, state=FileState.REFUSED, words=words)
                # its words may name customers: they stay in the journal
                raise Declined(REFUSED_WHOLE)
            case Seen.STORED:
                self._note(file, state=FileState.STORED, words=NOT_TAKEN_YET)
                raise NotTakenYet
            case _:
                self._note(file, state=FileState.RECEIPTED, receipted_at=self._moment(), words="")

    def _file(self, name: str) -> FileDelivery:
        return next(each for each in self.journal.files if each.name == name)

    def _note(self, file: FileDelivery, **values: object) -> None:
        self._write(self.journal.changed(file.name, **values))

    def _write(self, journal: DeliveryJournal) -> None:
        if journal != self.journal:
            self.journal = write_delivery(self._folder, journal)

    def _moment(self) -> str:
        return moment_text(self._now())
