"""Splink on the same tables as bidui, in the same sitting: time, memory, pairs, F1. Called by compare.py, one process per run.

    python splink_tables.py febrl deduplicate A.csv | febrl link A.csv B.csv | chinese deduplicate A.csv | numbers link A.csv B.csv
"""

import json
import resource
import sys
import time

import duckdb
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

DAMERAU = "damerau_levenshtein(lower({c}_l), lower({c}_r)) <= {n}"


def levels(column, tests, frequency=False):
    """A comparison from levels written as SQL, as bidui's models have them."""
    made = [cll.NullLevel(column)]
    exact = cll.ExactMatchLevel(column, term_frequency_adjustments=frequency)
    made.append(exact)
    made += [cll.CustomLevel(sql, label_for_charts=sql) for sql in tests]
    made.append(cll.ElseLevel())
    return cl.CustomComparison(comparison_levels=made, output_column_name=column)


def febrl():
    damerau = lambda c, *limits: [DAMERAU.format(c=c, n=n) for n in limits]
    jaro = lambda c: [f"jaro_winkler_similarity({c}_l, {c}_r) >= 0.88"]
    comparisons = [
        cl.ForenameSurnameComparison("given_name", "surname", jaro_winkler_thresholds=[0.92, 0.88]),
        levels("address_1", damerau("address_1", 1) + jaro("address_1"), True),
        levels("street_number", damerau("street_number", 1), True),
        levels("address_2", damerau("address_2", 1) + jaro("address_2"), True),
        levels("suburb", damerau("suburb", 1) + jaro("suburb"), True),
        levels("postcode", damerau("postcode", 1, 2)),
        levels("state", [], True),
        levels("date_of_birth", damerau("date_of_birth", 1, 2)),
        levels("soc_sec_id", damerau("soc_sec_id", 1, 2)),
    ]
    rules = [block_on("soc_sec_id"), block_on("date_of_birth", "postcode"), block_on("date_of_birth", "surname"), block_on("date_of_birth", "given_name"),
             block_on("given_name", "surname"), "l.given_name = r.surname and l.surname = r.given_name", block_on("suburb", "surname"),
             block_on("suburb", "given_name"), block_on("address_1", "street_number"), block_on("address_2", "street_number"),
             block_on("postcode", "street_number"), block_on("date_of_birth", "state")]
    training = [block_on("date_of_birth"), block_on("postcode"), block_on("soc_sec_id")]
    deterministic = [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")]
    strip = "nullif(replace(trim({c}), ' ', ''), '') as {c}"
    columns = ["given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state", "date_of_birth", "soc_sec_id"]
    select = ", ".join(strip.format(c=column) for column in columns)
    return comparisons, rules, training, deterministic, select, "entity", 0.5, 0.9


def chinese():
    comparisons = [
        levels("name", ["length(name_l) = length(name_r) and levenshtein(name_l, name_r) <= 1"], True),
        levels("birth", ["damerau_levenshtein(birth_l, birth_r) <= 1", "right(birth_l, 5) = right(birth_r, 5)", "left(birth_l, 4) = left(birth_r, 4)"]),
        levels("town", []),
        levels("village", []),
    ]
    rules = [block_on("name", "birth"), block_on("name", "village"), block_on("birth", "town"), block_on("name", "town")]
    training = [block_on("name"), block_on("birth", "town")]
    deterministic = [block_on("name", "birth", "town")]
    return comparisons, rules, training, deterministic, "name, birth, town, town || village as village", "person", 0.9, 0.9


def numbers():
    comparisons, rules, training, deterministic, select, truth, threshold, recall = chinese()
    comparisons.insert(0, levels("number", ["damerau_levenshtein(number_l, number_r) <= 1", "left(number_l, 15) = left(number_r, 15)"]))
    rules = [block_on("number"), "left(l.number, 15) = left(r.number, 15)"] + rules
    return comparisons, rules, [block_on("number"), block_on("name", "birth")], [block_on("number")], "number, " + select, truth, threshold, recall


def main(kind, task, *files):
    start = time.time()
    comparisons, rules, training, deterministic, select, truth, threshold, recall = {"febrl": febrl, "chinese": chinese, "numbers": numbers}[kind]()
    connection = duckdb.connect()
    connection.execute("set threads to 2")
    api = DuckDBAPI(connection=connection)
    tables = []
    for at, file in enumerate(files):
        connection.execute(
            f"create table t{at} as select '{at}-' || row_number() over () as unique_id, {truth}, {select} "
            f"from read_csv('{file}', all_varchar = true, header = true)"
        )
        tables.append(api.register(connection.table(f"t{at}"), dataset_display_name=f"d{at}"))
    settings = SettingsCreator(
        link_type="link_only" if task == "link" else "dedupe_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=rules,
        additional_columns_to_retain=[truth],
    )
    linker = Linker(tables if task == "link" else tables[0], settings, log_level="ERROR")
    linker.training.estimate_probability_two_random_records_match(deterministic, recall=recall)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    for rule in training:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    predictions = linker.inference.predict(threshold_match_probability=0.01)
    connection.execute(f"create table p as select * from {predictions.physical_name}")
    pairs = connection.execute("select count(*) from p").fetchall()[0][0]
    sizes = [connection.execute(f"select {truth}, count(*) c from t{at} group by 1").fetchall() for at in range(len(files))]
    if task == "link":
        right = dict(sizes[1])
        real = sum(count * right.get(key, 0) for key, count in sizes[0])
    else:
        real = sum(count * (count - 1) // 2 for _, count in sizes[0])
    best = None
    for cut in (0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999):
        if task == "link":
            # One to one, as bidui has it: a pair stays when it is the best of both its rows.
            made, agreed = connection.execute(
                f"""with b as (select *, row_number() over (partition by unique_id_l order by match_weight desc, unique_id_r) rl,
                    row_number() over (partition by unique_id_r order by match_weight desc, unique_id_l) rr from p where match_probability >= {cut})
                    select count(*), coalesce(sum(({truth}_l = {truth}_r)::int), 0) from b where rl = 1 and rr = 1"""
            ).fetchall()[0]
        else:
            clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predictions, threshold_match_probability=cut)
            made, agreed = connection.execute(
                f"""with c as (select cluster_id, {truth} e, count(*) n from {clusters.physical_name} group by 1, 2),
                    m as (select sum(n * (n - 1) / 2) a from c), g as (select sum(s * (s - 1) / 2) b from (select sum(n) s from c group by cluster_id))
                    select b, a from m, g"""
            ).fetchall()[0]
        made, agreed = float(made or 0), float(agreed or 0)
        f1 = 2 * agreed / (made + real) if made + real else 0.0
        shown = {"cut": cut, "precision": agreed / made if made else None, "recall": agreed / real, "f1": f1}
        if cut == threshold or best is None or f1 > best["f1"]:
            best = shown if best is None or f1 > best["f1"] else best
        if cut == 0.5:
            stop = time.time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": round(stop - start, 1), "peak_mb": round(peak), "pairs_above_0.01": pairs, "best_of_8_cuts": best}))


main(*sys.argv[1:])
