"""bidui and Splink on the same tables in the same sitting: time, memory, pairs, F1. Run by hand, never in CI.

    python3 -m venv /tmp/splink && /tmp/splink/bin/pip install recordlinkage splink
    cargo build --release --locked
    /tmp/splink/bin/python tests/bench/compare.py --bidui target/release/bidui [--rows 100000] [--only febrl3 febrl4 chinese numbers]

FEBRL 3 and 4 come inside the package recordlinkage; the other tables are made by make_persons.py. Both programs get the same blocking and the
same levels, no labels, two threads; Splink is shown at the best of eight thresholds, bidui at the one its model names. Splink reads
number and sound as plain text, since it has nothing else.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def export_febrl(folder):
    import recordlinkage.datasets as datasets

    left, right = datasets.load_febrl4()
    for name, table in [("febrl3", datasets.load_febrl3()), ("febrl4-left", left), ("febrl4-right", right)]:
        table = table.reset_index().rename(columns={table.index.name or "index": "rec_id"})
        table["entity"] = [re.match(r"rec-(\d+)-", record).group(1) for record in table["rec_id"]]
        table.to_csv(folder / f"{name}.csv", index=False)


def bidui(program, model, files):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out"
        start = time.time()
        done = subprocess.run(
            [program, "run", str(model), "--out", str(out), "--input", *map(str, files)],
            capture_output=True, text=True, env={**os.environ, "RAYON_NUM_THREADS": "2"},
        )
        seconds = time.time() - start
        if done.returncode != 0:
            sys.exit(done.stdout + done.stderr)
        told = json.loads((out / "run.json").read_text(encoding="utf-8"))["tables"]
        timings = json.loads((out / "timings.json").read_text(encoding="utf-8"))
        score = told["evaluation"]
        return {
            "seconds": round(seconds, 1), "peak_mb": round(max(stage["peak_bytes"] for stage in timings) / 2**20),
            "pairs_scored": sum(rule["scored"] for rule in told["rules"]), "precision": score["precision"], "recall": score["recall"], "f1": score["f1"],
            "bcubed_f1": score["bcubed_f1"], "stages": {stage["stage"]: round(stage["seconds"], 1) for stage in timings},
        }


def splink(kind, task, files):
    done = subprocess.run([sys.executable, str(HERE / "splink_tables.py"), kind, task, *map(str, files)], capture_output=True, text=True)
    return json.loads(done.stdout.strip().splitlines()[-1]) if done.returncode == 0 else {"failed": done.stderr.strip().splitlines()[-1:]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bidui", required=True)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--only", nargs="*", default=["febrl3", "febrl4", "chinese", "numbers"])
    parser.add_argument("--without-splink", action="store_true")
    parser.add_argument("--data", type=pathlib.Path, help="keep the tables here")
    parsed = parser.parse_args()
    data = parsed.data or pathlib.Path(tempfile.mkdtemp())
    data.mkdir(parents=True, exist_ok=True)
    models = ROOT / "pipelines/tables"
    jobs = {
        "febrl3": (models / "febrl.toml", "febrl", "deduplicate", ["febrl3.csv"]),
        "febrl4": (models / "febrl.toml", "febrl", "link", ["febrl4-left.csv", "febrl4-right.csv"]),
        "chinese": (models / "no-number.toml", "chinese", "deduplicate", ["chinese.csv"]),
        "numbers": (models / "with-number.toml", "numbers", "link", ["left.csv", "right.csv"]),
    }
    if any(name.startswith("febrl") for name in parsed.only):
        export_febrl(data)
    for name in parsed.only:
        model, kind, task, names = jobs[name]
        files = [data / file for file in names]
        if not all(file.exists() for file in files):
            subprocess.run([sys.executable, str(HERE / "make_persons.py"), kind, "--rows", str(parsed.rows), "--out", str(data)], check=True)
        print(name, "bidui ", json.dumps(bidui(parsed.bidui, model, files)), flush=True)
        if not parsed.without_splink:
            print(name, "splink", json.dumps(splink(kind, task, files)), flush=True)


main()
