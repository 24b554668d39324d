//! What people have said of rows: these are one person, those are two. It outranks the model.
//!
//! Takes the answers; gives [`ClericalDecisions`] between rows and [`Decided`] with what became of each answer. Rows whose records were called one
//! person make a *group*; groups may be kept apart. Answers that contradict each other, directly or through others, are not
//! followed, none of them, and are told; so are answers about records that are not there. Cost: nothing without answers; else one
//! key per row.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rayon::prelude::*;

use super::hash::WordMap;
use super::position::dense;
use crate::model::decision::{Decision, DecisionState, KeptDecision, PairKey, Verdict, record_key};
use crate::model::ids::CountyKey;
use crate::model::link::Decided;
use crate::model::record::{RecordSet, RowId};

/// Rows that belong together, and groups of them that do not.
#[derive(Default)]
pub(super) struct ClericalDecisions {
    group_of: WordMap<u32>,
    rows: Vec<Vec<u32>>,
    cannot_link: Vec<Vec<u32>>,
}

impl ClericalDecisions {
    /// Whether nobody has said anything.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn group(&self, row: u32) -> Option<usize> {
        if self.is_empty() { None } else { self.group_of.get(&u64::from(row)).map(|group| *group as usize) }
    }

    /// Whether people said that two rows are one person.
    pub(super) fn must_link(&self, row: u32, other: u32) -> bool {
        self.group(row).is_some_and(|group| self.group(other) == Some(group))
    }

    /// Whether people said that two rows are two persons.
    pub(super) fn cannot_link(&self, row: u32, other: u32) -> bool {
        let (Some(group), Some(other)) = (self.group(row), self.group(other)) else { return false };
        self.cannot_link[group].contains(&dense(other))
    }

    /// Rows that people said are one person with this one, itself among them, ascending.
    pub(super) fn must_link_rows(&self, row: u32) -> &[u32] {
        self.group(row).map_or(&[], |group| &self.rows[group])
    }

    /// Rows that people said are not the person of this one.
    pub(super) fn cannot_link_rows(&self, row: u32) -> impl Iterator<Item = u32> + '_ {
        let others = self.group(row).map_or(&[][..], |group| &self.cannot_link[group]);
        others.iter().flat_map(|other| &self.rows[*other as usize]).copied()
    }

    /// The first row of this row's group among `rows` (ascending), if it is another.
    pub(super) fn first_of_group(&self, row: u32, rows: &[u32]) -> Option<u32> {
        self.must_link_rows(row).iter().copied().find(|other| rows.binary_search(other).is_ok()).filter(|first| *first != row)
    }

    /// Every two rows that are two persons, each way once.
    pub(super) fn cannot_link_pairs(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.cannot_link.iter().enumerate().flat_map(move |(group, others)| {
            let others = others.iter().filter(move |other| **other as usize > group);
            others.flat_map(move |other| {
                self.rows[group].iter().flat_map(move |row| self.rows[*other as usize].iter().map(move |other| (*row, *other)))
            })
        })
    }
}

/// Sorts the answers out. The order in which they come does not matter.
pub(super) fn sort_out(records: &RecordSet, key: &CountyKey, decisions: &[Decision]) -> (ClericalDecisions, Decided) {
    if decisions.is_empty() {
        return (ClericalDecisions::default(), Decided::default());
    }
    let mut sorted: Vec<&Decision> = decisions.iter().collect();
    sorted.sort_unstable();
    let mut answers: BTreeMap<&PairKey, Vec<&Decision>> = BTreeMap::new();
    for decision in sorted {
        answers.entry(&decision.pair).or_default().push(decision);
    }
    let rows = rows_by_key(records, key, &answers.keys().flat_map(|pair| [pair.one.as_str(), pair.other.as_str()]).collect());
    let mut decided = Decided::default();
    let mut states: BTreeMap<&PairKey, (&Decision, DecisionState)> = BTreeMap::new();
    for (pair, given) in &answers {
        // "Not known yet" does not contradict an answer that somebody could give.
        let definite: Vec<&Decision> = given.iter().copied().filter(|decision| decision.verdict != Verdict::Unsure).collect();
        let state = match definite.first() {
            None => (given[0], DecisionState::Unsure),
            Some(first) if definite.iter().any(|other| other.verdict != first.verdict) => {
                decided.problems.push(format!("同一对记录有两种答复，均未采用：{}", places(definite.iter().copied())));
                (*first, DecisionState::Contradicted)
            }
            Some(first) => (*first, DecisionState::InForce),
        };
        states.insert(pair, state);
    }
    contradictions(&mut states, &mut decided.problems);
    for (pair, (decision, state)) in &mut states {
        let missing = [&pair.one, &pair.other].into_iter().any(|key| !rows.contains_key(key.as_str()));
        if missing && *state != DecisionState::Contradicted {
            *state = DecisionState::Gone;
            decided.problems.push(format!("答复所说的记录本月不在名册里，暂存不用：{}", decision.place.expose()));
        }
    }
    let clerical = grouped(&states, &rows);
    let first = |key: &str| rows.get(key).and_then(|rows| rows.first()).map(|row| RowId(*row));
    decided.kept = states
        .into_values()
        .map(|(decision, state)| KeptDecision {
            one: first(&decision.pair.one),
            other: first(&decision.pair.other),
            decision: decision.clone(),
            state,
        })
        .collect();
    (clerical, decided)
}

fn places<'a>(decisions: impl Iterator<Item = &'a Decision>) -> String {
    decisions.map(|decision| format!("{}（{}）", decision.place.expose(), word(decision.verdict))).collect::<Vec<_>>().join("；")
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Same => "是同一人",
        Verdict::Different => "不是",
        Verdict::Unsure => "存疑",
    }
}

/// Rows by record key, for the keys wanted; rows ascending.
fn rows_by_key<'k>(records: &RecordSet, key: &CountyKey, wanted: &BTreeSet<&'k str>) -> BTreeMap<&'k str, Vec<u32>> {
    let mut found: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (position, registry) in records.registries.iter().enumerate() {
        let offset = records.offset(position);
        let hits: Vec<(&str, u32)> = (0..dense(registry.len()))
            .into_par_iter()
            .filter_map(|row| Some((*wanted.get(record_key(registry, row as usize, key)?.as_str())?, offset + row)))
            .collect();
        for (key, row) in hits {
            found.entry(key).or_default().push(row);
        }
    }
    found
}

/// A = B, B = C, A ≠ C: voids the answers along the way from A to C, until none is left.
fn contradictions(states: &mut BTreeMap<&PairKey, (&Decision, DecisionState)>, problems: &mut Vec<String>) {
    let different: Vec<&PairKey> = states
        .iter()
        .filter(|(_, (decision, state))| *state == DecisionState::InForce && decision.verdict == Verdict::Different)
        .map(|(pair, _)| *pair)
        .collect();
    for pair in different {
        while let Some(way) = way(states, &pair.one, &pair.other) {
            let contradicting = way.iter().chain([&pair]).filter_map(|pair| states.get(pair)).map(|(decision, _)| *decision);
            problems.push(format!("几条答复合起来自相矛盾，均未采用：{}", places(contradicting)));
            for pair in way.into_iter().chain([pair]) {
                if let Some((_, state)) = states.get_mut(pair) {
                    *state = DecisionState::Contradicted;
                }
            }
        }
    }
}

/// The shortest chain of "one person" from one record to another.
fn way<'a>(states: &BTreeMap<&'a PairKey, (&Decision, DecisionState)>, from: &str, to: &str) -> Option<Vec<&'a PairKey>> {
    let mut next: BTreeMap<&str, Vec<(&str, &'a PairKey)>> = BTreeMap::new();
    for (pair, (decision, state)) in states {
        if *state == DecisionState::InForce && decision.verdict == Verdict::Same {
            next.entry(&pair.one).or_default().push((&pair.other, *pair));
            next.entry(&pair.other).or_default().push((&pair.one, *pair));
        }
    }
    let mut came: BTreeMap<&str, Option<(&str, &'a PairKey)>> = BTreeMap::from([(from, None)]);
    let mut queue = VecDeque::from([from]);
    while let Some(here) = queue.pop_front() {
        for (there, pair) in next.get(here).into_iter().flatten() {
            if !came.contains_key(there) {
                came.insert(there, Some((here, pair)));
                queue.push_back(there);
            }
        }
    }
    let mut way = Vec::new();
    let mut here = to;
    while let Some((before, pair)) = *came.get(here)? {
        way.push(pair);
        here = before;
    }
    (!way.is_empty()).then_some(way)
}

/// The record that stands for a group.
fn top<'k>(root: &BTreeMap<&'k str, &'k str>, mut key: &'k str) -> &'k str {
    while let Some(above) = root.get(key).filter(|above| **above != key) {
        key = above;
    }
    key
}

/// Groups of rows from the answers in force.
fn grouped(states: &BTreeMap<&PairKey, (&Decision, DecisionState)>, rows: &BTreeMap<&str, Vec<u32>>) -> ClericalDecisions {
    let in_force = |wanted: Verdict| {
        let held =
            states.iter().filter(move |(_, (decision, state))| *state == DecisionState::InForce && decision.verdict == wanted);
        held.map(|(pair, _)| *pair)
    };
    let mut root: BTreeMap<&str, &str> = BTreeMap::new();
    for pair in in_force(Verdict::Same).chain(in_force(Verdict::Different)) {
        for key in [pair.one.as_str(), pair.other.as_str()] {
            root.entry(key).or_insert(key);
        }
    }
    for pair in in_force(Verdict::Same) {
        let (one, other) = (top(&root, &pair.one), top(&root, &pair.other));
        root.insert(one.max(other), one.min(other));
    }
    let mut clerical = ClericalDecisions::default();
    let mut group_of_root: BTreeMap<&str, u32> = BTreeMap::new();
    for key in root.keys() {
        let next = dense(group_of_root.len());
        let group = *group_of_root.entry(top(&root, key)).or_insert(next);
        if group == next {
            clerical.rows.push(Vec::new());
            clerical.cannot_link.push(Vec::new());
        }
        for row in rows.get(key).into_iter().flatten() {
            clerical.rows[group as usize].push(*row);
            clerical.group_of.insert(u64::from(*row), group);
        }
    }
    clerical.rows.iter_mut().for_each(|rows| rows.sort_unstable());
    for pair in in_force(Verdict::Different) {
        let [one, other] = [&pair.one, &pair.other].map(|key| group_of_root.get(top(&root, key)).copied());
        if let (Some(one), Some(other)) = (one, other) {
            clerical.cannot_link[one as usize].push(other);
            clerical.cannot_link[other as usize].push(one);
        }
    }
    clerical
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::personal::Personal;

    fn decision(one: u8, other: u8, verdict: Verdict, place: &str) -> Decision {
        let key = |record: u8| format!("R{record:016x}");
        let text = Personal::default;
        Decision {
            pair: PairKey::new(key(one), key(other)),
            verdict,
            place: place.into(),
            by: text(),
            on: text(),
            remark: text(),
        }
    }

    /// States after sorting out, by pair; every record is there.
    fn sorted_out(decisions: &[Decision]) -> (Vec<DecisionState>, Vec<String>) {
        let mut answers: BTreeMap<&PairKey, (&Decision, DecisionState)> =
            decisions.iter().map(|decision| (&decision.pair, (decision, DecisionState::InForce))).collect();
        let mut problems = Vec::new();
        contradictions(&mut answers, &mut problems);
        (answers.into_values().map(|(_, state)| state).collect(), problems)
    }

    #[test]
    fn a_is_b_is_c_and_a_is_not_c_is_told_and_none_is_followed() {
        use DecisionState::{Contradicted, InForce};
        let decisions = [
            decision(1, 2, Verdict::Same, "甲.xlsx 第3行"),
            decision(2, 3, Verdict::Same, "甲.xlsx 第4行"),
            decision(1, 3, Verdict::Different, "乙.xlsx 第5行"),
            decision(7, 8, Verdict::Same, "乙.xlsx 第6行"),
        ];
        let (states, problems) = sorted_out(&decisions);
        assert_eq!(states, [Contradicted, Contradicted, Contradicted, InForce]);
        assert_eq!(problems.len(), 1);
        for place in ["甲.xlsx 第3行", "甲.xlsx 第4行", "乙.xlsx 第5行"] {
            assert!(problems[0].contains(place), "{problems:?}");
        }
    }

    #[test]
    fn groups_are_joined_through_others_and_kept_apart_as_wholes() {
        let decisions =
            [decision(1, 2, Verdict::Same, ""), decision(2, 3, Verdict::Same, ""), decision(3, 4, Verdict::Different, "")];
        let states = decisions.iter().map(|decision| (&decision.pair, (decision, DecisionState::InForce))).collect();
        let keys: Vec<String> = (1u8..5).map(|record| format!("R{record:016x}")).collect();
        let rows =
            keys.iter().zip([vec![10], vec![20, 21], vec![30], vec![40]]).map(|(key, rows)| (key.as_str(), rows)).collect();
        let clerical = grouped(&states, &rows);
        assert!(clerical.must_link(10, 30) && clerical.must_link(21, 10) && !clerical.must_link(10, 40));
        assert!(clerical.cannot_link(10, 40) && clerical.cannot_link(40, 21) && !clerical.cannot_link(10, 30));
        assert_eq!(clerical.first_of_group(21, &[15, 20, 21]), Some(20));
        assert_eq!(clerical.first_of_group(20, &[15, 20, 21]), None);
        assert_eq!(clerical.cannot_link_pairs().count(), 4);
    }
}
