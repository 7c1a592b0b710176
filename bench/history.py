"""What is kept of a run: bench/results/ has a JSON file of each, the last one as latest.json and
latest.txt, and its plots. Runs that were recorded on purpose are a line each of history.jsonl, which
is the only file of that folder that is kept in git."""

import json
import pathlib

import plot

RESULTS = pathlib.Path(__file__).resolve().parent / "results"


def keep(facts, board, curves, seconds, recorded):
    RESULTS.mkdir(exist_ok=True)
    said = {"machine": facts, "quick": board.quick, "seconds": round(seconds, 1),
            "rows": [line.as_json() for line in board.lines], "failures": board.failures,
            "curves": {name: curve["curves"] for name, curve in curves.items()}}
    text = json.dumps(said, indent=1, ensure_ascii=False) + "\n"
    stamp = facts["date"][:19].replace(":", "") + "-" + (facts["commit"] or "unknown")
    (RESULTS / f"{stamp}.json").write_text(text, encoding="utf-8")
    (RESULTS / "latest.json").write_text(text, encoding="utf-8")
    for name, curve in curves.items():
        (RESULTS / f"{name}.svg").write_text(plot.chart(**curve), encoding="utf-8")
    if recorded:
        with (RESULTS / "history.jsonl").open("a", encoding="utf-8") as out:
            out.write(json.dumps(shortened(said), ensure_ascii=False) + "\n")


def shortened(said):
    """Enough to compare runs by: of each row its figure, what was beside it, and how it was judged."""
    machine = {name: said["machine"][name] for name in ("date", "commit", "cpu", "cores", "kernel",
                                                        "compiler")}
    return {**machine, "quick": said["quick"],
            "rows": [[row["suite"], row["what"], row["against"], row["status"], row["unit"],
                      *(row[side] and float(f"{row[side]['median']:.4g}") for side in ("ours", "theirs"))]
                     for row in said["rows"]]}
