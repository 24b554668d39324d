//! Pairs left open for people: what linking could not decide, and rows in which the absence guard sees somebody accused.
//!
//! Takes links and the accusations held back, gives [`OpenPair`]s: linking's in its order, then the guard's in the order of rows. Linear in both.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::assess::{HeldBack, Likeness};
use crate::config::link_words;
use crate::model::link::{Linked, PersonIx, ReviewPair};
use crate::model::record::RowId;

/// Two rows that may be one person's: left open by linking, or found by the absence guard.
#[derive(Debug)]
pub(crate) struct OpenPair<'a> {
    /// A row of the person on the spine, or of the accused.
    pub(crate) left: RowId,
    /// The row that could be the same person.
    pub(crate) right: RowId,
    /// What linking says; `None` where only the absence guard made the pair.
    pub(crate) compared: Option<&'a ReviewPair>,
    /// Ids of the rules that wait for it.
    pub(crate) holds: BTreeSet<&'a str>,
    likeness: Option<Likeness>,
    /// The largest amount that one of these rules is about.
    gap_fen: Option<i64>,
}

impl<'a> OpenPair<'a> {
    /// Every open pair: linking's in its order, then the guard's in the order of rows.
    pub(crate) fn all(linked: &'a Linked, held: &'a [HeldBack]) -> Vec<Self> {
        let open = |left, right, compared| Self { left, right, compared, holds: BTreeSet::new(), likeness: None, gap_fen: None };
        let mut pairs: Vec<Self> = linked.review.iter().map(|pair| open(pair.left, pair.right, Some(pair))).collect();
        let person = |row: RowId| linked.links.get(row.0 as usize).map(|link| link.person);
        // An accusation waits for the review pair between the two, where there is one.
        let mut between: BTreeMap<(PersonIx, RowId), usize> = BTreeMap::new();
        for (at, pair) in linked.review.iter().enumerate() {
            for (row, other) in [(pair.left, pair.right), (pair.right, pair.left)] {
                if let Some(person) = person(row) {
                    between.entry((person, other)).or_insert(at);
                }
            }
        }
        let firsts = first_rows(linked);
        let mut guarded: BTreeMap<(RowId, RowId), Self> = BTreeMap::new();
        for accusation in held {
            let Some(&first) = firsts.get(accusation.person.0 as usize) else { continue };
            for (row, likeness) in &accusation.rows {
                let known = between.get(&(accusation.person, *row)).and_then(|at| pairs.get_mut(*at));
                let at = (first.min(*row), first.max(*row));
                let pair =
                    if let Some(pair) = known { pair } else { guarded.entry(at).or_insert_with(|| open(first, *row, None)) };
                pair.holds.insert(&accusation.rule);
                pair.gap_fen = pair.gap_fen.max(accusation.gap_fen);
                pair.likeness = match (pair.likeness, *likeness) {
                    (Some(known), Some(other)) => Some(known.min(other)),
                    (known, other) => known.or(other),
                };
            }
        }
        pairs.extend(guarded.into_values());
        pairs
    }

    /// Why it is asked, in words.
    pub(crate) fn reason(&self) -> String {
        let compared = self.compared.map(|pair| link_words::reason(&pair.reason).to_owned());
        let told: Vec<String> = compared.into_iter().chain(self.likeness.map(Likeness::plain)).collect();
        told.join("；")
    }

    /// The most valuable first.
    pub(crate) fn rank(&self, other: &Self) -> Ordering {
        let worth = |pair: &Self| (pair.holds.len(), pair.gap_fen);
        let weight = |pair: &Self| pair.compared.map_or(f32::NEG_INFINITY, |pair| pair.weight);
        worth(other).cmp(&worth(self)).then_with(|| weight(other).total_cmp(&weight(self)))
    }
}

/// The first row of each person; persons are ordered by it.
fn first_rows(linked: &Linked) -> Vec<RowId> {
    let mut firsts = Vec::new();
    for (row, link) in (0u32..).zip(&linked.links) {
        if link.person.0 as usize == firsts.len() {
            firsts.push(RowId(row));
        }
    }
    firsts
}
