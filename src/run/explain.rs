//! `explain`: everything a run knows of a person, a household or a finding, from its stage files.
//!
//! Takes a run folder and a [`Question`]; gives plain lines: every row of every registry with how it was joined, what brought it to its person, the
//! bars of the weight (which sum to it) and the best candidate it was not given to; the pairs left to a human likewise; and the findings
//! with the cells they rest on. Numbers are masked 6+8+4. Cost: one pass over the stage files.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use arrow::array::{Array, AsArray, Float32Array, ListArray, RecordBatch, StringArray, StructArray, UInt32Array};
use arrow::datatypes::{DataType, Float32Type, UInt32Type};

use super::evaluate::{EvaluateRunError, column};
use super::stages::{self, StageError};
use super::waterfall::{Part, waterfall};
use crate::config::link_words;
use crate::model::columns;
use crate::model::personal::mask_number;

/// More namesakes than this are listed, not explained.
const NAMESAKES: usize = 5;

/// What is asked.
#[derive(Clone, Debug)]
pub enum Question {
    /// A person id, or a name.
    Person(String),
    /// A household code of the poverty registry.
    Household(String),
    /// A finding id.
    Finding(String),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// A stage file is missing or not ours.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// A stage file lacks a column.
    #[error(transparent)]
    Column(#[from] EvaluateRunError),
    /// Nobody, no household, no finding of that name.
    #[error("这次运行里没有{0}。姓名须写全，人员编号以 P 开头，疑点编号以 F 开头")]
    Unknown(&'static str),
}

/// Answers.
pub fn explain(run: &Path, question: &Question) -> Result<String, ExplainError> {
    if super::tables::of_run(run).is_some() {
        return super::tables::explain::explain(run, question);
    }
    let stages = Stages::read(run)?;
    let mut text = String::new();
    match question {
        Question::Person(wanted) => {
            let found = stages.persons(|at| stages.id.value(at) == wanted || text_at(&stages.people, "name", at) == Some(wanted));
            if found.is_empty() {
                return Err(ExplainError::Unknown("这个人"));
            }
            if found.len() > NAMESAKES {
                let _ = writeln!(text, "{} 人同名，请用人员编号再问：", found.len());
                for at in found {
                    let _ = writeln!(text, "  {}", stages.who(at));
                }
                return Ok(text);
            }
            for at in found {
                stages.person(at, &mut text);
            }
        }
        Question::Household(code) => {
            let members: BTreeSet<&str> = (0..stages.links.num_rows())
                .filter(|row| text_at(&stages.records, columns::HOUSEHOLD_CODE, *row) == Some(code.as_str()))
                .map(|row| stages.link_person.value(row))
                .collect();
            if members.is_empty() {
                return Err(ExplainError::Unknown("这一户"));
            }
            for at in stages.persons(|at| members.contains(stages.id.value(at))) {
                stages.person(at, &mut text);
            }
            stages.findings(|row| text_at(&stages.findings, "household_code", row) == Some(code.as_str()), &mut text);
        }
        Question::Finding(id) => {
            let rows: Vec<usize> = (0..stages.findings.num_rows())
                .filter(|row| text_at(&stages.findings, "finding_id", *row) == Some(id.as_str()))
                .collect();
            let Some(&row) = rows.first() else { return Err(ExplainError::Unknown("这条疑点")) };
            stages.findings(|other| other == row, &mut text);
            let person = text_at(&stages.findings, "person_id", row);
            let household = text_at(&stages.findings, "household_code", row);
            let concerned = |at: usize| {
                person == Some(stages.id.value(at))
                    || person.is_none() && household.is_some() && text_at(&stages.people, "household", at) == household
            };
            for at in stages.persons(concerned) {
                stages.person(at, &mut text);
            }
        }
    }
    Ok(text)
}

/// The stage files of a run.
struct Stages {
    people: RecordBatch,
    records: RecordBatch,
    links: RecordBatch,
    review: RecordBatch,
    findings: RecordBatch,
    id: StringArray,
    link_person: StringArray,
    row: UInt32Array,
    weight: Float32Array,
    probability: Float32Array,
}

impl Stages {
    fn read(run: &Path) -> Result<Self, ExplainError> {
        let read = |name: &str| stages::read(&run.join("stages").join(name));
        let (people, records, links) = (read("people.parquet")?, read("records.parquet")?, read("links.parquet")?);
        Ok(Self {
            id: column::<StringArray>(&people, "people.parquet", "person_id")?.clone(),
            link_person: column::<StringArray>(&links, "links.parquet", "person_id")?.clone(),
            row: column::<UInt32Array>(&links, "links.parquet", "row")?.clone(),
            weight: column::<Float32Array>(&links, "links.parquet", "weight")?.clone(),
            probability: column::<Float32Array>(&links, "links.parquet", "probability")?.clone(),
            review: read("review.parquet")?,
            findings: read("findings.parquet")?,
            people,
            records,
            links,
        })
    }

    fn persons(&self, is_wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.people.num_rows()).filter(|at| is_wanted(*at)).collect()
    }

    /// `P52b3… 李琼芳 522124********0560 安场镇光明社区`.
    fn who(&self, at: usize) -> String {
        let of = |name: &str| text_at(&self.people, name, at).unwrap_or("");
        format!("{} {} {} {}{}", self.id.value(at), of("name"), mask_number(of("number")), of("town"), of("village"))
    }

    fn person(&self, at: usize, text: &mut String) {
        let _ = writeln!(text, "人员 {}", self.who(at));
        let rows: Vec<usize> =
            (0..self.links.num_rows()).filter(|row| self.link_person.value(*row) == self.id.value(at)).collect();
        for &row in &rows {
            self.record(row, text);
        }
        for pair in 0..self.review.num_rows() {
            for (side, other) in [("left", "right"), ("right", "left")] {
                if rows.iter().any(|row| self.is_side(pair, side, *row)) {
                    self.doubt(pair, other, text);
                }
            }
        }
        let id = self.id.value(at);
        self.findings(|row| text_at(&self.findings, "person_id", row) == Some(id), text);
        text.push('\n');
    }

    /// One source row and how it came to its person.
    fn record(&self, row: usize, text: &mut String) {
        let of = |name: &str| text_at(&self.records, name, row).unwrap_or("");
        let status = match text_at(&self.links, "status", row) {
            Some("id") => "号码一致",
            Some("repaired") => "号码修复",
            Some("probable") => "综合比对",
            _ => "没有其他名册对上",
        };
        let weight = self.weight.value(row);
        let odds = if weight == 0.0 {
            String::new()
        } else {
            format!("，权重 {weight:.1} 比特，概率 {:.4}", self.probability.value(row))
        };
        let household = match of(columns::HOUSEHOLD_CODE) {
            "" => String::new(),
            code => format!(" 户 {code}"),
        };
        let sheet = match of("sheet") {
            "" => String::new(),
            sheet => format!("，{sheet}"),
        };
        let _ = writeln!(
            text,
            "  {}（{}{sheet}）第{}行：{} {}（{}）{}{}{household} —— {status}{odds}",
            of("registry"),
            of("file"),
            self.row.value(row),
            of(columns::NAME),
            mask_number(of(columns::ID_NUMBER)),
            of(columns::ID_STATE),
            of(columns::TOWN),
            of(columns::VILLAGE),
        );
        self.why(row, text);
    }

    /// What brought a row to its person: the rule, the row it was compared with, the bars, the best other candidate.
    fn why(&self, row: usize, text: &mut String) {
        let Some(rule) = word_at(&self.links, "rule", row) else { return };
        let position = |name: &str| {
            let column = self.links.column_by_name(name)?.as_primitive_opt::<UInt32Type>()?;
            column.is_valid(row).then(|| column.value(row) as usize).filter(|at| *at < self.links.num_rows())
        };
        let other = position("compared_with").map_or_else(String::new, |other| format!("，与 {} 比较", self.place(other)));
        let _ = writeln!(text, "      找到的办法：{}{other}", link_words::rule(&rule));
        if let Some(parts) = list_at(&self.links, "parts", row) {
            text.push_str(&waterfall(&parts_of(&parts), "        "));
        }
        let rival_weight = self.links.column_by_name("rival_weight").and_then(|column| column.as_primitive_opt::<Float32Type>());
        match (position("rival"), rival_weight) {
            (Some(rival), Some(weight)) => {
                let why = if weight.value(row) >= self.weight.value(row) {
                    "，但姓名或号码互相矛盾，不能认定"
                } else {
                    ""
                };
                let _ = writeln!(text, "      落选的最佳人选：{}，权重 {:.1} 比特{why}", self.place(rival), weight.value(row));
            }
            _ => {
                let _ = writeln!(text, "      没有别的人选达到 0 比特");
            }
        }
    }

    /// `insurance（医保.xlsx，Sheet1）第12行 张小明`.
    fn place(&self, row: usize) -> String {
        let of = |name: &str| text_at(&self.links, name, row).unwrap_or("");
        let sheet = match of("sheet") {
            "" => String::new(),
            sheet => format!("，{sheet}"),
        };
        let name = text_at(&self.records, columns::NAME, row).unwrap_or("");
        format!("{}（{}{sheet}）第{}行 {name}", of("registry"), of("file"), self.row.value(row))
    }

    /// Whether a side of a review pair is this row.
    fn is_side(&self, pair: usize, side: &str, row: usize) -> bool {
        let same = |name: &str| text_at(&self.review, &format!("{side}_{name}"), pair) == text_at(&self.links, name, row);
        let line = self.review.column_by_name(&format!("{side}_row")).and_then(|column| column.as_primitive_opt::<UInt32Type>());
        line.is_some_and(|line| line.value(pair) == self.row.value(row)) && same("registry") && same("file") && same("sheet")
    }

    /// A pair left to a human: the other row, and the bars of the weight.
    fn doubt(&self, pair: usize, other: &str, text: &mut String) {
        let of = |name: &str| text_at(&self.review, name, pair).unwrap_or("");
        let number = |name: &str| {
            self.review
                .column_by_name(name)
                .and_then(|column| column.as_primitive_opt::<Float32Type>())
                .map_or(0.0, |column| column.value(pair))
        };
        let line = self.review.column_by_name(&format!("{other}_row")).and_then(|column| column.as_primitive_opt::<UInt32Type>());
        let _ = writeln!(
            text,
            "  待核对：{} {} {} 第{}行可能是同一人，权重 {:.1} 比特，概率 {:.4}（{}）",
            of(&format!("{other}_registry")),
            of(&format!("{other}_file")),
            of(&format!("{other}_sheet")),
            line.map_or(0, |line| line.value(pair)),
            number("weight"),
            number("probability"),
            of("reason"),
        );
        doubt_bars(&self.review, pair, text);
    }

    fn findings(&self, is_wanted: impl Fn(usize) -> bool, text: &mut String) {
        for row in (0..self.findings.num_rows()).filter(|row| is_wanted(*row)) {
            let of = |name: &str| text_at(&self.findings, name, row).unwrap_or("");
            let _ = writeln!(
                text,
                "  疑点 {} {}（{}，{}）：{}",
                of("finding_id"),
                of("rule"),
                of("clause"),
                of("confidence"),
                of("sentence")
            );
            let Some(cells) = list_at(&self.findings, "evidence", row) else { continue };
            let words = |name: &str| cells.column_by_name(name).and_then(|column| column.as_string_opt::<i32>().cloned());
            let (Some(registry), Some(file), Some(header), Some(value)) =
                (words("registry"), words("file"), words("column"), words("value"))
            else {
                continue;
            };
            let line = cells.column_by_name("row").and_then(|column| column.as_primitive_opt::<UInt32Type>().cloned());
            for at in 0..cells.len() {
                let place = match &line {
                    Some(line) if line.is_valid(at) && file.is_valid(at) => format!("{} 第{}行 ", file.value(at), line.value(at)),
                    _ => String::new(),
                };
                let shown = crate::model::personal::mask_long_number(value.value(at));
                let _ = writeln!(text, "      依据：{} {place}{}={shown}", registry.value(at), header.value(at));
            }
        }
    }
}

/// The bars of a review pair.
pub(super) fn doubt_bars(review: &RecordBatch, pair: usize, text: &mut String) {
    if let Some(parts) = list_at(review, "parts", pair) {
        text.push_str(&waterfall(&parts_of(&parts), "        "));
    }
}

fn text_at<'a>(batch: &'a RecordBatch, name: &str, row: usize) -> Option<&'a str> {
    let column = batch.column_by_name(name)?.as_string_opt::<i32>()?;
    column.is_valid(row).then(|| column.value(row))
}

/// The word at `row` of a column of words, however it is encoded.
fn word_at(batch: &RecordBatch, name: &str, row: usize) -> Option<String> {
    let column = batch.column_by_name(name)?;
    let plain = arrow::compute::cast(&column.slice(row, 1), &DataType::Utf8).ok()?;
    let plain = plain.as_string_opt::<i32>()?;
    plain.is_valid(0).then(|| plain.value(0).to_owned())
}

/// The bars in a list of parts.
fn parts_of(parts: &StructArray) -> Vec<Part> {
    let words = |name: &str| {
        let plain = arrow::compute::cast(parts.column_by_name(name)?, &DataType::Utf8).ok()?;
        plain.as_string_opt::<i32>().cloned()
    };
    let weights = parts.column_by_name("weight").and_then(|column| column.as_primitive_opt::<Float32Type>());
    let (Some(comparisons), Some(levels), Some(weights)) = (words("comparison"), words("level"), weights) else {
        return Vec::new();
    };
    let part = |at: usize| Part {
        comparison: comparisons.value(at).to_owned(),
        level: levels.value(at).to_owned(),
        weight: weights.value(at),
    };
    (0..parts.len()).map(part).collect()
}

/// The structs of one row of a list column.
fn list_at(batch: &RecordBatch, name: &str, row: usize) -> Option<StructArray> {
    let list = batch.column_by_name(name)?.as_any().downcast_ref::<ListArray>()?;
    list.value(row).as_any().downcast_ref::<StructArray>().cloned()
}
