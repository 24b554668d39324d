//! The rows of all registries as fixed-size identity records: numbers packed, names interned and folded once, places,
//! households and phones as keys.
//!
//! Takes a [`RecordSet`]; gives a [`Roster`] whose record `i` is `RowId(i)`. Knows nothing of persons. O(rows), about a
//! hundred bytes per row, no text kept but damaged numbers and distinct names.

use arrow::array::{Array, Date32Array, Int32Array, StringArray};
use rayon::prelude::*;

use super::clerical::ClericalDecisions;
use super::hash::{self, WordMap};
use super::position::{NONE, dense};
use crate::config::link::LinkModel;
use crate::model::columns::{self, IdState};
use crate::model::identity::id::{self, Number};
use crate::model::identity::name::{self, FoldedName, NameLevel};
use crate::model::record::{RecordSet, RegistryRecords};
use crate::model::registry::Grain;

/// No birth date.
pub(super) const NO_BIRTH: i32 = i32::MIN;
/// More rows than this, over all files of a code system, are no household. Chosen: the thirty members of the largest household on four lists.
const HOUSEHOLD_ROWS: u32 = 120;
/// `与户主关系` of the head.
const HEAD: &str = "户主";

/// What a row says about who it is.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each says one thing of the row, and none follows from another")]
pub(super) struct Record {
    /// A valid number, packed; 0 for none.
    pub number: u64,
    /// Position in [`Roster::damaged`].
    pub damaged: u32,
    /// Position in [`Roster::names`].
    pub name: u32,
    /// Name of the head of the household, likewise.
    pub head: u32,
    /// Dense id of the household in its code system.
    pub household: u32,
    /// Birth date, from a valid or a damaged number or a column.
    pub birth: i32,
    /// Grain key within the registry: month, kind.
    pub slot: u32,
    /// So many rows of a person under one grain key are no repetition: the months of a quarter.
    pub repeats: Repeats,
    /// Key of the village code; 0 for none.
    pub village: u64,
    /// Key of the town code; 0 for none.
    pub town: u64,
    /// Key of the phone; 0 for none.
    pub phone: u64,
    /// A valid number of a guardian or the spouse, packed; 0 for none.
    pub kin: u64,
    /// `男` 1, `女` 2, unknown 0.
    pub sex: u8,
    /// Birth and sex come from the number, so they say nothing beside it.
    pub birth_from_number: bool,
    /// The row carries the head's number although it is not the head.
    pub borrowed: bool,
    /// The row is the head's.
    pub is_head: bool,
    /// The row states another birth or sex than its valid number: perhaps the number is a relative's.
    pub is_disputed: bool,
}

/// A number that is not valid, as text.
#[derive(Clone)]
pub(super) struct Damaged {
    /// The cleaned text.
    pub text: Box<str>,
    /// What is known of it.
    pub state: IdState,
    /// Valid numbers one slip away.
    pub repairs: Box<[Number]>,
}

/// A distinct name as written.
pub(super) struct Name {
    /// Folded and read.
    pub folded: FoldedName,
    /// Key of the folded characters.
    pub key: u64,
    /// No character is unknown, so that the key finds the same name elsewhere.
    pub whole: bool,
    /// Keys of its sounds.
    pub sounds: Vec<u64>,
    /// Share of rows whose folded name is this.
    pub share: f64,
    /// Share of rows that sound like it.
    pub sound_share: f64,
}

/// Rows `start..end` of one registry.
pub(super) struct Span {
    /// First row.
    pub start: u32,
    /// One past the last.
    pub end: u32,
    /// What a row stands for.
    pub grain: Grain,
}

/// All rows, prepared.
pub(super) struct Roster {
    /// By row.
    pub records: Vec<Record>,
    /// Distinct names.
    pub names: Vec<Name>,
    /// Damaged numbers.
    pub damaged: Vec<Damaged>,
    /// Registries in order.
    pub spans: Vec<Span>,
    /// Number of households.
    pub households: u32,
    /// Whether any number is masked.
    pub any_masked: bool,
    /// Rows that people said are, or are not, one person.
    pub clerical: ClericalDecisions,
    /// Row → the number that people wrote in place of its own and another registry proves, packed.
    pub corrections: WordMap<u64>,
    /// Rows by household: household `h` has those from `household_starts[h]` to the next.
    household_starts: Vec<u32>,
    household_rows: Vec<u32>,
}

/// Columns of one registry that identify a row.
struct Columns<'a> {
    name: Option<&'a StringArray>,
    number: Option<&'a StringArray>,
    state: Option<&'a StringArray>,
    certificate: Option<&'a StringArray>,
    birth: Option<&'a Date32Array>,
    sex: Option<&'a StringArray>,
    village: Option<&'a StringArray>,
    town: Option<&'a StringArray>,
    household: Option<&'a StringArray>,
    head_name: Option<&'a StringArray>,
    head_number: Option<&'a StringArray>,
    kin: [Option<&'a StringArray>; 2],
    relation: Option<&'a StringArray>,
    phone: Option<&'a StringArray>,
    kind: Option<&'a StringArray>,
    /// The month, the first, the last.
    months: [Option<&'a Int32Array>; 3],
    month_state: Option<&'a StringArray>,
    year: Option<&'a Int32Array>,
    repairs: Option<&'a StringArray>,
}

/// How many rows one person may have under one grain key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeats {
    /// One.
    Once,
    /// As many as the months that the row is for.
    Months(u8),
    /// The month is not said: three rows may be a quarter's.
    Unsaid,
    /// Back payments, and rows for months that nobody can read.
    Any,
}

impl Repeats {
    /// Whether so many rows repeat nothing.
    pub(super) fn allow(self, rows: usize) -> bool {
        match self {
            Self::Once => rows <= 1,
            Self::Months(months) => rows <= usize::from(months),
            Self::Unsaid => matches!(rows, 1 | 3),
            Self::Any => true,
        }
    }
}

/// What of a grain key is the month's, and how many rows may share it. What is for several months, or no month's own payment, is apart from the
/// months themselves.
fn of_months(columns: &Columns<'_>, row: usize, grain: Grain) -> (u32, Repeats) {
    // Above the bits of a month (YYYYMM) and of a count of months.
    const OTHER_PERIOD: u32 = 1 << 22;
    let [month, from, to] =
        columns.months.map(|column| column.filter(|column| column.is_valid(row)).map(|column| column.value(row)));
    let month_of = |month: Option<i32>| month.map_or(0, i32::unsigned_abs);
    if matches!(grain, Grain::Person | Grain::Event) {
        return (month_of(month), Repeats::Once);
    }
    if at(columns.month_state, row).is_some() {
        return (month_of(month) ^ OTHER_PERIOD, Repeats::Any);
    }
    match (from, to) {
        (Some(from), Some(to)) if from != to => {
            let count = (to / 100 - from / 100) * 12 + to % 100 - from % 100 + 1;
            let key = from.unsigned_abs() ^ count.unsigned_abs() << 18;
            (key | OTHER_PERIOD, Repeats::Months(u8::try_from(count).unwrap_or(u8::MAX)))
        }
        _ if month.is_none() && columns.months[0].is_some() => (0, Repeats::Unsaid),
        _ => (month_of(month), Repeats::Once),
    }
}

/// What [`columns::REPAIRS`] says of a row whose birth or sex column and number differ.
const DISPUTED: [&str; 2] = ["birth:differs_from_number", "sex:differs_from_number"];

impl<'a> Columns<'a> {
    fn of(records: &'a RegistryRecords) -> Self {
        Self {
            name: records.text(columns::NAME),
            number: records.text(columns::ID_NUMBER),
            state: records.text(columns::ID_STATE),
            certificate: records.text(columns::DISABILITY_NO),
            birth: records.date(columns::BIRTH),
            sex: records.text(columns::SEX),
            village: records.text(columns::VILLAGE_CODE),
            town: records.text(columns::TOWN_CODE),
            household: records.text(columns::HOUSEHOLD_CODE),
            head_name: records.text(columns::HEAD_NAME),
            head_number: records.text(columns::HEAD_ID),
            kin: [columns::GUARDIAN_ID, columns::SPOUSE_ID].map(|column| records.text(column)),
            relation: records.text(columns::RELATION),
            phone: records.text(columns::PHONE),
            kind: records.text(columns::KIND),
            months: [columns::MONTH, columns::MONTH_FROM, columns::MONTH_TO].map(|column| records.int32(column)),
            month_state: records.text(columns::MONTH_STATE),
            year: records.int32(columns::YEAR),
            repairs: records.text(columns::REPAIRS),
        }
    }
}

/// The text at `row` unless null or empty.
fn at(column: Option<&StringArray>, row: usize) -> Option<&str> {
    column.filter(|column| column.is_valid(row)).map(|column| column.value(row)).filter(|text| !text.is_empty())
}

/// Dense ids for keys, in order of first sight.
#[derive(Default)]
struct Interner {
    ids: WordMap<u32>,
}

impl Interner {
    /// The id of `key` and whether it is new.
    fn id(&mut self, key: u64) -> (u32, bool) {
        let next = dense(self.ids.len());
        let id = *self.ids.entry(key).or_insert(next);
        (id, id == next)
    }
}

/// Distinct names while rows are read.
#[derive(Default)]
struct Names<'a> {
    interner: Interner,
    written: Vec<&'a str>,
}

impl<'a> Names<'a> {
    fn id(&mut self, name: Option<&'a str>) -> u32 {
        let Some(name) = name else { return NONE };
        let (id, new) = self.interner.id(hash::text(name));
        if new {
            self.written.push(name);
        }
        id
    }
}

impl Roster {
    /// Prepares every row; no number is corrected yet.
    pub(super) fn new(records: &RecordSet, model: &LinkModel, clerical: ClericalDecisions) -> Self {
        let (mut names, mut households) = (Names::default(), Interner::default());
        let mut damaged: Vec<(&str, IdState)> = Vec::new();
        let mut rows = Vec::with_capacity(records.len());
        let mut spans = Vec::with_capacity(records.registries.len());
        for registry in &records.registries {
            let start = dense(rows.len());
            let columns = Columns::of(registry);
            let system = hash::text(model.code_system(registry.registry.as_str()));
            for row in 0..registry.len() {
                rows.push(read_row(&columns, row, registry.grain, system, &mut names, &mut households, &mut damaged));
            }
            spans.push(Span { start, end: dense(rows.len()), grain: registry.grain });
        }
        let any_masked = damaged.iter().any(|(_, state)| *state == IdState::Masked);
        let damaged = damaged
            .into_par_iter()
            .map(|(text, state)| Damaged {
                text: text.into(),
                state,
                // A float lost three digits, a masked number eight: one slip would prove nothing.
                repairs: if matches!(state, IdState::Invalid | IdState::Malformed) {
                    id::repairs(text).into()
                } else {
                    Box::default()
                },
            })
            .collect();
        let household_count = dense(households.ids.len());
        let written = names.written;
        let folded: Vec<Option<Name>> = written.par_iter().map(|name| fold_name(name)).collect();
        // Names of which nothing is left after folding are no names.
        let mut kept = Vec::with_capacity(folded.len());
        let renumbered: Vec<u32> = folded
            .into_iter()
            .map(|name| {
                name.map_or(NONE, |name| {
                    kept.push(name);
                    dense(kept.len() - 1)
                })
            })
            .collect();
        for record in &mut rows {
            record.name = renumbered.get(record.name as usize).copied().unwrap_or(NONE);
            record.head = renumbered.get(record.head as usize).copied().unwrap_or(NONE);
        }
        fill_heads(&mut rows, household_count);
        count_shares(&rows, &mut kept, model);
        let (household_starts, household_rows) = by_household(&rows, household_count);
        Self {
            records: rows,
            names: kept,
            damaged,
            spans,
            households: household_count,
            any_masked,
            clerical,
            corrections: WordMap::default(),
            household_starts,
            household_rows,
        }
    }

    /// Rows of a household, ascending; none for `NONE` or for a placeholder code that too many share.
    pub(super) fn household_rows(&self, household: u32) -> &[u32] {
        let at = household as usize;
        match (self.household_starts.get(at), self.household_starts.get(at.wrapping_add(1))) {
            (Some(&start), Some(&end)) if end - start <= HOUSEHOLD_ROWS => &self.household_rows[start as usize..end as usize],
            _ => &[],
        }
    }

    /// The rows above and below in the same registry.
    pub(super) fn neighbours(&self, row: u32) -> impl Iterator<Item = u32> + use<> {
        let span = self.spans.get(self.spans.partition_point(|span| span.end <= row));
        let (start, end) = span.map_or((row, row), |span| (span.start, span.end));
        let above = (row > start).then(|| row - 1);
        above.into_iter().chain((row + 1 < end).then_some(row + 1))
    }

    /// The record of a row.
    pub(super) fn record(&self, row: u32) -> &Record {
        &self.records[row as usize]
    }

    /// The damaged number of a record.
    pub(super) fn damaged_of(&self, record: &Record) -> Option<&Damaged> {
        self.damaged.get(record.damaged as usize)
    }

    /// The name of a record.
    pub(super) fn name_of(&self, record: &Record) -> Option<&Name> {
        self.names.get(record.name as usize)
    }

    /// The proven number that stands in for a row's own, packed; 0 for none.
    pub(super) fn correction_of(&self, row: u32) -> u64 {
        if self.corrections.is_empty() { 0 } else { self.corrections.get(&u64::from(row)).copied().unwrap_or(0) }
    }

    /// Compares the names of two records; `None` when one has none.
    pub(super) fn name_level(&self, left: &Record, right: &Record) -> Option<NameLevel> {
        // What a mask hides may differ where what it shows does not.
        if left.name == right.name && left.name != NONE && !self.name_of(left)?.folded.is_masked() {
            return Some(NameLevel::Same);
        }
        Some(name::compare(&self.name_of(left)?.folded, &self.name_of(right)?.folded))
    }
}

fn read_row<'a>(
    columns: &Columns<'a>,
    row: usize,
    grain: Grain,
    system: u64,
    names: &mut Names<'a>,
    households: &mut Interner,
    damaged: &mut Vec<(&'a str, IdState)>,
) -> Record {
    let head_number = at(columns.head_number, row).and_then(valid_number);
    let head_text = at(columns.head_name, row);
    let own_text = at(columns.name, row);
    // A household row names its head, in either pair of columns.
    let name_text = if grain.is_household() { own_text.or(head_text) } else { own_text };
    let number_text = at(columns.number, row);
    let state = at(columns.state, row).and_then(IdState::parse);
    let mut number = match state {
        Some(IdState::Valid) | None => number_text.and_then(valid_number),
        Some(_) => None,
    };
    if number.is_none() && grain.is_household() && number_text.is_none() {
        number = head_number;
    }
    let mut torn = NONE;
    let mut shown_birth = None;
    if number.is_none() {
        if let (Some(text), Some(state)) = (number_text, state)
            && matches!(state, IdState::Invalid | IdState::Float | IdState::Masked | IdState::Malformed | IdState::Borrowed)
        {
            torn = dense(damaged.len());
            damaged.push((text, state));
            shown_birth = if state == IdState::Borrowed { None } else { id::birth_shown(text) };
        }
        // A disability certificate number starts with the holder's number.
        number = at(columns.certificate, row).and_then(|text| text.get(..18)).and_then(valid_number);
    }
    // Whoever lends a number lives with the person, as a guardian does.
    let lender = if state == Some(IdState::Borrowed) { number_text.and_then(valid_number) } else { None };
    let relation = at(columns.relation, row);
    let name = names.id(name_text);
    let head = names.id(head_text);
    let is_head = grain.is_household() || relation == Some(HEAD) || (relation.is_none() && head != NONE && head == name);
    let borrowed = !is_head && number.is_some() && number == head_number && head != NONE && head != name;
    let column_birth = columns.birth.filter(|column| column.is_valid(row)).map(|column| column.value(row));
    let birth_from_number = number.is_some() || (column_birth.is_none() && shown_birth.is_some());
    let birth = number.and_then(Number::birth).map(|day| day.0).or(column_birth).or(shown_birth.map(|day| day.0));
    let village = at(columns.village, row).map_or(0, hash::text);
    // Without a code, a head's number names the household; a head's name does so within a village.
    let household = at(columns.household, row)
        .map(|code| hash::pair(system, hash::text(code)))
        .or_else(|| head_number.map(|number| hash::pair(system ^ 1, number.packed())))
        .or_else(|| {
            (village != 0).then_some(head_text?).map(|name| hash::pair(system ^ 2, hash::pair(hash::text(name), village)))
        })
        .map_or(NONE, |key| households.id(key).0);
    let (month, repeats) = of_months(columns, row, grain);
    let kind = at(columns.kind, row).map_or(0, |kind| dense((hash::text(kind) >> 40) as usize));
    Record {
        number: if borrowed { 0 } else { number.map_or(0, Number::packed) },
        damaged: torn,
        name,
        head: if grain.is_household() { name } else { head },
        household,
        birth: if borrowed { NO_BIRTH } else { birth.unwrap_or(NO_BIRTH) },
        slot: match grain {
            Grain::Event => 0,
            // A list of several years has everybody once a year.
            Grain::Person => columns.year.filter(|years| years.is_valid(row)).map_or(0, |years| years.value(row).unsigned_abs()),
            Grain::PersonMonth | Grain::HouseholdMonth => month,
            Grain::PersonKind => kind ^ month << 8,
        },
        repeats,
        village,
        town: at(columns.town, row).map_or(0, hash::text),
        phone: at(columns.phone, row).map_or(0, hash::text),
        kin: columns.kin.iter().find_map(|column| at(*column, row).and_then(valid_number)).or(lender).map_or(0, Number::packed),
        sex: match at(columns.sex, row) {
            _ if borrowed => 0,
            Some("男") => 1,
            Some("女") => 2,
            _ => number.map_or(0, |number| if number.is_male() { 1 } else { 2 }),
        },
        birth_from_number,
        borrowed,
        is_head,
        is_disputed: at(columns.repairs, row).is_some_and(|repairs| DISPUTED.iter().any(|word| repairs.contains(word))),
    }
}

fn valid_number(text: &str) -> Option<Number> {
    Number::parse(text).filter(|number| number.is_valid())
}

fn fold_name(name: &str) -> Option<Name> {
    let folded = FoldedName::new(name)?;
    Some(Name {
        key: hash::text(&folded.folded()),
        whole: !folded.has_wildcard(),
        sounds: folded.sounds(),
        folded,
        share: 0.0,
        sound_share: 0.0,
    })
}

/// Rows by household: where each starts, and the rows.
fn by_household(rows: &[Record], households: u32) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0u32; households as usize + 1];
    for record in rows.iter().filter(|record| record.household != NONE) {
        starts[record.household as usize + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut next = starts.clone();
    let mut ordered = vec![0; starts.last().copied().unwrap_or(0) as usize];
    for (row, record) in rows.iter().enumerate().filter(|(_, record)| record.household != NONE) {
        let place = &mut next[record.household as usize];
        ordered[*place as usize] = dense(row);
        *place += 1;
    }
    (starts, ordered)
}

/// Registries that mark the head by relation alone: every member's head is that row's name.
fn fill_heads(rows: &mut [Record], households: u32) {
    let mut heads = vec![NONE; households as usize];
    for record in rows.iter().filter(|record| record.is_head && record.household != NONE) {
        let head = &mut heads[record.household as usize];
        if *head == NONE {
            *head = record.name;
        }
    }
    for record in rows.iter_mut().filter(|record| record.head == NONE && record.household != NONE) {
        record.head = heads[record.household as usize];
    }
}

/// Term frequencies over the run's own rows, shrunk to the model's chance that two strangers share a name.
fn count_shares(rows: &[Record], names: &mut [Name], model: &LinkModel) {
    let (mut by_key, mut by_sound) = (WordMap::<u32>::default(), WordMap::<u32>::default());
    let mut total = 0u32;
    for name in rows.iter().filter_map(|record| names.get(record.name as usize)) {
        total += 1;
        *by_key.entry(name.key).or_default() += 1;
        if let Some(sound) = name.sounds.first() {
            *by_sound.entry(*sound).or_default() += 1;
        }
    }
    let strength = model.calibration.strength;
    let prior = |level: &str| model.odds_of("name", level).map_or(0.001, |odds| odds.u);
    let (same, same_sound) = (prior("same"), prior("same sound"));
    let share = |count: Option<&u32>, prior: f64| {
        (f64::from(count.copied().unwrap_or(0)) + strength * prior) / (f64::from(total) + strength)
    };
    for name in names {
        name.share = share(by_key.get(&name.key), same);
        name.sound_share = share(name.sounds.first().and_then(|sound| by_sound.get(sound)), same_sound);
    }
}
