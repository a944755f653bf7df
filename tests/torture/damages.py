"""What may happen to a file: bytes, tensors, entries, cells and arrays that are others."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from safetensors.torch import load_file, save_file

STRANGE = (None, 3, -1, 1.5, "text", True, [], [1], {}, {"a": 1}, "")
Damage = tuple[str, Callable[[Path], Any]]


def bytes_of(rng: np.random.Generator, flips: int, texts: bool = False) -> Iterator[Damage]:
    """Cut off, emptied, overwritten, in another place, of another kind; and flipped bits.

    In texts a flipped bit may make one digit of another, which nobody can tell: there the highest bit is flipped.
    """

    def changed(change: Callable[[bytes], bytes]) -> Callable[[Path], Any]:
        return lambda path: path.write_bytes(change(path.read_bytes()))

    for share in (0, 0.01, 0.1, 0.37, 0.5, 0.9, 0.99):
        yield f"cut off at {share}", changed(lambda whole, s=share: whole[: int(s * len(whole))])
    yield "last byte missing", changed(lambda whole: whole[:-1])
    yield "zeros", changed(lambda whole: bytes(len(whole)))
    yield "noise", changed(lambda whole: rng.bytes(len(whole)))
    yield "zeros from the middle on", changed(lambda whole: whole[: len(whole) // 2].ljust(len(whole), b"\0"))
    yield "begins with others", changed(lambda whole: b"<html>" + whole)
    yield "a page of a server", changed(lambda _: b"<!DOCTYPE html><title>404</title>")
    yield "git-lfs", changed(lambda _: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n")
    yield "gone", Path.unlink
    yield "a folder", _folder
    yield "a dangling link", _dangling
    yield "a link to itself", _loop
    for _ in range(flips):
        place, bit = rng.random(), 7 if texts else int(rng.integers(8))
        yield f"bit {bit} flipped at {place:.3f}", changed(lambda whole, p=place, b=bit: _flip(whole, p, b))


def _flip(whole: bytes, place: float, bit: int) -> bytes:
    flipped = bytearray(whole)
    flipped[int(place * len(whole))] ^= 1 << bit
    return bytes(flipped)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def _loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def replace(source: Path) -> Callable[[Path], Any]:
    return lambda path: shutil.copy(source, path)


def tensors(rng: np.random.Generator) -> Iterator[Damage]:
    """Shapes, types, names and texts that are others, in files that are whole."""
    from safetensors import safe_open

    def rewritten(change: Callable[[dict[str, Any], dict[str, str]], Any]) -> Callable[[Path], Any]:
        def damage(path: Path) -> None:
            tensors = {name: x.clone() for name, x in load_file(path).items()}
            with safe_open(path, "pt") as file:
                about = dict(file.metadata() or {})
            change(tensors, about)
            save_file(tensors, path, metadata=about)

        return damage

    def each(change: Callable[[Any], Any]) -> Callable[[dict[str, Any], dict[str, str]], Any]:
        def apply(tensors: dict[str, Any], _: dict[str, str]) -> None:
            name = list(tensors)[int(rng.integers(len(tensors)))]
            tensors[name] = change(tensors[name])

        return apply

    yield "no texts", rewritten(lambda _, about: about.clear())
    yield "no checksum", rewritten(lambda _, about: about.update(sha256=""))
    yield "text changed", rewritten(lambda _, about: about.update(config=about["config"].replace("lbf-3p", "lbf-4p")))
    yield "no JSON", rewritten(lambda _, about: about.update(config="{"))
    yield "null", rewritten(lambda _, about: about.update(config="null"))
    yield "version of text", rewritten(lambda _, about: about.update(version="two"))
    yield "version of later", rewritten(lambda _, about: about.update(version="99"))
    yield "tensor missing", rewritten(lambda tensors, _: tensors.pop(next(iter(tensors))))
    yield "no tensors", rewritten(lambda tensors, _: tensors.clear())
    yield "other shape", rewritten(each(lambda x: x.reshape(-1)[:1].clone()))
    yield "other type", rewritten(each(lambda x: x.double()))
    yield "not finite", rewritten(each(lambda x: x.double().fill_(float("nan"))))


def json_of(path: Path) -> Iterator[Damage]:
    """Each entry that means something replaced by values of other kinds, and left out."""
    record = json.loads(path.read_text())

    def with_(keys: tuple[str, ...], value: Any) -> Callable[[Path], Any]:
        def damage(path: Path) -> None:
            changed = json.loads(json.dumps(record))
            inner = changed
            for key in keys[:-1]:
                inner = inner[key]
            if value is ...:
                del inner[keys[-1]]
            else:
                inner[keys[-1]] = value
            path.write_text(json.dumps(changed))

        return damage

    places = [(name,) for name in ("version", "config", "curve", "status", "steps", "absolute")]
    places += [("config", name) for name in ("method", "env", "preset", "seed", "total_steps", "optim", "replay")]
    places += [("curve", name) for name in record["curve"]] + [
        ("config", "optim", "lr"),
        ("absolute", "test_return_mean"),
    ]
    for keys in places:
        for value in (..., None, "text", [1], -1.5):
            yield f"{'.'.join(keys)} is {'missing' if value is ... else value!r}", with_(keys, value)
    for value in STRANGE:
        yield f"is {value!r}", lambda path, v=value: path.write_text(json.dumps(v))


def csv() -> Iterator[Damage]:
    """Rows, columns and cells that are others, in tables that are whole."""
    import pandas as pd

    def changed(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Path], Any]:
        return lambda path: change(pd.read_csv(path)).to_csv(path, index=False)

    yield "last row missing", changed(lambda table: table.iloc[:-1])
    yield "header only", changed(lambda table: table.iloc[:0])
    yield "rows turned round", changed(lambda table: table.iloc[::-1])
    yield "row twice", changed(lambda table: pd.concat([table, table.tail(1)]))
    yield "no steps", changed(lambda table: table.drop(columns="step"))
    yield "no returns", changed(lambda table: table.drop(columns="test_return_mean"))
    yield "text in a cell", changed(lambda table: table.assign(step=[*table["step"].iloc[:-1], "many"]))
    yield "negative steps", changed(lambda table: table.assign(step=-table["step"]))
    yield "steps without end", changed(lambda table: table.assign(step=[*table["step"].iloc[:-1], np.inf]))
    yield (
        "an empty cell",
        changed(lambda table: table.assign(test_return_mean=[*table["test_return_mean"].iloc[:-1], np.nan])),
    )
    yield "other separators", lambda path: path.write_text(path.read_text().replace(",", ";"))
    yield "a quote without end", lambda path: path.write_text(path.read_text().replace(",", ',"', 1))
    yield "another run's", changed(lambda table: table.assign(step=table["step"] * 2))


def arrays() -> Iterator[Damage]:
    """Arrays and attributes of a recording that are others, in files that are whole."""

    def changed(change: Callable[[h5py.File], Any]) -> Callable[[Path], Any]:
        def damage(path: Path) -> None:
            with h5py.File(path, "r+") as file:
                change(file)

        return damage

    def drop(name: str) -> Callable[[h5py.File], Any]:
        return lambda file: file.__delitem__(name)

    def value(name: str) -> Callable[[h5py.File], Any]:
        def change(file: h5py.File) -> None:
            file[name][...] = file[name][...] + 1

        return change

    for name in (
        "obs",
        "state",
        "q",
        "reward",
        "action_taken",
        "filled",
        "length",
        "credit",
        "coalition",
        "episode_seed",
    ):
        yield f"array {name} missing", changed(drop(name))
    for name in ("obs", "q", "reward", "return", "length", "credit", "q_tot"):
        yield f"array {name} with other values", changed(value(name))
    for name in ("schema", "method", "env", "config", "epsilon"):
        yield f"attribute {name} missing", changed(lambda file, n=name: file.attrs.__delitem__(n))
        yield f"attribute {name} of another kind", changed(lambda file, n=name: file.attrs.__setitem__(n, [1.5, 2]))
