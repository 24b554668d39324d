#!/usr/bin/env python3
"""Scores a run of bidui on the second county.

    python3 tests/bench/score_county.py RUN DIR [--json] [--list RULE [N]]

RUN is the run folder, DIR what second_county.py made. Needs polars. Prints, for each rule with a truth: how many are true, found and
right, the precision of each confidence, the recall over evaluated units, and how many of the true ones not found are held (an
identity.needs_review that names the rule); then the absence rules pooled; then links. --list prints wrong (and missed) cases of a rule.

A finding is about the true person most of whose rows its person_id holds, or else most of its evidence; a household finding about that
person's household. Links are pairs of records of the two registries under one person_id. A true case is evaluated unless run.json
lists the rule as not evaluated there.
"""
import argparse
import csv
import json
import os
import pathlib
import tomllib
from collections import Counter, defaultdict

import polars as pl

POLICY = pathlib.Path(__file__).resolve().parent.parent.parent / "pipelines/policy/zhengan-2018"
ABSENCE = ["health.not_enrolled", "health.chronic_not_signed", "living.nursing_missed", "living.disability_living_missed", "living.tekun_uncovered",
           "living.two_none_uncovered", "living.two_none_member_uncovered", "living.poor_uncovered", "education.compulsory_dropout"]
SHOWN = ["row", "name", "id_number", "id_number_raw", "id_number_state", "birth", "town", "village", "household_code", "disability_no", "covered",
         "member_status", "attribute", "poverty_status", "labour", "income_fen", "kind", "disability_grade", "certificate_status"]
TIERS = ["certain", "likely", "check"]


def ratio(part, whole):
    return round(part / whole, 4) if whole else None


class Truth:
    def __init__(self, folder):
        def read(name):
            with open(os.path.join(folder, "truth", name), encoding="utf-8") as source:
                return list(csv.DictReader(source))
        self.row = {(r["file"], r["sheet"], int(r["row"])): int(r["pid"]) for r in read("rows.csv")}
        self.text = {(file, row): pid for (file, sheet, row), pid in self.row.items() if not sheet}
        self.person = {int(r["pid"]): r for r in read("persons.csv")}
        self.home = {pid: int(r["hid"]) for pid, r in self.person.items()}
        self.town = {("p", pid): r["town"] for pid, r in self.person.items()}
        self.town.update({("h", self.home[pid]): r["town"] for pid, r in self.person.items()})
        self.wanted = defaultdict(set)
        for r in read("findings.csv"):
            self.wanted[r["rule"]].add((r["scope"], int(r["key"])))

    def of(self, file, sheet, row):
        """Who a row speaks of; text files have no sheet."""
        file = os.path.basename(file)
        return self.row.get((file, sheet or "", int(row)), self.text.get((file, int(row))))


class Run:
    def __init__(self, folder, truth):
        self.folder, self.truth = folder, truth
        self.links = self.table("links").select("registry", "file", "sheet", "row", "person_id", "status").rows()
        self.rows_of = defaultdict(list)
        for registry, file, sheet, row, person, _ in self.links:
            uid = truth.of(file, sheet, row)
            if uid is not None:
                self.rows_of[person].append((registry, uid))
        self.owner = {person: Counter(uid for _, uid in rows).most_common(1)[0][0] for person, rows in self.rows_of.items()}
        self.findings = self.table("findings").to_dicts()
        with open(os.path.join(folder, "run.json"), encoding="utf-8") as source:
            self.report = json.load(source)

    def table(self, name):
        return pl.read_parquet(os.path.join(self.folder, "stages", name + ".parquet"))

    def subject(self, finding):
        """The person or household a finding is about, ("?", id) when none of its rows is in the truth."""
        uid = self.owner.get(finding["person_id"])
        if uid is None or finding["scope"] == "household":
            named = Counter(self.truth.of(e["file"], e["sheet"], e["row"]) for e in finding["evidence"] or [] if e["file"] and e["row"])
            named.pop(None, None)
            uid = named.most_common(1)[0][0] if named else uid
        if uid is None:
            return "?", finding["finding_id"]
        return ("h", self.truth.home[uid]) if finding["scope"] == "household" else ("p", uid)


def score_rule(rule, run, wanted, held, not_evaluated):
    found = {}
    for finding in run.findings:
        if finding["rule"] == rule:
            found.setdefault(run.subject(finding), finding["confidence"])
    right = wanted & found.keys()
    evaluated = {key for key in wanted if run.truth.town.get(key) not in not_evaluated and None not in not_evaluated}
    tiers = {tier: [sum(key in wanted for key, c in found.items() if c == tier), sum(c == tier for c in found.values())] for tier in TIERS}
    return {"true": len(wanted), "evaluated": len(evaluated), "found": len(found), "right": len(right), "tiers": tiers,
            "precision": ratio(len(right), len(found)), "recall": ratio(len(right & evaluated), len(evaluated)),
            "held": len(held), "held_true": len(held & (wanted - right)), "wrong": sorted(map(str, found.keys() - wanted))}


def held_back(run):
    """rule → the persons and households for whom an identity.needs_review names the rule, by its title in quotes."""
    titles = {}
    for path in sorted(POLICY.glob("*.toml")):
        titles.update({rule["title"]: rule["id"] for rule in tomllib.loads(path.read_text(encoding="utf-8")).get("rule", [])})
    held = defaultdict(set)
    for finding in run.findings:
        if finding["rule"] == "identity.needs_review":
            subject = run.subject(finding)
            for title, rule in titles.items():
                if f"“{title}”" in finding["sentence"] and subject[0] != "?":
                    held[rule] |= {subject} | ({("h", run.truth.home[subject[1]])} if subject[0] == "p" else set())
    return held


def score_links(run):
    """Precision and recall of the pairs poverty × each other registry."""
    registries = sorted({registry for rows in run.rows_of.values() for registry, _ in rows})
    where = defaultdict(lambda: defaultdict(set))        # registry → uid → person ids
    pairs = Counter()
    for person, rows in run.rows_of.items():
        by = defaultdict(list)
        for registry, uid in rows:
            by[registry].append(uid)
            where[registry][uid].add(person)
        for registry, uids in by.items():
            for uid in by.get("poverty", []):
                for other in uids:
                    pairs[registry, uid == other] += registry != "poverty"
    out = {}
    for registry in registries:
        if registry != "poverty":
            possible = where["poverty"].keys() & where[registry].keys()
            joined = sum(bool(where["poverty"][uid] & where[registry][uid]) for uid in possible)
            right, wrong = pairs[registry, True], pairs[registry, False]
            out[registry] = {"possible": len(possible), "precision": ratio(right, right + wrong), "recall": ratio(joined, len(possible)), "wrong": wrong}
    return out


def show(run, rule, wanted, limit):
    """Wrong findings of a rule and true ones missed, each with the rows of the person (or of the household) as bidui read them."""
    records = {(r["file"], r["sheet"] or "", r["row"]): r for r in run.table("records").to_dicts()}
    rows = defaultdict(list)
    for registry, file, sheet, row, person, status in run.links:
        uid = run.truth.of(file, sheet, row)
        if uid is not None:
            rows["p", uid].append((registry, status, person, records[file, sheet or "", row]))
            rows["h", run.truth.home[uid]].append((registry, status, person, records[file, sheet or "", row]))
    told = {run.subject(f): f for f in run.findings if f["rule"] == rule}
    for kind, keys in (("wrong", told.keys() - wanted), ("missed", wanted - told.keys())):
        for key in sorted(keys, key=str)[:limit]:
            print(kind, key, told[key]["confidence"] + " " + told[key]["sentence"] if key in told else "")
            for registry, status, person, record in rows[key]:
                shown = {c: v for c, v in record.items() if v not in (None, "") and c in SHOWN}
                print("    ", registry, status, person[:6], " ".join(f"{c}={v}" for c, v in shown.items()))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("run")
    arguments.add_argument("county")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--list", nargs="+", metavar=("RULE", "N"))
    given = arguments.parse_args()
    truth = Truth(given.county)
    run = Run(given.run, truth)
    held, silent = held_back(run), defaultdict(set)
    for note in run.report["notes"]:
        if note.get("held") and note.get("rule"):
            silent[note["rule"]].add(note.get("town"))
    rules = {rule: score_rule(rule, run, wanted, held[rule], silent[rule]) for rule, wanted in sorted(truth.wanted.items())}
    pooled = {tier: [sum(rules[r]["tiers"][tier][i] for r in ABSENCE if r in rules) for i in (0, 1)] for tier in TIERS}
    links = score_links(run)
    if given.json:
        print(json.dumps({"rules": rules, "absence": pooled, "links": links}, ensure_ascii=False))
        return
    if given.list:
        show(run, given.list[0], truth.wanted[given.list[0]], int(given.list[1]) if len(given.list) > 1 else 10)
        return
    share = lambda pair: f"{pair[0]}/{pair[1]}" + (f" {pair[0] / pair[1]:.4f}" if pair[1] else "")
    print(f"{'rule':36}{'true':>6}{'found':>6}{'right':>6}  {'precision':10}{'recall':8}{'of':>5}{'held':>6}  certain / likely / check")
    for rule, r in rules.items():
        print(f"{rule:36}{r['true']:6}{r['found']:6}{r['right']:6}  {r['precision']!s:10}{r['recall']!s:8}{r['evaluated']:5}{r['held_true']:6}  "
              + "   ".join(share(r["tiers"][tier]) for tier in TIERS))
    print("absence rules pooled: " + "   ".join(f"{tier} {share(pooled[tier])}" for tier in TIERS))
    for registry, pair in links.items():
        print(f"links poverty × {registry:20} precision {pair['precision']} recall {pair['recall']} of {pair['possible']}, wrong pairs {pair['wrong']}")
    print("findings of rules without a truth: " + ", ".join(f"{r} {n}" for r, n in sorted(Counter(f["rule"] for f in run.findings).items()) if r not in rules))


if __name__ == "__main__":
    main()
