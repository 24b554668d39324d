//! What linking tables promises: the same result in any order, sums that hold, an oracle for weights, refusals before explosion.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};

use super::*;
use crate::config::document::Document;
use crate::config::tables::Task;
use crate::model::raw::SheetName;
use crate::model::record::{RegistryRecords, SourceSheet};
use crate::model::registry::{Grain, RegistryId};

fn model(text: &str) -> TablesModel {
    TablesModel::resolve(&Document { path: "t.toml".to_owned(), text: text.to_owned() })
        .unwrap_or_else(|problems| panic!("{problems}"))
}

/// One table per list; rows are cells by field, empty for null.
fn records(model: &TablesModel, tables: &[Vec<Vec<&str>>]) -> RecordSet {
    let schema =
        Arc::new(Schema::new(model.fields.iter().map(|field| Field::new(&field.name, DataType::Utf8, true)).collect::<Vec<_>>()));
    let registry = |(name, rows): (&str, &Vec<Vec<&str>>)| {
        let columns: Vec<ArrayRef> = (0..model.fields.len())
            .map(|at| {
                let cells = rows.iter().map(|row| Some(row[at]).filter(|text| !text.is_empty()));
                Arc::new(cells.collect::<StringArray>()) as ArrayRef
            })
            .collect();
        RegistryRecords {
            registry: RegistryId::from(name),
            grain: Grain::Person,
            batch: RecordBatch::try_new(Arc::clone(&schema), columns).expect("one length"),
            sheets: vec![0; rows.len()],
            rows: (2..).take(rows.len()).collect(),
        }
    };
    let name = SheetName { file: "t.csv".to_owned(), sheet: String::new() };
    RecordSet {
        sources: vec![SourceSheet { name, ..SourceSheet::default() }],
        registries: ["left", "right"].into_iter().zip(tables).map(registry).collect(),
    }
}

fn linked(records: &RecordSet, model: &TablesModel) -> TablesLinked {
    link_tables(records, model, None, &CountyKey::new(b"key".to_vec())).expect("few pairs")
}

const PERSONS: &str = r#"
name = "t"
[tables]
task = "deduplicate"
[thresholds]
confirm = 3.0
review = -15.0
margin = 1.0
[[field]]
name = "name"
columns = ["name"]
[[field]]
name = "birth"
kind = "date"
columns = ["birth"]
[[field]]
name = "town"
columns = ["town"]
[[block]]
on = ["name"]
[[block]]
on = ["birth"]
[[block]]
on = ["town", "name"]
[[comparison]]
name = "name"
on = ["name"]
term_frequency = ["name"]
levels = [{ test = "exact" }, { test = "jaro_winkler", at_least = 0.85 }]
[[comparison]]
name = "birth"
on = ["birth"]
levels = [{ test = "exact" }, { test = "day_month_swapped" }, { test = "one_digit" }]
[[comparison]]
name = "town"
on = ["town"]
levels = [{ test = "exact" }]
"#;

/// Invented persons, every third of them twice, some with a slip.
fn crowd(people: usize) -> Vec<Vec<String>> {
    let names =
        ["anna", "bertha", "clara", "dora", "edith", "flora", "greta", "hilda", "irene", "julia", "klara", "lydia", "martha"];
    let mut rows = Vec::new();
    for at in 0..people {
        let word = usize::try_from(super::super::hash::mix(at as u64) % 100_000).expect("small");
        let name = format!("{} {}", names[word % 13], names[word / 13 % 13]);
        let birth = format!("{}-{:02}-{:02}", 1940 + word % 60, 1 + word / 60 % 12, 1 + word / 700 % 28);
        let town = format!("town {}", word % 7);
        if at % 3 == 0 {
            let slipped = if at % 2 == 0 { name.replacen('a', "e", 1) } else { name.clone() };
            rows.push(vec![slipped, birth.clone(), town.clone()]);
        }
        rows.push(vec![name, birth, town]);
    }
    rows
}

fn borrowed(rows: &[Vec<String>]) -> Vec<Vec<&str>> {
    rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect()
}

/// Groups as what their rows say: the same for any order of rows.
fn said(linked: &TablesLinked, rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let mut groups: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for (link, row) in linked.linked.links.iter().zip(rows) {
        groups.entry(link.person.0).or_default().push(row.join("|"));
    }
    let mut groups: Vec<Vec<String>> = groups
        .into_values()
        .map(|mut rows| {
            rows.sort();
            rows
        })
        .collect();
    groups.sort();
    groups
}

#[test]
fn neither_the_order_of_rows_nor_the_number_of_threads_matters() {
    let model = model(PERSONS);
    let forward = crowd(300);
    let backward: Vec<Vec<String>> = forward.iter().rev().cloned().collect();
    let one = linked(&records(&model, &[borrowed(&forward)]), &model);
    let other = linked(&records(&model, &[borrowed(&backward)]), &model);
    assert_eq!(one.model, other.model);
    assert_eq!(said(&one, &forward), said(&other, &backward));
    let single = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    let again = single.install(|| linked(&records(&model, &[borrowed(&forward)]), &model));
    assert_eq!((one.model, one.linked.links, one.pairs), (again.model, again.linked.links, again.pairs));
    assert_eq!(one.linked.people.0, again.linked.people.0);
}

#[test]
fn bars_sum_to_the_weight() {
    let model = model(PERSONS);
    let rows = crowd(300);
    let linked = linked(&records(&model, &[borrowed(&rows)]), &model);
    assert!(linked.pairs.len() > 50);
    for pair in &linked.pairs {
        let sum: f32 = linked.prior + linked.bars(pair).iter().map(|bar| bar.weight + bar.rarity).sum::<f32>();
        assert!((sum - pair.weight).abs() < 1e-6, "{sum} {}", pair.weight);
    }
    assert!(!linked.linked.review.is_empty());
    for pair in &linked.linked.review {
        let sum: f32 = pair.parts.iter().map(|part| part.weight).sum();
        assert!((sum - pair.weight).abs() < 1e-6, "{sum} {}", pair.weight);
    }
}

#[test]
fn a_weight_by_hand() {
    // A saved model fixes every share: 1 : 1023 before, name 2^8, birth 2^6, town missing.
    let text = PERSONS.replace("term_frequency = [\"name\"]\n", "");
    let model = model(&text);
    let level = |level: &str, m: f64, u: f64| SavedLevel { level: level.to_owned(), m, u };
    let saved = SavedModel {
        tool: String::new(),
        model: "t".to_owned(),
        prior: 1.0 / 1024.0,
        comparisons: vec![
            SavedComparison {
                name: "name".to_owned(),
                levels: vec![
                    level("exact", 0.5, 0.5 / 256.0),
                    level("jaro winkler ≥ 0.85", 0.25, 0.01),
                    level("else", 0.25, 0.9),
                ],
            },
            SavedComparison {
                name: "birth".to_owned(),
                levels: vec![
                    level("exact", 0.64, 0.01),
                    level("day month swapped", 0.1, 0.01),
                    level("one digit", 0.1, 0.1),
                    level("else", 0.1, 0.8),
                ],
            },
            SavedComparison { name: "town".to_owned(), levels: vec![level("exact", 0.9, 0.1), level("else", 0.1, 0.9)] },
        ],
    };
    let rows = vec![vec!["ann lee", "1980-01-02", "york"], vec!["ann lee", "1980-01-02", ""], vec!["bo", "1970-03-04", "york"]];
    let records = records(&model, &[rows]);
    let linked = link_tables(&records, &model, Some(&saved), &CountyKey::new(vec![1])).expect("few pairs");
    assert_eq!(linked.pairs.len(), 1);
    let expected = 8.0 + 6.0 - 1023f64.log2();
    assert!((f64::from(linked.pairs[0].weight) - expected).abs() < 0.01, "{} {expected}", linked.pairs[0].weight);
    assert_eq!(linked.bars(&linked.pairs[0])[2].level, None);
    assert!(linked.drift.is_empty(), "three rows prove nothing against a saved model");
}

#[test]
fn a_rule_that_explodes_is_refused_before_anything_is_compared() {
    let mut model = model(PERSONS);
    model.limits.pairs = 1000;
    let rows: Vec<Vec<&str>> = (0..60).map(|_| vec!["mary smith", "", ""]).collect();
    let told = link_tables(&records(&model, &[rows]), &model, None, &CountyKey::new(vec![1])).expect_err("too many").to_string();
    for expected in ["“name”", "1770 对", "1000 对", "missing", "on 再加一个字段"] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    assert!(!told.contains("mary smith"), "the value is masked: {told}");
}

#[test]
fn a_pair_comes_once_and_belongs_to_the_first_rule() {
    let model = model(PERSONS);
    let rows = vec![
        vec!["ann", "1980-01-02", "york"],
        vec!["ann", "1980-01-02", "york"],
        vec!["ann", "1990-01-02", "york"],
        vec!["", "", ""],
    ];
    let linked = linked(&records(&model, &[rows]), &model);
    let scored: Vec<(u64, u64)> = linked.rules.iter().map(|rule| (rule.prediction.pairs, rule.scored)).collect();
    assert_eq!(scored, [(3, 3), (1, 0), (3, 0)]);
}

#[test]
fn two_tables_are_linked_one_to_one_and_a_tie_goes_to_a_human() {
    let text = PERSONS.replace("task = \"deduplicate\"", "task = \"link\"");
    let model = model(&text);
    let mut left = crowd(200);
    let mut right: Vec<Vec<String>> = left.iter().step_by(2).cloned().collect();
    let twin = |town: &str| vec!["zora zeal".to_owned(), "1955-05-05".to_owned(), town.to_owned()];
    left.push(twin("york"));
    right.extend([twin("york"), twin("york")]);
    let records = records(&model, &[borrowed(&left), borrowed(&right)]);
    let linked = linked(&records, &model);
    let mut taken = std::collections::BTreeSet::new();
    for pair in &linked.pairs {
        assert!((pair.left.0 as usize) < left.len() && pair.right.0 as usize >= left.len());
        assert!(taken.insert(pair.left) && taken.insert(pair.right), "a row twice");
    }
    let ties = linked.linked.review.iter().filter(|pair| pair.reason == "tie" && pair.left.0 as usize == left.len() - 1).count();
    assert_eq!(ties, 2);
    assert_eq!(model.task, Task::Link);
}

#[test]
fn lists_sounds_numbers_and_conditions_are_compared() {
    let text = r#"
name = "t"
[tables]
task = "link"
[thresholds]
confirm = 1.0
review = 0.0
[[field]]
name = "name"
kind = "name"
columns = ["姓名"]
[[field]]
name = "number"
kind = "id_number"
columns = ["号码"]
[[field]]
name = "phones"
kind = "list"
columns = ["电话"]
[[field]]
name = "income"
kind = "number"
columns = ["收入"]
[[block]]
on = ["sound(name)"]
[[block]]
on = ["repairs(number)"]
[[block]]
on = ["each(phones)"]
[[comparison]]
name = "name"
on = ["name"]
levels = [{ test = "folded" }, { test = "unknown_character" }, { test = "same_sound" }, { test = "looks_alike" }]
[[comparison]]
name = "number"
on = ["number"]
levels = [{ test = "id_equal" }, { test = "id_float" }, { test = "id_one_digit" }, { test = "id_missing_or_doubled" }, { test = "id_birth_sequence" }, { test = "id_conflict" }]
[[comparison]]
name = "phones"
on = ["phones"]
levels = [{ test = "overlap", at_least = 2 }, { test = "overlap" }]
[[comparison]]
name = "income"
on = ["income"]
levels = [{ test = "within", at_most = 10 }, { sql = "l.income > r.income AND NOT l.income > 2 * r.income" }]
"#;
    let model = model(text);
    let left = vec![vec!["李晓明", "52032419900307123X", "138;139", "100"]];
    // The check character of 520324199003071230-shaped numbers is not at stake here: levels are asked directly.
    let levels = |right: Vec<&str>| -> Vec<Option<String>> {
        let records = records(&model, &[left.clone(), vec![right]]);
        let store = Store::new(&records, &model, &read_by_character(&model));
        let mut scorer = Scorer::new(&store, &model);
        scorer.settle(&model, &Parameters::shipped(&model, 0.5));
        let bars = scorer.bars(&store, &model, 0, 1);
        bars.iter().map(|bar| level_name(&model, bar.comparison, bar.level).map(str::to_owned)).collect()
    };
    let told = |name: &str, number: &str, phones: &str, income: &str| -> Vec<String> {
        levels(vec![name, number, phones, income])
            .into_iter()
            .map(|level| level.unwrap_or_else(|| "missing".to_owned()))
            .collect()
    };
    assert_eq!(told("李 曉明", "52032419900307123X", "139、138", "105"), ["folded", "id equal", "overlap ≥ 2", "within ≤ 10"]);
    assert_eq!(
        told("李小明", "52032419900307124X", "137,138", "80"),
        ["same sound", "id one digit", "overlap", "l.income > r.income AND NOT l.income > 2 * r.income"]
    );
    assert_eq!(told("李□明", "5203241990037123X", "137", "10"), ["unknown character", "id missing or doubled", "else", "else"]);
    assert_eq!(told("季晓明", "52032619900307123X", "", ""), ["looks alike", "id one digit", "missing", "missing"]);
    assert_eq!(told("王强", "52262619900307123X", "", "")[1], "id birth sequence");
}

mod learning {
    use super::super::compare::Pattern;
    use super::super::fit::{Counts, Evidence, fit};
    use super::*;

    /// Two comparisons of two levels, one rule that presupposes neither.
    const TWO: &str = r#"
name = "t"
[tables]
task = "link"
[thresholds]
confirm = 1.0
review = 0.0
[fit]
strength = 0.001
rounds = 2000
[[field]]
name = "a"
columns = ["a"]
[[field]]
name = "b"
columns = ["b"]
[[field]]
name = "k"
columns = ["k"]
[[field]]
name = "c"
columns = ["c"]
[[block]]
on = ["k"]
[[comparison]]
name = "a"
on = ["a"]
levels = [{ test = "exact" }]
[[comparison]]
name = "b"
on = ["b"]
levels = [{ test = "exact" }]
[[comparison]]
name = "c"
on = ["c"]
levels = [{ test = "exact" }]
"#;

    #[test]
    fn expectation_and_maximisation_find_the_shares_that_made_the_counts() {
        // Every pair is a candidate: 3000 matches and 9000 others among the candidates; m and u known; the expected counts of all eight patterns.
        let (m, u, matches, others) = ([0.9, 0.8, 0.7], [0.1, 0.05, 0.2], 3000.0, 9000.0);
        let counts = |matches: f64, others: f64| -> Counts {
            (0..8u64)
                .map(|bits| {
                    let share = |shares: [f64; 3]| -> f64 {
                        (0..3).map(|at| if bits >> at & 1 == 0 { shares[at] } else { 1.0 - shares[at] }).product()
                    };
                    let pattern: Pattern = (0..3).map(|at| (bits >> at & 1) << (4 * at)).sum();
                    (pattern, matches * share(m) + others * share(u))
                })
                .collect()
        };
        let mut candidates = counts(matches, others);
        candidates.sort_unstable_by_key(|(pattern, _)| *pattern);
        let evidence = Evidence {
            random: counts(250_000.0, 750_000.0),
            per_rule: vec![candidates.clone()],
            candidates,
            all_pairs: 12_000.0,
            most_matches: 12_000.0,
        };
        let fitted = fit(&model(TWO), &evidence);
        for (at, shares) in fitted.parameters.shares.iter().enumerate() {
            assert!((shares[0].0 - m[at]).abs() < 0.01, "m of {at}: {shares:?}");
            assert!((shares[0].1 - u[at]).abs() < 0.001, "u of {at}: {shares:?}");
        }
        assert!((fitted.parameters.prior - 0.25).abs() < 0.01, "{}", fitted.parameters.prior);
        assert!((fitted.matches - 3000.0).abs() < 60.0, "{}", fitted.matches);
        assert!(fitted.thin.is_empty());
    }

    #[test]
    fn what_no_sample_can_show_is_taken_from_the_model() {
        // 100,000 random pairs, in none of which `a` agrees.
        let random: Counts = vec![(0x001, 5_000.0), (0x011, 5_000.0), (0x101, 45_000.0), (0x111, 45_000.0)];
        let evidence = Evidence {
            per_rule: vec![vec![(0x000, 900.0), (0x111, 100.0)]],
            candidates: vec![(0x000, 900.0), (0x111, 100.0)],
            random,
            all_pairs: 1e6,
            most_matches: 1000.0,
        };
        let u = |text: &str| fit(&model(text), &evidence).parameters.shares[0][0].1;
        let half_a_pair = u(TWO);
        assert!((half_a_pair - 0.5 / 100_001.0).abs() < 1e-8, "{half_a_pair}");
        let given = u(&TWO.replacen(r#"{ test = "exact" }"#, r#"{ test = "exact", u = 1e-9 }"#, 1));
        assert!((given - 1e-9).abs() < 1e-11, "{given}");
        // What was counted outweighs what was said.
        let mut seen = evidence.random.clone();
        seen.insert(0, (0x110, 1_000.0));
        let evidence = Evidence { random: seen, ..evidence };
        let counted = fit(&model(&TWO.replacen(r#"{ test = "exact" }"#, r#"{ test = "exact", u = 1e-9 }"#, 1)), &evidence);
        assert!((counted.parameters.shares[0][0].1 - 0.0099).abs() < 0.0002, "{:?}", counted.parameters.shares[0]);
    }
}
