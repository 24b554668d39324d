//! Where the table's header is: one to three rows among the first thirty, read from words that are known as headers.
//!
//! The anchor is the first row with about as many known words as any; rows above and below join it where merged areas or empty
//! continuation cells tie them together. A sheet without such a row, or one whose row labels are what is counted (a
//! cross-tab), is told apart here.

use std::collections::{BTreeMap, BTreeSet};

use super::characters::has_digits;
use super::grid::Merge;
use super::spelling::{loose_readings, readings};
use crate::config::registry::{Dictionary, fold_header};
use crate::model::columns::{DISABILITY_NO, HEAD_ID, HEAD_NAME, ID_NUMBER, NAME, PERSON_CODE, TOWN};
use crate::model::field::FieldKind;
use crate::model::raw::{CellKind, HeaderColumn};

/// Rows looked at, blank ones not counted.
pub(super) const WINDOW: usize = 30;
/// A header of fewer known words is not believed.
const ENOUGH: usize = 2;
/// Known words that make a header of a row with somebody's number in it.
const SURELY: usize = 4;
/// Rows of a header at most.
const LEVELS: usize = 3;

/// Fields that a household's form says for all its members.
const OF_HOUSEHOLD: [&str; 22] = [
    "county",
    "town",
    "village",
    "group",
    "address",
    "household_code",
    "household_size",
    "covered_count",
    "household_amount_fen",
    "dibao_no",
    "phone",
    "account_number",
    "account_name",
    "poverty_status",
    "attribute",
    "poverty_cause",
    "policy_type",
    "head_name",
    "head_id_number",
    "month",
    "year",
    "start_month",
];

/// What a word means as a header.
#[derive(Debug, Default)]
struct Word {
    /// A person's name or number.
    is_identity: bool,
    /// The name of the person, or the head of household, that a row is about.
    is_name: bool,
    /// Something of the household rather than of one person.
    is_of_household: bool,
    /// Fields that it may be.
    fields: Vec<String>,
}

/// What `同上` does in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ditto {
    /// The row's own name, or its number.
    Name,
    Number,
    /// A code that no two persons share.
    OwnCode,
    Anything,
}

impl Ditto {
    pub(super) fn fills(self, is_same_person: &dyn Fn() -> bool) -> bool {
        match self {
            Self::Name | Self::Number => is_same_person(),
            Self::OwnCode => false,
            Self::Anything => true,
        }
    }
}

/// Every header spelling of a dictionary, for spotting header rows.
#[derive(Debug)]
pub struct Vocabulary {
    /// By folded spelling.
    words: BTreeMap<String, Word>,
}

impl Vocabulary {
    /// From the shared and the registries' own aliases.
    #[must_use]
    pub fn new(dictionary: &Dictionary) -> Self {
        let shared = dictionary.fields.values().flat_map(|field| field.aliases.iter().map(|alias| (field.name.as_str(), alias)));
        let uses = dictionary.registries.iter().flat_map(|registry| &registry.fields);
        let own = uses.flat_map(|usage| usage.aliases.iter().map(|alias| (usage.field.as_str(), alias)));
        let mut vocabulary = Self::of_fields(shared.chain(own).map(|(field, alias)| (field, alias.as_str())));
        for word in vocabulary.words.values_mut() {
            let is_kind = |field: &String| {
                let kind = dictionary.fields.get(field).map(|definition| definition.kind);
                matches!(kind, Some(FieldKind::Name | FieldKind::IdNumber | FieldKind::DisabilityNumber))
            };
            word.is_identity = word.fields.iter().any(is_kind);
            word.is_of_household = word.fields.iter().any(|field| OF_HOUSEHOLD.contains(&field.as_str()));
            word.is_name = word.fields.iter().any(|field| field == NAME || field == HEAD_NAME);
        }
        // Not fields, but nothing else is headed so.
        for word in ["序号", "编号", "备注", "年龄", "民族", "文化程度", "开户银行", "账户名称"] {
            vocabulary.words.entry(word.to_owned()).or_default();
        }
        vocabulary
    }

    /// From fields with their folded spellings, none of which says what a person is.
    #[must_use]
    pub fn of_fields<'w>(spellings: impl IntoIterator<Item = (&'w str, &'w str)>) -> Self {
        let mut words: BTreeMap<String, Word> = BTreeMap::new();
        for (field, word) in spellings {
            let known = words.entry(word.to_owned()).or_default();
            if known.fields.iter().all(|known| known != field) {
                known.fields.push(field.to_owned());
            }
        }
        Self { words }
    }

    /// Whether a row of cells is a header by its words: at least three known ones, and half of the cells.
    pub(super) fn is_header(&self, cells: &[super::rows::Cell<'_>]) -> bool {
        let is_known = |text: &str| readings(text).iter().any(|reading| self.words.contains_key(reading));
        let known = || cells.iter().filter(|(_, kind, text)| *kind == CellKind::Text && is_known(text)).count();
        cells.len() >= 3 && known() >= (cells.len() / 2).max(3)
    }

    /// Whether a header names the person, or the head of household, that a row is about.
    #[must_use]
    pub fn is_name(&self, header: &str) -> bool {
        self.knows(header).is_some_and(|word| word.is_name)
    }

    /// Whether a header is of towns.
    pub(super) fn is_town(&self, header: &str) -> bool {
        self.knows(header).is_some_and(|word| word.fields.iter().any(|field| field == TOWN))
    }

    /// What `同上` means under a header.
    pub(super) fn ditto(&self, header: &str) -> Ditto {
        let Some(word) = self.knows(header) else { return Ditto::Anything };
        let is = |field: &str| word.fields.iter().any(|known| known == field);
        match () {
            () if is(HEAD_NAME) || is(HEAD_ID) => Ditto::Anything,
            () if is(NAME) => Ditto::Name,
            () if is(ID_NUMBER) => Ditto::Number,
            () if is(DISABILITY_NO) || is(PERSON_CODE) || is("student_no") => Ditto::OwnCode,
            () => Ditto::Anything,
        }
    }

    /// Whether a header is known at all.
    pub(super) fn is_word(&self, header: &str) -> bool {
        self.knows(header).is_some()
    }

    /// Whether a header says something of a household rather than of one person.
    pub(super) fn is_of_household(&self, header: &str) -> bool {
        self.knows(header).is_some_and(|word| word.is_of_household)
    }

    /// Whether a header is a person's number.
    pub(super) fn is_number(&self, header: &str) -> bool {
        self.knows(header).is_some_and(|word| word.is_identity && !word.is_name)
    }

    /// Whether two headers are the same word, or may be the same field.
    pub(super) fn same_field(&self, one: &str, other: &str) -> bool {
        let shared = || {
            let (one, other) = (self.knows(one)?, self.knows(other)?);
            one.fields.iter().any(|field| other.fields.contains(field)).then_some(())
        };
        fold_header(one) == fold_header(other) || shared().is_some()
    }

    fn knows(&self, header: &str) -> Option<&Word> {
        let exact = readings(header).iter().find_map(|reading| self.words.get(reading));
        exact.or_else(|| loose_readings(header).iter().find_map(|reading| self.words.get(reading)))
    }
}

/// A non-blank row of the window.
pub(super) struct WindowRow {
    pub(super) row: u32,
    pub(super) cells: Vec<(u32, CellKind, String)>,
}

impl WindowRow {
    pub(super) fn text(&self, column: u32) -> &str {
        self.cells.iter().find(|(at, ..)| *at == column).map_or("", |(.., text)| text)
    }

    /// Known words, distinct.
    fn known(&self, vocabulary: &Vocabulary) -> usize {
        // A header may hold a year as a number; a row with an ID, or mostly numbers, is data.
        let texts = self.cells.iter().filter(|(_, kind, _)| *kind == CellKind::Text).count();
        if texts * 4 < self.cells.len() * 3 {
            return 0;
        }
        let known: BTreeSet<&str> =
            self.cells.iter().map(|(.., text)| text.as_str()).filter(|text| vocabulary.knows(text).is_some()).collect();
        // Somebody's number may stand behind a header, as nothing but headers stand in it.
        let has_number = self.cells.iter().any(|(.., text)| has_digits(text, 14));
        let is_header = known.len() >= SURELY && known.len() * 3 >= self.cells.len() * 2;
        if has_number && !is_header { 0 } else { known.len() }
    }

    /// Nothing in it is a number, a date or an ID.
    fn is_wordy(&self) -> bool {
        self.cells.iter().all(|(_, kind, text)| *kind == CellKind::Text && !has_digits(text, 6))
    }
}

/// A header found in a window.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Positions in the window.
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) columns: Vec<HeaderColumn>,
}

/// What a window holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Header(Header),
    CrossTab { row: u32 },
    Nothing,
}

/// Looks for the header.
pub(super) fn find(window: &[WindowRow], merges: &[Merge], vocabulary: &Vocabulary) -> Found {
    let known: Vec<usize> = window.iter().map(|row| row.known(vocabulary)).collect();
    let best = known.iter().copied().max().unwrap_or(0);
    // The first good row, not the best: a second table further down may have more columns.
    let anchor = known.iter().position(|&known| known >= ENOUGH && known * 3 >= best * 2);
    let Some(anchor) = anchor else {
        return cross_tab(window, 0, vocabulary).map_or(Found::Nothing, |row| Found::CrossTab { row });
    };
    let mut header = (anchor, anchor);
    while header.1 - header.0 + 1 < LEVELS && header.1 + 1 < window.len() && continues(window, header.1, merges, vocabulary) {
        header.1 += 1;
    }
    while header.1 - header.0 + 1 < LEVELS && header.0 > 0 && heads(window, header.0 - 1, merges) {
        header.0 -= 1;
    }
    let columns = compose(&window[header.0..=header.1], merges);
    let identity = columns.iter().any(|column| vocabulary.knows(&column.text).is_some_and(|word| word.is_identity));
    if !identity && let Some(row) = cross_tab(window, header.1, vocabulary) {
        return Found::CrossTab { row };
    }
    Found::Header(Header { first: header.0, last: header.1, columns })
}

fn covering(merges: &[Merge], row: u32, column: u32) -> Option<&Merge> {
    merges.iter().find(|merge| {
        (merge.first_row..=merge.last_row).contains(&row) && (merge.first_column..=merge.last_column).contains(&column)
    })
}

/// Whether the row after `position` is a further level of the header that ends there.
fn continues(window: &[WindowRow], position: usize, merges: &[Merge], vocabulary: &Vocabulary) -> bool {
    let (upper, lower) = (&window[position], &window[position + 1]);
    if lower.row != upper.row + 1 || !lower.is_wordy() || (lower.cells.len() < 2 && merges.is_empty()) {
        return false;
    }
    let over = |column: u32| covering(merges, upper.row, column);
    let across = lower.cells.iter().any(|(column, ..)| over(*column).is_some_and(|merge| merge.last_column > merge.first_column));
    // Text under a single cell that is no group is data.
    let fits = lower.cells.iter().all(|(column, ..)| match over(*column) {
        Some(merge) => merge.last_column > merge.first_column,
        None => upper.text(*column).is_empty() || (upper.text(*column + 1).is_empty() && !lower.text(*column + 1).is_empty()),
    });
    let fills = lower.cells.iter().any(|(column, ..)| upper.text(*column).is_empty());
    // The same words again are a page break, not a level.
    let repeats = lower.known(vocabulary) > 0 && lower.cells.iter().all(|(column, _, text)| upper.text(*column) == text);
    !repeats && fits && (across || (fills && upper.cells.len() > 1))
}

/// Whether the row at `position` holds groups over the header below it.
fn heads(window: &[WindowRow], position: usize, merges: &[Merge]) -> bool {
    let (upper, lower) = (&window[position], &window[position + 1]);
    let title = |text: &str| text.chars().count() > 16 || text.contains([':', '：']) || has_digits(text, 4);
    if lower.row != upper.row + 1 || !upper.is_wordy() || upper.cells.iter().any(|(.., text)| title(text)) {
        return false;
    }
    let width = lower.cells.last().map_or(0, |(column, ..)| column + 1);
    let areas: Vec<&Merge> = upper.cells.iter().filter_map(|(column, ..)| covering(merges, upper.row, *column)).collect();
    if areas.iter().any(|merge| merge.first_row == upper.row && merge.last_row > upper.row) {
        return true;
    }
    let group = areas.iter().any(|merge| {
        let span = merge.last_column - merge.first_column + 1;
        // One merge alone from the first column on is a title that was made too narrow.
        span >= 2 && span * 5 < width * 4 && (upper.cells.len() > 1 || merge.first_column > 0)
    });
    // Without merges: several words, each over a word of the row below or alone over nothing.
    let spread =
        merges.is_empty() && upper.cells.len() >= 2 && lower.cells.iter().any(|(column, ..)| upper.text(*column).is_empty());
    group || (spread && upper.cells.iter().any(|(column, ..)| lower.text(*column).is_empty()))
}

/// Joins the levels column by column; a column of which no cell is its own continues a merge and is none.
fn compose(rows: &[WindowRow], merges: &[Merge]) -> Vec<HeaderColumn> {
    let indices: BTreeSet<u32> = rows.iter().flat_map(|row| row.cells.iter().map(|(column, ..)| *column)).collect();
    let column = |index: u32| {
        let mut levels: Vec<String> = Vec::new();
        for depth in 0..rows.len() {
            let clean: String = level_text(rows, depth, index, merges).split(['\n', '\r']).map(str::trim).collect();
            if !clean.is_empty() && levels.last() != Some(&clean) {
                levels.push(clean);
            }
        }
        HeaderColumn { index, text: levels.join("/") }
    };
    indices.into_iter().map(column).collect()
}

/// The text over `index` at `depth`: its own, that of the merge it lies in, or that of the group it continues.
fn level_text<'a>(rows: &'a [WindowRow], depth: usize, index: u32, merges: &[Merge]) -> &'a str {
    let row = &rows[depth];
    let own = row.text(index);
    if !own.is_empty() {
        return own;
    }
    if let Some(merge) = covering(merges, row.row, index) {
        return rows.iter().find(|row| row.row == merge.first_row).map_or("", |row| row.text(merge.first_column));
    }
    let worded_below = |column: u32| rows.iter().skip(depth + 1).any(|row| !row.text(column).is_empty());
    if merges.iter().any(|merge| (merge.first_row..=merge.last_row).contains(&row.row)) || !worded_below(index) {
        return "";
    }
    // No merges are told (text formats): the group to the left goes on where words stand below both.
    let left = row.cells.iter().rev().find(|(column, ..)| *column < index);
    left.filter(|(column, ..)| worded_below(*column)).map_or("", |(.., text)| text)
}

/// The row of a cross-tab's first label: at least two rows below `from` start with a label of what is counted and go on
/// with numbers or dashes only, and no row is about a person.
fn cross_tab(window: &[WindowRow], from: usize, vocabulary: &Vocabulary) -> Option<u32> {
    const COUNTED: [&str; 6] = ["人数", "金额", "户数", "学生数", "次数", "合计"];
    let counts = |row: &&WindowRow| {
        let Some(((.., label), rest)) = row.cells.split_first() else { return false };
        let label = fold_header(label);
        let numeric = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || "-.,—–%/".contains(c));
        let values = rest.iter().skip_while(|(_, kind, text)| *kind == CellKind::Text && !numeric(text)).collect::<Vec<_>>();
        let wordy = COUNTED.iter().any(|word| label.ends_with(word))
            || rest.first().is_some_and(|(.., text)| COUNTED.iter().any(|word| fold_header(text).ends_with(word)));
        wordy && values.len() >= 2 && values.iter().all(|(_, kind, text)| *kind == CellKind::Number || numeric(text))
    };
    let person = window
        .iter()
        .skip(from)
        .any(|row| row.cells.iter().any(|(.., text)| vocabulary.knows(text).is_some_and(|word| word.is_identity)));
    let mut rows = window.iter().skip(from).filter(counts);
    let first = rows.next()?;
    rows.next().filter(|_| !person).map(|_| first.row)
}
