//! Blocking: which pairs of rows are compared at all.
//!
//! Takes the store and the model's rules; gives per rule the blocks in which records share a key, with exact counts known before any pair is
//! looked at ([`Candidates::predict`]). A pair belongs to the first rule that makes it and comes once; a missing part makes no
//! pair. Cost: one sort of the keys per rule; a pair costs a few comparisons of words.

use rayon::prelude::*;

use super::store::{Forms, Store, span};
use crate::config::tables::{KeyForm, KeyPart, Rule, TablesModel, Task};
use crate::link::hash;
use crate::link::position::dense;
use crate::model::identity::id;
use crate::model::personal::mask;

/// A record with more keys than this under one rule keeps the first: readings of a name and repairs of a number multiply.
/// Chosen: bounds time and memory.
const KEYS: usize = 64;
/// Rows of a block that are worked through together. Chosen for time, as is the next.
const CHUNK: usize = 64;
/// Rows whose keys are made together.
const ROWS: u32 = 16_384;

/// The keys of all rows under one rule, ascending per row.
struct Keys {
    keys: Vec<u64>,
    /// Where each row's keys end; empty where every row has at most one, which then stands at its place, 0 for none.
    ends: Vec<u32>,
}

impl Keys {
    /// The keys that `of` appends for each row; it gets a spare list too, so that it need not make one.
    fn several(rows: u32, of: impl Fn(u32, &mut Vec<u64>, &mut Vec<u64>) + Sync) -> Self {
        let chunks: Vec<Self> = (0..rows.div_ceil(ROWS))
            .into_par_iter()
            .map(|chunk| {
                let (mut keys, mut ends, mut spare) = (Vec::new(), Vec::with_capacity(ROWS as usize), Vec::new());
                for row in chunk * ROWS..((chunk + 1) * ROWS).min(rows) {
                    of(row, &mut keys, &mut spare);
                    ends.push(dense(keys.len()));
                }
                Self { keys, ends }
            })
            .collect();
        let total = chunks.iter().map(|chunk| chunk.keys.len()).sum();
        let mut all = Self { keys: Vec::with_capacity(total), ends: Vec::with_capacity(rows as usize) };
        for chunk in chunks {
            let start = dense(all.keys.len());
            all.ends.extend(chunk.ends.into_iter().map(|end| start + end));
            all.keys.extend(chunk.keys);
        }
        all
    }

    fn of(&self, row: u32) -> &[u64] {
        let row = row as usize;
        let range = if self.ends.is_empty() {
            let none = self.keys.get(row).is_none_or(|key| *key == 0);
            Some(row..row + usize::from(!none))
        } else {
            span(&self.ends, row)
        };
        range.and_then(|range| self.keys.get(range)).unwrap_or(&[])
    }

    /// The smallest key that two rows share.
    fn shared(&self, row: u32, others: &Self, other: u32) -> Option<u64> {
        let (mine, theirs) = (self.of(row), others.of(other));
        match (mine, theirs) {
            ([one], [other]) => (one == other).then_some(*one),
            _ => mine.iter().find(|key| theirs.binary_search(key).is_ok()).copied(),
        }
    }
}

/// One record of a block against a run of others.
#[derive(Clone, Copy)]
struct Line {
    key: u64,
    row: u32,
    /// The others: a range of [`RuleKeys::right`].
    from: u32,
    to: u32,
}

/// A rule, ready to make pairs.
struct RuleKeys {
    left: Keys,
    /// Keys of the right side where they differ from the left side's.
    right: Option<Keys>,
    /// Records of the right side by key.
    right_rows: Vec<u32>,
    lines: Vec<Line>,
    predicted: u64,
    /// A record of the heaviest key, and its pairs.
    heaviest: Option<(u32, u64)>,
}

impl RuleKeys {
    fn right_keys(&self) -> &Keys {
        self.right.as_ref().unwrap_or(&self.left)
    }
}

/// What a rule will cost, known before it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// The rule as written.
    pub rule: String,
    /// Pairs that share a key of it, counted exactly from the keys; earlier rules may make some of them. Of one table, a rule whose sides
    /// differ (`a=b`) counts a pair both ways round.
    pub pairs: u64,
    /// The key that makes the most pairs: its values, masked, and how many pairs; `None` where no two records share one.
    pub heaviest: Option<(String, u64)>,
}

/// All rules.
pub(super) struct Candidates {
    rules: Vec<RuleKeys>,
    /// Per row its only key under every rule, so that a pair costs two lines of memory and not two per rule; 0 for none, [`MANY`] where
    /// the rule's own lists must be looked at.
    only: Vec<u64>,
    deduplicate: bool,
}

/// Several keys, or others on the right side.
const MANY: u64 = u64::MAX;

impl Candidates {
    pub(super) fn new(store: &Store, model: &TablesModel) -> Self {
        let deduplicate = model.task == Task::Deduplicate;
        let rules: Vec<RuleKeys> = model.rules.par_iter().map(|rule| rule_keys(store, rule, deduplicate)).collect();
        let only_key = |rule: &RuleKeys, row: u32| match (rule.left.of(row), &rule.right) {
            ([], None) => 0,
            ([key], None) => *key,
            _ => MANY,
        };
        let mut only = vec![0; store.len() * rules.len()];
        only.par_chunks_mut(rules.len().max(1)).zip(0..dense(store.len())).for_each(|(keys, row)| {
            for (key, rule) in keys.iter_mut().zip(&rules) {
                *key = only_key(rule, row);
            }
        });
        Self { rules, only, deduplicate }
    }

    /// Exact counts per rule.
    pub(super) fn predict(&self, store: &Store, model: &TablesModel) -> Vec<Prediction> {
        let describe = |rule: &Rule, (row, pairs): (u32, u64)| {
            let values: Vec<String> = rule
                .parts
                .iter()
                .map(|part| {
                    let text = store.value(part.left, row).map_or("", |value| store.columns[part.left].text(value));
                    format!("{}={}", model.fields[part.left].name, mask(text))
                })
                .collect();
            (values.join("，"), pairs)
        };
        model
            .rules
            .iter()
            .zip(&self.rules)
            .map(|(rule, keys)| Prediction {
                rule: rule.name.clone(),
                pairs: keys.predicted,
                heaviest: keys.heaviest.map(|heaviest| describe(rule, heaviest)),
            })
            .collect()
    }

    /// Calls `each` with every pair of a rule that is `wanted`, in chunks on as many threads as rayon has; results in the order of chunks.
    /// Both get the rows (the smaller first), `each` also whether the pair belongs to this rule. A pair that is not wanted costs nothing.
    pub(super) fn pairs<T: Send>(
        &self,
        rule: usize,
        start: impl Fn() -> T + Sync,
        wanted: impl Fn(u32, u32) -> bool + Sync,
        each: impl Fn(&mut T, u32, u32, bool) + Sync,
    ) -> Vec<T> {
        let keys = &self.rules[rule];
        keys.lines
            .par_chunks(CHUNK)
            .map(|lines| {
                let mut state = start();
                for line in lines {
                    for &other in &keys.right_rows[line.from as usize..line.to as usize] {
                        if wanted(line.row.min(other), line.row.max(other))
                            && let Some((left, right)) = self.is_once(rule, line, other)
                        {
                            each(&mut state, left, right, self.is_first(rule, left, right));
                        }
                    }
                }
                state
            })
            .collect()
    }

    /// The pair, unless another key or the mirror image of this one makes it too and comes first.
    fn is_once(&self, rule: usize, line: &Line, other: u32) -> Option<(u32, u32)> {
        let (row, keys) = (line.row, &self.rules[rule]);
        // Two rows share several keys only where each has several.
        let many = |row: u32| self.only.get(row as usize * self.rules.len() + rule) == Some(&MANY);
        if (!keys.left.ends.is_empty() || !keys.right_keys().ends.is_empty()) && many(row) && many(other) {
            let shared = keys.left.shared(row, keys.right_keys(), other);
            if shared != Some(line.key) {
                return None;
            }
        }
        if !self.deduplicate || keys.right.is_none() {
            return Some((row.min(other), row.max(other)));
        }
        let mirrored = row > other && keys.left.shared(other, keys.right_keys(), row).is_some();
        (row != other && !mirrored).then_some((row.min(other), row.max(other)))
    }

    /// Whether no rule before `rule` makes the pair.
    fn is_first(&self, rule: usize, left: u32, right: u32) -> bool {
        let keys = |row: u32| self.only.get(row as usize * self.rules.len()..).unwrap_or(&[]);
        self.rules.iter().zip(keys(left).iter().zip(keys(right))).take(rule).all(|(earlier, (one, other))| {
            if *one != MANY && *other != MANY {
                return *one == 0 || one != other;
            }
            let straight = earlier.left.shared(left, earlier.right_keys(), right).is_some();
            let mirrored = || {
                self.deduplicate && earlier.right.is_some() && earlier.left.shared(right, earlier.right_keys(), left).is_some()
            };
            !straight && !mirrored()
        })
    }
}

fn rule_keys(store: &Store, rule: &Rule, deduplicate: bool) -> RuleKeys {
    let left = keys(store, &rule.parts, |part| part.left);
    let right = (!rule.is_symmetric()).then(|| keys(store, &rule.parts, |part| part.right));
    let total = dense(store.len());
    let entries = |keys: &Keys, from: u32, to: u32| {
        let mut entries: Vec<(u64, u32)> = Vec::with_capacity((to - from) as usize);
        entries.extend((from..to).flat_map(|row| keys.of(row).iter().map(move |key| (*key, row))));
        entries.par_sort_unstable();
        entries
    };
    let (left_entries, right_entries) = if deduplicate {
        let all = entries(&left, 0, total);
        let others = right.as_ref().map(|keys| entries(keys, 0, total));
        (all, others)
    } else {
        (entries(&left, 0, store.left), Some(entries(right.as_ref().unwrap_or(&left), store.left, total)))
    };
    // Of one table both sides are the same list, unless the rule's sides differ.
    let right_entries = right_entries.as_ref().unwrap_or(&left_entries);
    let triangle = deduplicate && right.is_none();
    let mut made = RuleKeys { left, right, right_rows: Vec::new(), lines: Vec::new(), predicted: 0, heaviest: None };
    let mut start = 0;
    for group in left_entries.chunk_by(|a, b| a.0 == b.0) {
        let key = group[0].0;
        while right_entries.get(start).is_some_and(|entry| entry.0 < key) {
            start += 1;
        }
        let mut end = start;
        while right_entries.get(end).is_some_and(|entry| entry.0 == key) {
            end += 1;
        }
        let (mine, others) = (group.len() as u64, (end - start) as u64);
        let pairs = if triangle { mine * (mine - 1) / 2 } else { mine * others };
        if pairs > 0 {
            made.predicted += pairs;
            if made.heaviest.is_none_or(|(_, most)| pairs > most) {
                made.heaviest = Some((group[0].1, pairs));
            }
            for (at, &(_, row)) in group.iter().enumerate() {
                // Of one table every pair once: each record against those behind it.
                let from = if triangle { start + at + 1 } else { start };
                if from < end {
                    made.lines.push(Line { key, row, from: dense(from), to: dense(end) });
                }
            }
        }
        start = end;
    }
    made.right_rows = right_entries.iter().map(|(_, row)| *row).collect();
    made
}

/// What the distinct values of a field give.
enum Given<'s> {
    One(&'s [u64]),
    Several(Keys),
}

impl Given<'_> {
    fn of(&self, value: u32) -> &[u64] {
        match self {
            Self::One(keys) => keys.get(value as usize..=value as usize).unwrap_or(&[]),
            Self::Several(keys) => keys.of(value),
        }
    }
}

/// The keys of every row; `side` says whose field of a part is meant.
fn keys(store: &Store, parts: &[KeyPart], side: impl Fn(&KeyPart) -> usize + Sync) -> Keys {
    let rows = dense(store.len());
    let single = parts.iter().all(|part| part.form == KeyForm::Value);
    if single {
        let key = |row: u32| {
            let mut key = 0x5eed;
            for part in parts {
                let field = side(part);
                match store.value(field, row) {
                    Some(value) => key = hash::pair(key, store.columns[field].keys[value as usize]),
                    None => return 0,
                }
            }
            key.clamp(1, MANY - 1)
        };
        return Keys { keys: (0..rows).into_par_iter().map(key).collect(), ends: Vec::new() };
    }
    // What a value gives, once per distinct value.
    let given: Vec<Given<'_>> = parts
        .iter()
        .map(|part| {
            let column = &store.columns[side(part)];
            if part.form == KeyForm::Value {
                return Given::One(&column.keys);
            }
            Given::Several(Keys::several(dense(column.distinct()), |value, made, _| match (part.form, &column.forms) {
                (KeyForm::Sound, Forms::Names(names)) => made.extend(names[value as usize].sounds()),
                (KeyForm::Each, Forms::Lists(lists)) => made.extend(&lists[value as usize]),
                (KeyForm::Repairs, Forms::Ids(ids)) => match &ids[value as usize] {
                    form if form.valid => made.extend(form.number.iter().map(|number| number.packed())),
                    _ => made.extend(id::repairs(column.text(value)).iter().map(|number| number.packed())),
                },
                _ => made.push(column.keys[value as usize]),
            }))
        })
        .collect();
    Keys::several(rows, |row, keys, spare| {
        let start = keys.len();
        keys.push(0x5eed);
        for (part, given) in parts.iter().zip(&given) {
            spare.clear();
            spare.extend(keys.drain(start..));
            let Some(value) = store.value(side(part), row) else { return };
            let given = given.of(value);
            keys.extend(
                spare.iter().flat_map(|key| given.iter().map(|word| hash::pair(*key, *word).clamp(1, MANY - 1))).take(KEYS),
            );
        }
        spare.clear();
        spare.extend(keys.drain(start..));
        spare.sort_unstable();
        spare.dedup();
        keys.extend_from_slice(spare);
    })
}
