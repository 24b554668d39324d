//! One canonical field while it is being filled: where its cells stand, and the typed columns they become.
//!
//! A column is read top to bottom in one pass with its kind decided outside the loop. O(cells); text goes straight into Arrow buffers.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBuilder, Date32Array, Int32Builder, Int64Builder, StringArray, StringBuilder};

use super::amounts::Amounts;
use super::cells::{NONE, append, append_raw, first_cell, first_said, shorten};
use super::days::Days;
use super::money;
use super::repair::{Log, Notes, Repair, Repairs};
use super::row_status::StatusColumn;
use super::schooling::Schooling;
use super::unit::Unit;
use super::vocabulary::{self, CodeTable};
use super::{bare, date, id_number, kinship, name, phone};
use crate::config::registry::DatedCode;
use crate::model::columns::GRADE;
use crate::model::date::{Day, Month};
use crate::model::field::FieldKind;
use crate::model::raw::{CellKind, RawTable};

/// Typed builders, in the order of [`FieldKind::columns`].
pub(super) enum Builders {
    Text(StringBuilder),
    TextAndRaw([StringBuilder; 2]),
    Number([StringBuilder; 3]),
    Int64(Int64Builder),
    Int32(Int32Builder),
    Date(Days),
    Flag(BooleanBuilder),
    /// What each row says, and rows that hold a code, which only the whole column tells how to read.
    Relations {
        words: Vec<Option<&'static str>>,
        coded: Vec<(u32, (u8, bool))>,
    },
}

impl Builders {
    pub(super) fn new(kind: FieldKind) -> Self {
        match kind {
            FieldKind::IdNumber => Self::Number(Default::default()),
            FieldKind::Name | FieldKind::DisabilityNumber => Self::TextAndRaw(Default::default()),
            FieldKind::Money | FieldKind::Count => Self::Int64(Int64Builder::new()),
            FieldKind::Date => Self::Date(Days::default()),
            FieldKind::Month | FieldKind::Year => Self::Int32(Int32Builder::new()),
            FieldKind::YesNo => Self::Flag(BooleanBuilder::new()),
            FieldKind::Relation => Self::Relations { words: Vec::new(), coded: Vec::new() },
            _ => Self::Text(StringBuilder::new()),
        }
    }

    /// The columns, and repairs that only the whole column could tell.
    pub(super) fn finish(self, as_of: Day) -> (Vec<ArrayRef>, Vec<(u32, Repair)>) {
        let arrays: Vec<ArrayRef> = match self {
            Self::Text(mut text) => vec![Arc::new(text.finish())],
            Self::TextAndRaw(texts) => texts.into_iter().map(|mut text| Arc::new(text.finish()) as ArrayRef).collect(),
            Self::Number(texts) => texts.into_iter().map(|mut text| Arc::new(text.finish()) as ArrayRef).collect(),
            Self::Int64(mut values) => vec![Arc::new(values.finish())],
            Self::Int32(mut values) => vec![Arc::new(values.finish())],
            Self::Date(days) => {
                let (days, repairs) = days.finish(as_of);
                let days: Date32Array = days.into_iter().map(|day| day.map(|day| day.0)).collect();
                return (vec![Arc::new(days)], repairs);
            }
            Self::Flag(mut values) => vec![Arc::new(values.finish())],
            Self::Relations { mut words, coded } => {
                let codes: Vec<(u8, bool)> = coded.iter().map(|(_, code)| *code).collect();
                let mut unknown = Vec::new();
                for ((at, _), word) in coded.iter().zip(kinship::decoded(&codes)) {
                    words[*at as usize] = word;
                    unknown.extend(word.is_none().then_some((*at, Repair::UnknownCode)));
                }
                return (vec![Arc::new(words.into_iter().collect::<StringArray>())], unknown);
            }
        };
        (arrays, Vec::new())
    }
}

/// What says a code besides its own column: words in other cells of the row, and what the sheet as a whole says.
#[derive(Clone, Debug, Default)]
pub(super) struct Said<'a> {
    /// Word → value.
    pub(super) words: &'a [(String, String)],
    /// Columns that may hold one.
    pub(super) beside: Vec<usize>,
    /// What title and names say.
    pub(super) heading: Option<String>,
}

impl<'a> Said<'a> {
    /// Whether anything may say the code.
    pub(super) fn is_told(&self) -> bool {
        self.heading.is_some() || !self.beside.is_empty()
    }

    /// The one value that a text says; none where it says several.
    pub(super) fn value_in(words: &'a [(String, String)], text: &str) -> Option<&'a str> {
        let mut found = words.iter().filter(|(word, _)| text.contains(word.as_str())).map(|(_, value)| value.as_str());
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }
}

/// A field that needs nothing but its own cells.
pub(super) struct FieldColumn<'a> {
    pub(super) field: &'a str,
    pub(super) kind: FieldKind,
    pub(super) positions: Vec<usize>,
    /// Whether no column of the table is the field's: only lines between rows may say it.
    pub(super) is_unmapped: bool,
    pub(super) order: u16,
    pub(super) codes: CodeTable<'a>,
    /// Of amounts: what they are for.
    pub(super) amounts: Option<Amounts>,
    /// What a blank year takes from the sheet.
    pub(super) fallback: Option<i32>,
    /// Who else says a code.
    pub(super) said: Said<'a>,
    /// Of identifiers: with fewer digits it is none.
    pub(super) least_digits: usize,
    /// Of dates: which day a cell means that does not say just one.
    pub(super) day: DayMeant,
    /// Of fields that say whether a row still counts: what they say, instead of builders.
    pub(super) status: Option<StatusColumn<'a>>,
    /// Of a pupil's stage and grade: how each is read with the other.
    pub(super) schooling: Option<Schooling<'a>>,
    /// Of codes before which a year may stand: the years.
    pub(super) years: Option<Years<'a>>,
    /// Of years: what says in which year of a school year a row is.
    pub(super) terms: Option<Terms>,
    /// Of counts: whether filled cells are counted.
    pub(super) is_counted: bool,
    pub(super) builders: Builders,
}

/// Which day a cell means that does not say just one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DayMeant {
    /// The one that is written.
    Written,
    /// Of a range the last: something ends on it.
    LastOfRange,
    /// Of a month or a year the last.
    LastOfMonth,
}

/// School years, of which the term says in which year a row is.
#[derive(Debug)]
pub(super) struct Terms {
    /// Columns of the term.
    pub(super) positions: Vec<usize>,
    /// The school year that the title names.
    pub(super) titled: Option<String>,
}

impl Terms {
    /// The school year that a row's cell names or, with nothing in it, the title; none where the term names its year itself.
    fn school_year<'t>(&'t self, term: &str, written: &'t str) -> Option<&'t str> {
        let titled = self.titled.as_deref().filter(|_| written.is_empty());
        let names_year = term.contains('年') && !term.contains("全年");
        vocabulary::school_year(written).or(titled).filter(|_| !names_year)
    }
}

/// Years before codes: `2016年脱贫`, `2018年春`.
#[derive(Debug)]
pub(super) struct Years<'a> {
    pub(super) of: &'a DatedCode,
    /// The year of the run.
    pub(super) period: i32,
    /// Whether no column says the year by itself.
    pub(super) comes_first: bool,
    pub(super) values: Int32Builder,
}

impl Years<'_> {
    /// The code behind a year, where it can be of that year; notes the year.
    fn push<'c>(&mut self, codes: &mut CodeTable<'c>, written: &str) -> Option<&'c str> {
        let whole = codes.get(written);
        let split = if whole.is_some() { None } else { vocabulary::behind_year(written) };
        let code = split.as_ref().and_then(|(year, rest)| Some((*year, codes.get(rest)?)));
        let is_past = |code: &str| self.of.past.iter().any(|past| past == code);
        // Who is to leave poverty by the end of the year has not left it.
        let code =
            code.filter(
                |(year, code)| if is_past(code) { *year < self.period } else { !self.of.past.is_empty() || *year <= self.period },
            );
        let year = code.filter(|(_, code)| self.of.past.is_empty() || is_past(code)).map(|(year, _)| year);
        self.values.append_option(year);
        whole.or(code.map(|(_, code)| code))
    }
}

impl FieldColumn<'_> {
    /// Of a field of codes that several columns may be, the first whose word is known, per row; else nothing.
    fn known_positions(&mut self, table: &RawTable, kept: &[usize], none_is_said: bool) -> Vec<Option<usize>> {
        if self.kind != FieldKind::Code || self.positions.len() < 2 {
            return Vec::new();
        }
        let (codes, words) = (&mut self.codes, self.said.words);
        let mut is_known = |position: usize, row: usize| {
            let (_, written) = first_said(table, &[position], row, none_is_said);
            !written.is_empty() && (codes.get(written).is_some() || Said::value_in(words, written).is_some())
        };
        kept.iter().map(|row| self.positions.iter().copied().find(|position| is_known(*position, *row))).collect()
    }

    /// Appends the cells of the kept rows.
    pub(super) fn push(&mut self, table: &RawTable, kept: &[usize], as_of: Day, log: &mut Log) {
        if let (Some(amounts), Builders::Int64(values)) = (&mut self.amounts, &mut self.builders) {
            return amounts.push(table, kept, values, log, self.order);
        }
        if let Some(status) = &mut self.status {
            return status.push(table, &self.positions, kept, &mut self.codes, as_of);
        }
        let mut note = Notes { log, order: self.order };
        let none_is_said = match self.kind {
            FieldKind::YesNo => true,
            FieldKind::Code => self.codes.get(NONE).is_some(),
            _ => false,
        };
        // Of several columns the one whose word is known: `供养类别` says another thing than `供养方式`.
        let known = self.known_positions(table, kept, none_is_said);
        let positions =
            |at: u32| known.get(at as usize).and_then(|at| at.as_ref()).map_or(&self.positions[..], std::slice::from_ref);
        let cells = kept.iter().zip(0..).map(|(&row, at)| (at, first_said(table, positions(at), row, none_is_said)));
        match (&mut self.builders, self.kind) {
            (Builders::Number([text, state, raw]), _) => {
                for (at, (kind, written)) in cells {
                    let reading = id_number::clean(kind, written, as_of);
                    append(text, &reading.text);
                    state.append_value(reading.state.as_str());
                    append_raw(raw, written, &reading.text);
                    note.all(at, reading.repairs);
                }
            }
            (Builders::TextAndRaw([text, raw]), _) => {
                for (at, (_, written)) in cells {
                    let reading = name::clean(shorten(written, at, &mut note));
                    append(text, &reading.text);
                    append_raw(raw, written, &reading.text);
                    note.all(at, reading.repairs);
                }
            }
            (Builders::Int64(values), _) if self.is_counted => {
                for &row in kept {
                    let cells = self.positions.iter().map(|at| first_cell(table, &[*at], row).1);
                    let filled =
                        cells.filter(|text| text.chars().any(char::is_alphanumeric) || vocabulary::yes_no(text) == Some(true));
                    let done = filled.filter(|text| vocabulary::yes_no(text) != Some(false)).count();
                    // That nothing was filled in does not say that nothing was done.
                    values.append_option(i64::try_from(done).ok().filter(|done| *done > 0));
                }
            }
            (Builders::Int64(values), _) => {
                for (at, (_, written)) in cells {
                    let read = count(written);
                    note.unless(read.is_some() || written.is_empty(), at, Repair::Unreadable);
                    values.append_option(read);
                }
            }
            (Builders::Int32(values), kind) => {
                for (at, (cell, written)) in cells {
                    let term = |terms: &Terms| first_cell(table, &terms.positions, kept[at as usize]).1;
                    let of_school =
                        self.terms.as_ref().and_then(|terms| Some((terms.school_year(term(terms), written)?, term(terms))));
                    if let Some((school_year, term)) = of_school {
                        let year = vocabulary::year_of_term(school_year, term);
                        note.unless(year.is_some(), at, Repair::Unreadable);
                        values.append_option(year);
                        continue;
                    }
                    let read = match kind {
                        FieldKind::Month => date::read_month(cell, written).map(Month::yyyymm),
                        _ => date::read_year(cell, written),
                    };
                    if written.is_empty() {
                        // Said once per sheet where the column is missing altogether: the source has the data date.
                        note.unless(self.is_unmapped || self.fallback.is_none(), at, Repair::FromDataDate);
                        values.append_option(self.fallback);
                    } else {
                        note.unless(read.is_some(), at, Repair::Unreadable);
                        values.append_option(read);
                    }
                }
            }
            (Builders::Date(days), _) => {
                for (at, (cell, written)) in cells {
                    let written = if self.day == DayMeant::LastOfRange { date::end_of_range(written) } else { written };
                    let endless = ENDLESS.contains(&written.trim());
                    let last = if self.day == DayMeant::LastOfMonth { date::last_day_named(cell, written) } else { None };
                    let last = last.map(|day| day.to_string());
                    let readable = days.push(cell, if endless { "" } else { last.as_deref().unwrap_or(written) });
                    note.unless(readable, at, Repair::Unreadable);
                }
            }
            (Builders::Flag(values), _) => {
                for (at, (_, written)) in cells {
                    let read = if written.is_empty() { None } else { vocabulary::yes_no(written) };
                    note.unless(read.is_some() || written.is_empty(), at, Repair::UnknownCode);
                    values.append_option(read);
                }
            }
            (Builders::Relations { words, coded }, _) => {
                let mut met: HashMap<&str, Option<&'static str>> = HashMap::new();
                for (at, (_, written)) in cells {
                    let code = kinship::code(written);
                    coded.extend(code.map(|code| (note.log.base + at, code)));
                    let is_word = !written.is_empty() && code.is_none();
                    let word = is_word.then(|| *met.entry(written).or_insert_with(|| kinship::relation(written))).flatten();
                    note.unless(word.is_some() || !is_word, at, Repair::UnknownCode);
                    words.push(word);
                }
            }
            (Builders::Text(text), FieldKind::Code) if !self.said.words.is_empty() => {
                for (at, (_, written)) in cells {
                    let own = if written.is_empty() { None } else { self.codes.get(written).map(str::to_owned) };
                    let own = own.or_else(|| Said::value_in(self.said.words, written).map(str::to_owned));
                    note.unless(own.is_some() || written.is_empty(), at, Repair::UnknownCode);
                    let row = kept[at as usize];
                    let (_, beside) = first_said(table, &self.said.beside, row, false);
                    let beside = match own {
                        None if !beside.is_empty() => {
                            let said = Said::value_in(self.said.words, beside);
                            said.map(str::to_owned).or_else(|| self.codes.get(beside).map(str::to_owned))
                        }
                        _ => None,
                    };
                    text.append_option(own.or(beside).as_deref().or(self.said.heading.as_deref()));
                }
            }
            (Builders::Text(text), kind) => {
                for (at, (cell, written)) in cells {
                    if written.is_empty() {
                        text.append_option(self.said.heading.as_deref());
                        self.years.iter_mut().for_each(|years| years.values.append_null());
                        continue;
                    }
                    match kind {
                        FieldKind::Code => {
                            let row = kept[at as usize];
                            let of_stage = match &mut self.schooling {
                                Some(schooling) if self.field == GRADE => schooling.grade(table, row, written),
                                _ => None,
                            };
                            let value = match (of_stage, &mut self.years) {
                                (Some(grade), _) => Some(grade),
                                (None, Some(years)) => years.push(&mut self.codes, written),
                                (None, None) => self.codes.get(written),
                            };
                            let of_grade = self.schooling.as_mut().filter(|_| value.is_none() && self.field != GRADE);
                            let value = value.or(of_grade.and_then(|schooling| schooling.stage(table, row)));
                            code(text, value, at, &mut note);
                        }
                        FieldKind::CodeList => {
                            let (values, complete) = code_list(&mut self.codes, written);
                            note.unless(complete, at, Repair::UnknownCode);
                            append(text, &values);
                        }
                        FieldKind::Phone => match phone::clean(shorten(written, at, &mut note)) {
                            Ok((phone, repairs)) => {
                                note.all(at, repairs);
                                append(text, &phone);
                            }
                            Err(why) => {
                                note.one(at, why);
                                text.append_null();
                            }
                        },
                        FieldKind::Identifier => {
                            let mut repairs = Repairs::default();
                            let is_number = cell == CellKind::Number;
                            let code = bare::identifier(shorten(written, at, &mut note), is_number, &mut repairs);
                            let is_short = |code: &str| code.bytes().filter(u8::is_ascii_digit).count() < self.least_digits;
                            let code = code.filter(|code| {
                                let short = is_short(code);
                                if short {
                                    repairs.insert(Repair::NoNumber);
                                }
                                !short
                            });
                            append(text, code.as_deref().unwrap_or(""));
                            note.all(at, repairs);
                        }
                        _ => match vocabulary::form(written) {
                            Some(choice) => {
                                note.unless(!choice.is_empty(), at, Repair::UnknownCode);
                                append(text, &choice);
                            }
                            None => append(text, shorten(written.trim(), at, &mut note)),
                        },
                    }
                }
            }
        }
    }
}

/// What stands in a date column for a day that never comes: as good as blank.
const ENDLESS: [&str; 3] = ["长期", "长期有效", "永久"];

/// Canonical values of a multi-valued cell, sorted and joined with commas, and whether every part was known.
pub(super) fn code_list(codes: &mut CodeTable<'_>, written: &str) -> (String, bool) {
    let mut complete = true;
    let mut values: Vec<&str> = Vec::new();
    for part in vocabulary::parts(written) {
        match codes.get(part) {
            Some(value) => values.push(value),
            None => complete = false,
        }
    }
    values.sort_unstable();
    values.dedup();
    (values.join(","), complete)
}

fn code(builder: &mut StringBuilder, value: Option<&str>, at: u32, note: &mut Notes<'_>) {
    note.unless(value.is_some(), at, Repair::UnknownCode);
    builder.append_option(value);
}

/// A whole number: `3`, `3.0`, `3人`, `3次`, `3个月`.
fn count(text: &str) -> Option<i64> {
    let digits = text.trim().trim_end_matches(['人', '口', '个', '户', '次', '月', '天', '名']);
    // Fen of as many yuan: the same decimal grammar.
    money::read(digits, Unit::YUAN).filter(|hundredths| hundredths % 100 == 0).map(|hundredths| hundredths / 100)
}
