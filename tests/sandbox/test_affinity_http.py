"""The stand-in over real sockets: its protocol, and each way of breaking it."""

import csv
import hashlib
import io
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from sandbox.affinity import FailureScope, Policy
from sandbox.affinity.behaviour import KINDS
from sandbox.affinity.serving import serving
from sandbox.affinity.uploads import Loading
from tests.sandbox.batches import row, write_feeds
from tests.sandbox.over_http import CLIS, PRODUCTS, client_of, file_of, form_of, in_chunks, upload

WORD = "open, sesame"
BEARER = {"Authorization": f"Bearer {WORD}"}
POST = "POST /uploads HTTP/1.1\r\nHost: x\r\n"
SHORT = 0.05


@pytest.fixture
def serve(tmp_path):
    """Start a stand-in that has learnt the small feeds; several can be started in turn."""

    def start(**settings):
        return serving(tmp_path / "state", write_feeds(tmp_path / "feeds"), poll=None, **settings)

    return start


@pytest.fixture
def stand_in(serve):
    with serve() as it:
        yield it


@pytest.fixture
def client(stand_in):
    with client_of(stand_in) as it:
        yield it


@pytest.fixture
def products(tmp_path):
    """The bytes of a product file of four valid rows."""
    return file_of(tmp_path / "batch", PRODUCTS, [row("08_products") for _ in range(4)])


@pytest.fixture
def clis(tmp_path):
    return file_of(tmp_path / "batch", CLIS)


def outcomes(answer):
    """The rows of a result file."""
    assert 200 == answer.status_code, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


def keys_in(content):
    return [record["Row Key"] for record in csv.DictReader(io.StringIO(content.decode()))]


def effects(stand_in):
    """Per request, its status and whether it changed anything."""
    return [(entry["status"], entry["effect"]) for entry in stand_in.journal()]


# The protocol


def test_an_upload_is_receipted_loaded_and_answered_for(client, products):
    sent = upload(client, PRODUCTS, products)

    receipt = {
        "name": PRODUCTS,
        "sha256": hashlib.sha256(products).hexdigest(),
        "bytes": len(products),
        "rows": 4,
    }
    assert (201, receipt) == (sent.status_code, sent.json())
    assert receipt | {"state": "loaded"} == client.get(f"/uploads/{PRODUCTS}").json()
    results = client.get(f"/results/{PRODUCTS}")
    assert keys_in(products) == [told["row_key"] for told in outcomes(results)]
    assert {"accepted"} == {told["outcome"] for told in outcomes(results)}
    assert results.headers["Content-Type"].startswith("text/csv")


def test_a_body_may_come_in_chunks_of_any_size(client, products):
    for size in (7, 1000, 10**6):
        name = f"Acme_{size:06d}_08_products.csv"

        assert 201 == in_chunks(client, name, products, size).status_code
        assert len(products) == client.get(f"/uploads/{name}").json()["bytes"]


def test_bytes_that_look_like_a_form_arrive_as_they_are(client):
    content = (
        b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nother\r\n--x--\r\n\r\n\x00\xff'
    )

    sent = upload(client, PRODUCTS, content)

    assert hashlib.sha256(content).hexdigest() == sent.json()["sha256"]
    assert PRODUCTS == sent.json()["name"]


def test_nobody_knows_a_name_that_was_not_uploaded(client):
    assert 404 == client.get(f"/uploads/{PRODUCTS}").status_code
    assert 404 == client.get(f"/results/{PRODUCTS}").status_code
    assert 404 == client.get("/uploads/..%2Faffinity.sqlite3").status_code
    assert 404 == client.get("/elsewhere").status_code


def test_a_name_is_taken_once(client, products, clis, stand_in):
    upload(client, PRODUCTS, products)

    again = upload(client, PRODUCTS, products)
    other = upload(client, PRODUCTS, products + products)

    first = hashlib.sha256(products).hexdigest()
    assert [409, 409] == [again.status_code, other.status_code]
    assert [first, first] == [again.json()["sha256"], other.json()["sha256"]]
    assert 4 == stand_in.audit()["rows_loaded"]


def test_of_many_uploads_at_once_one_is_taken(stand_in, products):
    bodies = [products + b"\r\n" * extra for extra in range(8)]

    def send(body):
        with client_of(stand_in) as client:
            return upload(client, PRODUCTS, body)

    with ThreadPoolExecutor(len(bodies)) as pool:
        answers = list(pool.map(send, bodies))

    assert [201] + [409] * 7 == sorted(answer.status_code for answer in answers)
    assert 1 == len({answer.json()["sha256"] for answer in answers})
    assert (4, 0) == (stand_in.audit()["rows_loaded"], stand_in.audit()["double_bills"])


def test_bytes_that_do_not_hash_are_not_kept(client, products, stand_in):
    sent = upload(client, PRODUCTS, products, sha256="0" * 64)

    assert 422 == sent.status_code
    assert 404 == client.get(f"/uploads/{PRODUCTS}").status_code
    assert 201 == upload(client, PRODUCTS, products).status_code
    assert [False, True] == [
        entry["effect"] for entry in stand_in.journal() if entry["method"] == "POST"
    ]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda form: form[::-1], id="parts in another order"),
        pytest.param(lambda form: form[:2], id="no file"),
        pytest.param(lambda form: [*form, ("more", (None, "x"))], id="one part too many"),
        pytest.param(lambda form: [form[0], ("sha256", (None, "abc")), form[2]], id="no digest"),
        pytest.param(lambda form: [("name", (None, "other.csv")), *form[1:]], id="two names"),
        pytest.param(
            lambda form: [("name", (None, "../x")), form[1], ("file", ("../x", form[2][1][1]))],
            id="a name that leads elsewhere",
        ),
    ],
)
def test_a_malformed_form_is_refused(client, products, change):
    sent = client.post("/uploads", files=change(form_of(PRODUCTS, products)))

    assert 400 == sent.status_code
    assert 404 == client.get(f"/uploads/{PRODUCTS}").status_code


def test_a_body_of_another_type_is_refused(client):
    assert 400 == client.post("/uploads", json={"name": PRODUCTS}).status_code


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "in chunks"])
def test_nothing_is_kept_of_a_body_that_is_cut(stand_in, client, products, chunked):
    request = client.build_request("POST", "/uploads", files=form_of(PRODUCTS, products))
    body, kind = request.read(), request.headers["Content-Type"]
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    head = f"{POST}Content-Type: {kind}\r\n{framing}\r\n\r\n".encode()
    most = body[:-10]
    address = urlsplit(stand_in.http)

    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(head + (b"%x\r\n%b\r\n" % (len(most), most) if chunked else most))
        connection.shutdown(socket.SHUT_WR)
        left = connection.recv(1)

    assert b"" == left
    assert 404 == client.get(f"/uploads/{PRODUCTS}").status_code
    assert (0, False) == effects(stand_in)[0]


@pytest.mark.parametrize(
    "framing",
    ["Content-Length: many", "Content-Length: 999999999999", "Transfer-Encoding: chunked"],
)
def test_a_body_without_sense_is_refused(stand_in, framing):
    address = urlsplit(stand_in.http)

    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(f"{POST}{framing}\r\n\r\nzz\r\n".encode())
        answer = connection.recv(100)

    assert answer.startswith(b"HTTP/1.1 400 ")


def test_only_the_bearer_of_the_token_is_let_in(serve, products):
    with (
        serve(token=WORD) as stand_in,
        client_of(stand_in) as client,
    ):
        stand_in.behave([{"on": "upload", "do": "503"}])
        answers = [
            upload(client, PRODUCTS, products),
            client.get(f"/uploads/{PRODUCTS}"),
            client.get("/audit"),
            client.get("/audit", headers={"Authorization": "Bearer other"}),
        ]
        client.headers.update(BEARER)
        asked = client.get(f"/uploads/{PRODUCTS}")
        stood_by = upload(client, PRODUCTS, products)

        assert [401] * 4 == [answer.status_code for answer in answers]
        assert [404, 503] == [asked.status_code, stood_by.status_code]


def test_it_listens_on_loopback_only(serve):
    with serve(sftp=True) as stand_in:
        address = urlsplit(stand_in.http)

        assert "127.0.0.1" == address.hostname
        for port in (address.port, stand_in.sftp.port):
            with socket.socket() as other, pytest.raises(ConnectionRefusedError):
                other.connect(("127.0.0.2", port))


def test_nothing_runs_on_at_the_end(serve):
    before = set(threading.enumerate())
    with serve(sftp=True) as stand_in:
        client = client_of(stand_in)
        client.get("/journal")  # and the connection stays open

    assert before == set(threading.enumerate())
    with pytest.raises(httpx.ConnectError):
        client.get("/journal")
    client.close()


def test_what_was_uploaded_is_there_after_a_restart(serve, products):
    with serve() as stand_in, client_of(stand_in) as client:
        upload(client, PRODUCTS, products)
    with serve() as stand_in, client_of(stand_in) as client:
        state = client.get(f"/uploads/{PRODUCTS}").json()["state"]
        again = upload(client, PRODUCTS, products)
        results = client.get(f"/results/{PRODUCTS}")

    assert ("loaded", 409) == (state, again.status_code)
    assert 4 == len(outcomes(results))


def test_exports_are_what_is_live(client, clis, products, stand_in, tmp_path):
    upload(client, CLIS, clis)
    upload(client, PRODUCTS, products)

    told = {
        name: client.get(f"/exports/{name}").text
        for name in ("affinity_clis.csv", "affinity_site_products.csv")
    }

    stand_in.export(tmp_path / "out")
    assert {name: (tmp_path / "out" / name).read_bytes().decode() for name in told} == told
    billed = list(csv.DictReader(io.StringIO(told["affinity_site_products.csv"])))
    assert set(keys_in(products)) == {record["row_key"] for record in billed} - {""}
    assert client.get("/audit").json()["live"]["site_products"] == len(billed)
    assert "07700900001" in told["affinity_clis.csv"]
    assert 404 == client.get("/exports/affinity.sqlite3").status_code


def test_a_policy_holds_for_uploads(serve, products):
    policy = Policy(scope=FailureScope.FILE, keys=frozenset(keys_in(products)[:1]))
    with serve(policy=policy) as stand_in, client_of(stand_in) as client:
        upload(client, PRODUCTS, products)
        told = outcomes(client.get(f"/results/{PRODUCTS}"))

    assert ["rejected"] * 4 == [answer["outcome"] for answer in told]
    assert ["FILE_REFUSED"] * 3 == [answer["code"] for answer in told[1:]]


def test_clis_that_come_after_their_products_are_counted(client, clis, products, stand_in):
    upload(client, PRODUCTS, products)
    upload(client, CLIS, clis)
    upload(client, "Acme_000002_06_clis.csv", clis)

    assert 1 == stand_in.audit()["out_of_order"]


def test_what_is_loaded_when_asked_is_there_the_next_time(serve, products):
    with (
        serve(loading=Loading.WHEN_ASKED) as stand_in,
        client_of(stand_in) as client,
    ):
        upload(client, PRODUCTS, products)
        states = [client.get(f"/uploads/{PRODUCTS}").json()["state"]]
        first = client.get(f"/results/{PRODUCTS}").status_code
        states.append(client.get(f"/uploads/{PRODUCTS}").json()["state"])
        told = outcomes(client.get(f"/results/{PRODUCTS}"))

    assert (["stored", "loaded"], 202, 4) == (states, first, len(told))


def test_a_name_of_no_batch_file_is_stored_and_then_refused(client, stand_in):
    upload(client, "holiday.csv", b"a,b\r\n")

    asked = client.get("/uploads/holiday.csv").json()

    assert ("refused", "holiday.csv is not the name of a batch file") == (
        asked["state"],
        asked["problem"],
    )
    assert 404 == client.get("/results/holiday.csv").status_code


def test_a_file_with_another_heading_is_refused_whole(client, stand_in):
    upload(client, PRODUCTS, b"a,b\r\n1,2\r\n")

    asked = client.get(f"/uploads/{PRODUCTS}").json()

    assert "refused" == asked["state"]
    assert asked["problem"].startswith("the heading is not")
    assert 1 == stand_in.audit()["files_refused"]


# Its own controls


def test_behaviour_can_be_set_over_http(client, products):
    set_to = client.put("/behaviour", json=[{"on": "upload", "do": "503", "retry_after": 7}])
    busy = upload(client, PRODUCTS, products)

    assert ["503"] == [rule["do"] for rule in set_to.json()]
    assert (503, "7") == (busy.status_code, busy.headers["Retry-After"])
    assert [0] == [rule["times"] for rule in client.get("/behaviour").json()]


@pytest.mark.parametrize("body", [b"{", b"3", b'[{"on": "lunch"}]'])
def test_a_behaviour_that_says_nothing_is_refused(client, body):
    assert 400 == client.put("/behaviour", content=body).status_code


def test_the_journal_has_every_request_in_order(client, products, clis):
    upload(client, CLIS, clis)
    upload(client, PRODUCTS, products)
    client.get(f"/results/{CLIS}")

    told = client.get("/journal").json()

    assert [
        ("POST", "/uploads", CLIS, 201, True),
        ("POST", "/uploads", PRODUCTS, 201, True),
        ("GET", f"/results/{CLIS}", CLIS, 200, False),
    ] == [
        (entry["method"], entry["path"], entry["name"], entry["status"], entry["effect"])
        for entry in told
    ]
    assert sorted(moments := [m for e in told for m in (e["at"], e["answered"])]) == moments


# Misbehaviour: of an upload

LOST = (httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError)


@pytest.mark.parametrize(
    ("do", "sees", "is_kept"),
    [
        ("slow", 201, True),
        ("429", 429, False),
        ("503", 503, False),
        ("500_before", 500, False),
        ("500_after", 500, True),
        ("cut_before", None, False),
        ("cut_during", None, False),
        ("cut_after", None, True),
        ("hang", None, False),
        ("hang_after", None, True),
        ("html", 200, False),
        ("html_after", 200, True),
        ("truncated", None, True),
        ("wrong_digest", 201, True),
        ("damaged", 201, True),
        ("no_receipt", 201, True),
        ("refuse", 403, False),
        ("lose", 201, False),
    ],
)
def test_an_upload_goes_wrong(client, stand_in, products, do, sees, is_kept):
    stand_in.behave([{"on": "upload", "do": do, "seconds": SHORT}])
    try:
        status = upload(client, PRODUCTS, products).status_code
    except LOST:
        status = None
    first = stand_in.journal()[0]
    is_there = client.get(f"/uploads/{PRODUCTS}").status_code == 200
    again = upload(client, PRODUCTS, products).status_code

    assert (sees, is_kept) == (status, is_there)
    assert (do, is_kept, PRODUCTS) == (first["fault"], first["effect"], first["name"])
    assert (409 if is_kept else 201) == again
    assert (4, 0) == (stand_in.audit()["rows_loaded"], stand_in.audit()["double_bills"])


def test_every_way_an_upload_goes_wrong_is_tried():
    (mark,) = test_an_upload_goes_wrong.pytestmark

    assert KINDS["upload"] == {do for do, _, _ in mark.args[1]}


def test_a_slow_upload_takes_effect_after_its_sender_has_given_up(client, stand_in, products):
    stand_in.behave([{"on": "upload", "do": "slow", "seconds": 1.5}])

    with pytest.raises(httpx.ReadTimeout):
        client.post("/uploads", files=form_of(PRODUCTS, products), timeout=SHORT)
    at_once = client.get(f"/uploads/{PRODUCTS}").status_code
    again = upload(client, PRODUCTS, products).status_code
    while stand_in.journal()[0]["answered"] is None:
        client.get("/behaviour")

    assert (404, 201) == (at_once, again)
    assert (409, False) == effects(stand_in)[0]
    assert 0 == stand_in.audit()["double_bills"]


def test_a_reset_while_the_body_is_read_meets_a_sender_at_work(client, stand_in, products):
    stand_in.behave([{"on": "upload", "do": "cut_during"}])
    endless = products + b"x" * 2**25  # more than the buffers between the two hold

    with pytest.raises(LOST):
        upload(client, PRODUCTS, endless)

    assert 404 == client.get(f"/uploads/{PRODUCTS}").status_code


def test_a_wrong_digest_is_in_the_receipt_only(client, stand_in, products):
    stand_in.behave([{"on": "upload", "do": "wrong_digest"}])

    sent = upload(client, PRODUCTS, products).json()
    asked = client.get(f"/uploads/{PRODUCTS}").json()

    assert hashlib.sha256(products).hexdigest() == asked["sha256"]
    assert asked["sha256"] != sent["sha256"]
    assert 64 == len(sent["sha256"])


def test_damaged_bytes_are_in_the_receipt_and_stay(client, stand_in, products):
    stand_in.behave([{"on": "upload", "do": "damaged"}])

    sent = upload(client, PRODUCTS, products).json()
    asked = client.get(f"/uploads/{PRODUCTS}").json()

    assert hashlib.sha256(products).hexdigest() != asked["sha256"]
    assert asked["sha256"] == sent["sha256"]


def test_being_too_busy_can_say_for_how_long(client, stand_in, products):
    stand_in.behave(
        [
            {"on": "upload", "do": "429", "retry_after": "Fri, 30 Oct 2026 09:00:00 GMT"},
            {"on": "upload", "do": "429"},
        ]
    )

    waits = [upload(client, PRODUCTS, products).headers.get("Retry-After") for _ in range(2)]

    assert ["Fri, 30 Oct 2026 09:00:00 GMT", None] == waits


# Misbehaviour: of questions


@pytest.mark.parametrize(
    ("do", "sees"),
    [
        ("slow", 200),
        ("429", 429),
        ("503", 503),
        ("500_before", 500),
        ("cut_before", None),
        ("cut_during", None),
        ("hang", None),
        ("html", 200),
        ("truncated", None),
        ("absent", 404),
        ("refuse", 418),
    ],
)
@pytest.mark.parametrize(
    ("on", "path"),
    [
        ("ask", f"/uploads/{PRODUCTS}"),
        ("results", f"/results/{PRODUCTS}"),
        ("exports", "/exports/affinity_clis.csv"),
    ],
)
def test_a_question_goes_wrong_once(client, stand_in, products, on, path, do, sees):
    upload(client, PRODUCTS, products)
    stand_in.behave([{"on": on, "do": do, "seconds": SHORT, "status": 418}])

    try:
        status = client.get(path).status_code
    except LOST:
        status = None

    assert sees == status
    assert 200 == client.get(path).status_code
    assert [do, None] == [entry["fault"] for entry in stand_in.journal()[-2:]]


def test_an_answer_that_should_be_a_receipt_can_be_a_web_page_or_nothing(
    client, stand_in, products
):
    upload(client, PRODUCTS, products)
    stand_in.behave([{"on": "ask", "do": do} for do in ("html", "no_receipt", "wrong_digest")])

    page, nothing, wrong = (client.get(f"/uploads/{PRODUCTS}") for _ in range(3))

    assert page.text.startswith("<!doctype html>")
    assert {} == nothing.json()
    assert hashlib.sha256(products).hexdigest() != wrong.json()["sha256"]


# Misbehaviour: of loading


def test_a_file_loaded_twice_is_a_double_bill_of_every_row(client, stand_in, products):
    stand_in.behave([{"on": "load", "do": "twice"}])
    upload(client, PRODUCTS, products)

    told = stand_in.audit()

    assert (4, {"products": 4}) == (told["double_bills"], told["rows_loaded_again"])
    assert sorted(keys_in(products)) == told["double_bill_keys"]
    assert 4 == len(outcomes(client.get(f"/results/{PRODUCTS}")))


def test_results_can_be_late(client, stand_in, products):
    stand_in.behave([{"on": "load", "do": "late", "asks": 2}])
    upload(client, PRODUCTS, products)

    asked = [client.get(f"/results/{PRODUCTS}").status_code for _ in range(3)]

    assert [202, 202, 200] == asked


def test_an_upload_can_be_left_unloaded_for_some_time(client, stand_in, products):
    stand_in.behave([{"on": "load", "do": "never", "times": 2}])
    upload(client, PRODUCTS, products)

    state = client.get(f"/uploads/{PRODUCTS}").json()["state"]
    asked = [client.get(f"/results/{PRODUCTS}").status_code for _ in range(3)]

    assert ("stored", [202, 202, 200]) == (state, asked)
    assert 4 == stand_in.audit()["rows_loaded"]


def test_results_can_leave_rows_out(client, stand_in, products):
    stand_in.behave([{"on": "load", "do": "partial", "every": 2}])
    upload(client, PRODUCTS, products)

    told = outcomes(client.get(f"/results/{PRODUCTS}"))

    assert keys_in(products)[::2] == [answer["row_key"] for answer in told]
    assert 4 == stand_in.audit()["rows_loaded"]


def test_results_can_mention_a_row_nobody_sent(client, stand_in, products):
    stand_in.behave([{"on": "load", "do": "unknown_key"}])
    upload(client, PRODUCTS, products)

    *known, stranger = outcomes(client.get(f"/results/{PRODUCTS}"))

    assert 4 == len(known)
    assert stranger["row_key"] not in keys_in(products)
    assert 32 == len(stranger["row_key"])


def test_results_can_contradict_themselves(client, stand_in, products):
    stand_in.behave([{"on": "load", "do": "contradict"}])
    upload(client, PRODUCTS, products)

    told = outcomes(client.get(f"/results/{PRODUCTS}"))

    first = keys_in(products)[0]
    assert ["accepted", "rejected"] == [
        answer["outcome"] for answer in told if answer["row_key"] == first
    ]


def test_a_file_can_be_refused_whole_in_given_words(client, stand_in, products):
    stand_in.behave([{"on": "load", "do": "refuse_file", "message": "closed for stocktaking"}])
    upload(client, PRODUCTS, products)

    asked = client.get(f"/uploads/{PRODUCTS}").json()

    assert ("refused", "closed for stocktaking") == (asked["state"], asked["problem"])
    assert 404 == client.get(f"/results/{PRODUCTS}").status_code
    assert (0, 1) == (stand_in.audit()["rows_loaded"], stand_in.audit()["files_refused"])


def test_given_rows_can_be_refused_with_a_given_code_and_taken_later(client, stand_in, products):
    key = keys_in(products)[1]
    stand_in.behave(
        [{"on": "load", "do": "reject", "keys": [key], "code": "BUSY", "message": "no"}]
    )

    upload(client, PRODUCTS, products)
    upload(client, "Acme_000002_08_products.csv", products)

    first, second = (
        {answer["row_key"]: answer for answer in outcomes(client.get(f"/results/{name}"))}
        for name in (PRODUCTS, "Acme_000002_08_products.csv")
    )
    assert ("rejected", "BUSY", "no") == tuple(
        first[key][column] for column in ("outcome", "code", "message")
    )
    assert "accepted" == second[key]["outcome"]


def test_every_so_many_th_row_can_be_refused_and_take_the_file_along(client, stand_in, products):
    stand_in.behave(
        [
            {"on": "load", "do": "reject", "every": 4, "code": "TRY_LATER"},
            {"on": "load", "do": "scope", "scope": "customer"},
        ]
    )
    upload(client, PRODUCTS, products)

    told = outcomes(client.get(f"/results/{PRODUCTS}"))

    assert ["CUSTOMER_REFUSED"] * 3 + ["TRY_LATER"] == [answer["code"] for answer in told]
