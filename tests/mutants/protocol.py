"""Mistakes in the protocol between warehouse, outbox and Affinity, and the test that notices each.

Each is a step left out, done too early, or done without looking. The test named is the one that is
about just that: it fails with this mistake, and with none of the others.
"""

from typing import NamedTuple

from tests.mutants.tree import ROOT


class Mutant(NamedTuple):
    """One mistake: what `file` says, what it says instead, and the test that notices."""

    name: str
    file: str
    says: str
    instead: str
    test: str

    @property
    def source(self) -> str:
        """The whole file with the mistake in it."""
        text = (ROOT / self.file).read_text("utf-8")
        assert 1 == text.count(self.says), "the program says it otherwise now: so must the mistake"
        return text.replace(self.says, self.instead)

    def is_noticed_by(self, failed: str) -> bool:
        """Whether what failed is its test, or a case of it."""
        return failed == self.test or failed.startswith(f"{self.test}[")


_CLAIM = "tasks/batch/task.py"
_DURABLE = "tasks/outbox/durable.py"
_TRANSFER = "tasks/transfer/task.py"
_CARRYING = "tasks/affinity/carrying.py"
_ORDER = "tests/crash/test_order_of_calls.py::"
_BATCHES = "tests/integration/test_batches.py::"
_RECOVERY = "tests/integration/test_recovery.py::"
_DELIVERIES = "tests/integration/test_deliveries.py::"
_WAYS = "tests/contract/test_deliveries.py::"
_TRANSFERS = "tests/integration/test_transfer.py::"
_REGISTER = "tests/integration/test_batch_register.py::"
_AFTER = "tests/integration/test_after_the_result.py::"
_REST = "tests/integration/test_at_rest.py::"

MUTANTS = (
    # a batch is claimed
    Mutant(
        "what was claimed is not marked as exported",
        "warehouse/ledger.py",
        """        self._connection.execute(statement("ledger/take_state"), {"seq": seq})
""",
        "",
        f"{_BATCHES}test_a_profile_may_allow_two_open_batches",
    ),
    Mutant(
        "a CLI that is being added is not marked as such",
        "warehouse/ledger.py",
        """        self._connection.execute(statement("ledger/take_clis"), {"seq": seq})
""",
        "",
        f"{_AFTER}test_a_cli_that_was_accepted_is_not_added_again",
    ),
    Mutant(
        "a claim leaves no mark in the ledger",
        _CLAIM,
        """    ledger.record_claim(seq, actor=run.run_id, moment=moment)
""",
        "",
        "tests/integration/test_ledger_chain.py::test_every_charge_of_a_batch_has_its_history",
    ),
    Mutant(
        "a batch is claimed though as many as may be are open",
        _CLAIM,
        "full = len(open_batches) >= terms.max_open or any(",
        "full = any(",
        f"{_BATCHES}test_what_becomes_ready_while_a_batch_is_open_stays_ready",
    ),
    Mutant(
        "a batch in doubt does not count as open",
        _CLAIM,
        """    BatchState.IN_DOUBT,
    BatchState.DELIVERED,
)
""",
        """    BatchState.DELIVERED,
)
""",
        f"{_DELIVERIES}test_a_run_stops_at_what_is_in_doubt_and_says_so",
    ),
    Mutant(
        "the rest does not wait for the canary's answer",
        _CLAIM,
        " or any(batch.is_canary for batch in still_open)",
        "",
        "tests/integration/test_canary.py::test_nothing_follows_a_canary_though_two_batches_may_be_open",
    ),
    Mutant(
        "what is set aside for a canary goes with it",
        _CLAIM,
        "        store.set_aside(terms.canary_rows)\n",
        "        pass\n",
        "tests/integration/test_canary.py::test_the_first_rows_of_the_product_file_go_alone_with_the_numbers_they_need",
    ),
    Mutant(
        "a claim is not all or nothing",
        _CLAIM,
        """        with transaction(connection):
            claim = _set_aside(store, terms)
            if claim.seq is not None:""",
        """        if True:
            claim = _set_aside(store, terms)
            if claim.seq is not None:""",
        f"{_ORDER}test_a_claim_that_is_cut_off_was_none",
    ),
    # it is published
    Mutant(
        "a batch is called written before its folder is there",
        _CLAIM,
        """    publish_folder(aside, final)
    _note_written(store, batch, sealed, terms)
""",
        """    _note_written(store, batch, sealed, terms)
    publish_folder(aside, final)
""",
        f"{_ORDER}test_a_batch_is_called_written_once_its_folder_is_there",
    ),
    Mutant(
        "a folder that is there already is written over",
        _DURABLE,
        "    if final.exists():\n        raise IllegalTransition(",
        "    if final.exists():\n        shutil.rmtree(final)\n    if False:\n"
        "        raise IllegalTransition(",
        "tests/unit/outbox/test_durable.py::test_a_folder_that_is_there_is_not_written_over",
    ),
    Mutant(
        "a manifest does not name the one before it",
        _CLAIM,
        "        previous_manifest_sha256=last.manifest_sha256 if last else None,\n"
        "        cli_rows=rows,",
        "        previous_manifest_sha256=None,\n        cli_rows=rows,",
        f"{_BATCHES}test_manifests_form_a_chain_and_numbers_have_no_gaps",
    ),
    Mutant(
        "what was claimed and not written is left lying",
        _CLAIM,
        """            if not folder.exists():
                _publish(store, batch, run.tenant, terms)
            else:""",
        """            if folder.exists():""",
        f"{_RECOVERY}test_a_claimed_batch_is_published_by_the_next_run_as_it_was_claimed",
    ),
    Mutant(
        "any folder of the right number is taken for the batch",
        _CLAIM,
        "                if sealed != (batch.manifest_sha256 or "
        "_resealed(store, batch, run.tenant, terms)):",
        "                if False:",
        f"{_RECOVERY}test_a_folder_that_is_not_the_one_that_was_claimed_stops_the_run",
    ),
    Mutant(
        "what an unfinished publication left goes out with the next",
        _DURABLE,
        """    if aside.exists():
        shutil.rmtree(aside)
    aside.mkdir(mode=0o700)""",
        """    aside.mkdir(mode=0o700, exist_ok=True)""",
        f"{_RECOVERY}test_what_an_unfinished_publication_left_is_swept",
    ),
    # all copies of a tenant ask the register
    Mutant(
        "a copy that is behind the register goes on",
        "flows/exclusive.py",
        """        compare(profile)
""",
        "",
        f"{_REGISTER}test_a_copy_that_is_behind_does_nothing",
    ),
    Mutant(
        "a batch is put into the outbox before it is entered",
        _CLAIM,
        """    terms.enter(batch.as_sealed(sealed))  # else it must not leave, by any hand
    publish_folder(aside, final)
""",
        """    publish_folder(aside, final)
    terms.enter(batch.as_sealed(sealed))
""",
        f"{_REGISTER}test_who_never_hears_of_the_entry_puts_nothing_into_the_outbox",
    ),
    Mutant(
        "a claim of another copy is taken for ours where it came to the same bytes",
        "tasks/register/postgresql.py",
        "is_our_claim = not entry.is_published and entry.is_claim_of(batch, self.place)",
        "is_our_claim = entry.manifest_sha256 == batch.manifest_sha256",
        f"{_REGISTER}test_a_claim_that_came_to_the_same_bytes_is_another",
    ),
    Mutant(
        "a batch is entered though the one before it is another",
        "tasks/register/postgresql.py",
        "WHERE tenant = %(tenant)s AND seq = %(seq)s - 1 AND manifest_sha256 = %(previous)s",
        "WHERE tenant = %(tenant)s",
        f"{_REGISTER}test_a_batch_follows_the_one_it_names_or_is_not_entered",
    ),
    Mutant(
        "nobody is told that a batch is in the outbox",
        _CLAIM,
        """    terms.enter(batch.as_sealed(sealed, is_published=True))
""",
        "",
        f"{_REGISTER}test_a_backup_of_a_claimed_batch_that_is_restored_in_place_does_not_publish_it_again",
    ),
    # it is durable
    Mutant(
        "a journal is renamed into place before it is flushed",
        _DURABLE,
        """            out.flush()
            os.fsync(out.fileno())
        aside.chmod""",
        """            out.flush()
        aside.chmod""",
        f"{_ORDER}test_what_is_renamed_into_place_was_flushed",
    ),
    Mutant(
        "the name of a journal is not made durable",
        _DURABLE,
        """        raise
    sync_folder(path.parent)
""",
        """        raise
""",
        f"{_ORDER}test_the_name_of_what_was_renamed_is_durable",
    ),
    Mutant(
        "a file is written under its own name",
        _DURABLE,
        """    aside = path.with_name(f".{path.name}.part")
    try:""",
        """    aside = path
    try:""",
        f"{_ORDER}test_nothing_is_written_under_its_own_name",
    ),
    Mutant(
        "a batch's files are not flushed before its folder is there",
        "tasks/batch/writer.py",
        """        out.flush()
        os.fsync(out.fileno())
""",
        """        out.flush()
""",
        f"{_ORDER}test_every_file_of_a_batch_was_flushed_before_its_folder_is_there",
    ),
    Mutant(
        "the name of a batch's folder is not made durable",
        _DURABLE,
        """    aside.rename(final)
    sync_folder(final.parent)
""",
        """    aside.rename(final)
""",
        f"{_ORDER}test_the_name_of_a_batchs_folder_is_durable",
    ),
    Mutant(
        "the name of a new warehouse is not made durable",
        "warehouse/connection.py",
        """    path.chmod(0o600)
    sync_folder(path.parent)
""",
        """    path.chmod(0o600)
""",
        f"{_ORDER}test_the_name_of_a_new_warehouse_is_durable",
    ),
    # it leaves
    Mutant(
        "bytes leave before the journal says that they do",
        _CARRYING,
        """        self._note(
            file,
            state=FileState.SENDING,
            attempts=file.attempts + 1,
            sent_at=self._moment(),
            words="",
        )
""",
        "",
        f"{_ORDER}test_the_journal_says_so_before_bytes_leave",
    ),
    Mutant(
        "a file is sent again without asking whether it is there",
        _CARRYING,
        """        sight = self._look(file)
        if sight.seen is Seen.ABSENT:""",
        """        sight = Sight(Seen.ABSENT)
        if sight.seen is Seen.ABSENT:""",
        f"{_WAYS}test_what_is_there_already_is_not_sent_again[http]",
    ),
    Mutant(
        "a file that was only stored counts as receipted",
        _CARRYING,
        """            case Seen.STORED:
                self._note(file, state=FileState.STORED, words=NOT_TAKEN_YET)
                raise NotTakenYet
""",
        "",
        f"{_DELIVERIES}test_what_only_lies_there_is_not_taken",
    ),
    Mutant(
        "a file of the same name counts as ours, whatever its bytes",
        _CARRYING,
        "        if sight.sha256 != file.sha256:\n            raise Doubt(",
        "        if False:\n            raise Doubt(",
        f"{_WAYS}test_a_name_that_is_taken_is_never_written_over[http]",
    ),
    Mutant(
        "where nobody can be asked, it is sent again",
        _CARRYING,
        """            if file.has_left:
                raise Doubt("it left, and nobody can be asked whether it arrived") from None
            return Sight(Seen.ABSENT)""",
        """            return Sight(Seen.ABSENT)""",
        f"{_DELIVERIES}test_where_nobody_can_be_asked_a_lost_answer_waits_for_a_person",
    ),
    Mutant(
        "what was there and is gone is sent again",
        _CARRYING,
        """            if file.state is FileState.STORED:
                raise _Gone("it was there, and is not there any more")
""",
        "",
        f"{_DELIVERIES}test_what_was_there_and_is_gone_is_not_sent_again",
    ),
    Mutant(
        "bytes leave that are not those of the manifest",
        "tasks/affinity/port.py",
        "        if is_over and (\n",
        "        if False and is_over and (\n",
        f"{_WAYS}test_bytes_that_change_while_they_leave_do_not_arrive[http]",
    ),
    Mutant(
        "a file in the drop folder is written over",
        "tasks/affinity/folder.py",
        "                final.hardlink_to(aside)\n",
        "                aside.replace(final)\n",
        f"{_WAYS}test_what_is_sent_to_a_name_that_is_taken_changes_nothing[folder]",
    ),
    Mutant(
        "a batch is taken over by another way half-way",
        "tasks/affinity/task.py",
        "    if journal is not None and journal.mode != mode and journal.has_begun:",
        "    if False:",
        f"{_WAYS}test_another_way_does_not_take_over_what_was_begun[http]",
    ),
    Mutant(
        "an answer to some of the files counts as the whole answer",
        "tasks/affinity/task.py",
        """            if content is None:
                raise _Missing
            answers[file.name] = content""",
        """            if content is not None:
                answers[file.name] = content""",
        f"{_DELIVERIES}test_an_answer_to_one_of_the_files_is_not_the_answer",
    ),
    Mutant(
        "a delivery that nobody answers for is forgotten",
        "tasks/affinity/task.py",
        """            if state is RetryState.DEAD and any(""",
        """            if False and any(""",
        f"{_DELIVERIES}test_a_batch_nobody_ever_answers_for_ends_in_doubt_not_in_silence",
    ),
    # it is confirmed
    Mutant(
        "a charge moves before the journal says why",
        _TRANSFER,
        """        add_decision(
            batch.path,
            kind="uploaded" if evidence.rows is None else "results",
            actor=evidence.actor,
            moment=moment,
            manifest_sha256=batch.manifest_sha256,
            results=evidence.content,
            failure_scope=None if evidence.rows is None else retry.failure_scope.value,
        )
        _apply(
            connection,
            batch,
            rows,
            settlement,
            Decision("transfer", evidence.actor, moment),
            state=state,
            retry=retry,
            today=today,
        )
""",
        """        _apply(
            connection,
            batch,
            rows,
            settlement,
            Decision("transfer", evidence.actor, moment),
            state=state,
            retry=retry,
            today=today,
        )
        add_decision(
            batch.path,
            kind="uploaded" if evidence.rows is None else "results",
            actor=evidence.actor,
            moment=moment,
            manifest_sha256=batch.manifest_sha256,
            results=evidence.content,
            failure_scope=None if evidence.rows is None else retry.failure_scope.value,
        )
""",
        f"{_ORDER}test_the_decision_is_durable_before_the_warehouse_moves",
    ),
    Mutant(
        "a batch is confirmed whoever's digest was read",
        _TRANSFER,
        "        _check_digest(batch, digest)\n",
        "",
        f"{_TRANSFERS}test_a_batch_whose_digest_is_another_one_is_not_confirmed",
    ),
    Mutant(
        "rows that the answer does not mention count as accepted",
        _TRANSFER,
        "(rows, RowOutcome.ACCEPTED) if evidence.rows is None else evidence.rows\n",
        "(rows, RowOutcome.ACCEPTED)\n",
        f"{_TRANSFERS}test_a_second_result_settles_what_the_first_did_not_mention",
    ),
    Mutant(
        "what left is given up though nobody vouches for it",
        _TRANSFER,
        "        if _has_left(connection, batch) and not not_loaded:",
        "        if False:",
        f"{_WAYS}test_a_batch_that_left_is_not_abandoned_unless_somebody_vouches[http]",
    ),
    Mutant(
        "what was decided is decided again by the next run",
        _TRANSFER,
        "read_journal(batch.path)[committed.get(batch.seq, 0) :]:",
        "read_journal(batch.path):",
        f"{_RECOVERY}test_a_decision_is_committed_once",
    ),
    Mutant(
        "what was decided and cut off is not finished",
        _TRANSFER,
        "                _finish(connection, batch, decision, retry, today)\n",
        "",
        f"{_RECOVERY}test_an_upload_that_was_decided_is_committed_by_the_next_run",
    ),
    Mutant(
        "a decision about other files is carried out",
        _TRANSFER,
        """    if decision.get("manifest_sha256") != batch.manifest_sha256:""",
        "    if False:",
        "tests/integration/test_damaged_books.py::test_a_decision_that_cannot_be_relied_on_is_not_committed",
    ),
    Mutant(
        "evidence that was altered is believed",
        "tasks/outbox/transfer_journal.py",
        "    if content is None or (kept and hashlib.sha256(content).hexdigest() != kept):",
        "    if content is None:",
        "tests/unit/outbox/test_transfer_journal.py::test_evidence_that_was_altered_is_not_believed",
    ),
    Mutant(
        "an answer that contradicts an earlier one passes",
        "tasks/transfer/moves.py",
        "    if contradicted:",
        "    if False:",
        f"{_TRANSFERS}test_what_was_accepted_cannot_be_rejected_later",
    ),
    Mutant(
        "the answer to another batch passes",
        "tasks/transfer/moves.py",
        "    if unknown:",
        "    if False:",
        f"{_TRANSFERS}test_a_result_that_does_not_fit_is_refused_whole[an unknown key]",
    ),
    Mutant(
        "an answer that says two things of a row passes",
        "tasks/transfer/moves.py",
        "    if doubled:",
        "    if False:",
        f"{_TRANSFERS}test_a_result_that_does_not_fit_is_refused_whole[two outcomes for one key]",
    ),
    # it is tried again
    Mutant(
        "what is refused for its data comes back by itself",
        "tasks/retry/policy.py",
        "        return Decision(RetryKind.DATA, RetryState.PARKED, None)",
        "        return Decision(RetryKind.DATA, RetryState.WAITING, now)",
        "tests/unit/retry/test_policy.py::test_a_fault_of_the_data_is_parked_however_often_it_failed",
    ),
    Mutant(
        "it is tried for ever",
        "tasks/retry/policy.py",
        "    if attempts >= terms.max_attempts:",
        "    if False:",
        "tests/unit/retry/test_policy.py::test_after_the_last_attempt_it_is_dead",
    ),
    # a run that has nothing to decide
    Mutant(
        "who began to decide and broke off leaves the one before it at rest",
        "warehouse/rest.py",
        """        self._connection.execute("DROP TABLE IF EXISTS work.rest")
""",
        "",
        f"{_REST}test_a_run_that_broke_off_leaves_nobody_at_rest[judge_charges]",
    ),
    Mutant(
        "who ends otherwise than he began is at rest",
        "warehouse/rest.py",
        "        is_as_before = began_with == _together(digests)\n",
        "        is_as_before = began_with is not None\n",
        f"{_REST}test_a_run_that_ends_otherwise_than_it_began_is_no_rest",
    ),
    Mutant(
        "what others have done since is no news",
        "tasks/runs/task.py",
        " and ended_with == store.digest(whole=False)",
        "",
        f"{_REST}test_whatever_is_new_is_decided[a person's decision]",
    ),
    # the books
    Mutant(
        "two work on one warehouse at once",
        "warehouse/lock.py",
        "            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)\n",
        "            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)\n",
        "tests/integration/test_one_at_a_time.py::test_a_run_beside_another_program",
    ),
    Mutant(
        "a commit of the ledger does not cover the one before it",
        "warehouse/ledger.py",
        "(head[0] + 1, head[1]) if head else",
        "(head[0] + 1, GENESIS) if head else",
        "tests/integration/test_ledger_chain.py::test_the_chain_is_whole",
    ),
    Mutant(
        "a warehouse older than the outbox goes on",
        "tasks/verify/task.py",
        """        if newest > (last.seq if last else 0):
            raise _older(newest, last)
""",
        "",
        f"{_RECOVERY}test_a_warehouse_older_than_the_outbox_stops_the_run",
    ),
    Mutant(
        "a journal that has forgotten a decision is believed",
        "tasks/verify/task.py",
        """    if wrong:
        raise _not_as_written(batch, wrong, restore=JOURNAL)
""",
        "",
        "tests/integration/test_damaged_books.py::test_a_journal_that_says_otherwise_stops_the_run",
    ),
)
