"""Run every measurement, print the tables, write `benchmarks/results/`: `make bench`, or `python -m benchmarks`.

Each number comes from a process of its own (`benchmarks.worker`), one after the other, without OPENBLAS_CORETYPE.
"""

import argparse
import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks import bayes_risk, figure, tables
from benchmarks.cases import SIZES, Case, growth
from validate.runs.pin import PIN

RESULTS = Path(__file__).parent / "results"
ENGINES = ("dual-modes", "dual-modes-muon", "torch-eager", "torch-compile", "numpy-reference")
RISK_SEEDS = (1000, 1001, 1002)
POOLS = (3, 1027, 4099)


def run(job: str, **arguments: Any) -> dict[str, Any]:
    """Run one job in a process of its own and return its answer."""
    environment = {key: value for key, value in os.environ.items() if key != PIN}
    if threads := arguments.get("threads"):
        environment |= {"OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    command = [sys.executable, "-m", "benchmarks.worker", json.dumps({"job": job, **arguments})]
    print(".", end="", file=sys.stderr, flush=True)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=RESULTS.parents[1])
    if done.returncode:
        raise SystemExit(f"\n{job} failed for {arguments}:\n{done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def steps(engines: list[str], sizes: list[str], threads: list[int], seconds: float) -> dict[str, Any]:
    """Return rows of engines by size and threads, with the peaks and the plain products beside them."""
    peaks = {count: run("peak", threads=count, seconds=seconds / 4) for count in threads}
    rows, products = [], []
    for size in sizes:
        case = SIZES[size]
        for count in threads:
            job = {"case": case.to_dict(), "threads": count, "seconds": seconds}
            products.append({"size": size, "threads": count, **run("products", **job)})
            for engine in engines:
                found = run("step", engine=engine, **job)
                speed = case.operations() / (1e6 * found["milliseconds"])
                rows.append(
                    {"engine": engine, "size": size, "threads": count, **found}
                    | {"peak_fraction": speed / peaks[count]["gigaflops"]}
                )
    return {"peaks": peaks, "rows": rows, "products": products}


def curves(engines: list[str], seconds: float) -> list[dict[str, Any]]:
    """Return the milliseconds of a step as one number of the network or the batch grows, two threads."""
    found, known = [], dict[tuple[str, Case], dict[str, Any]]()  # the three curves meet in one case
    for quantity, cases in growth().items():
        for value, case in cases.items():
            for engine in engines:
                if (engine, case) not in known:
                    job = {"case": case.to_dict(), "threads": 2, "seconds": seconds}
                    known[engine, case] = run("step", engine=engine, **job)
                answer, row = known[engine, case], {"engine": engine, "quantity": quantity, "value": value}
                found.append(row | {"milliseconds": answer["milliseconds"], "memory_mb": answer["memory_mb"]})
    return found


def to_bayes_risk(engines: list[str], families: list[str], seeds: list[int], limit: float) -> list[dict[str, Any]]:
    """Return when each network came below its gap, one thread, engines side by side."""
    rows = []
    for family, seed in product(families, seeds):
        job = {"family": family, "seed": seed, "threads": 1}
        rows.append(here := run("bayes_risk", engine=bayes_risk.ENGINES[0], limit=limit, **job))
        print(json.dumps(here), file=sys.stderr, flush=True)
        for engine in bayes_risk.ENGINES[1:] if here["steps"] else ():
            if engine in engines or not engine.startswith("torch"):
                steps = bayes_risk.TRIANGLE_STEPS * here["steps"] if engine == "dual-modes-triangle" else None
                patience = bayes_risk.PATIENCE * here["seconds"]
                rows.append(run("bayes_risk", engine=engine, limit=patience, steps=steps, **job))
                print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    return rows


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--threads", nargs="+", type=int, choices=range(1, 9), default=[1, 2])
    parser.add_argument("--seconds", type=float, default=4.0, help="spent on each number, one step at least")
    parser.add_argument("--without-curves", action="store_true", help="leave out growth with width, length and batch")
    parser.add_argument(
        "--families",
        nargs="*",
        choices=list(bayes_risk.GAPS),
        default=list(bayes_risk.GAPS),
        help="time to the Bayes risk",
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=list(RISK_SEEDS), help="of the time to the Bayes risk")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds that a network of ours is waited for")
    parser.add_argument("--only-bayes-risk", action="store_true", help="measure the time to the Bayes risk alone")
    chosen = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    risk = to_bayes_risk(chosen.engines, chosen.families, chosen.seeds, chosen.limit)
    (RESULTS / "bayes_risk.json").write_text(json.dumps({"machine": tables.machine(), "rows": risk}, indent=1) + "\n")
    print(bayes_risk.table(risk))
    if chosen.only_bayes_risk:
        return
    report: dict[str, Any] = {"machine": tables.machine(), "pin_dropped": os.environ.get(PIN)}
    report |= steps(chosen.engines, chosen.sizes, chosen.threads, chosen.seconds)
    report["breakdown"] = {
        size: run("breakdown", case=SIZES[size].to_dict(), threads=1)["milliseconds"] for size in chosen.sizes
    }
    report["predictors"] = [{"tasks": K, **run("predictors", tasks=K, seconds=1.0)} for K in POOLS]
    report["large_predictor"] = run("large_predictor")
    if not chosen.without_curves:
        grown = [engine for engine in chosen.engines if engine != "dual-modes-muon"]
        report["curves"] = curves(grown, chosen.seconds / 5)
        figure.draw(report["curves"], RESULTS / "growth.svg")
    (RESULTS / "latest.json").write_text(json.dumps(report, indent=1) + "\n")
    print(tables.text(report))
    (RESULTS / "latest.txt").write_text(tables.text(report) + "\n")


if __name__ == "__main__":
    main()
