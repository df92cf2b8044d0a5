"""Seeds become inputs, inputs become findings: one at a time, or many in processes that may crash."""

import argparse
import functools
import multiprocessing as mp
import os
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

import polars as pl

INPUTS = "SERVICEQUALITY_FUZZ_INPUTS"
FIRST = "SERVICEQUALITY_FUZZ_SEED"
PROCESSES = "SERVICEQUALITY_FUZZ_PROCESSES"
SLOW = 3.0
"""Seconds of the processor that no call on fifty rows may take."""
STUCK = 600.0
"""Seconds after which a process is ended."""
_CHUNK = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one input gave.

    Attributes:
        seed: the input.
        name: the metric or function.
        ended: answered, refused, failed, or crashed.
        findings: kind and detail of each fault.
    """

    seed: int
    name: str
    ended: str
    findings: tuple[tuple[str, str], ...] = ()


def drawn(seed: int) -> Any:
    """The input of a seed."""
    import numpy as np

    from fuzz import call_inputs, function_inputs, metric_inputs

    rng = np.random.default_rng(seed)
    share = rng.random()
    return (metric_inputs if share < 0.6 else function_inputs if share < 0.85 else call_inputs).draw(rng)


def run(seed: int) -> Outcome:
    """Draw an input and check it; a fault of the fuzzer itself is a finding of the kind harness."""
    _warm()
    name, started = "drawing", time.process_time()
    try:
        one = drawn(seed)
        name = one.name
        ended, faults = one.check()
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001  it is reported, not hidden
        return Outcome(seed, name, "failed", (("harness", traceback.format_exc(limit=-4)),))
    findings = [(fault.kind, str(fault)) for fault in faults]
    if (elapsed := time.process_time() - started) > SLOW:
        findings.append(("slow", f"took {elapsed:.0f} s of the processor"))
    return Outcome(seed, name, ended, tuple(findings))


@functools.cache
def _warm() -> None:
    """Load what the first calls would load."""
    import scipy.optimize
    import scipy.special  # noqa: F401

    import servicequality as sq
    from fuzz.grammar import laid_out

    for layout in ("pandas", "arrow"):
        sq.evaluate(laid_out(pl.DataFrame({"score": [1, 9]}), layout), sq.nps())


def shrunk(one: Any, kind: str) -> Any:
    """The input with as few rows as still give a finding of the kind."""

    def fails(smaller: Any) -> bool:
        try:
            return any(fault.kind == kind for fault in smaller.check()[1])
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001  another fault is not the one that is looked for
            return False

    for place in range(len(one.frames)):
        step = max(1, one.frames[place].height // 2)
        while step:
            start = 0
            while start < (height := one.frames[place].height):
                rows = [row for row in range(height) if not start <= row < start + step]
                smaller = one.of(place, rows)
                if fails(smaller):
                    one = smaller
                else:
                    start += step
            step //= 2
    return one


def replay(seed: int, *, smaller: bool = True) -> str:
    """An input as Python, with what it gives, made smaller where it fails."""
    one = drawn(seed)
    outcome = run(seed)
    if smaller and outcome.findings and outcome.findings[0][0] not in ("slow", "harness"):
        one = shrunk(one, outcome.findings[0][0])
    message = "".join(f"# {kind}: {detail}\n" for kind, detail in outcome.findings) or f"# {outcome.ended}\n"
    return f"# seed {seed}: {outcome.name}\n{one.text()}\n{message}"


def many(seeds: Iterable[int], processes: int) -> Iterator[Outcome]:
    """Outcomes of seeds, from processes of their own; one that crashes or hangs is a finding, and the rest go on."""
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    os.environ.setdefault("RUST_BACKTRACE", "0")
    context = mp.get_context("spawn")
    waiting = list(seeds)[::-1]
    chunks: dict[Connection, tuple[Any, list[int], float]] = {}

    def start() -> None:
        chunk = [waiting.pop() for _ in range(min(_CHUNK, len(waiting)))]
        own, other = context.Pipe()
        process = context.Process(target=_work, args=(other, chunk), daemon=True)
        process.start()
        other.close()
        chunks[own] = (process, chunk, time.monotonic() + STUCK)  # the start takes seconds too

    while waiting or chunks:
        while waiting and len(chunks) < processes:
            start()
        for pipe in wait(list(chunks), timeout=1.0):
            process, chunk, _ = chunks[pipe]
            try:
                outcome = pipe.recv()
            except EOFError:
                outcome = None
            if outcome is None:
                process.join()
                del chunks[pipe]
                if chunk:  # the process ended before its work
                    yield Outcome(
                        chunk[0], "unknown", "crashed", (("crash", f"the process ended with {process.exitcode}"),)
                    )
                    waiting += chunk[1:][::-1]
                continue
            chunk.remove(outcome.seed)
            chunks[pipe] = (process, chunk, time.monotonic() + STUCK)
            yield outcome
        for pipe, (process, chunk, limit) in list(chunks.items()):
            if time.monotonic() > limit:
                process.kill()
                process.join()
                del chunks[pipe]
                yield Outcome(chunk[0], "unknown", "crashed", (("slow", f"took more than {STUCK:.0f} s"),))
                waiting += chunk[1:][::-1]


def _work(pipe: Connection, seeds: list[int]) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # panics write to the error stream, however they are caught
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    except (ImportError, ValueError):
        pass
    for seed in seeds:
        pipe.send(run(seed))
    pipe.close()


def signature(outcome: Outcome) -> tuple[str, str]:
    """What findings of one fault have in common: the kind and how the detail begins, whatever the numbers and names."""
    kind, detail = outcome.findings[0]
    words = "".join("0" if letter.isdigit() else letter for letter in detail)
    return kind, words[:70]


def report(outcomes: Iterable[Outcome], *, shown: int = 40, quiet: bool = False) -> tuple[str, int]:
    """What was run, and each fault once with an input that gives it; and how many inputs had a fault."""
    ended: Counter[str] = Counter()
    faulty: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    started = time.monotonic()
    for number, outcome in enumerate(outcomes, start=1):
        ended[outcome.ended] += 1
        if outcome.findings:
            faulty[signature(outcome)].append(outcome)
        if not quiet and number % 2000 == 0:
            seconds = time.monotonic() - started
            print(f"{number} inputs, {sum(map(len, faulty.values()))} with findings, {seconds:.0f} s", flush=True)
    total = sum(map(len, faulty.values()))
    lines = [f"{sum(ended.values())} inputs: {dict(ended)}; {total} with findings of {len(faulty)} kinds"]
    for (kind, _), examples in sorted(faulty.items(), key=lambda item: -len(item[1]))[:shown]:
        names = sorted({one.name for one in examples})
        lines.append(f"\n{len(examples)} x {kind}: {examples[0].findings[0][1]}\n  in {', '.join(names[:8])}")
        lines.append(f"  seeds {', '.join(str(one.seed) for one in examples[:5])}")
    return "\n".join(lines), total


def main(arguments: list[str] | None = None) -> int:
    """Run many inputs, or replay some; 1 if there are findings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=int(os.environ.get(INPUTS, "100000")))
    parser.add_argument("--seed", type=int, default=int(os.environ.get(FIRST, "1")), help="the first seed")
    parser.add_argument("--processes", type=int, default=int(os.environ.get(PROCESSES, str(os.cpu_count() or 1))))
    parser.add_argument("--replay", type=int, nargs="+", metavar="SEED", help="show these inputs and what they give")
    given = parser.parse_args(arguments)
    if given.replay:
        for seed in given.replay:
            print(replay(seed))
        return 0
    text, total = report(many(range(given.seed, given.seed + given.inputs), given.processes))
    print(text)
    return int(total > 0)
