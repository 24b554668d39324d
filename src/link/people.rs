//! From the finished index of persons to what leaves the room: persons in the order of their founding rows, stable ids, best values.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Date32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use rayon::prelude::*;

use super::person_index::PersonIndex;
use super::position::{NONE, dense};
use super::roster::{NO_BIRTH, Roster};
use crate::model::columns;
use crate::model::identity::id::Number;
use crate::model::ids::CountyKey;
use crate::model::link::{PEOPLE_COLUMNS, People};
use crate::model::record::{RecordSet, RegistryRecords, RowId};

/// The registry whose own codes make the steadiest ids, and whose household codes stand bare.
pub(super) const FIRST: &str = "poverty";

/// Persons in their final order with their rows.
pub(super) struct Order {
    /// PersonIndex position → final position.
    pub rank: Vec<u32>,
    /// Final position → first entry of `rows`; one more at the end.
    starts: Vec<u32>,
    /// Rows by person, ascending within each.
    rows: Vec<u32>,
}

impl Order {
    /// Orders persons by founding row.
    pub(super) fn new(persons: &PersonIndex) -> Self {
        let mut by_founder: Vec<u32> = (0..dense(persons.all.len())).collect();
        by_founder.sort_unstable_by_key(|&person| persons.all[person as usize].founder);
        let mut rank = vec![0; by_founder.len()];
        for (position, &person) in by_founder.iter().enumerate() {
            rank[person as usize] = dense(position);
        }
        let mut starts = vec![0u32; by_founder.len() + 1];
        for &person in persons.person_of.iter().filter(|&&person| person != NONE) {
            starts[rank[person as usize] as usize + 1] += 1;
        }
        for position in 1..starts.len() {
            starts[position] += starts[position - 1];
        }
        let mut next = starts.clone();
        let mut rows = vec![0; starts.last().copied().unwrap_or(0) as usize];
        for (row, &person) in persons.person_of.iter().enumerate().filter(|&(_, &person)| person != NONE) {
            let place = &mut next[rank[person as usize] as usize];
            rows[*place as usize] = dense(row);
            *place += 1;
        }
        Self { rank, starts, rows }
    }

    /// Number of persons.
    pub(super) fn len(&self) -> usize {
        self.rank.len()
    }

    /// The rows of the person at a final position.
    pub(super) fn rows_of(&self, position: usize) -> &[u32] {
        &self.rows[self.starts[position] as usize..self.starts[position + 1] as usize]
    }
}

/// The number that speaks for a person: one that a village wrote and another registry proved, then one nobody else claims before a
/// contested one, then most rows, then the first.
pub(super) fn best_number(roster: &Roster, persons: &PersonIndex, rows: &[u32]) -> Option<(Number, u32)> {
    let mut votes: Vec<(u64, u32, u32)> = Vec::new();
    for &row in rows {
        let number = roster.record(row).number;
        if number != 0 {
            match votes.iter_mut().find(|(voted, _, _)| *voted == number) {
                Some((_, count, _)) => *count += 1,
                None => votes.push((number, 1, row)),
            }
        }
    }
    let unproven = |number: u64| !rows.iter().any(|row| roster.correction_of(*row) == number);
    votes
        .into_iter()
        .min_by_key(|&(number, count, row)| (unproven(number), persons.is_contested(number), std::cmp::Reverse(count), row))
        .map(|(number, _, row)| (Number::from_packed(number), row))
}

/// The values of one person, borrowed from its rows.
struct Values<'a> {
    name: Option<&'a str>,
    number: Option<Number>,
    birth: Option<i32>,
    sex: Option<&'static str>,
    place: [Option<&'a str>; 4],
    household: Option<(&'a str, &'a str)>,
    code: Option<&'a str>,
}

/// Builds the table of persons.
pub(super) fn table(records: &RecordSet, roster: &Roster, persons: &PersonIndex, order: &Order, key: &CountyKey) -> People {
    let shown = shown(records);
    let values: Vec<Values<'_>> = (0..order.len())
        .into_par_iter()
        .map(|position| {
            let rows = order.rows_of(position);
            values(records, &shown, roster, best_number(roster, persons, rows).map(|(number, _)| number), rows)
        })
        .collect();
    let ids = stable_ids(&values, key);
    let text =
        |pick: fn(&Values<'_>) -> Option<String>| -> ArrayRef { Arc::new(values.iter().map(pick).collect::<StringArray>()) };
    let place = |at: usize| -> ArrayRef { Arc::new(values.iter().map(|person| person.place[at]).collect::<StringArray>()) };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(ids)),
        Arc::new(values.iter().map(|person| person.name).collect::<StringArray>()),
        text(|person| person.number.map(Number::text)),
        Arc::new(values.iter().map(|person| person.birth).collect::<Date32Array>()),
        Arc::new(values.iter().map(|person| person.sex).collect::<StringArray>()),
        place(0),
        place(1),
        place(2),
        place(3),
        text(|person| {
            person
                .household
                .map(|(registry, code)| if registry == FIRST { code.to_owned() } else { format!("{registry}:{code}") })
        }),
    ];
    let fields: Vec<Field> = PEOPLE_COLUMNS
        .iter()
        .map(|&column| {
            Field::new(column, if column == "birth" { DataType::Date32 } else { DataType::Utf8 }, column != "person_id")
        })
        .collect();
    let schema = Arc::new(Schema::new(fields));
    // Columns and schema are built side by side above, so they cannot disagree.
    People(RecordBatch::try_new(Arc::clone(&schema), columns).unwrap_or_else(|_| RecordBatch::new_empty(schema)))
}

/// The id of the person that a row founds if it has its key to itself.
pub(super) fn id_alone(records: &RecordSet, shown: &[Shown<'_>], roster: &Roster, row: u32, key: &CountyKey) -> String {
    let number = Some(roster.record(row).number).filter(|number| *number != 0).map(Number::from_packed);
    id_of(&values(records, shown, roster, number, &[row]), key, None)
}

/// Columns of every registry, in their order.
pub(super) fn shown(records: &RecordSet) -> Vec<Shown<'_>> {
    records.registries.iter().map(Shown::of).collect()
}

/// Columns of a registry that the table shows, looked up once.
pub(super) struct Shown<'a> {
    registry: &'a str,
    name: Option<&'a StringArray>,
    head_name: Option<&'a StringArray>,
    place: [Option<&'a StringArray>; 4],
    household: Option<&'a StringArray>,
    person_code: Option<&'a StringArray>,
}

impl<'a> Shown<'a> {
    fn of(records: &'a RegistryRecords) -> Self {
        let place = [columns::TOWN, columns::VILLAGE, columns::TOWN_CODE, columns::VILLAGE_CODE];
        Self {
            registry: records.registry.as_str(),
            name: records.text(columns::NAME),
            head_name: records.text(columns::HEAD_NAME),
            place: place.map(|column| records.text(column)),
            household: records.text(columns::HOUSEHOLD_CODE),
            person_code: records.text(columns::PERSON_CODE).filter(|_| records.registry.as_str() == FIRST),
        }
    }
}

/// A row: the columns of its registry, where it is in them, its number in the run.
type Located<'s, 'a> = (&'s Shown<'a>, usize, u32);

fn values<'a>(records: &RecordSet, shown: &[Shown<'a>], roster: &Roster, number: Option<Number>, rows: &[u32]) -> Values<'a> {
    let located: Vec<Located<'_, 'a>> = rows
        .iter()
        .filter_map(|&row| records.locate(RowId(row)).and_then(|(position, at)| Some((shown.get(position)?, at, row))))
        .collect();
    let own = |of: fn(&super::roster::Record) -> bool| rows.iter().map(|&row| roster.record(row)).find(|record| of(record));
    let birth = number
        .and_then(Number::birth)
        .map(|day| day.0)
        .or_else(|| own(|record| record.birth != NO_BIRTH).map(|record| record.birth));
    let sex = number
        .map(|number| if number.is_male() { "男" } else { "女" })
        .or_else(|| own(|record| record.sex != 0).map(|record| if record.sex == 1 { "男" } else { "女" }));
    let has_place = |part: usize| located.iter().find(|(shown, at, _)| text(shown.place[part], *at).is_some());
    let (town_code, village_code) = (2, 3);
    let placed = has_place(village_code).or_else(|| has_place(town_code));
    let household = |(shown, at, _): &Located<'_, 'a>| {
        text(shown.household, *at).filter(|code| !code.is_empty()).map(|code| (shown.registry, code))
    };
    Values {
        name: best_name(roster, &located),
        number,
        birth,
        sex,
        place: [0, 1, 2, 3].map(|part| placed.and_then(|(shown, at, _)| text(shown.place[part], *at))),
        household: located.iter().find_map(household),
        code: located.iter().find_map(|(shown, at, _)| text(shown.person_code, *at)),
    }
}

/// The text at `row`; `None` for null or a column that is not there.
fn text(column: Option<&StringArray>, row: usize) -> Option<&str> {
    column.filter(|column| column.is_valid(row)).map(|column| column.value(row))
}

/// The name written most often, unknown characters last, then the first of the person's rows.
fn best_name<'a>(roster: &Roster, located: &[Located<'_, 'a>]) -> Option<&'a str> {
    let mut votes: Vec<(u32, u32, u32)> = Vec::new();
    for (_, _, row) in located {
        let name = roster.record(*row).name;
        match votes.iter_mut().find(|(voted, _, _)| *voted == name) {
            _ if name == NONE => {}
            Some((_, count, _)) => *count += 1,
            None => votes.push((name, 1, *row)),
        }
    }
    let wild = |name: u32| roster.names.get(name as usize).is_none_or(|name| !name.whole);
    let (_, _, best) = votes.into_iter().min_by_key(|&(name, count, row)| (wild(name), std::cmp::Reverse(count), row))?;
    let (shown, at, _) = located.iter().find(|(_, _, row)| *row == best)?;
    text(shown.name, *at).or_else(|| text(shown.head_name, *at))
}

/// Ids over the steadiest key each person has; persons with the same key are told apart by an ordinal, in the order of what they
/// are called and where they live, so that it does not hang on the order of rows.
fn stable_ids(values: &[Values<'_>], key: &CountyKey) -> Vec<String> {
    let ids: Vec<String> = values.par_iter().map(|person| id_of(person, key, None)).collect();
    let mut sorted: Vec<usize> = (0..ids.len()).collect();
    let content = |at: usize| {
        let person: &Values<'_> = &values[at];
        (person.name, person.birth, person.place[3], person.household, person.number.map(Number::packed))
    };
    sorted.par_sort_unstable_by(|a, b| ids[*a].cmp(&ids[*b]).then_with(|| content(*a).cmp(&content(*b))).then(a.cmp(b)));
    let mut unique = ids.clone();
    for block in sorted.chunk_by(|a, b| ids[*a] == ids[*b]).filter(|block| block.len() > 1) {
        for (&position, ordinal) in block.iter().zip(1u32..).skip(1) {
            unique[position] = id_of(&values[position], key, Some(ordinal));
        }
    }
    unique
}

fn id_of(person: &Values<'_>, key: &CountyKey, ordinal: Option<u32>) -> String {
    let ordinal = ordinal.map_or_else(String::new, |ordinal| ordinal.to_string());
    if let Some(code) = person.code {
        return key.id("P", &["code", code, &ordinal]);
    }
    if let Some(number) = person.number {
        return key.id("P", &["number", &number.text(), &ordinal]);
    }
    let birth = person.birth.map_or_else(String::new, |birth| birth.to_string());
    let (registry, household) = person.household.unwrap_or_default();
    key.id(
        "P",
        &["content", person.name.unwrap_or_default(), &birth, person.place[3].unwrap_or_default(), registry, household, &ordinal],
    )
}
