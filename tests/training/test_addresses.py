"""Weights come from paths, servers and hubs; what is not what its checksum says is refused."""

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import na2q
from na2q.cli import main
from na2q.config import configure
from na2q.training.addresses import cache, located, sha256_of
from na2q.training.policy import evaluate
from na2q.training.records import RunError
from na2q.training.run import train

OBS = np.zeros((1, 2, 1), np.float32)  # of a payoff game with one state


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "me" / "team" / "resolve" / "main"
    train(configure("vdn", "matrix-qtran", "smoke", total_steps=40), folder)
    return folder


@pytest.fixture
def server(run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server of the run's files, laid out as a hub has them, and an empty cache."""
    monkeypatch.setenv("NA2Q_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def send_head(self) -> Any:
            """Behind /to/, send on to the address that follows, as hubs and releases do."""
            if not self.path.startswith("/to/"):
                return super().send_head()
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
            return None

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=run_dir.parents[3])) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


PLACE = "/me/team/resolve/main/weights.safetensors"


def test_a_path_stays_a_path(run_dir: Path) -> None:
    assert located(run_dir) == located(str(run_dir)) == run_dir
    assert located("~") == Path.home()


def test_weights_of_a_server_are_those_of_the_file_and_asked_for_once(server: str, run_dir: Path) -> None:
    digest = sha256_of(run_dir / "weights.safetensors")
    policy = na2q.load(f"{server}{PLACE}#sha256={digest}")
    np.testing.assert_array_equal(policy.q_values(OBS), na2q.load(run_dir).q_values(OBS))
    kept = located(server + PLACE)
    assert cache() in kept.parents
    kept.write_bytes(b"damaged")
    assert located(server + PLACE).read_bytes() == b"damaged"  # no second request
    with pytest.raises(RunError, match="cannot be read"):
        na2q.load(server + PLACE)
    with pytest.raises(RunError, match="has the checksum"):
        na2q.load(f"{server}{PLACE}#sha256={digest}")


FORMS = ["hf:me/team", "hf:me/team@main", "hf:me/team@main/weights.safetensors", "hf:me/team/best.safetensors"]


@pytest.mark.parametrize("form", FORMS)
def test_a_repository_of_a_hub_is_reached(form: str, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", server)
    assert na2q.load(form).config.method == "vdn"


def test_weights_are_those_of_the_server_that_the_first_one_names(server: str, run_dir: Path) -> None:
    policy = na2q.load(f"{server}/to/{server}{PLACE}")
    np.testing.assert_array_equal(policy.q_values(OBS), na2q.load(run_dir).q_values(OBS))
    assert na2q.load(f"{server}/to/{PLACE}").config.method == "vdn"  # the path alone


def test_nobody_sends_us_on_to_a_server_without_encryption(server: str) -> None:
    with pytest.raises(RunError, match=r"http://example\.org/w begins with http://, must begin with https://"):
        na2q.load(f"{server}/to/http://example.org/w")
    assert not list(cache().rglob("*.safetensors"))


def test_a_file_with_another_checksum_is_not_kept(server: str) -> None:
    with pytest.raises(RunError, match=f"has the checksum .*, must have {'0' * 64}: do not use it"):
        na2q.load(f"{server}{PLACE}#sha256={'0' * 64}")
    assert not list(cache().rglob("*.safetensors"))


def test_evaluation_and_the_command_line_take_addresses(
    server: str, run_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(server + PLACE, 4)["return"].tolist() == evaluate(run_dir, 4)["return"].tolist()
    main(["evaluate", server + PLACE, "--episodes", "2"])
    assert "return" in capsys.readouterr().out


def test_a_run_starts_from_weights_of_a_server(server: str) -> None:
    config = configure("vdn", "matrix-qtran", "smoke", total_steps=8)
    assert len(train(config, init_from=server + PLACE)) >= 1


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://example.org/weights.safetensors", "begins with http://, must begin with https://"),
        ("ftp://example.org/weights.safetensors", "begins with ftp://, must begin with https://"),
        ("https://example.org/w#md5=1", "must end in #sha256= and 64 hexadecimal digits"),
        ("hf:team", r"write hf:owner/name\[@revision\]\[/file\]"),
        ("http://127.0.0.1:1/w.safetensors", "cannot be downloaded"),
    ],
)
def test_addresses_that_cannot_be_are_refused(address: str, message: str) -> None:
    with pytest.raises(RunError, match=message):
        na2q.load(address)


def test_a_file_that_the_server_lacks_is_named(server: str) -> None:
    with pytest.raises(RunError, match=r"missing.safetensors cannot be downloaded: .*404"):
        na2q.load(server + "/missing.safetensors")
