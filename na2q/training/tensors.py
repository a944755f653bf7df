"""Files of named tensors and texts (safetensors) that carry a checksum, so that a flipped bit is found on reading."""

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from na2q.terminal import uninterrupted

CHECKSUM = "sha256"


def save_tensors(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, str]) -> None:
    """Write tensors and texts; raise OSError or SafetensorError where that fails."""
    plain = {name: x.detach().cpu().contiguous() for name, x in tensors.items()}
    save_file(plain, path, metadata={**about, CHECKSUM: checksum(plain, about)})


def load_tensors(path: Path, unsigned: Collection[str] = ()) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read tensors and texts; the tensors are views of the file, which only copying brings into memory.

    A file without a checksum is taken where its texts are those named in `unsigned`, as older versions wrote it.
    Raises OSError or SafetensorError for a file that cannot be read, ValueError where the checksum is missing or wrong.
    """
    with uninterrupted(), safe_open(path, "pt") as file:
        about = dict(file.metadata() or {})
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a dict
    expected = about.pop(CHECKSUM, None)
    if expected is None and not (unsigned and about.keys() == set(unsigned)):
        raise ValueError("it has no checksum, as files of older versions have none")
    if expected is not None and checksum(tensors, about) != expected:
        raise ValueError("its contents do not fit its checksum")
    return tensors, about


def checksum(tensors: Mapping[str, Tensor], about: Mapping[str, str]) -> str:
    """Return the SHA-256 of all names, texts, types, shapes and numbers."""
    total = hashlib.sha256(repr(sorted(about.items())).encode())
    for name, x in sorted(tensors.items()):
        total.update(repr((name, str(x.dtype), tuple(x.shape))).encode())
        total.update(x.numpy().data)
    return total.hexdigest()
