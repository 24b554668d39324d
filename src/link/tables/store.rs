//! The rows of the tables as columns of numbers: every distinct value once, in a form ready to be compared.
//!
//! Takes a [`RecordSet`] whose columns are the model's fields as text; gives a [`Store`]. Rows stand in *canonical order*: by table, then by a hash of
//! what they say, so that nothing later depends on the order of rows in the files. Cost: linear, one hash per cell; fields on as many
//! threads as rayon has.

use arrow::array::{Array, StringArray};
use rayon::prelude::*;

use crate::config::tables::{KeyForm, Kind, TablesModel, Task};
use crate::link::hash::{self, WordMap};
use crate::link::position::{NONE, dense};
use crate::model::date::Day;
use crate::model::identity::id::Number;
use crate::model::identity::name::FoldedName;
use crate::model::record::{RecordSet, RegistryRecords};
use crate::model::similarity::Outline;

/// What parts the values of a list.
const SEPARATORS: [char; 9] = [';', ',', '|', '、', '，', '；', '\n', '\r', '\t'];

/// A resident number, as far as it can be read.
#[derive(Clone)]
pub(super) struct IdForm {
    /// Eighteen characters, valid or not.
    pub(super) number: Option<Number>,
    /// Whether checksum, region and date hold.
    pub(super) valid: bool,
}

/// Distinct values in the form that their kind's tests want.
pub(super) enum Forms {
    Plain,
    Names(Vec<FoldedName>),
    Numbers(Vec<f64>),
    Days(Vec<Day>),
    Ids(Vec<IdForm>),
    /// Sorted hashes of the parts.
    Lists(Vec<Vec<u64>>),
}

/// One field of all rows.
pub(super) struct Column {
    /// Per row, the value; [`NONE`] for none.
    pub(super) ids: Vec<u32>,
    /// The distinct values' texts end to end, and where each ends.
    text: String,
    ends: Vec<usize>,
    /// A key per distinct value.
    pub(super) keys: Vec<u64>,
    pub(super) forms: Forms,
    /// Characters of the distinct values end to end, and where each ends; empty where no test needs them.
    symbols: Vec<char>,
    symbol_ends: Vec<u32>,
    pub(super) outlines: Vec<Outline>,
}

impl Column {
    /// A value's text.
    pub(super) fn text(&self, value: u32) -> &str {
        let value = value as usize;
        let start = value.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        let range = start.zip(self.ends.get(value).copied());
        range.and_then(|(start, end)| self.text.get(start..end)).unwrap_or("")
    }

    /// A value's characters.
    pub(super) fn symbols(&self, value: u32) -> &[char] {
        span(&self.symbol_ends, value as usize).and_then(|range| self.symbols.get(range)).unwrap_or(&[])
    }

    /// Number of distinct values.
    pub(super) fn distinct(&self) -> usize {
        self.ends.len()
    }

    fn empty(rows: usize) -> Self {
        Self {
            ids: vec![NONE; rows],
            text: String::new(),
            ends: Vec::new(),
            keys: Vec::new(),
            forms: Forms::Plain,
            symbols: Vec::new(),
            symbol_ends: Vec::new(),
            outlines: Vec::new(),
        }
    }
}

/// Where the things of `at` stand, of what lies end to end.
pub(super) fn span(ends: &[u32], at: usize) -> Option<std::ops::Range<usize>> {
    let start = if at == 0 { 0 } else { *ends.get(at - 1)? as usize };
    Some(start..*ends.get(at)? as usize)
}

/// All rows of a run.
pub(super) struct Store {
    /// Rows of the left table, which come first; all rows where one table is deduplicated.
    pub(super) left: u32,
    /// Canonical position → row of the [`RecordSet`].
    pub(super) order: Vec<u32>,
    /// One per field of the model; fields that nothing looks at are empty.
    pub(super) columns: Vec<Column>,
}

impl Store {
    /// Reads the columns. `symbols` says which fields are compared character by character.
    pub(super) fn new(records: &RecordSet, model: &TablesModel, symbols: &[bool]) -> Self {
        let uses = uses(model);
        let arrays: Vec<Vec<Option<&StringArray>>> = model
            .fields
            .iter()
            .map(|field| records.registries.iter().map(|registry| registry.text(&field.name)).collect())
            .collect();
        let left = match model.task {
            // A table of much text stands in several parts.
            Task::Link => {
                let first = records.registries.first().map(|registry| &registry.registry);
                let of_first = records.registries.iter().take_while(|registry| Some(&registry.registry) == first);
                dense(of_first.map(RegistryRecords::len).sum())
            }
            Task::Deduplicate | Task::ByFiles => dense(records.len()),
        };
        let order = canonical_order(records, model, &arrays, left);
        let columns = (0..model.fields.len())
            .into_par_iter()
            .map(|field| match uses[field] {
                Use::Nowhere => Column::empty(order.len()),
                Use::Key => keys_only(records, &arrays[field], &order),
                Use::Values => column(model.fields[field].kind, records, &arrays[field], &order, symbols[field]),
            })
            .collect();
        Self { left, order, columns }
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// The value of a row, if it has one.
    pub(super) fn value(&self, field: usize, row: u32) -> Option<u32> {
        self.columns.get(field)?.ids.get(row as usize).copied().filter(|id| *id != NONE)
    }
}

/// What is done with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    Nowhere,
    /// Rows that say the same word for word are paired, nothing else is asked.
    Key,
    Values,
}

fn uses(model: &TablesModel) -> Vec<Use> {
    let mut uses = vec![Use::Nowhere; model.fields.len()];
    for part in model.rules.iter().flat_map(|rule| &rule.parts) {
        for field in [part.left, part.right] {
            // Of other kinds, what cannot be read makes no pair.
            let is_key = part.form == KeyForm::Value && model.fields[field].kind == Kind::Text;
            uses[field] = uses[field].max(if is_key { Use::Key } else { Use::Values });
        }
    }
    for field in model.comparisons.iter().flat_map(|comparison| &comparison.on) {
        uses[*field] = Use::Values;
    }
    uses
}

/// Rows by table, then by what they say; rows that say the same are interchangeable and stay in source order.
fn canonical_order(records: &RecordSet, model: &TablesModel, arrays: &[Vec<Option<&StringArray>>], left: u32) -> Vec<u32> {
    let mut keyed: Vec<(u64, u32)> = Vec::with_capacity(records.len());
    for position in 0..records.registries.len() {
        let (offset, length) = (records.offset(position), records.registries[position].len());
        keyed.par_extend((0..length).into_par_iter().map(|row| {
            let key = arrays.iter().enumerate().filter(|(field, _)| Some(*field) != model.truth).fold(0, |key, (_, sides)| {
                let cell = sides[position].filter(|array| array.is_valid(row)).map_or(0, |array| hash::text(array.value(row)));
                hash::pair(key, cell)
            });
            (key, offset + dense(row))
        }));
    }
    let (mine, others) = keyed.split_at_mut(left as usize);
    rayon::join(|| mine.par_sort_unstable(), || others.par_sort_unstable());
    keyed.into_iter().map(|(_, row)| row).collect()
}

/// What the rows say in one field, in the order of the files; empty where they say nothing.
fn cells<'r>(records: &RecordSet, arrays: &[Option<&'r StringArray>]) -> impl Iterator<Item = &'r str> {
    records.registries.iter().zip(arrays).flat_map(|(registry, array)| {
        let text = |row: usize| array.filter(|array| array.is_valid(row)).map_or("", |array| array.value(row));
        (0..registry.len()).map(text)
    })
}

/// A field that only blocks: its keys, and its texts to be told of; no value is looked for among the others.
fn keys_only(records: &RecordSet, arrays: &[Option<&StringArray>], order: &[u32]) -> Column {
    let mut column = Column::empty(0);
    column.keys.reserve(order.len());
    column.ends.reserve(order.len());
    for text in cells(records, arrays) {
        column.text.push_str(text);
        column.ends.push(column.text.len());
        column.keys.push(if text.is_empty() { 0 } else { hash::text(text) });
    }
    column.ids = order.iter().map(|row| if column.keys[*row as usize] == 0 { NONE } else { *row }).collect();
    column
}

fn column(kind: Kind, records: &RecordSet, arrays: &[Option<&StringArray>], order: &[u32], symbols: bool) -> Column {
    let mut column = Column::empty(0);
    let mut ids_of_texts: WordMap<u32> = WordMap::default();
    // Read in the order of the files, where cells lie side by side, then put in canonical order; the numbers themselves mean nothing.
    let mut ids = Vec::with_capacity(order.len());
    for text in cells(records, arrays) {
        ids.push(if text.is_empty() { NONE } else { intern(&mut column, &mut ids_of_texts, text) });
    }
    drop(ids_of_texts);
    column.ids = order.iter().map(|row| ids[*row as usize]).collect();
    // A value that its kind cannot read says nothing.
    let distinct = column.distinct();
    let texts = || (0..distinct).map(|value| column.text(dense(value)));
    let mut readable = vec![true; distinct];
    let forms = match kind {
        Kind::Text => Forms::Plain,
        Kind::Name => Forms::Names(read(texts(), &mut readable, FoldedName::new, || FoldedName::new("?"))),
        Kind::Number => {
            let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
            Forms::Numbers(read(texts(), &mut readable, number, || Some(0.0)))
        }
        Kind::Date => Forms::Days(read(texts(), &mut readable, |text| text.parse::<Day>().ok(), || Some(Day(0)))),
        Kind::IdNumber => Forms::Ids(texts().map(id_form).collect()),
        Kind::List => Forms::Lists(texts().map(parts).collect()),
    };
    if readable.contains(&false) {
        for id in &mut column.ids {
            if *id != NONE && !readable[*id as usize] {
                *id = NONE;
            }
        }
    }
    column.forms = forms;
    if symbols {
        for value in 0..distinct {
            let word: Vec<char> = column.text(dense(value)).chars().collect();
            column.outlines.push(Outline::of(&word));
            column.symbols.extend(word);
            column.symbol_ends.push(dense(column.symbols.len()));
        }
    }
    column
}

/// The id of a text. Texts whose hashes collide take neighbouring words.
fn intern(column: &mut Column, ids_of_texts: &mut WordMap<u32>, text: &str) -> u32 {
    let mut word = hash::text(text);
    loop {
        match ids_of_texts.get(&word) {
            Some(&id) if column.text(id) == text => return id,
            Some(_) => word = word.wrapping_add(1),
            None => break,
        }
    }
    let id = dense(column.ends.len());
    column.text.push_str(text);
    column.ends.push(column.text.len());
    column.keys.push(word);
    ids_of_texts.insert(word, id);
    id
}

fn read<'t, T>(
    texts: impl Iterator<Item = &'t str>,
    readable: &mut [bool],
    form: impl Fn(&str) -> Option<T>,
    nothing: impl Fn() -> Option<T>,
) -> Vec<T> {
    let mut forms = Vec::with_capacity(readable.len());
    for (text, readable) in texts.zip(readable) {
        let read = form(text);
        *readable = read.is_some();
        forms.extend(read.or_else(&nothing));
    }
    forms
}

/// A number of 18 characters, or one of 15 with its century and check character.
fn id_form(text: &str) -> IdForm {
    let old = || {
        let (region, rest) = (text.get(..6)?, text.get(6..15).filter(|_| text.len() == 15)?);
        Number::completed(format!("{region}19{rest}").as_bytes().try_into().ok()?)
    };
    let number = Number::parse(text).or_else(old);
    IdForm { number, valid: number.is_some_and(Number::is_valid) }
}

fn parts(text: &str) -> Vec<u64> {
    let mut parts: Vec<u64> = text.split(SEPARATORS).map(str::trim).filter(|part| !part.is_empty()).map(hash::text).collect();
    parts.sort_unstable();
    parts.dedup();
    parts
}
