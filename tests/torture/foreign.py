"""What others made: results of marl-eval, cards, searches, kept measurements, answers of servers, actions."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from damages import STRANGE, bytes_of
from material import Material
from sandbox import Attempt, judge, run
from tally import Tally

from na2q import cli
from na2q.files import WriteError


def foreign(tally: Tally, made: Material, place: Path) -> None:
    """Damage what others may have written and read it; serve files that are none; play what cannot be played."""
    place.mkdir()
    rng = np.random.default_rng(0)
    for kind, attempt in _attempts(made, place, rng):
        (done,) = run([attempt], place)
        what, named, same = done.about
        outcome = judge(done)
        if outcome is None and done.status == 0:
            outcome = "recovered" if same.exists() else "wrong"
        elif outcome is None:
            outcome = "clear error" if named in done.said else "wrong"
        tally.add(kind, outcome, what, f"status {done.status}, of {named!r}\n{done.said}")
        for orphan in done.orphans:
            tally.add(kind, "orphans", what, orphan)
        same.unlink(missing_ok=True)


def _attempts(made: Material, place: Path, rng: np.random.Generator) -> Iterator[tuple[str, Attempt]]:
    same = place / "same"
    for name, build, use in (
        ("results.json", _results, _read_results),
        ("card.json", _card, _read_card),
        ("study.log", _search, _go_on_searching),
        ("kept.nc", _kept, _measure_again),
    ):
        whole = place / f"whole-{name}"
        build(made, whole)
        path = next(iter(sorted(whole.rglob("*.nc" if name == "kept.nc" else name))))
        for i, (what, damage) in enumerate([*bytes_of(rng, 6, texts=name != "kept.nc"), *_of_json(path)]):
            folder = place / f"{i}-{name}"
            shutil.copytree(whole, folder)
            damaged = folder / path.relative_to(whole)
            damage(damaged)
            about = (f"{name}: {what}", path.name, same)
            yield f"damaged {name}", Attempt(lambda f=folder, d=damaged, u=use, w=whole: u(made, f, d, w, same), about)
            shutil.rmtree(folder)
    for text, payload in _served(made):
        yield "weights from a server", Attempt(lambda p=payload, t=text: _fetch(p, t, place), (text, "127.0.0.1", same))
    for what, named, call in _played():
        yield "a ParallelEnv played wrongly", Attempt(_refused(call), (what, named, same))


def _of_json(path: Path) -> Iterator[tuple[str, Callable[[Path], Any]]]:
    """Other values in the place of each entry, and of the whole."""
    if path.suffix != ".json":
        return
    whole = json.loads(path.read_text())
    for value in STRANGE:
        yield f"is {value!r}", lambda file, v=value: file.write_text(json.dumps(v))
    yield "is nested deeply", lambda file: file.write_text("[" * 100_000)
    yield "holds a number of a thousand digits", lambda file: file.write_text('{"a": ' + "9" * 1000 + "}")
    for keys in _places(whole):
        for value in (None, "text", [], -1.5, True, 10**400):

            def change(file: Path, keys: tuple[Any, ...] = keys, value: Any = value) -> None:
                changed = json.loads(json.dumps(whole))
                inner = changed
                for key in keys[:-1]:
                    inner = inner[key]
                inner[keys[-1]] = value
                file.write_text(json.dumps(changed))

            yield f"{'.'.join(map(str, keys))} is {str(value)[:9]!r}", change


def _places(whole: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """One entry of each level, down to a number."""
    if isinstance(whole, dict) and whole:
        for key in list(whole)[:3]:
            yield (*before, key)
        yield from _places(next(iter(whole.values())), (*before, next(iter(whole))))


def _results(made: Material, whole: Path) -> None:
    from na2q.evaluation import exchange, results

    whole.mkdir()
    exchange.export(results.load_runs(made.root / "runs"), whole / "results.json")


def _read_results(made: Material, _: Path, damaged: Path, whole: Path, same: Path) -> None:
    from na2q.evaluation import exchange

    try:
        found = exchange.load(damaged)
    except (exchange.ExchangeError, OSError) as error:
        raise SystemExit(print(error) or 2) from None
    assert {"step", "point", "curve", "seed"} <= set(found)
    assert np.isfinite(found["step"]).all()
    same.touch()


def _card(made: Material, whole: Path) -> None:
    from na2q.evaluation import cards

    shutil.copytree(made.run, whole)
    cards.EPISODES = 8
    (whole / cards.CARD).write_text(json.dumps(cards.card(whole, 8)))


def _read_card(made: Material, folder: Path, _: Path, whole: Path, same: Path) -> None:
    from na2q.evaluation import cards
    from na2q.training.records import RunError

    try:
        found = cards.read(folder)
    except RunError as error:
        raise SystemExit(print(error) or 2) from None
    assert isinstance(found["expected"]["return"]["mean"], float)
    same.touch()


def _search(made: Material, whole: Path) -> None:
    cli.main(_searching(whole))


def _searching(folder: Path) -> list[str]:
    task = ["tune", "--method", "vdn", "--env", "lbf-3p-3f", "--preset", "smoke", "--search", "optim.lr=1e-4,1e-3"]
    return [*task, "--total-steps", "250", "--trials", "1", "--out", str(folder)]


def _go_on_searching(made: Material, folder: Path, damaged: Path, whole: Path, same: Path) -> None:
    cli.main(_searching(folder))
    same.touch()


def _kept(made: Material, whole: Path) -> None:
    _measure(made, whole)


def _measure(made: Material, folder: Path) -> Any:
    from na2q.explain.credits.benchmark import measured
    from na2q.explain.credits.truth import Setting

    return measured(made.run, 1, Setting(horizon=1, streams=1, every=9), folder)


def _measure_again(made: Material, folder: Path, _: Path, whole: Path, same: Path) -> None:
    try:
        found = _measure(made, folder)
    except WriteError as error:  # which `na2q credits` prints and ends with, as here
        raise SystemExit(print(error) or 2) from None
    expected = _measure(made, whole)
    if found.identical(expected):
        same.touch()


def _served(made: Material) -> Iterator[tuple[str, bytes]]:
    """What a server may answer in the place of weights."""
    whole = (made.run / "weights.safetensors").read_bytes()
    yield "nothing", b""
    yield "a page", b"<!DOCTYPE html><title>not here</title>"
    yield "a part", whole[: len(whole) // 2]
    yield "a note of git-lfs", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n"
    yield "another checksum", whole
    for status in ("HTTP/1.1 404 x", "HTTP/1.1 500 x", "HTTP/1.1 302 x\r\nLocation: /a", "nonsense", ""):
        yield status, b""


def _fetch(payload: bytes, text: str, place: Path) -> None:
    """Serve once more than it is asked, and evaluate from there."""
    import os
    import socket
    import threading

    server = socket.create_server(("127.0.0.1", 0))
    status = text if text.startswith(("HTTP", "nonsense")) or not text else "HTTP/1.1 200 OK"

    def serve() -> None:
        while True:
            asked, _ = server.accept()
            asked.recv(9999)
            asked.sendall(f"{status}\r\nContent-Length: {len(payload)}\r\n\r\n".encode() * bool(status) + payload)
            asked.close()

    threading.Thread(target=serve, daemon=True).start()
    os.environ["NA2Q_CACHE"] = str(place / "cache" / str(abs(hash(text))))
    check = "#sha256=" + "0" * 64 if text == "another checksum" else ""
    cli.main(["evaluate", f"http://127.0.0.1:{server.getsockname()[1]}/w.safetensors{check}", "--episodes", "1"])


def _refused(call: Callable[[], Any]) -> Callable[[], None]:
    def work() -> None:
        try:
            call()
        except (ValueError, RuntimeError) as error:
            raise SystemExit(print(error) or 2) from None

    return work


def _played() -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """Calls of a ParallelEnv made of a task, with one thing wrong."""
    from na2q.config import configure
    from na2q.envs import make, to_pettingzoo

    options = configure(env="lbf-2p-2f").env_options
    yield "three copies", "3 copies", lambda: to_pettingzoo(make("lbf-2p-2f", options, 3))
    for env in ("", "chess", 3, None, object()):
        yield f"env {env!r}", "env", lambda e=env: to_pettingzoo(e)
    for env in ("lbf", "lbf-0p-1f"):
        yield f"env {env!r}", f"task {env!r}", lambda e=env: to_pettingzoo(e)
    for settings in ({"sight": 0}, {"sight": "x"}, {"nothing": 1}, {"sight": True}):
        yield f"{settings}", next(iter(settings)), lambda s=settings: to_pettingzoo("lbf-2p-2f", **s)
    for mode in ("human", 3, ""):
        yield f"render_mode {mode!r}", "render_mode", lambda m=mode: to_pettingzoo("lbf-2p-2f", m)
    yield "a step first", "reset", lambda: to_pettingzoo("lbf-2p-2f").step({})
    yield "a state first", "reset", lambda: to_pettingzoo("lbf-2p-2f").state()
    for seed in (-1, 2**63, 1.5, "x", True):
        yield f"seed {seed!r}", "seed", lambda s=seed: to_pettingzoo("lbf-2p-2f").reset(s)
    strange: list[Any] = [{}, {"agent_0": 0}, {"a": 0, "b": 0}, None, 3, [0, 0]]
    for actions in [*strange, *({"agent_0": 0, "agent_1": action} for action in (99, -1, 1.5, None, "up"))]:

        def step(actions: Any = actions) -> Any:
            env = to_pettingzoo("lbf-2p-2f")
            env.reset(1)
            return env.step(actions)

        yield f"actions {actions!r}", "actions", step
