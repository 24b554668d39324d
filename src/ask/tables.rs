//! Everything a run of tables knows of one person, as a picture: its rows, the accepted pairs with their bars, the pairs left to a human.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float32Type, UInt32Type};

use crate::config::link_words;
use crate::model::date::Day;
use crate::model::link::WeightPart;
use crate::model::masking::Audience;
use crate::model::personal::Personal;
use crate::model::picture::{Compared, HouseholdPicture, PersonPicture, SourceRow, Words};
use crate::run::bars;
use crate::run::county::picture;
use crate::store::finished::{Finished, FinishedError};
use crate::store::stages::tables::{Place, Review};

/// More persons than this of one value are counted, not explained.
const NAMESAKES: usize = 20;
/// Columns that say where a row comes from.
const ORIGIN: [&str; 5] = ["registry", "file", "sheet", "row", "part"];

/// Whom a value stands for, and how many more there are; `None` where nobody is found.
pub(crate) fn explain(run: &Finished, wanted: &Personal) -> Result<Option<(HouseholdPicture, usize)>, FinishedError> {
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
    let members = found.iter().take(NAMESAKES).map(|id| {
        let rows: Vec<usize> = (0..links.num_rows()).filter(|row| person(*row) == *id).collect();
        let is_of = |there: Place<'_>| rows.iter().any(|row| origin(&links, "", *row) == there);
        let doubts = review.places().enumerate().filter_map(|(pair, both)| {
            let [Some(left), Some(right)] = both else { return None };
            let (own, other) = if is_of(left) { (left, right) } else { (right, left) };
            is_of(own).then(|| doubt(&review, pair, own, other))
        });
        PersonPicture {
            person_id: (*id).to_owned(),
            facts: format!("{} 行", rows.len()).into(),
            rows: rows.iter().map(|row| source(&records, &pairs, origin(&links, "", *row), *row)).collect(),
            doubts: doubts.collect(),
            ..PersonPicture::default()
        }
    });
    let household = HouseholdPicture { members: members.collect(), ..HouseholdPicture::default() };
    Ok(Some((household, found.len().saturating_sub(NAMESAKES))))
}

/// A row, and the accepted pairs whose left side it is.
fn source(records: &RecordBatch, pairs: &RecordBatch, there: Place<'_>, row: usize) -> SourceRow {
    let mut beside = Audience::Village.row(Day::default());
    values(records, row).for_each(|(name, value)| beside.knows_cell(name, value));
    let cells: Vec<String> = values(records, row).map(|(name, value)| format!("{name}={}", beside.text(value))).collect();
    let of_row = (0..pairs.num_rows()).filter(|pair| origin(pairs, "left_", *pair) == there);
    SourceRow { content: cells.join("，").into(), compared: of_row.map(|pair| accepted(pairs, pair)).collect(), ..at(there) }
}

/// An accepted pair: the rule, and bars that sum to the weight.
fn accepted(pairs: &RecordBatch, pair: usize) -> Compared {
    let odds = link_words::odds(float(pairs, "weight", pair), float(pairs, "probability", pair));
    let right = at(origin(pairs, "right_", pair)).origin();
    let found = format!("与 {right} 连上，{odds}。找到的办法：{}", text(pairs, "rule", pair));
    let part = |comparison: &str, level: &str, column: &str| WeightPart {
        comparison: comparison.to_owned(),
        level: level.to_owned(),
        weight: float(pairs, column, pair),
    };
    let mut parts = vec![part("prior", "", "prior")];
    for field in pairs.schema_ref().fields() {
        let Some(name) = field.name().strip_prefix("level_") else { continue };
        let level = text(pairs, field.name(), pair);
        if !level.is_empty() {
            parts.push(part(name, level, &format!("bits_{name}")));
            parts.extend(Some(part(name, "term frequency", &format!("rarity_{name}"))).filter(|rarity| rarity.weight != 0.0));
        }
    }
    Compared { found: found.into(), ..bars::compared(&parts) }
}

/// The other row of a pair that is left to a human.
fn doubt(review: &Review, pair: usize, own: Place<'_>, other: Place<'_>) -> SourceRow {
    let parts = review.parts.at(pair).map(|bars| bars.parts()).unwrap_or_default();
    let found: Words = format!("与 {} 比较", at(own).origin()).into();
    let how = picture::open(review.reason.value(pair), review.weight.value(pair), review.probability.value(pair));
    SourceRow { how: how.into(), compared: vec![Compared { found, ..bars::compared(&parts) }], ..at(other) }
}

fn origin<'b>(batch: &'b RecordBatch, side: &str, row: usize) -> Place<'b> {
    let line = batch.column_by_name(&format!("{side}row")).and_then(|column| column.as_primitive_opt::<UInt32Type>());
    let of = |name: &str| text(batch, &format!("{side}{name}"), row);
    (of("registry"), of("file"), of("sheet"), line.map_or(0, |line| line.value(row)))
}

fn at((register, file, sheet, line): Place<'_>) -> SourceRow {
    SourceRow { register: register.to_owned(), place: picture::place(file, sheet, line).into(), ..SourceRow::default() }
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
