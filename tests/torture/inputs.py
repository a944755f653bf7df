"""Bad inputs: every argument of every public function, every setting, every option of every command."""

import inspect
import re
import types
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from bad_values import bad_calls, bad_values, checked_functions
from material import Material
from sandbox import Attempt, judge, run
from tally import Tally

from na2q import cli
from na2q.cli.words import COMMANDS
from na2q.config import ENV_OPTIONS, METHOD_OPTIONS, TrainConfig, configure
from na2q.config.checks import hints_of

WORDS = {
    int: ["x", "", "1.5", "1e3", "nan", "inf", "-inf", "0x1", "None", "True", "1 2", "-1e9", "-1", str(10**40)],
    float: ["x", "", "nan", "1,5", "None", "--1", "1e", "-1", "1e999"],
    bool: ["maybe", "2", ""],
}


def functions(tally: Tally) -> None:
    """Give each argument of each public function what its type does not allow."""
    for function in checked_functions():
        for call in bad_calls(function):
            _refused(tally, "arguments of functions", str(call), call.argument, lambda c=call: c.function(**c.given))


def settings(tally: Tally) -> None:
    """Give each setting of each method and environment, and of every run, what its type does not allow."""
    for name in hints_of(TrainConfig):
        if name != "resolved_for":
            for value in bad_values(hints_of(TrainConfig)[name]):
                _refused(tally, "settings", f"{name}={value!r}", name, lambda n=name, v=value: configure(**{n: v}))
    config = configure("na2q", preset="released")
    for group in (
        config.agent,
        config.optim,
        config.explore,
        config.replay,
        *METHOD_OPTIONS.values(),
        *ENV_OPTIONS.values(),
    ):
        for name, hint in hints_of(type(group)).items():
            for value in bad_values(hint):
                case = f"{type(group).__name__}({name}={value!r})"
                _refused(tally, "settings", case, name, lambda g=group, n=name, v=value: replace(g, **{n: v}))


def _refused(tally: Tally, kind: str, case: str, name: str, call: Any) -> None:
    try:
        call()
    except ValueError as error:
        outcome = "clear error" if name in str(error) else "wrong"
        tally.add(kind, outcome, case, f"the message lacks the name: {error}")
    except Exception as error:
        tally.add(kind, "tracebacks", case, f"{type(error).__name__}: {error}")
    else:
        tally.add(kind, "wrong", case, "taken")


def commands(tally: Tally, made: Material, place: Path) -> None:
    """Give each option of each command what it cannot use, as a user types it."""
    place.mkdir()
    (place / "garbage").write_bytes(b"\0garbage" * 9)
    (place / "folder").mkdir()
    attempts = (Attempt(lambda words=words: cli.main(words), (words, bad)) for words, bad in _lines(made, place))
    for attempt in run(attempts, place):
        words, bad = attempt.about
        case = " ".join(map(repr, words))
        outcome = judge(attempt)
        if outcome is None:
            said = re.sub(r"[\s│╭╰╮╯─]", "", attempt.said)
            named = any(re.sub(r"\s", "", text).replace("-", "_") in said.replace("-", "_") for text in bad)
            outcome = "clear error" if attempt.status in (1, 2) and named else "wrong"
        tally.add("options of commands", outcome, case, f"status {attempt.status}, of {bad}\n{attempt.said}")
        for orphan in attempt.orphans:
            tally.add("options of commands", "orphans", case, orphan)


def _good(made: Material, place: Path) -> dict[str, tuple[list[str], list[str]]]:
    """For each command what it needs by position, and by option."""
    task = ["--method", "vdn", "--env", "lbf-3p-3f", "--preset", "smoke"]
    run_dir = str(made.run)
    return {
        "train": ([], [*task, "--run-dir", str(place / "new")]),
        "evaluate": ([run_dir], ["--episodes", "2"]),
        "watch": ([run_dir], ["--episodes", "1", "--out", str(place / "new.gif")]),
        "record": ([run_dir], ["--episodes", "2", "--out", str(place / "new.nc")]),
        "explain": ([str(made.recording)], ["--out", str(place / "new-album")]),
        "sweep": (["smoke"], ["--root", str(place / "new-root")]),
        "status": ([str(made.root / "runs")], []),
        "merge": ([str(made.root / "runs"), str(place / "merged")], []),
        "bench": ([], [*task, "--steps", "50"]),
        "tune": (
            [],
            [*task, "--search", "optim.lr=1e-4..1e-3", "--out", str(place / "new-search"), "--trials", "1"],
        ),
        "credits": (
            [run_dir],
            [
                *("--out", str(place / "new.csv"), "--episodes", "1"),
                *("--horizon", "1", "--streams", "1", "--every", "99"),
            ],
        ),
        "export": ([str(made.root / "runs")], ["--out", str(place / "new.json")]),
        "figures": (["06_learning_algorithm"], ["--out", str(place / "new-book")]),
    }


def _lines(made: Material, place: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Command lines with one thing wrong each, and the texts of which the message must have one."""
    for name, (positional, options) in _good(made, place).items():
        command = COMMANDS[name]
        hints = get_type_hints(command, include_extras=True)
        yield [name, *positional, *options, "--no-such-option", "3"], ["no-such-option"]
        yield [name, *positional, *options, "--no-such-option=é"], ["no-such-option"]
        for parameter in inspect.signature(command).parameters.values():
            if parameter.name == "config":
                for option, text in _bad_settings():
                    yield [name, *positional, *_without(options, option), f"{option}={text}"], [text, option]
                continue
            for text in _bad_texts(
                parameter.name, hints[parameter.name], place, name == "train" and parameter.name == "run_dir"
            ):
                if text.endswith("folder") and (name, parameter.name) in TAKES_FOLDERS:
                    continue
                if parameter.name == "interactive":
                    positional = [str(made.run)]
                option = f"--{parameter.name.replace('_', '-')}"
                if parameter.name in _positional(name):
                    index = _positional(name).index(parameter.name)
                    changed_ones = [*positional[:index], text, *positional[index + 1 :]]
                    yield (
                        [name, *options, "--", *changed_ones]
                        if text.startswith("-")
                        else [name, *changed_ones, *options],
                        [text or option, parameter.name, "''"],
                    )
                else:
                    yield (
                        [name, *positional, *_without(options, option), f"{option}={text}"],
                        [text or option, option[2:], *["Unrecognized"] * (not text)],
                    )
    for text in SEARCHES:
        positional, options = _good(made, place)["tune"]
        yield ["tune", *positional, *_without(options, "--search"), f"--search={text}"], [text]
    for text in ADDRESSES:
        for name in ("evaluate", "watch", "record"):
            positional, options = _good(made, place)[name]
            yield [name, text, *options], [text, "hf:", "http"]
    for name in ("methods", "envs", "nonsense", "", "--nonsense", "TRAIN"):
        yield [name, "extra"], [name or "''", "extra"]


def _positional(command: str) -> list[str]:
    return {
        "evaluate": ["run_dir"],
        "watch": ["run_dir"],
        "record": ["run_dir"],
        "explain": ["paths"],
        "credits": ["paths"],
        "export": ["root"],
        "sweep": ["name"],
        "status": ["root"],
        "merge": ["source", "into"],
        "figures": ["notebooks"],
    }.get(command, [])


def _without(options: list[str], option: str) -> list[str]:
    """Leave out an option with its value."""
    if option not in options:
        return options
    at = options.index(option)
    return options[:at] + options[at + 2 :]


TAKES_FOLDERS = (("explain", "out"), ("figures", "out"), ("tune", "out"), ("train", "run_dir"))
SEARCHES = (
    *("optim.lr", "optim.lr=", "=1", "optim.lr=1", "optim.lr=a..b", "optim.lr=1..0", "optim.lr=0..1:log"),
    *("optim.lr=1e-4..2", "no.such=1,2", "agent.hidden=0,32", "agent.hidden=32,text", "optim.lr=nan..1", "seed=1..1"),
    *(
        "optim.lr=1e-4..1e-3:exp",
        "agent.hidden=32,,64",
        "method=vdn,nonsense",
        "total_steps=1.5,2",
        "optim.lr=True,False",
    ),
)
ADDRESSES = (
    *("hf:", "hf:owner", "hf:owner/", "hf:a/b/c/d@", "hf:../../x", "hf:owner/name@", "hf:a b/c", "hf:é/ü"),
    *("https://", "https://:", "https://127.0.0.1:1/w.safetensors", "http://example.org/w.safetensors", "ftp://x/y"),
    *("file:///etc/passwd", "https://[::1/x", "https://127.0.0.1:99999/x", "https://127.0.0.1:1/x#sha256=12"),
    "https://127.0.0.1:1/x#md5=0",
)
READ = ("run_dir", "paths", "source", "init_from", "root")


def _bad_texts(name: str, hint: Any, place: Path, new: bool) -> list[str]:
    """What one option of a command cannot use."""
    base = get_args(hint)[0] if hasattr(hint, "__metadata__") else hint
    members = get_args(base) if get_origin(base) in (Union, types.UnionType) else (base,)
    for kind in (int, float, bool):
        if any(kind in (member, *get_args(member)[:1]) for member in members):
            outside = [str(v) for v in bad_values(hint) if isinstance(v, kind) and not isinstance(v, bool)]
            may_be_none = type(None) in members
            words = [w for w in WORDS[kind] if not (w == "None" and may_be_none)]
            fits = [w for w in words if kind is not bool and _fits(w, kind, hint)]
            return [w for w in dict.fromkeys([*words, *outside]) if w not in fits]
    if any(get_origin(member) is Literal for member in members):
        return ["nonsense", "", "QUICK"]
    if any(Path in (member, *get_args(member)) for member in members):
        texts = ["~nobody-of-that-name/x"]
        if name == "root" and not new:
            return [*texts, str(place / "garbage"), str(place / "garbage" / "x"), "/dev/null"]
        if name == "into":
            return [*texts, str(place / "garbage" / "below"), "/proc/nothing/x", "/dev/null/x"]
        if name in READ and not new:
            texts += [
                str(place / "nothing"),
                str(place / "garbage"),
                str(place / "garbage/x"),
                "/dev/null",
                "/proc/self",
            ]
        if name == "run_dir" and not new:
            texts += [str(place / "folder")]
        if name not in READ or new:
            texts += [
                str(place / "garbage" / "below"),
                "/proc/nothing/x",
                "/dev/null/x",
                "/dev/full",
                str(place / "folder"),
            ]
        return texts
    return ["nonsense", "é", "a b", "-", "../..", "x" * 500, "lbf-0p-0f", "battle-", "matrix"]


def _fits(word: str, kind: type, hint: Any) -> bool:
    from na2q.config.checks import checked

    try:
        checked("x", kind(word), hint)
    except (ValueError, OverflowError):
        return False
    return True


def _bad_settings() -> Iterator[tuple[str, str]]:
    """Options of a run, by the types of its settings."""
    config = configure("vdn", "lbf-3p-3f", "smoke")
    groups = {"": TrainConfig} | {
        f"{g}.": type(getattr(config, g)) for g in ("optim", "explore", "replay", "env_options")
    }
    for prefix, cls in groups.items():
        for name, hint in hints_of(cls).items():
            base = get_args(hint)[0] if hasattr(hint, "__metadata__") else hint
            option = f"--{prefix}{name}".replace("_", "-")
            if base in (int, float):
                words = [w for w in WORDS[base][:8] if not _fits(w, base, hint)]
                for text in [*words, *(str(v) for v in bad_values(hint)[-2:] if isinstance(v, base))]:
                    yield option, text
            elif get_origin(base) is Literal or name in ("method", "preset", "env", "device"):
                yield option, "nonsense"
                yield option, ""
