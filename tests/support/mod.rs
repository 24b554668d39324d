//! What the tests of the whole program share: starting it in the checkout, what it says, and reading what it wrote.

pub(crate) mod golden;
pub(crate) mod lists;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use arrow::array::{Array, AsArray, RecordBatch};
use calamine::{Reader as _, open_workbook_auto};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// What a rerun may write otherwise, or what is another folder's own.
const OF_THE_RUN: [&str; 3] = ["timings.json", ".lock", ".bidui"];

/// A path of the checkout.
pub(crate) fn root(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

pub(crate) fn owned(path: &Path) -> String {
    text(path).to_owned()
}

/// The program, where the shipped pipelines are.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bidui"));
    command.current_dir(root(""));
    command
}

pub(crate) fn bidui(arguments: &[&str]) -> Output {
    program().args(arguments).output().expect("the program starts")
}

pub(crate) fn on_threads(threads: &str, arguments: &[&str]) -> Output {
    let mut command = program();
    command.args(arguments).env("RAYON_NUM_THREADS", threads).env("POLARS_MAX_THREADS", threads);
    command.output().expect("the program starts")
}

/// All that is said on the screen.
pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, target).map(drop).expect("copied") }
    }
}

/// Every file below a folder, in order.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// What a run wrote: every file by its path within the folder, but for those that may differ with every run.
pub(crate) fn outputs(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let within = |path: &Path| path.strip_prefix(run).expect("below").to_string_lossy().into_owned();
    let all = files(run).into_iter().map(|path| (within(&path), path));
    let kept = all.filter(|(name, _)| !OF_THE_RUN.contains(&name.as_str()) && !name.starts_with(".work"));
    kept.map(|(name, path)| (name, fs::read(path).expect("a file"))).collect()
}

pub(crate) fn manifest(run: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(run.join("run.json")).expect("run.json")).expect("JSON")
}

/// A stage table, whole.
pub(crate) fn stage(run: &Path, name: &str) -> RecordBatch {
    let file = File::open(run.join(format!("stages/{name}.parquet"))).expect("a stage file");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("a reader");
    let schema = arrow::array::RecordBatchReader::schema(&reader);
    let batches: Vec<RecordBatch> = reader.collect::<Result<_, _>>().expect("batches");
    arrow::compute::concat_batches(&schema, &batches).expect("one schema")
}

/// A column of text.
pub(crate) fn column(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
    let column = batch.column_by_name(name).expect("a column").as_string::<i32>();
    (0..column.len()).map(|at| column.is_valid(at).then(|| column.value(at).to_owned())).collect()
}

/// A sheet of a workbook as rows of text.
pub(crate) fn sheet(book: &Path, name: &str) -> Vec<Vec<String>> {
    let range = open_workbook_auto(book).expect("a workbook").worksheet_range(name).expect("a sheet");
    range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

/// Every part of a workbook as it lies in the file.
pub(crate) fn parts(book: &Path) -> String {
    let mut zip = zip::ZipArchive::new(File::open(book).expect("a workbook")).expect("a zip");
    let mut all = Vec::new();
    for at in 0..zip.len() {
        zip.by_index(at).expect("a part").read_to_end(&mut all).expect("bytes");
        all.push(b'\n');
    }
    String::from_utf8_lossy(&all).into_owned()
}
