//! Ids that outlive their keys: persons and households of an earlier run found again by their records.
//!
//! Takes the links of this month and what an earlier run knew; gives persons their earlier ids and tells what was carried, split or
//! merged. A person goes on as the one with whom it shares most records, one row of the poverty registry counting for all others, as
//! ids come from there; of several claimants the strongest keeps the id. Nothing depends on row numbers. Cost: one key per row.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use rayon::prelude::*;

use super::people::FIRST;
use super::position::dense;
use crate::model::carried::{Carried, ChangeKind, IdentityChange, Previous};
use crate::model::decision::{key_word, record_key};
use crate::model::ids::CountyKey;
use crate::model::link::{Linked, People};
use crate::model::personal::Expose;
use crate::model::record::RecordSet;

/// What one of its records counts: more than anybody has records elsewhere.
const FIRST_WEIGHT: u64 = 1_000;

/// How much a person of now and one of then share: records, and the first row that says so.
type Shares = BTreeMap<(u32, u32), (u64, u32)>;

/// Gives persons of `linked` the ids they had.
pub fn carry_over(linked: &mut Linked, records: &RecordSet, key: &CountyKey, previous: &Previous) {
    let Some(computed) = linked.people.0.column_by_name("person_id").and_then(|column| column.as_string_opt::<i32>()) else {
        return;
    };
    let computed = computed.clone();
    let shares = shares(linked, records, key, previous);
    let earlier = strongest(&shares, computed.len(), previous.persons.len());
    let mut carried = Carried { given: true, ..Carried::default() };
    let ids = ids(&computed, &earlier, previous, key);
    for (now, (id, then)) in ids.iter().zip(&earlier).enumerate() {
        if then.is_some() && id != computed.value(now) {
            carried.changes.push(change("person", ChangeKind::Carried, id, computed.value(now)));
        }
    }
    carried.found = earlier.iter().flatten().count() as u64;
    let going_on: HashSet<u32> = earlier.iter().flatten().copied().collect();
    let mut alive: BTreeSet<u32> = BTreeSet::new();
    for &(now, then) in shares.keys() {
        alive.insert(then);
        let then_id = &previous.persons[then as usize].id;
        match earlier[now as usize] {
            Some(kept) if kept == then => {}
            // Its rows went to a person who already has an id, and nobody goes on as it.
            Some(_) if !going_on.contains(&then) => {
                carried.changes.push(change("person", ChangeKind::Merged, &ids[now as usize], then_id));
            }
            // Some of its rows are now another's; who it is goes on.
            Some(_) | None => carried.changes.push(change("person", ChangeKind::Split, then_id, &ids[now as usize])),
        }
    }
    let had_records: HashSet<u32> = previous.by_record.values().copied().flatten().collect();
    carried.lost = had_records.len().saturating_sub(alive.len()) as u64;
    households(linked, &earlier, previous, &mut carried);
    carried.changes.sort();
    carried.changes.dedup();
    linked.people = with_ids(&linked.people.0, ids);
    linked.carried = carried;
}

fn change(scope: &'static str, kind: ChangeKind, id: &str, other: &str) -> IdentityChange {
    IdentityChange { scope, kind, id: id.into(), other: other.into() }
}

/// Records in common, each distinct record once.
fn shares(linked: &Linked, records: &RecordSet, key: &CountyKey, previous: &Previous) -> Shares {
    let mut shares = Shares::new();
    for (position, registry) in records.registries.iter().enumerate() {
        let offset = records.offset(position);
        let then: Vec<Option<(u32, u64)>> = (0..registry.len())
            .into_par_iter()
            .map(|row| {
                let key = key_word(&record_key(registry, row, key)?);
                Some((previous.person(key)?, key))
            })
            .collect();
        let weight = if registry.registry.as_str() == FIRST { FIRST_WEIGHT } else { 1 };
        let mut seen: HashSet<(u32, u64)> = HashSet::new();
        for (row, found) in (offset..).zip(then) {
            let (Some((then, key)), Some(link)) = (found, linked.links.get(row as usize)) else { continue };
            if seen.insert((link.person.0, key)) {
                let share = shares.entry((link.person.0, then)).or_insert((0, row));
                share.0 += weight;
            }
        }
    }
    shares
}

/// Who each goes on as: the strongest shares first, ties by the earlier row; nobody twice.
fn strongest(shares: &Shares, now: usize, then: usize) -> Vec<Option<u32>> {
    let mut order: Vec<((u32, u32), (u64, u32))> = shares.iter().map(|(pair, share)| (*pair, *share)).collect();
    order.sort_unstable_by_key(|&(pair, (weight, row))| (std::cmp::Reverse(weight), row, pair));
    let (mut of_now, mut taken) = (vec![None; now], vec![false; then]);
    for ((now, then), _) in order {
        if of_now[now as usize].is_none() && !taken[then as usize] {
            of_now[now as usize] = Some(then);
            taken[then as usize] = true;
        }
    }
    of_now
}

/// Earlier ids where there are any, else the computed ones; no id twice.
fn ids(computed: &StringArray, earlier: &[Option<u32>], previous: &Previous, key: &CountyKey) -> Vec<String> {
    let carried = || earlier.iter().flatten().map(|then| previous.persons[*then as usize].id.as_str());
    let mut taken: HashSet<String> = carried().map(str::to_owned).collect();
    let mut ids = Vec::with_capacity(computed.len());
    for (now, then) in earlier.iter().enumerate() {
        if let Some(then) = then {
            ids.push(previous.persons[*then as usize].id.clone());
            continue;
        }
        // A new person may bear the number that an old id came from.
        let mut id = computed.value(now).to_owned();
        let mut again = 1u32;
        while !taken.insert(id.clone()) {
            again += 1;
            id = key.id("P", &["taken", computed.value(now), &again.to_string()]);
        }
        ids.push(id);
    }
    ids
}

/// Households by their members: an equal code is the same household, else the one that most members come from and whose code is gone.
fn households(linked: &Linked, earlier: &[Option<u32>], previous: &Previous, carried: &mut Carried) {
    let Some(codes) = linked.people.0.column_by_name("household").and_then(|column| column.as_string_opt::<i32>()) else {
        return;
    };
    let mut names: BTreeMap<&str, u32> = BTreeMap::new();
    let mut firsts: BTreeMap<&str, u32> = BTreeMap::new();
    let mut then_code: BTreeMap<&str, &str> = BTreeMap::new();
    for person in &previous.persons {
        if let (Some(code), Some(first)) = (person.household.expose(), person.first_household.expose()) {
            let next = dense(firsts.len());
            firsts.entry(first).or_insert(next);
            then_code.entry(code).or_insert(first);
        }
    }
    let mut shares = Shares::new();
    for (now, then) in earlier.iter().enumerate() {
        if codes.is_null(now) {
            continue;
        }
        let next = dense(names.len());
        let name = *names.entry(codes.value(now)).or_insert(next);
        let Some(first) = then.and_then(|then| previous.persons[then as usize].first_household.expose()) else { continue };
        let share = shares.entry((name, firsts[first])).or_insert((0, dense(now)));
        share.0 += 1;
        if then_code.get(codes.value(now)) == Some(&first) {
            share.0 += FIRST_WEIGHT;
        }
    }
    let of_now = strongest(&shares, names.len(), firsts.len());
    let by_number = |map: &BTreeMap<&str, u32>| {
        let mut texts: Vec<(u32, String)> = map.iter().map(|(text, at)| (*at, (*text).to_owned())).collect();
        texts.sort_unstable();
        texts.into_iter().map(|(_, text)| text).collect::<Vec<String>>()
    };
    let (names, firsts) = (by_number(&names), by_number(&firsts));
    for (code, first) in names.iter().zip(&of_now) {
        if let Some(first) = first.map(|first| &firsts[first as usize]).filter(|first| *first != code) {
            carried.households.insert(code.as_str().into(), first.as_str().into());
            carried.changes.push(change("household", ChangeKind::Carried, first, code));
        }
    }
    let kept: BTreeSet<u32> = of_now.iter().flatten().copied().collect();
    for &(name, first) in shares.keys().filter(|(name, first)| of_now[*name as usize] != Some(*first)) {
        let (code, first_code) = (&names[name as usize], &firsts[first as usize]);
        // Somebody who marries into another household is neither a split nor a merger of two.
        if kept.contains(&first) {
            if of_now[name as usize].is_none() {
                carried.changes.push(change("household", ChangeKind::Split, first_code, code));
            }
        } else {
            let id = carried.household(code).to_owned();
            carried.changes.push(change("household", ChangeKind::Merged, &id, first_code));
        }
    }
}

/// The table with other ids.
fn with_ids(people: &RecordBatch, ids: Vec<String>) -> People {
    let ids: ArrayRef = Arc::new(StringArray::from(ids));
    let schema = people.schema();
    let columns = schema
        .fields()
        .iter()
        .zip(people.columns())
        .map(|(field, column)| if field.name() == "person_id" { Arc::clone(&ids) } else { Arc::clone(column) });
    // The same schema and as many rows as before.
    People(RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap_or_else(|_| people.clone()))
}
