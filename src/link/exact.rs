//! Pass 1: an equal valid number and names that agree.
//!
//! Takes the rows of one layer (one grain key of one registry) and the known persons; joins what is proven, and gives the rest: one
//! row per group of rows that are plainly the same person, so that copies of a row do not compete with each other.

use std::collections::HashMap;

use rayon::prelude::*;

use super::hash;
use super::person_index::PersonIndex;
use super::position::NONE;
use super::roster::{Record, Roster};
use crate::model::columns::IdState;
use crate::model::identity::name::NameLevel;

/// A number on two names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Clash {
    /// The row met first.
    pub left: u32,
    /// The other.
    pub right: u32,
}

/// What pass 1 leaves.
#[derive(Default)]
pub(super) struct Unresolved {
    /// Rows still without a person, one per group, ascending.
    pub rows: Vec<u32>,
    /// (row, original): rows that say exactly what their original says.
    pub copies: Vec<(u32, u32)>,
    /// Equal number, unrelated names.
    pub clashes: Vec<Clash>,
    /// Rows joined.
    pub joined: Vec<u32>,
    /// Rows whose number is rather that of the line above, ascending: whoever holds it, they are not that person.
    pub outranked: Vec<u32>,
}

/// Runs pass 1 over `rows` (ascending); `exclusive` where one person has one row among them.
pub(super) fn join_equal_numbers(roster: &Roster, persons: &mut PersonIndex, rows: &[u32], exclusive: bool) -> Unresolved {
    let mut left = Unresolved::default();
    let mut waiting = Vec::new();
    let twice = if exclusive { borne_twice(roster, rows) } else { HashMap::new() };
    for &row in rows {
        match claimant(roster, persons, row) {
            Claim::Agrees(person) if let Some(representative) = outranked_by(roster, persons, &twice, row, person) => {
                persons.contested.insert(roster.record(row).number);
                left.clashes.push(Clash { left: representative, right: row });
                left.outranked.push(row);
                waiting.push(row);
            }
            Claim::Agrees(person) => {
                persons.join(roster, row, person);
                left.joined.push(row);
            }
            Claim::Clashes(other) => {
                persons.contested.insert(roster.record(row).number);
                left.clashes.push(Clash { left: other, right: row });
                waiting.push(row);
            }
            Claim::Nobody => waiting.push(row),
        }
    }
    group(roster, persons, &waiting, &mut left);
    left
}

/// Valid numbers that several rows bear, and those rows.
fn borne_twice(roster: &Roster, rows: &[u32]) -> HashMap<u64, Vec<u32>> {
    let mut borne: Vec<(u64, u32)> = rows.iter().map(|row| (roster.record(*row).number, *row)).collect();
    borne.sort_unstable();
    let blocks = borne.chunk_by(|a, b| a.0 == b.0).filter(|block| block.len() > 1 && block[0].0 != 0);
    blocks.map(|block| (block[0].0, block.iter().map(|(_, row)| *row).collect())).collect()
}

/// Where a list has one row a person and another row of it bears the same number under a name closer to the person's: the representative that this row's
/// own name only resembles. It is then rather a relative's row, with the number of the line above.
fn outranked_by(roster: &Roster, persons: &PersonIndex, twice: &HashMap<u64, Vec<u32>>, row: u32, person: u32) -> Option<u32> {
    let rivals = twice.get(&roster.record(row).number)?;
    let (level, representative) = persons.best_name(roster, row, person);
    if !is_rough(level) {
        return None;
    }
    // What a mask shows may be the head's and a member's: the first row has it.
    let is_other = |rival: u32| rival < row && roster.record(rival).is_head != roster.record(row).is_head;
    let closer = |rival: u32| {
        let rivals = roster.name_level(roster.record(rival), roster.record(representative));
        rivals.is_some_and(|rivals| rivals < level || rivals == NameLevel::Wildcard && rivals == level && is_other(rival))
    };
    rivals.iter().any(|rival| *rival != row && closer(*rival)).then_some(representative)
}

/// Rows whose person people have named join it; further rows of one person that is not known yet follow their first. Gives the rows that are
/// left to the model, those joined, and (row, original) of those that follow.
pub(super) fn join_decided(roster: &Roster, persons: &mut PersonIndex, rows: &[u32]) -> (Vec<u32>, Vec<u32>, Vec<(u32, u32)>) {
    let (mut left, mut joined, mut following) = (Vec::with_capacity(rows.len()), Vec::new(), Vec::new());
    if roster.clerical.is_empty() {
        left.extend_from_slice(rows);
        return (left, joined, following);
    }
    // Rows of a layer are ascending, which makes the first of a group the one that is decided first.
    for &row in rows {
        if let Some(person) = persons.must_join(roster, row) {
            persons.join(roster, row, person);
            joined.push(row);
        } else if let Some(first) = roster.clerical.first_of_group(row, rows) {
            following.push((row, first));
        } else {
            left.push(row);
        }
    }
    (left, joined, following)
}

/// Who holds a row's number.
pub(super) enum Claim {
    /// A person with an agreeing name.
    Agrees(u32),
    /// Only persons with unrelated names; a row of the first of them.
    Clashes(u32),
    /// Nobody.
    Nobody,
}

/// Looks up which known persons bear the row's number; the best name wins, then the elder person.
pub(super) fn claimant(roster: &Roster, persons: &PersonIndex, row: u32) -> Claim {
    let record = roster.record(row);
    if record.number == 0 {
        return Claim::Nobody;
    }
    let best = persons
        .claimants(record.number)
        .filter(|person| !persons.cannot_join(roster, row, *person))
        .map(|person| (persons.best_name(roster, row, person), person))
        .min_by_key(|((level, _), person)| (*level, *person));
    match best {
        None => Claim::Nobody,
        // Without a name on the row the number alone decides.
        Some((_, person)) if record.name == NONE && !record.is_disputed => Claim::Agrees(person),
        Some(((level, representative), person))
            if level.agrees()
                && !is_in_dispute(roster, row, representative, level)
                && !siblings(roster, row, representative, level)
                && !is_anothers(roster, persons, row, person, level) =>
        {
            Claim::Agrees(person)
        }
        Some(((_, representative), _)) => Claim::Clashes(representative),
    }
}

/// Whether names that agree may be two persons' all the same.
fn is_rough(level: NameLevel) -> bool {
    !matches!(level, NameLevel::Same | NameLevel::SameSound)
}

/// Whether the names agree only roughly and one of the rows states another birth than the number's: then the number is perhaps a relative's.
fn is_in_dispute(roster: &Roster, row: u32, representative: u32, level: NameLevel) -> bool {
    level > NameLevel::SameSound && (roster.record(row).is_disputed || roster.record(representative).is_disputed)
}

/// Whether names that agree only roughly are rather siblings', one bearing the other's number: the two rows stand in one household,
/// or somebody else in either household bears the other's name more closely.
fn siblings(roster: &Roster, row: u32, representative: u32, level: NameLevel) -> bool {
    if !is_rough(level) {
        return false;
    }
    let (right, left) = (roster.record(row), roster.record(representative));
    // A member whose own number stands in the other household too, under a closer name, is accounted for and needs no second row.
    let accounted = |member: &Record, opposite: u32| {
        let bears_it = |other: &Record| {
            other.number == member.number && roster.name_level(member, other).is_none_or(|closer| closer < level)
        };
        member.number != 0
            && member.number != right.number
            && roster.household_rows(opposite).iter().any(|row| bears_it(roster.record(*row)))
    };
    let namesake = |own: &Record, but: u32, opposite: &Record| {
        let others =
            roster.household_rows(own.household).iter().filter(|other| **other != but).map(|other| roster.record(*other));
        // Under a mask, whoever else bears the number is rather the same person.
        let is_same = |other: &Record| level == NameLevel::Wildcard && other.number == right.number;
        others
            .filter(|other| !accounted(other, opposite.household) && !is_same(other))
            .any(|other| roster.name_level(other, opposite).is_some_and(|closer| closer < level))
    };
    // What a mask shows contradicts nothing: only within one list are two rows of a household two persons.
    let one_list =
        || roster.spans.iter().any(|span| [row, representative].iter().all(|row| (span.start..span.end).contains(row)));
    let listed_apart = || level == NameLevel::Wildcard && !one_list();
    (left.household != NONE && left.household == right.household && !listed_apart())
        || namesake(right, row, left)
        || namesake(left, representative, right)
}

/// Whether a row whose name agrees only roughly with that of the person who bears its number is rather somebody else's: its guardian or
/// spouse has that number, or somebody else of the household or the village is called exactly so.
fn is_anothers(roster: &Roster, persons: &PersonIndex, row: u32, person: u32, level: NameLevel) -> bool {
    if !is_rough(level) {
        return false;
    }
    let record = roster.record(row);
    // A dropped character often leaves another villager's name: the number says more then.
    let another = level == NameLevel::OneCharacter && persons.namesakes(roster, record).any(|other| other != person);
    another
        || record.kin == record.number
        || persons.housemates(person).any(|other| other != person && persons.best_name(roster, row, other).0 == NameLevel::Same)
}

/// Numbers that rows of any registry bear under unrelated names: whose they are must be decided by everything else.
pub(super) fn contested_numbers(roster: &Roster) -> Vec<u64> {
    let mut borne: Vec<(u64, u32)> = (0u32..)
        .zip(&roster.records)
        .filter(|(_, record)| record.number != 0)
        .map(|(row, record)| (record.number, row))
        .collect();
    borne.par_sort_unstable();
    let blocks: Vec<&[(u64, u32)]> = borne.chunk_by(|a, b| a.0 == b.0).filter(|block| block.len() > 1).collect();
    blocks.into_par_iter().filter(|block| has_two_names(roster, block)).map(|block| block[0].0).collect()
}

/// Whether the rows of one number are of unrelated names.
fn has_two_names(roster: &Roster, block: &[(u64, u32)]) -> bool {
    let first = block[0].1;
    block[1..].iter().any(|&(_, row)| {
        let (record, head) = (roster.record(row), roster.record(first));
        record.name != head.name
            && roster.name_level(record, head).is_some_and(|level| {
                !level.agrees() || is_in_dispute(roster, row, first, level) || siblings(roster, row, first, level)
            })
    })
}

/// Groups waiting rows that bear the same number, valid or damaged alike, and agreeing names.
fn group(roster: &Roster, persons: &mut PersonIndex, waiting: &[u32], left: &mut Unresolved) {
    let mut keyed: Vec<(u64, u32)> = waiting
        .iter()
        .map(|&row| {
            let record = roster.record(row);
            // A mask shows too little for two rows to be one.
            let damaged = roster.damaged_of(record).filter(|damaged| damaged.state != IdState::Masked);
            let damaged = damaged.map_or(0, |damaged| hash::text(&damaged.text));
            (if record.number != 0 { hash::mix(record.number) } else { damaged }, row)
        })
        .collect();
    keyed.sort_unstable();
    for block in keyed.chunk_by(|a, b| a.0 == b.0 && a.0 != 0) {
        let mut heads: Vec<u32> = Vec::new();
        for &(_, row) in block {
            let record = roster.record(row);
            // Twins share what a float has left, siblings their grandfather's number.
            let shared = roster
                .damaged_of(record)
                .is_some_and(|damaged| record.number == 0 && matches!(damaged.state, IdState::Float | IdState::Borrowed));
            let same = heads.iter().copied().filter(|head| !roster.clerical.cannot_link(row, *head)).find(|&head| {
                roster.name_level(record, roster.record(head)).is_none_or(|level| {
                    level.agrees() && !is_in_dispute(roster, row, head, level) && !siblings(roster, row, head, level)
                }) && (!shared || roster.name_level(record, roster.record(head)) == Some(NameLevel::Same))
            });
            if let Some(head) = same {
                left.copies.push((row, head));
                continue;
            }
            if let Some(&first) = heads.first().filter(|_| record.number != 0) {
                persons.contested.insert(record.number);
                left.clashes.push(Clash { left: first, right: row });
            }
            heads.push(row);
            left.rows.push(row);
        }
    }
    left.rows.sort_unstable();
    left.copies.sort_unstable();
}
