//! Pairs for people: what linking left open and what holds a finding back, both sides read from the records, ranked.
//!
//! Takes records, links, evidence and the accusations held back; gives [`ReviewEntry`]s: open pairs with the most valuable first
//! (those that hold back findings, then by weight; what somebody has looked at in vain comes last), answers so far, and the sample.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::Array;

use super::definitions::Definitions;
use crate::assess::HeldBack;
use crate::config::pipeline::Workbook;
use crate::link::evidence::Evidence;
use crate::model::columns;
use crate::model::date::Day;
use crate::model::decision::{DecisionState, KeptDecision, PairKey, record_key};
use crate::model::link::{CLASH, Linked, PersonIx};
use crate::model::record::{RecordSet, RowId};
use crate::model::review::{ReviewEntry, ReviewSide};

/// Reads sides and keys.
pub(super) struct Reviewer<'a> {
    pub(super) definitions: &'a Definitions,
    pub(super) records: &'a RecordSet,
    pub(super) linked: &'a Linked,
    /// Why rows are with their persons; `None` for links taken from a finished run.
    pub(super) evidence: Option<&'a Evidence>,
    /// Only pairs with a side in one of these towns; empty for all.
    pub(super) towns: &'a [String],
    /// Only pairs with a side in one of these villages; empty for all.
    pub(super) villages: &'a [String],
    /// Registry and household code → name of the row marked as the head.
    heads: HashMap<(usize, &'a str), &'a str>,
}

/// Lists of pairs as the workbooks show them.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// Open pairs, the most valuable first.
    pub(super) pending: Vec<ReviewEntry>,
    /// Answers so far.
    pub(super) decided: Vec<ReviewEntry>,
    /// Links to be verified.
    pub(super) sample: Vec<ReviewEntry>,
}

impl Pairs {
    /// Those on which answers contradict each other.
    pub(super) fn contradicted(&self) -> impl Iterator<Item = &ReviewEntry> {
        self.pending.iter().chain(&self.decided).filter(|entry| entry.state == Some(DecisionState::Contradicted))
    }
}

/// How registries mark the head of a household.
const HEAD: &str = "户主";

impl<'a> Reviewer<'a> {
    pub(super) fn new(
        definitions: &'a Definitions,
        records: &'a RecordSet,
        linked: &'a Linked,
        evidence: Option<&'a Evidence>,
        (towns, villages): (&'a [String], &'a [String]),
    ) -> Self {
        let mut heads = HashMap::new();
        for (position, registry) in records.registries.iter().enumerate() {
            let columns = [columns::RELATION, columns::HOUSEHOLD_CODE, columns::NAME].map(|column| registry.text(column));
            let [Some(relation), Some(code), Some(name)] = columns else { continue };
            let is_head = |row: &usize| relation.is_valid(*row) && relation.value(*row) == HEAD;
            for row in (0..registry.len()).filter(is_head).filter(|row| code.is_valid(*row) && name.is_valid(*row)) {
                heads.entry((position, code.value(row))).or_insert(name.value(row));
            }
        }
        Self { definitions, records, linked, evidence, towns, villages, heads }
    }
}

impl Reviewer<'_> {
    /// Every list.
    pub(super) fn pairs(&self, held: &[HeldBack]) -> Pairs {
        let wanted = |workbook: Workbook| self.definitions.workbooks.contains(&workbook);
        let mut pairs = Pairs::default();
        if wanted(Workbook::Review) {
            pairs.pending = self.pending(held);
            pairs.decided = self.decided(&pairs.pending);
        }
        if let Some(evidence) = self.evidence.filter(|_| wanted(Workbook::Sample)) {
            pairs.sample = super::sample::draw(self, evidence);
        }
        pairs
    }

    /// Open pairs.
    fn pending(&self, held: &[HeldBack]) -> Vec<ReviewEntry> {
        let (waiting, firsts) = (waiting(held), self.first_rows());
        let mut pairs: BTreeMap<(RowId, RowId), (ReviewEntry, BTreeSet<String>)> = BTreeMap::new();
        for pair in &self.linked.review {
            let entry = ReviewEntry {
                reason: reason(&pair.reason).to_owned(),
                weight: Some(pair.weight),
                probability: Some(pair.probability),
                parts: pair.parts.clone(),
                ..self.entry(pair.left, pair.right)
            };
            pairs.insert((pair.left, pair.right), (entry, BTreeSet::new()));
        }
        // An accusation waits for the review pair between the two, where there is one.
        let mut between: BTreeMap<(PersonIx, RowId), (RowId, RowId)> = BTreeMap::new();
        for pair in &self.linked.review {
            for (row, other) in [(pair.left, pair.right), (pair.right, pair.left)] {
                between.entry((self.person(row), other)).or_insert((pair.left, pair.right));
            }
        }
        for ((person, row), rules) in waiting {
            let Some(&first) = firsts.get(person.0 as usize) else { continue };
            let at = between.get(&(person, row)).copied().unwrap_or((first.min(row), first.max(row)));
            let (_, held) = pairs.entry(at).or_insert_with(|| {
                let entry = ReviewEntry {
                    reason: "同户或同名、未对上，可能是同一人".to_owned(), ..self.entry(at.0, at.1)
                };
                (entry, BTreeSet::new())
            });
            held.extend(rules);
        }
        let looked_at: BTreeMap<&PairKey, &KeptDecision> =
            self.linked.decided.kept.iter().map(|kept| (&kept.decision.pair, kept)).collect();
        let mut entries: Vec<ReviewEntry> = pairs
            .into_iter()
            .filter(|((left, right), _)| self.wanted(*left) || self.wanted(*right))
            .map(|(_, (mut entry, held))| {
                entry.held = held.into_iter().collect();
                if let Some(kept) = looked_at.get(&entry.key) {
                    answered(&mut entry, kept);
                }
                entry
            })
            .collect();
        // Pairs come in the order of their rows, which this stable sort keeps among equals.
        entries.sort_by(|a, b| {
            let rank = |entry: &ReviewEntry| (entry.answer.is_some(), std::cmp::Reverse(entry.held.len()));
            let weight = |entry: &ReviewEntry| entry.weight.unwrap_or(f32::NEG_INFINITY);
            rank(a).cmp(&rank(b)).then_with(|| weight(b).total_cmp(&weight(a)))
        });
        entries
    }

    /// Answers so far that are not among the open pairs.
    fn decided(&self, pending: &[ReviewEntry]) -> Vec<ReviewEntry> {
        let open: BTreeSet<&PairKey> = pending.iter().map(|entry| &entry.key).collect();
        let kept = self.linked.decided.kept.iter().filter(|kept| !open.contains(&kept.decision.pair));
        kept.map(|kept| {
            let side = |row: Option<RowId>| row.map(|row| self.side(row)).unwrap_or_default();
            let mut entry = ReviewEntry {
                key: kept.decision.pair.clone(),
                sides: [side(kept.one), side(kept.other)],
                ..blank(kept.decision.pair.clone())
            };
            answered(&mut entry, kept);
            entry
        })
        .collect()
    }

    fn person(&self, row: RowId) -> PersonIx {
        self.linked.links.get(row.0 as usize).map_or(PersonIx(u32::MAX), |link| link.person)
    }

    /// The first row of each person; persons are ordered by it.
    fn first_rows(&self) -> Vec<RowId> {
        let mut firsts = Vec::new();
        for (row, link) in (0u32..).zip(&self.linked.links) {
            if link.person.0 as usize == firsts.len() {
                firsts.push(RowId(row));
            }
        }
        firsts
    }

    /// A pair of two rows.
    pub(super) fn entry(&self, left: RowId, right: RowId) -> ReviewEntry {
        let key = PairKey::new(self.key(left), self.key(right));
        ReviewEntry { sides: [self.side(left), self.side(right)], ..blank(key) }
    }

    fn key(&self, row: RowId) -> String {
        let located = self.records.locate(row);
        let key = located.and_then(|(position, at)| record_key(&self.records.registries[position], at, &self.definitions.key));
        key.unwrap_or_default()
    }

    fn side(&self, row: RowId) -> ReviewSide {
        let Some((position, at)) = self.records.locate(row) else { return ReviewSide::default() };
        let registry = &self.records.registries[position];
        let text = |column: &str| registry.text_at(column, at).unwrap_or_default().to_owned();
        let origin = self.records.origin(position, at);
        let title = self.definitions.dictionary.registry(registry.registry.as_str());
        let or = |one: String, other: &str| if one.is_empty() { text(other) } else { one };
        let place = format!("{}{}", text(columns::TOWN), text(columns::VILLAGE));
        ReviewSide {
            registry: title.map_or_else(|| registry.registry.to_string(), |definition| definition.title.clone()),
            file: origin.map_or_else(String::new, |(sheet, _)| sheet.name.file.clone()),
            sheet: origin.map_or_else(String::new, |(sheet, _)| sheet.name.sheet.clone()),
            row: origin.map_or(0, |(_, row)| row),
            name: or(text(columns::NAME), columns::HEAD_NAME),
            number: or(text(columns::ID_NUMBER), columns::ID_RAW),
            birth: registry.date(columns::BIRTH).filter(|column| column.is_valid(at)).map(|column| Day(column.value(at))),
            sex: text(columns::SEX),
            place: or(place, columns::PLACE[5]),
            household: text(columns::HOUSEHOLD_CODE),
            head: match (
                text(columns::HEAD_NAME),
                self.heads.get(&(position, registry.text_at(columns::HOUSEHOLD_CODE, at).unwrap_or_default())),
            ) {
                (head, Some(marked)) if head.is_empty() => (*marked).to_owned(),
                (head, _) => head,
            },
            relation: text(columns::RELATION),
            phone: text(columns::PHONE),
        }
    }

    fn wanted(&self, row: RowId) -> bool {
        let Some((position, at)) = self.records.locate(row) else { return false };
        let among = |wanted: &[String], name: &str, code: &str| {
            let text = |column: &str| self.records.registries[position].text_at(column, at);
            wanted.is_empty() || wanted.iter().any(|wanted| [text(name), text(code)].contains(&Some(wanted.as_str())))
        };
        among(self.towns, columns::TOWN, columns::TOWN_CODE) && among(self.villages, columns::VILLAGE, columns::VILLAGE_CODE)
    }
}

/// Person and row that could be the person → the rules that wait.
fn waiting(held: &[HeldBack]) -> BTreeMap<(PersonIx, RowId), BTreeSet<String>> {
    let mut waiting: BTreeMap<(PersonIx, RowId), BTreeSet<String>> = BTreeMap::new();
    for accusation in held {
        for row in &accusation.rows {
            waiting.entry((accusation.person, *row)).or_default().insert(accusation.rule.clone());
        }
    }
    waiting
}

fn blank(key: PairKey) -> ReviewEntry {
    ReviewEntry {
        key,
        sides: Default::default(),
        reason: String::new(),
        held: Vec::new(),
        weight: None,
        probability: None,
        parts: Vec::new(),
        answer: None,
        by: String::new(),
        on: String::new(),
        remark: String::new(),
        state: None,
        stratum: String::new(),
    }
}

fn answered(entry: &mut ReviewEntry, kept: &KeptDecision) {
    entry.answer = Some(kept.decision.verdict);
    entry.by.clone_from(&kept.decision.by);
    entry.on.clone_from(&kept.decision.on);
    entry.remark.clone_from(&kept.decision.remark);
    entry.state = Some(kept.state);
    if kept.state == DecisionState::Contradicted {
        // Asked again, with nothing filled in: both answers cannot be right.
        entry.answer = None;
        entry.reason = format!("{}；{}", entry.reason, kept.state.plain());
    }
}

/// Why a pair was left open, in words.
fn reason(written: &str) -> &str {
    match written {
        "weak" => "证据不足以认定",
        "tie" => "有两个以上人选，分不清",
        CLASH => "号码相同、姓名不同",
        other => other,
    }
}
