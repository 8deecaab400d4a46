"""The drop folder over SFTP, by a real client."""

import asyncio
from contextlib import asynccontextmanager

import asyncssh
import pytest

from sandbox.affinity.serving import serving
from sandbox.affinity.sftp_server import SftpAddress
from tests.sandbox.batches import write_feeds
from tests.sandbox.over_http import PRODUCTS, file_of

INBOX, PART = f"inbox/{PRODUCTS}", f"inbox/.{PRODUCTS}.part"
LOST = (asyncssh.ConnectionLost, asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection)


@pytest.fixture
def client_key():
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture
def stand_in(tmp_path, client_key):
    public_key = tmp_path / "key.pub"
    client_key.write_public_key(public_key)
    feeds = write_feeds(tmp_path / "feeds")
    with serving(
        tmp_path / "state", feeds, http=False, sftp=True, poll=None, public_key=public_key
    ) as it:
        yield it


@pytest.fixture
def products(tmp_path):
    return file_of(tmp_path / "batch", PRODUCTS)


def connected(address: SftpAddress, **changes):
    """A connection that trusts the host key only if it is the announced one."""
    known = {"username": address.username, "password": address.password, "client_keys": None}
    return asyncssh.connect(
        address.host,
        address.port,
        known_hosts=str(address.known_hosts),
        config=None,
        agent_path=None,
        **(known | changes),
    )


@asynccontextmanager
async def session(stand_in, **changes):
    async with (
        connected(stand_in.sftp, **changes) as connection,
        connection.start_sftp_client() as sftp,
    ):
        yield sftp


async def send(sftp, content):
    """Send a file as the wire has it: aside, then renamed."""
    async with sftp.open(PART, "wb") as file:
        await file.write(content)
    await sftp.rename(PART, INBOX)


async def ends(work):
    """How some work ends: "done", or in which error."""
    try:
        await work
    except LOST:
        return "lost"
    except asyncssh.SFTPFailure:
        return "failed"
    return "done"


def lying_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_sent_taken_and_answered_for(stand_in, products):
    async def play():
        async with session(stand_in) as sftp:
            folders = await sftp.listdir(".")
            await send(sftp, products)
            stand_in.sweep()
            archived = await sftp.open(f"archive/{PRODUCTS}", "rb")
            async with archived:
                return folders, await archived.read(), await sftp.listdir("results")

    folders, archived, results = asyncio.run(play())

    assert {"inbox", "archive", "error", "results"} <= set(folders)
    assert products == archived
    assert PRODUCTS.replace(".csv", ".results.csv") in results


def test_a_key_gets_in_without_a_password(stand_in, client_key):
    async def play():
        async with session(stand_in, password=None, client_keys=[client_key]) as sftp:
            return await sftp.realpath(".")

    assert "/" == asyncio.run(play())


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"password": "another"}, id="password"),
        pytest.param({"username": "another"}, id="user"),
    ],
)
def test_nobody_else_gets_in(stand_in, wrong):
    async def play():
        async with connected(stand_in.sftp, **wrong):
            pass

    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(play())


def test_another_key_does_not_get_in(stand_in):
    other = asyncssh.generate_private_key("ssh-ed25519")

    async def play():
        async with connected(stand_in.sftp, password=None, client_keys=[other]):
            pass

    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(play())


def test_nothing_above_the_drop_is_seen(stand_in):
    async def play():
        async with session(stand_in) as sftp:
            return await sftp.realpath("../../.."), await sftp.exists("../affinity.sqlite3")

    assert ("/", False) == asyncio.run(play())


@pytest.mark.parametrize("how", ["rename", "posix_rename"])
def test_a_rename_never_replaces_what_is_there(stand_in, products, how):
    async def play():
        async with session(stand_in) as sftp:
            await send(sftp, products)
            async with sftp.open(PART, "wb") as file:
                await file.write(b"other")
            return await ends(getattr(sftp, how)(PART, INBOX))

    end = asyncio.run(play())

    assert "failed" == end
    inbox = stand_in.drop / "inbox"
    assert products == (inbox / PRODUCTS).read_bytes()
    assert [f".{PRODUCTS}.part", PRODUCTS] == lying_in(inbox)


def test_the_journal_has_writing_and_renaming(stand_in, products):
    async def play():
        async with session(stand_in) as sftp:
            await send(sftp, products)

    asyncio.run(play())

    assert [
        ("CONNECT", "", False),
        ("WRITE", PRODUCTS, False),
        ("RENAME", PRODUCTS, True),
    ] == [(entry["method"], entry["name"], entry["effect"]) for entry in stand_in.journal()]


# Misbehaviour


@pytest.mark.parametrize(
    ("on", "do", "end", "inbox"),
    [
        pytest.param("write", "slow", "done", [PRODUCTS], id="slow to write"),
        pytest.param("write", "write_fails", "failed", [f".{PRODUCTS}.part"], id="disk full"),
        pytest.param("write", "cut", "lost", [f".{PRODUCTS}.part"], id="cut while writing"),
        pytest.param("rename", "slow", "done", [PRODUCTS], id="slow to rename"),
        pytest.param("rename", "rename_fails", "failed", [f".{PRODUCTS}.part"], id="no rename"),
        pytest.param("rename", "cut_before_rename", "lost", [f".{PRODUCTS}.part"], id="cut before"),
        pytest.param("rename", "cut_after_rename", "lost", [PRODUCTS], id="cut after"),
    ],
)
def test_sending_goes_wrong_once(stand_in, products, on, do, end, inbox):
    async def play():
        try:
            async with session(stand_in) as sftp:
                return await ends(send(sftp, products))
        except LOST:
            return "lost"

    stand_in.behave([{"on": on, "do": do, "name": PRODUCTS, "seconds": 0.02}])
    ended = asyncio.run(play())

    assert (end, inbox) == (ended, lying_in(stand_in.drop / "inbox"))
    (stand_in.drop / "inbox" / inbox[0]).unlink()
    assert "done" == asyncio.run(play())


def test_a_write_that_fails_leaves_half(stand_in, products):
    async def play():
        async with session(stand_in) as sftp:
            await ends(send(sftp, products))

    stand_in.behave([{"on": "write", "do": "fail"}])
    asyncio.run(play())

    assert len(products) // 2 == (stand_in.drop / PART).stat().st_size


@pytest.mark.parametrize(
    ("do", "error"),
    [("disconnect", asyncssh.ConnectionLost), ("auth_refused", asyncssh.PermissionDenied)],
)
def test_connecting_goes_wrong_once(stand_in, client_key, do, error):
    async def play(**changes):
        async with connected(stand_in.sftp, **changes):
            return "in"

    stand_in.behave([{"on": "connect", "do": do, "times": 2}])

    for changes in ({}, {"password": None, "client_keys": [client_key]}):
        with pytest.raises((error, ConnectionError)):
            asyncio.run(play(**changes))
    assert "in" == asyncio.run(play())


def test_connecting_can_be_slow(stand_in):
    async def play():
        async with connected(stand_in.sftp, login_timeout=0.05):
            pass

    stand_in.behave([{"on": "connect", "do": "slow", "seconds": 0.5}])

    with pytest.raises(asyncssh.Error):
        asyncio.run(play())


@pytest.mark.parametrize(("do", "end"), [("fail", "failed"), ("cut", "lost"), ("slow", "done")])
def test_looking_goes_wrong_once(stand_in, do, end):
    async def play():
        try:
            async with session(stand_in) as sftp:
                return await ends(sftp.listdir("archive"))
        except LOST:
            return "lost"

    stand_in.behave([{"on": "list", "do": do, "name": "archive", "seconds": 0.02}])

    assert [end, "done"] == [asyncio.run(play()) for _ in range(2)]
