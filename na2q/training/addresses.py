"""Where weights come from: a path on this machine, an https address, or a repository of a model hub."""

import hashlib
import os
import re
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from safetensors import SafetensorError

from na2q.arguments import checks_arguments
from na2q.files import Address, as_path, is_address, replacing
from na2q.training.records import RunError
from na2q.training.tensors import load_tensors
from na2q.training.weights import WEIGHTS

HUB = re.compile(r"hf:(?P<repository>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w.-]+))?(?:/(?P<file>[^#]+))?(?P<rest>#.*)?")
SHA256 = re.compile(r"sha256=(?P<digest>[0-9a-f]{64})")
HERE = ("localhost", "127.0.0.1", "::1")  # without encryption from this machine only
SECONDS = 60  # that a server may be silent


@checks_arguments
def located(address: Address) -> Path:
    """Return the path of weights, downloaded where they are not on this machine.

    Addresses are ``https://.../weights.safetensors`` or ``hf:owner/name[@revision][/file]``, a repository of
    huggingface.co or of the server that HF_ENDPOINT names. ``#sha256=<digest>`` behind either is the checksum that the
    file must have. Downloads are kept in the folder NA2Q_CACHE, or ``~/.cache/na2q``, and not asked for again.

    Raises:
        RunError: the address cannot be read or is not encrypted, or the file has another checksum.
    """
    if not is_address(address):
        return as_path(address)
    text = str(address)
    text = _of_hub(text) if text.startswith("hf:") else text
    url, _, fragment = text.partition("#")
    expected = _digest(text, fragment)
    path = _path_of(url)
    target = cache() / hashlib.sha256(url.encode()).hexdigest()[:16] / (Path(path).name or WEIGHTS)
    if not target.exists():
        _download(url, target, expected)
    _check(target, text, expected)
    return target


def cache() -> Path:
    """Folder of downloads: NA2Q_CACHE, or na2q in the user's folder of caches."""
    if own := os.environ.get("NA2Q_CACHE"):
        return as_path(own, "NA2Q_CACHE")
    return as_path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "na2q"


def sha256_of(path: Path) -> str:
    """Checksum of a file as hexadecimal digits; raise OSError where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _of_hub(text: str) -> str:
    match = HUB.fullmatch(text)
    if match is None:
        raise RunError(f"{text!r} is no address of a hub: write hf:owner/name[@revision][/file]")
    server = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    place = f"{match['repository']}/resolve/{match['revision'] or 'main'}/{match['file'] or WEIGHTS}"
    return f"{server}/{place}{match['rest'] or ''}"


def _path_of(url: str) -> str:
    """Path on the server, of an address that is encrypted or of this machine."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise RunError(f"{url} is no address: {error}") from error
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in HERE):
        raise RunError(f"{url} begins with {parts.scheme}://, must begin with https://")
    return parts.path


def _digest(text: str, fragment: str) -> str | None:
    if not fragment:
        return None
    match = SHA256.fullmatch(fragment)
    if match is None:
        raise RunError(f"{text!r} ends in #{fragment}, must end in #sha256= and 64 hexadecimal digits, or without #")
    return match["digest"]


def _download(url: str, target: Path, expected: str | None) -> None:
    with replacing(target) as part:
        try:
            request = Request(url, headers={"User-Agent": "na2q"})
            with build_opener(_Redirects).open(request, timeout=SECONDS) as answer:
                content = answer.read()
        except (OSError, HTTPException, ValueError) as error:  # ValueError: no such port
            raise RunError(f"{url} cannot be downloaded: {error}") from error
        part.write_bytes(content)
        _check(part, url, expected)
        try:
            load_tensors(part, unsigned=("config", "spec"))  # what is damaged would stay for good
        except (SafetensorError, ValueError) as error:
            raise RunError(f"{url} holds no weights that can be read: {error}") from error


class _Redirects(HTTPRedirectHandler):
    """Go on to the server that the first one names, as hubs and releases do, but to none without encryption."""

    def redirect_request(self, *args: Any) -> Request | None:
        _path_of(args[-1])
        return super().redirect_request(*args)


def _check(path: Path, address: str, expected: str | None) -> None:
    if expected is not None and (found := sha256_of(path)) != expected:
        raise RunError(f"{address} has the checksum {found}, must have {expected}: do not use it")
