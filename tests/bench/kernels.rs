//! The kernels of linking and the link stage by itself, timed by hand.
//!
//! `cargo bench --bench kernels` times a comparison of two names, of two numbers, and the repairs of a damaged one. `cargo bench --bench
//! kernels -- INPUT` runs a month's folder (made by `bidui practice`) up to linking, with one thread and with all, and prints the seconds of
//! the link stage, its stage files included, and pairs compared per core-second. Medians of several turns; nothing is asserted.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "a bench talks to whoever runs it by hand")]

use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use bidui::model::identity::id::{repairs, slips};
use bidui::model::identity::name::{FoldedName, compare};

const TURNS: usize = 7;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first() {
        Some(input) => stage(Path::new(input)),
        None => kernels(),
    }
    ExitCode::SUCCESS
}

/// Nanoseconds of one call, the median of several turns.
fn nanoseconds(what: &str, calls: u32, mut work: impl FnMut()) {
    let mut turns: Vec<f64> = (0..TURNS)
        .map(|_| {
            let start = Instant::now();
            (0..calls).for_each(|_| work());
            start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
        })
        .collect();
    turns.sort_by(f64::total_cmp);
    println!("{what:<44} {:>9.1} ns", turns[TURNS / 2]);
}

fn kernels() {
    let name = |text: &str| FoldedName::new(text).expect("a name");
    for (left, right) in
        [("张小明", "张小明"), ("张小明", "张晓明"), ("张小明", "李建国"), ("欧阳雪莲", "欧阳雪连"), ("张明", "张小明")]
    {
        let (one, other) = (name(left), name(right));
        nanoseconds(&format!("names {left} {right}"), 200_000, || {
            black_box(compare(black_box(&one), black_box(&other)));
        });
    }
    nanoseconds("fold a name", 20_000, || {
        black_box(FoldedName::new(black_box("歐陽雪蓮")));
    });
    for (what, right) in [("equal", "520324199003071238"), ("one digit", "520324199003071338"), ("unlike", "522124197811304567")]
    {
        nanoseconds(&format!("numbers, {what}"), 200_000, || {
            black_box(slips(black_box(b"520324199003071238"), black_box(right.as_bytes())));
        });
    }
    nanoseconds("repairs of a damaged number", 2_000, || {
        black_box(repairs(black_box("520324199003071338")));
    });
}

/// The link stage of a month's folder: seconds with one thread and with all, pairs per core-second.
fn stage(input: &Path) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for threads in [1, cores] {
        let turns: Vec<(f64, u64)> = (0..3).map(|_| link(input, threads)).collect();
        let mut seconds: Vec<f64> = turns.iter().map(|(seconds, _)| *seconds).collect();
        seconds.sort_by(f64::total_cmp);
        let (seconds, pairs) = (seconds[1], turns[0].1);
        #[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
        let rate = pairs as f64 / (seconds * threads as f64);
        println!("{threads} threads: link stage {seconds:.2} s, {pairs} pairs compared, {rate:.0} per core-second");
    }
}

/// Runs up to linking: seconds of that stage, and pairs it compared.
fn link(input: &Path, threads: usize) -> (f64, u64) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("run");
    let pipeline = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/monthly.toml");
    let run = Command::new(env!("CARGO_BIN_EXE_bidui"))
        .args(["run", pipeline, "--until", "link", "--period", "2018-06", "--input"])
        .arg(input)
        .arg("--out")
        .arg(&out)
        .env("RAYON_NUM_THREADS", threads.to_string())
        .output()
        .expect("the program starts");
    assert!(matches!(run.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&run.stderr));
    let json = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).expect("JSON");
    let timings = json(&std::fs::read(out.join("timings.json")).expect("timings.json"));
    let link = timings.as_array().expect("stages").iter().find(|stage| stage["stage"] == "link").expect("the link stage");
    let told = Command::new(env!("CARGO_BIN_EXE_bidui")).arg("diagnose").arg(&out).arg("--json").output().expect("diagnose");
    let blocking = json(&told.stdout)["blocking"].clone();
    let pairs = blocking.as_array().expect("blocking").iter().filter_map(|blocks| blocks["pairs"].as_u64()).sum();
    (link["seconds"].as_f64().expect("seconds"), pairs)
}
