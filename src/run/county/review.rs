//! Pairs for people: what linking left open and what holds a finding back, both sides read from the records, ranked.
//!
//! Takes records, links, evidence and the accusations held back; gives [`OpenPair`]s, and as workbooks show them [`ReviewEntry`]s: open pairs
//! with the most valuable first (by rules held back, the money these are about, weight; what somebody has looked at in vain comes
//! last), answers so far, and the sample.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::Array;

use crate::assess::{HeldBack, OpenPair};
use crate::config::pipeline::Workbook;
use crate::intake::definitions::Definitions;
use crate::model::columns;
use crate::model::date::Day;
use crate::model::decision::{DecisionState, KeptDecision, PairKey, record_key};
use crate::model::link::Linked;
use crate::model::personal::Personal;
use crate::model::record::{RecordSet, RowId};
use crate::model::review::{ReviewEntry, ReviewSide};

/// Reads sides and keys.
pub(super) struct Reviewer<'a> {
    pub(super) definitions: &'a Definitions,
    pub(super) records: &'a RecordSet,
    pub(super) linked: &'a Linked,
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
        Self { definitions, records, linked, towns, villages, heads }
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
        pairs
    }

    /// Open pairs.
    fn pending(&self, held: &[HeldBack]) -> Vec<ReviewEntry> {
        let looked_at: BTreeMap<&PairKey, &KeptDecision> =
            self.linked.decided.kept.iter().map(|kept| (&kept.decision.pair, kept)).collect();
        let mut pairs = OpenPair::all(self.linked, held);
        // Both sorts keep the order of rows among equals.
        pairs.sort_by_key(|pair| (pair.left, pair.right));
        pairs.dedup_by_key(|pair| (pair.left, pair.right));
        pairs.sort_by(OpenPair::rank);
        let wanted = pairs.iter().filter(|pair| self.wanted(pair.left) || self.wanted(pair.right));
        let mut entries: Vec<ReviewEntry> = wanted
            .map(|pair| {
                let mut held: Vec<String> = pair.holds.iter().map(|rule| self.title(rule)).collect();
                held.sort();
                let mut entry = ReviewEntry {
                    reason: pair.reason(),
                    held,
                    weight: pair.compared.map(|pair| pair.weight),
                    probability: pair.compared.map(|pair| pair.probability),
                    parts: pair.compared.map(|pair| pair.parts.clone()).unwrap_or_default(),
                    ..self.entry(pair.left, pair.right)
                };
                if let Some(kept) = looked_at.get(&entry.key) {
                    answered(&mut entry, kept);
                }
                entry
            })
            .collect();
        entries.sort_by_key(|entry| entry.answer.is_some());
        entries
    }

    fn title(&self, rule: &str) -> String {
        self.definitions.policy.card(rule).map_or_else(|| rule.to_owned(), |card| card.title)
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
            file: origin.map_or("", |(sheet, _)| &sheet.name.file).into(),
            sheet: origin.map_or("", |(sheet, _)| &sheet.name.sheet).into(),
            row: origin.map_or(0, |(_, row)| row),
            name: or(text(columns::NAME), columns::HEAD_NAME).into(),
            number: or(text(columns::ID_NUMBER), columns::ID_RAW).into(),
            birth: registry.date(columns::BIRTH).filter(|column| column.is_valid(at)).map(|column| Day(column.value(at))),
            sex: text(columns::SEX),
            place: or(place, columns::PLACE[5]).into(),
            household: text(columns::HOUSEHOLD_CODE).into(),
            head: match (
                text(columns::HEAD_NAME),
                self.heads.get(&(position, registry.text_at(columns::HOUSEHOLD_CODE, at).unwrap_or_default())),
            ) {
                (head, Some(marked)) if head.is_empty() => (*marked).into(),
                (head, _) => head.into(),
            },
            relation: text(columns::RELATION),
            phone: text(columns::PHONE).into(),
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
        by: Personal::default(),
        on: Personal::default(),
        remark: Personal::default(),
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
