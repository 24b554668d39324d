//! How far above the floor a county month is: whole run ÷ a bare serial calamine read of the same files, and peak memory.
//!
//! `cargo bench --bench county -- INPUT [RUNS]`, INPUT = one month's folder made by `bidui practice --households 200000`.
//! Both sides are separate processes timed in turn, so that a drifting machine touches both; medians are printed.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench talks to whoever runs it by hand")]

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use calamine::Reader;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.as_slice() {
        [mode, folder] if mode == "--read" => {
            println!("{}", read_all(Path::new(folder)));
            ExitCode::SUCCESS
        }
        [folder] => compare(Path::new(folder), 3),
        [folder, runs] => compare(Path::new(folder), runs.parse().expect("a number of runs")),
        _ => {
            eprintln!("usage: cargo bench --bench county -- INPUT [RUNS]");
            ExitCode::from(2)
        }
    }
}

fn compare(folder: &Path, runs: usize) -> ExitCode {
    let out = tempfile::tempdir().expect("a temporary folder");
    let itself = std::env::current_exe().expect("this program");
    let (mut run_seconds, mut read_seconds, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..=runs {
        let run = timed(
            Command::new(env!("CARGO_BIN_EXE_bidui"))
                .args([
                    "run",
                    concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/monthly.toml"),
                    "--fresh",
                    "--period",
                    "2018-06",
                    "--input",
                ])
                .arg(folder)
                .arg("--out")
                .arg(out.path().join("run")),
        );
        let read = timed(Command::new(&itself).arg("--read").arg(folder));
        // The first turn warms the page cache.
        if turn > 0 {
            println!("run {run:.2} s, bare read {read:.2} s, ratio {:.2}", run / read);
            run_seconds.push(run);
            read_seconds.push(read);
            ratios.push(run / read);
        }
    }
    println!("median: run {:.2} s, bare read {:.2} s, ratio {:.2}", median(run_seconds), median(read_seconds), median(ratios));
    print_stages(&std::fs::read_to_string(out.path().join("run/timings.json")).expect("timings.json"));
    ExitCode::SUCCESS
}

/// Each stage's share of the last run. Assessing is to stay within 15 %.
fn print_stages(timings: &str) {
    let stages: Vec<serde_json::Value> = serde_json::from_str(timings).expect("JSON");
    let seconds = |stage: &serde_json::Value| stage["seconds"].as_f64().expect("seconds");
    let total: f64 = stages.iter().map(seconds).sum();
    for stage in &stages {
        let name = stage["stage"].as_str().expect("a name");
        let peak = stage["peak_bytes"].as_u64().unwrap_or(0) >> 20;
        println!("{name:<10} {:7.2} s {:5.1} %  peak {peak} MiB", seconds(stage), 100.0 * seconds(stage) / total);
    }
}

fn timed(command: &mut Command) -> f64 {
    let start = Instant::now();
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    start.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Every cell of every workbook through calamine, one after the other; other files are read as bytes. Gives the number of cells.
fn read_all(folder: &Path) -> usize {
    let mut files = Vec::new();
    collect(folder, &mut files);
    files.sort();
    files.iter().map(|file| read_one(std::fs::read(file).expect("a readable file"))).sum()
}

fn read_one(bytes: Vec<u8>) -> usize {
    let Ok(mut book) = calamine::open_workbook_auto_from_rs(Cursor::new(bytes)) else { return 0 };
    book.worksheets().iter().map(|(_, range)| range.used_cells().count()).sum()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}
