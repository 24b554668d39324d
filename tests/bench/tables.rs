//! What linking tables costs: nanoseconds per kernel call beside strsim's, and core-seconds per million scored pairs.
//!
//! `cargo bench --bench tables -- [ROWS]`. One thread, so that a second is a core-second. The second figure is the difference between a run
//! that compares many strangers and one that compares few, so that reading and sorting do not count.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "a bench talks to whoever runs it by hand")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};

use bidui::config::document::Document;
use bidui::config::tables::TablesModel;
use bidui::link::tables::link_tables;
use bidui::model::ids::CountyKey;
use bidui::model::record::{RecordSet, RegistryRecords, SourceSheet};
use bidui::model::registry::{Grain, RegistryId};
use bidui::model::similarity::{Outline, distance, jaro_winkler};

fn main() {
    let rows = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(200_000);
    kernels();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    pool.install(|| scoring(rows));
}

/// The same words on every machine.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

fn kernels() {
    let mut state = 1;
    let words: Vec<String> = (0..1000)
        .map(|_| {
            let length = 4 + random(&mut state) % 8;
            (0..length).map(|_| char::from(b'a' + u8::try_from(random(&mut state) % 26).expect("a letter"))).collect()
        })
        .collect();
    let symbols: Vec<Vec<char>> = words.iter().map(|word| word.chars().collect()).collect();
    let outlines: Vec<Outline> = symbols.iter().map(|word| Outline::of(word)).collect();
    let every = |name: &str, call: &dyn Fn(usize, usize)| {
        let start = Instant::now();
        for i in 0..words.len() {
            for j in 0..words.len() {
                call(i, j);
            }
        }
        let calls = words.len() * words.len();
        println!(
            "{name:<44} {:>7.1} ns",
            start.elapsed().as_secs_f64() * 1e9 / f64::from(u32::try_from(calls).expect("a million"))
        );
    };
    every("distance ≤ 2", &|i, j| {
        black_box(distance(&symbols[i], &symbols[j], 2));
    });
    every("distance ≤ 2 behind outlines", &|i, j| {
        black_box(outlines[i].may_be_within(outlines[j], 2) && distance(&symbols[i], &symbols[j], 2) <= 2);
    });
    every("strsim::osa_distance", &|i, j| {
        black_box(strsim::osa_distance(&words[i], &words[j]));
    });
    every("Jaro-Winkler", &|i, j| {
        black_box(jaro_winkler(&symbols[i], &symbols[j]));
    });
    every("Jaro-Winkler ≥ 0.88 behind outlines", &|i, j| {
        black_box(outlines[i].may_reach(outlines[j], 0.88) && jaro_winkler(&symbols[i], &symbols[j]) >= 0.88);
    });
    every("strsim::jaro_winkler", &|i, j| {
        black_box(strsim::jaro_winkler(&words[i], &words[j]));
    });
}

const MODEL: &str = r#"
name = "bench"
[tables]
task = "deduplicate"
[thresholds]
confirm = 8.0
review = 8.0
[limits]
pairs = 1_000_000_000
[fit]
random_pairs = 100_000
pairs_per_rule = 100_000
[[field]]
name = "first"
columns = ["first"]
[[field]]
name = "last"
columns = ["last"]
[[field]]
name = "birth"
kind = "date"
columns = ["birth"]
[[field]]
name = "place"
columns = ["place"]
[[field]]
name = "block"
columns = ["block"]
[[block]]
on = ["block"]
[[comparison]]
name = "first"
on = ["first"]
term_frequency = ["first"]
levels = [{ test = "exact" }, { test = "jaro_winkler", at_least = 0.92 }, { test = "jaro_winkler", at_least = 0.8 }]
[[comparison]]
name = "last"
on = ["last"]
term_frequency = ["last"]
levels = [{ test = "exact" }, { test = "jaro_winkler", at_least = 0.92 }, { test = "damerau_levenshtein", at_most = 2 }]
[[comparison]]
name = "birth"
on = ["birth"]
levels = [{ test = "exact" }, { test = "day_month_swapped" }, { test = "one_digit" }]
[[comparison]]
name = "place"
on = ["place"]
levels = [{ test = "exact" }, { test = "damerau_levenshtein", at_most = 2 }]
"#;

fn scoring(rows: usize) {
    let model = TablesModel::resolve(&Document { path: "bench.toml".to_owned(), text: MODEL.to_owned() }).expect("sound");
    let timed = |block: usize| {
        let records = table(rows, block);
        let start = Instant::now();
        let linked = link_tables(&records, &model, None, &CountyKey::new(vec![1])).expect("within the limit");
        (start.elapsed().as_secs_f64(), linked.rules.iter().map(|rule| rule.scored).sum::<u64>())
    };
    let (few, some) = timed(2);
    let (many, pairs) = timed(200);
    let scored = f64::from(u32::try_from(pairs - some).expect("fewer than 2^32"));
    println!("{rows} rows: {few:.2} s for {some} pairs, {many:.2} s for {pairs} pairs");
    println!("{:.3} core-seconds per million scored pairs", (many - few) * 1e6 / scored);
}

/// Invented persons in blocks of `block` rows, nearly all of them strangers.
fn table(rows: usize, block: usize) -> RecordSet {
    let mut state = 7;
    let names: Vec<String> = (0..5000)
        .map(|_| {
            let length = 4 + random(&mut state) % 6;
            (0..length)
                .map(|at| if at % 2 == 0 { "bcdfghklmnprst" } else { "aeiouy" })
                .map(|from| {
                    let letters: Vec<char> = from.chars().collect();
                    letters[usize::try_from(random(&mut state)).expect("small") % letters.len()]
                })
                .collect()
        })
        .collect();
    let pick = |state: &mut u64, of: usize| names[usize::try_from(random(state)).expect("small") % of].clone();
    let mut columns: Vec<Vec<String>> = vec![Vec::new(); 5];
    for row in 0..rows {
        columns[0].push(pick(&mut state, 800));
        columns[1].push(pick(&mut state, 5000));
        let (year, month, day) = (1930 + random(&mut state) % 80, 1 + random(&mut state) % 12, 1 + random(&mut state) % 28);
        columns[2].push(format!("{year}-{month:02}-{day:02}"));
        columns[3].push(pick(&mut state, 300));
        columns[4].push((row / block).to_string());
    }
    let fields = ["first", "last", "birth", "place", "block"];
    let schema = Arc::new(Schema::new(fields.map(|name| Field::new(name, DataType::Utf8, true)).to_vec()));
    let arrays = columns.iter().map(|column| Arc::new(StringArray::from_iter_values(column)) as ArrayRef).collect();
    RecordSet {
        sources: vec![SourceSheet::default()],
        registries: vec![RegistryRecords {
            registry: RegistryId::from("table"),
            grain: Grain::Person,
            batch: RecordBatch::try_new(schema, arrays).expect("one length"),
            sheets: vec![0; rows],
            rows: (2..).take(rows).collect(),
        }],
    }
}
