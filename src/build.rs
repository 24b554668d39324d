//! Build script: a hash of all that the program is made of, as `BIDUI_BUILD`. What an interrupted run kept is only used by the very program
//! that wrote it. Results never depend on it.

#![allow(clippy::disallowed_methods, reason = "a build script reads sources and says what it found")]

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Sources, and what they include.
const PARTS: [&str; 5] = ["src", "reports", "pipelines/link.toml", "Cargo.toml", "Cargo.lock"];

fn main() -> io::Result<()> {
    let mut files = Vec::new();
    for part in PARTS {
        collect(Path::new(part), &mut files)?;
    }
    files.sort();
    // Keyed with zeros: the same on every computer.
    let mut hasher = DefaultHasher::new();
    for file in &files {
        file.to_string_lossy().replace('\\', "/").hash(&mut hasher);
        fs::read(file)?.hash(&mut hasher);
    }
    let mut out = io::stdout();
    for part in PARTS {
        writeln!(out, "cargo::rerun-if-changed={part}")?;
    }
    writeln!(out, "cargo::rustc-env=BIDUI_BUILD={:016x}", hasher.finish())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}
