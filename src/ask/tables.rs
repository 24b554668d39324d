//! Everything a run of tables knows of one person: its rows, the accepted pairs with their bars, the pairs left to a human.

use std::fmt::Write as _;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float32Type, UInt32Type};

use crate::ask::waterfall::doubt_bars;
use crate::model::date::Day;
use crate::model::masking::Audience;
use crate::model::personal::Personal;
use crate::store::finished::{Finished, FinishedError};
use crate::store::stages::tables::{Place, Review};

/// More persons than this of one value are counted, not explained.
const NAMESAKES: usize = 20;
/// Columns that say where a row comes from.
const ORIGIN: [&str; 5] = ["registry", "file", "sheet", "row", "part"];

/// The answer; `None` where nobody is found.
pub(crate) fn explain(run: &Finished, wanted: &Personal) -> Result<Option<String>, FinishedError> {
    let read = |name: &str| run.table(&format!("{name}.parquet"));
    let (records, links, pairs) = (read("records")?, read("links")?, read("pairs")?);
    let review = run.declared::<Review>()?;
    let person = |row: usize| text(&links, "person_id", row);
    // Fields are kept as cleaned, mostly in lower case.
    let wanted = wanted.expose();
    let folded = wanted.to_lowercase();
    let says = |row: usize| person(row) == wanted || values(&records, row).any(|(_, value)| value.to_lowercase() == folded);
    let mut found: Vec<&str> = (0..links.num_rows()).filter(|row| says(*row)).map(person).collect();
    found.sort_unstable();
    found.dedup();
    if found.is_empty() {
        return Ok(None);
    }
    let mut told = String::new();
    for id in found.iter().take(NAMESAKES) {
        let rows: Vec<usize> = (0..links.num_rows()).filter(|row| person(*row) == *id).collect();
        let _ = writeln!(told, "人员 {id}：{} 行", rows.len());
        for &row in &rows {
            let mut beside = Audience::Village.row(Day::default());
            values(&records, row).for_each(|(name, value)| beside.knows_cell(name, value));
            let cells: Vec<String> =
                values(&records, row).map(|(name, value)| format!("{name}={}", beside.text(value))).collect();
            let _ = writeln!(told, "  {} {}", place(&links, "", row), cells.join(" "));
        }
        let is_of = |there: Place<'_>| rows.iter().any(|row| origin(&links, "", *row) == there);
        for pair in (0..pairs.num_rows()).filter(|pair| is_of(origin(&pairs, "left_", *pair))) {
            accepted(&pairs, pair, &mut told);
        }
        for (pair, both) in review.places().enumerate() {
            let [Some(left), Some(right)] = both else { continue };
            if !is_of(left) && !is_of(right) {
                continue;
            }
            let _ = writeln!(
                told,
                "  待核对：{} ～ {}，权重 {:.2} 比特，概率 {:.4}（{}）",
                shown(left),
                shown(right),
                review.weight.value(pair),
                review.probability.value(pair),
                review.reason.value(pair)
            );
            doubt_bars(&review, pair, &mut told);
        }
    }
    if found.len() > NAMESAKES {
        let _ = writeln!(told, "还有 {} 人有这个值，请用人员编号再问", found.len() - NAMESAKES);
    }
    Ok(Some(told))
}

/// An accepted pair: the rule, and bars that sum to the weight.
fn accepted(pairs: &RecordBatch, pair: usize, told: &mut String) {
    let _ = writeln!(
        told,
        "  连上：{} ＝ {}，权重 {:.2} 比特，概率 {:.4}，分块规则 {}",
        place(pairs, "left_", pair),
        place(pairs, "right_", pair),
        float(pairs, "weight", pair),
        float(pairs, "probability", pair),
        text(pairs, "rule", pair)
    );
    let _ = writeln!(told, "      {:>7.2}  prior", float(pairs, "prior", pair));
    for field in pairs.schema_ref().fields() {
        let Some(name) = field.name().strip_prefix("level_") else { continue };
        let level = text(pairs, field.name(), pair);
        if level.is_empty() {
            let _ = writeln!(told, "      {:>7}  {name} missing", "—");
            continue;
        }
        let _ = writeln!(told, "      {:>7.2}  {name} {level}", float(pairs, &format!("bits_{name}"), pair));
        let rarity = float(pairs, &format!("rarity_{name}"), pair);
        if rarity != 0.0 {
            let _ = writeln!(told, "      {rarity:>7.2}  {name} term frequency");
        }
    }
}

/// `left a.csv 第12行`.
fn place(batch: &RecordBatch, side: &str, row: usize) -> String {
    shown(origin(batch, side, row))
}

fn origin<'b>(batch: &'b RecordBatch, side: &str, row: usize) -> Place<'b> {
    let line = batch.column_by_name(&format!("{side}row")).and_then(|column| column.as_primitive_opt::<UInt32Type>());
    let of = |name: &str| text(batch, &format!("{side}{name}"), row);
    (of("registry"), of("file"), of("sheet"), line.map_or(0, |line| line.value(row)))
}

fn shown((registry, file, sheet, line): Place<'_>) -> String {
    let space = if sheet.is_empty() { "" } else { " " };
    format!("{registry} {file}{space}{sheet} 第{line}行")
}

/// Fields of a row that say something.
fn values(records: &RecordBatch, row: usize) -> impl Iterator<Item = (&str, &str)> {
    records.schema_ref().fields().iter().zip(records.columns()).filter_map(move |(field, column)| {
        let column = column.as_string_opt::<i32>()?;
        let told = column.is_valid(row) && !ORIGIN.contains(&field.name().as_str());
        told.then(|| (field.name().as_str(), column.value(row)))
    })
}

fn text<'b>(batch: &'b RecordBatch, name: &str, row: usize) -> &'b str {
    let column = batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
    column.filter(|column| column.is_valid(row)).map_or("", |column| column.value(row))
}

fn float(batch: &RecordBatch, name: &str, row: usize) -> f32 {
    let column = batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<Float32Type>());
    column.map_or(0.0, |column| column.value(row))
}
