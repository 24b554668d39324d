//! From decisions to what leaves the room: links per row, persons with stable ids and best values, pairs for a human.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, LargeStringArray, RecordBatch, StringArray, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema};
use rayon::prelude::*;

use super::decide::Decisions;
use super::parts;
use super::score::{Scored, Scorer};
use super::store::{Store, span};
use crate::config::tables::{IdTest, Kind, TablesModel, Test, When};
use crate::link::hash;
use crate::link::position::{NONE, dense};
use crate::link::quality;
use crate::link::weights::{probability, to_f32};
use crate::model::carried::Carried;

use crate::model::ids::CountyKey;
use crate::model::link::{Decided, Link, LinkStatus, Linked, People, PersonIx, ReviewPair};
use crate::model::record::{RecordSet, RowId};

pub(super) fn linked(
    records: &RecordSet,
    model: &TablesModel,
    store: &Store,
    scorer: &Scorer,
    decisions: &Decisions,
    key: &CountyKey,
) -> Linked {
    let persons = persons(store, decisions);
    let mut links = vec![Link { person: PersonIx(0), status: LinkStatus::Alone, weight: 0.0, probability: 1.0 }; store.len()];
    let best = strongest(store, decisions);
    let mut is_founder = vec![false; store.len()];
    for (person, rows) in (0..).zip(persons.iter()) {
        for (at, &row) in rows.iter().enumerate() {
            let link = &mut links[row as usize];
            link.person = PersonIx(person);
            if at == 0 {
                is_founder[row as usize] = true;
                link.status = if rows.len() > 1 { LinkStatus::Id } else { LinkStatus::Alone };
            } else {
                link.status = LinkStatus::Probable;
                if let Some(edge) = best[row as usize] {
                    link.weight = to_f32(edge.weight);
                    link.probability = probability(edge.weight);
                }
            }
        }
    }
    links.par_iter_mut().zip(&best).filter(|(link, _)| link.status == LinkStatus::Probable).for_each(|(link, best)| {
        if best.is_some_and(|edge| by_number(model, store, scorer, &edge)) {
            link.status = LinkStatus::Id;
        }
    });
    let mut review: Vec<ReviewPair> = decisions
        .review
        .iter()
        .map(|(edge, reason)| {
            let (left, right) = (store.order[edge.left as usize], store.order[edge.right as usize]);
            ReviewPair {
                left: RowId(left.min(right)),
                right: RowId(left.max(right)),
                weight: to_f32(edge.weight),
                probability: probability(edge.weight),
                parts: parts(model, store, scorer, edge),
                reason: (*reason).to_owned(),
            }
        })
        .collect();
    review.sort_by(|a, b| b.weight.total_cmp(&a.weight).then((a.left, a.right).cmp(&(b.left, b.right))));
    let quality = quality::quality(&links, |row| is_founder[row], &review, 0);
    let people = people(records, model, store, persons, key);
    Linked { links, people, review, suspicions: Vec::new(), quality, decided: Decided::default(), carried: Carried::default() }
}

/// Source rows by person, end to end, and where each person's end.
struct Persons {
    rows: Vec<u32>,
    ends: Vec<u32>,
}

impl Persons {
    fn of(&self, person: usize) -> &[u32] {
        span(&self.ends, person).and_then(|rows| self.rows.get(rows)).unwrap_or(&[])
    }

    fn iter(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.ends.len()).map(|person| self.of(person))
    }

    fn par_iter(&self) -> impl IndexedParallelIterator<Item = &[u32]> {
        (0..self.ends.len()).into_par_iter().map(|person| self.of(person))
    }

    /// Rows of each person in another order.
    fn sort_each_by_key(&mut self, key: impl Fn(u32) -> u32) {
        let mut start = 0;
        for end in &self.ends {
            self.rows[start..*end as usize].sort_unstable_by_key(|row| key(*row));
            start = *end as usize;
        }
    }
}

/// Ascending within each person, persons by their first row.
fn persons(store: &Store, decisions: &Decisions) -> Persons {
    let mut group_of = vec![NONE; store.len()];
    for (group, members) in (0..).zip(&decisions.groups) {
        for at in members {
            group_of[store.order[*at as usize] as usize] = group;
        }
    }
    let mut persons = Persons { rows: Vec::with_capacity(store.len()), ends: Vec::with_capacity(store.len()) };
    let mut placed = vec![false; decisions.groups.len()];
    for row in 0..dense(store.len()) {
        match group_of[row as usize] {
            NONE => persons.rows.push(row),
            // The whole group came with its first row.
            group if placed[group as usize] => continue,
            group => {
                let start = persons.rows.len();
                persons.rows.extend(decisions.groups[group as usize].iter().map(|at| store.order[*at as usize]));
                persons.rows[start..].sort_unstable();
                placed[group as usize] = true;
            }
        }
        persons.ends.push(dense(persons.rows.len()));
    }
    persons
}

/// By source row, the heaviest pair that joined it.
fn strongest(store: &Store, decisions: &Decisions) -> Vec<Option<Scored>> {
    let mut best: Vec<Option<Scored>> = vec![None; store.len()];
    for edge in &decisions.joined {
        for row in [edge.left, edge.right] {
            let place = &mut best[store.order[row as usize] as usize];
            if place.is_none_or(|known| known.weight < edge.weight) {
                *place = Some(*edge);
            }
        }
    }
    best
}

/// Whether an equal resident number is among what joined a pair.
fn by_number(model: &TablesModel, store: &Store, scorer: &Scorer, edge: &Scored) -> bool {
    let equal = |when: &When, at: usize| {
        let numbers = model.comparisons[at].on.iter().any(|field| model.fields[*field].kind == Kind::IdNumber);
        matches!(when, When::All(atoms) if numbers && atoms.iter().any(|atom| matches!(atom.test, Test::Exact | Test::Id(IdTest::Equal))))
    };
    let any = model.comparisons.iter().enumerate().any(|(at, found)| found.levels.iter().any(|level| equal(&level.when, at)));
    any && scorer.bars(store, model, edge.left, edge.right).iter().any(|bar| {
        let level = model.comparisons[bar.comparison].levels.get(usize::from(bar.level));
        level.is_some_and(|level| equal(&level.when, bar.comparison))
    })
}

/// `people.parquet`: the id, how many rows, and per field of the tables the value of the row that speaks for the person, or the first that another has.
fn people(records: &RecordSet, model: &TablesModel, store: &Store, mut persons: Persons, key: &CountyKey) -> People {
    let mut rank = vec![0u32; store.len()];
    for (at, &row) in store.order.iter().enumerate() {
        rank[row as usize] = dense(at);
    }
    // Rows of a person as what they say orders them, not as the files do.
    persons.sort_each_by_key(|row| rank[row as usize]);
    let shown: Vec<usize> =
        (0..model.fields.len()).filter(|field| model.fields[*field].from.is_empty() && Some(*field) != model.truth).collect();
    let arrays: Vec<Vec<Option<&StringArray>>> =
        model.fields.iter().map(|field| records.registries.iter().map(|registry| registry.text(&field.name)).collect()).collect();
    let cell = |field: usize, row: u32| {
        let (position, row) = records.locate(RowId(row))?;
        arrays[field][position].filter(|array| array.is_valid(row)).map(|array| array.value(row))
    };
    let content = |rows: &[u32]| -> Vec<String> {
        let text = |field: usize, row: u32| cell(field, row).unwrap_or("").to_owned();
        match model.record {
            // The smallest key of the person's rows: it stays when rows are added behind it.
            Some(field) => rows.iter().map(|row| text(field, *row)).filter(|key| !key.is_empty()).min().into_iter().collect(),
            None => Vec::new(),
        }
    };
    let mut ids: Vec<String> = persons
        .par_iter()
        .map(|rows| {
            let mut parts = content(rows);
            if parts.is_empty() {
                parts = shown.iter().map(|field| cell(*field, rows[0]).unwrap_or("").to_owned()).collect();
            }
            key.id("P", &parts.iter().map(String::as_str).collect::<Vec<_>>())
        })
        .collect();
    tell_apart(&mut ids, key);
    let mut fields = vec![Field::new("person_id", DataType::Utf8, false), Field::new("rows", DataType::UInt32, false)];
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(&ids)),
        Arc::new(UInt32Array::from_iter_values(persons.iter().map(|rows| dense(rows.len())))),
    ];
    let said = |field: usize| persons.iter().map(move |rows| rows.iter().find_map(|row| cell(field, *row)));
    let values: Vec<ArrayRef> = shown.par_iter().map(|field| texts(|| said(*field), MOST_TEXT)).collect();
    fields.extend(
        shown.iter().zip(&values).map(|(field, values)| Field::new(&model.fields[*field].name, values.data_type().clone(), true)),
    );
    columns.extend(values);
    // The columns are made here, all of one length.
    let schema = Arc::new(Schema::new(fields));
    People(RecordBatch::try_new(Arc::clone(&schema), columns).unwrap_or_else(|_| RecordBatch::new_empty(schema)))
}

/// Bytes of text that an array's short offsets count.
const MOST_TEXT: usize = i32::MAX as usize;

/// Texts as an array, with long offsets where they are more than `most` bytes.
fn texts<'t, I: Iterator<Item = Option<&'t str>>>(said: impl Fn() -> I, most: usize) -> ArrayRef {
    if said().flatten().map(str::len).sum::<usize>() > most {
        Arc::new(said().collect::<LargeStringArray>())
    } else {
        Arc::new(said().collect::<StringArray>())
    }
}

/// Persons that say the same word for word and are still two get a number each.
fn tell_apart(ids: &mut [String], key: &CountyKey) {
    // By hash, which lies beside the position; the texts are only looked at where hashes are equal.
    let mut order: Vec<(u64, usize)> = ids.par_iter().map(|id| hash::text(id)).zip(0..ids.len()).collect();
    order.par_sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| ids[a.1].cmp(&ids[b.1])).then(a.1.cmp(&b.1)));
    let mut renamed = Vec::new();
    for block in order.chunk_by(|a, b| a.0 == b.0 && ids[a.1] == ids[b.1]) {
        for (copy, &(_, at)) in block.iter().enumerate().skip(1) {
            renamed.push((at, key.id("P", &[&ids[at], &copy.to_string()])));
        }
    }
    for (at, id) in renamed {
        ids[at] = id;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_longer_than_short_offsets_count_have_long_ones() {
        let said = || [Some("张三"), None, Some("李")].into_iter();
        assert_eq!((texts(said, 9).data_type(), texts(said, 8).data_type()), (&DataType::Utf8, &DataType::LargeUtf8));
        assert_eq!(texts(said, 8).len(), 3);
    }

    #[test]
    fn those_who_say_the_same_are_numbered_in_their_order_and_others_stay() {
        let key = CountyKey::new(b"key".to_vec());
        let mut ids: Vec<String> = ["P1", "P2", "P1", "P3", "P1"].map(str::to_owned).to_vec();
        tell_apart(&mut ids, &key);
        assert_eq!(ids, ["P1", "P2", &key.id("P", &["P1", "1"]), "P3", &key.id("P", &["P1", "2"])]);
    }
}
