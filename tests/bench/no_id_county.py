"""A practice county whose poverty registry and insurance roll carry no ID number: bidui and Splink on the same rows in the same sitting.

    python3 -m venv /tmp/splink && /tmp/splink/bin/pip install splink openpyxl pandas pyarrow pypinyin
    cargo build --release --locked
    /tmp/splink/bin/python tests/bench/no_id_county.py --bidui target/release/bidui [--households 20000] [--seed 7] [--without-splink]

The number columns are emptied; the birth date that the poverty registry wrote inside them is kept in a column of its own, as lists without numbers
have it. Splink reads the rows as bidui has normalised them (name, birth, village code, phone, head of household) and pinyin made by
pypinyin; it is one-to-one by mutual best, and shown at the best of eight thresholds. bidui is shown at the threshold of its model. Run by hand.
"""

import argparse
import csv
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def birth_inside(number):
    shown = re.fullmatch(r"\d{6}((?:19|20)\d{6})\d{3}[\dXx]", str(number or "").strip())
    try:
        return datetime.datetime.strptime(shown.group(1), "%Y%m%d") if shown else None
    except ValueError:
        return None


def without_numbers(source, target):
    """Writes poverty.xlsx and insurance.xlsx without numbers, rows where they were."""
    import openpyxl

    target.mkdir(parents=True)
    for name, column in [("poverty.xlsx", "证件号码"), ("insurance.xlsx", "身份证号码")]:
        sheet = openpyxl.load_workbook(source / name, read_only=True).worksheets[0]
        made = openpyxl.Workbook(write_only=True)
        out = made.create_sheet(sheet.title)
        head = None
        for row in sheet.iter_rows(values_only=True):
            row = list(row)
            if head is None and column in row:
                head, has_birth = row.index(column), "出生日期" in row
                row += [] if has_birth else ["出生日期"]
            elif head is not None:
                row += [] if has_birth else [birth_inside(row[head])]
                row[head] = None
            out.append(row)
        made.save(target / name)


def run(program, arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, cwd=ROOT, env={**os.environ, "RAYON_NUM_THREADS": "2"})
    if done.returncode not in (0, 3):
        sys.exit(done.stdout + done.stderr)
    return done.stdout


def splink(rows, truth):
    import duckdb
    import pypinyin
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    start = time.time()
    sides = []
    for registry in ("poverty", "insurance"):
        part = rows[rows.registry == registry].copy()
        heads = part[part.relation == "户主"].drop_duplicates("household_code").set_index("household_code")["name"]
        part["head"] = part.get("head_name").fillna(part["household_code"].map(heads))
        part["sound"] = [" ".join(pypinyin.lazy_pinyin(name)) if name else None for name in part["name"]]
        part["birth"] = part["birth"].astype(str).replace({"None": None, "NaT": None})
        part["unique_id"] = part["file"] + "#" + part["row"].astype(str)
        sides.append(part[["unique_id", "pid", "name", "sound", "birth", "town_code", "village_code", "phone", "head"]])

    def levels(column, tests, frequency=False):
        made = [cll.NullLevel(column), cll.ExactMatchLevel(column, term_frequency_adjustments=frequency)]
        made += [cll.CustomLevel(sql, label_for_charts=sql) for sql in tests]
        return cl.CustomComparison(comparison_levels=[*made, cll.ElseLevel()], output_column_name=column)

    connection = duckdb.connect()
    connection.execute("set threads to 2")
    api = DuckDBAPI(connection=connection)
    tables = [api.register(side, dataset_display_name=f"d{at}") for at, side in enumerate(sides)]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            levels("name", ["sound_l = sound_r", "length(name_l) = length(name_r) and levenshtein(name_l, name_r) <= 1"], True),
            levels("birth", ["damerau_levenshtein(birth_l, birth_r) <= 1", "left(birth_l, 4) = left(birth_r, 4)"]),
            levels("village_code", ["town_code_l = town_code_r"]),
            levels("phone", []),
            levels("head", [], True),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("name", "birth"), block_on("sound", "birth"), block_on("name", "village_code"), block_on("sound", "village_code"),
            block_on("birth", "village_code"), block_on("name", "head"),
        ],
        additional_columns_to_retain=["pid", "sound", "town_code"],
    )
    linker = Linker(tables, settings, log_level="ERROR")
    linker.training.estimate_probability_two_random_records_match([block_on("name", "birth", "village_code")], recall=0.9)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    for rule in (block_on("name", "birth"), block_on("birth", "village_code"), block_on("name", "village_code")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    predictions = linker.inference.predict(threshold_match_probability=0.01)
    connection.execute(f"create table p as select * from {predictions.physical_name}")
    seconds = time.time() - start
    best = None
    for cut in (0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999, 0.9999):
        made, agreed = connection.execute(
            f"""with b as (select *, row_number() over (partition by unique_id_l order by match_weight desc, unique_id_r) rl,
                row_number() over (partition by unique_id_r order by match_weight desc, unique_id_l) rr from p where match_probability >= {cut})
                select count(*), coalesce(sum((pid_l = pid_r)::int), 0) from b where rl = 1 and rr = 1"""
        ).fetchall()[0]
        shown = scores(float(made), float(agreed), truth)
        if best is None or shown["f1"] > best["f1"]:
            best = {"cut": cut, **shown}
    return {"seconds": round(seconds, 1), **best}


def scores(made, agreed, real):
    precision, recall = (agreed / made if made else 0.0), agreed / real
    f1 = 2 * agreed / (made + real) if made + real else 0.0
    return {"precision": round(precision, 5), "recall": round(recall, 5), "f1": round(f1, 5)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bidui", required=True)
    parser.add_argument("--households", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--without-splink", action="store_true")
    parsed = parser.parse_args()
    program = str(pathlib.Path(parsed.bidui).resolve())
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        run(program, ["practice", "--out", folder / "p", "--households", parsed.households, "--seed", parsed.seed, "--layout", "plain"])
        without_numbers(folder / "p/2018-06", folder / "2018-06")
        start = time.time()
        run(program, ["run", "pipelines/monthly.toml", "--input", folder / "2018-06", "--out", folder / "run", "--until", "assess"])
        whole = time.time() - start
        timings = {stage["stage"]: round(stage["seconds"], 2) for stage in json.loads((folder / "run/timings.json").read_text())}
        truth = folder / "p/truth/2018-06"
        counts = json.loads(run(program, ["evaluate", folder / "run", "--truth", truth, "--json"]))["links"]["poverty_insurance"]
        hits, wrong, missed = counts["true_positives"], counts["false_positives"], counts["false_negatives"]
        print("bidui ", json.dumps({"seconds": round(whole, 1), "stages": timings, **scores(hits + wrong, hits, hits + missed)}), flush=True)
        if parsed.without_splink:
            return
        import pyarrow.parquet as parquet

        rows = parquet.read_table(folder / "run/stages/records.parquet").to_pandas()
        with open(truth / "rows.csv", encoding="utf-8-sig") as file:
            pids = {(row["file"], int(row["row"])): row["pid"] for row in csv.DictReader(file)}
        rows["pid"] = [pids.get((file, row)) for file, row in zip(rows["file"], rows["row"])]
        print("splink", json.dumps(splink(rows, hits + missed)), flush=True)


main()
