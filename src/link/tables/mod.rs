//! Any tables of persons → who is who: two tables linked one to one, or one table deduplicated, by a model that is data.
//!
//! Takes a [`RecordSet`] whose columns are the model's fields, cleaned; gives [`TablesLinked`]: exactly one link per row, persons, pairs for a
//! human, what was learned. Guarantees: the same result for any number of threads and any order of rows; bars sum to
//! weights; a tie is never guessed. Cost: linear in rows plus pairs, each of which costs a few table look-ups; distinct values are
//! read once, and what a costly test says of two of them is remembered.
//!
//! [`store`] (values as numbers) → [`block`] (which pairs) → [`sample_pairs`], [`fit`] (m, u, prior) → [`score`] (weights) → [`decide`],
//! [`cluster`] (decisions) → [`outcome`] (links, persons).

mod block;
mod cluster;
mod compare;
mod condition;
mod decide;
mod fit;
mod outcome;
mod sample_pairs;
mod score;
mod store;
#[cfg(test)]
mod tests;

use std::fmt;

use rayon::prelude::*;

use super::weights::{BIT, Bits, probability, to_bits, to_f32};
use crate::config::tables::{SavedComparison, SavedLevel, SavedModel, TablesModel, Test, When};
use crate::model::ids::CountyKey;
use crate::model::link::{Linked, WeightPart};
use crate::model::record::{RecordSet, RowId};

use block::Candidates;
pub use block::Prediction;
use compare::MISSING;
use decide::{Cuts, Decisions};
use fit::Fitted;
use score::{Parameters, Scored, Scorer};
use store::Store;

/// A level's weight moved by more than this many bits since the saved model: worth telling. Chosen: odds twice or half as high.
const DRIFT: f64 = 1.0;
/// No pair is lighter; half of the range, so that sums do not overflow.
const LEAST: Bits = Bits::MIN / 2;

/// A rule that would make more pairs than the model allows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "分块规则“{}”会产生 {} 对，超过上限 {limit} 对。最重的键是 {}，单它就有 {} 对。怎么办：给这条规则的 on 再加一个字段（或换更细的字段），\
     把这个值写进该字段的 missing，或提高 [limits] pairs",
    prediction.rule,
    prediction.pairs,
    prediction.heaviest.as_ref().map_or("", |heaviest| heaviest.0.as_str()),
    prediction.heaviest.as_ref().map_or(0, |heaviest| heaviest.1)
)]
pub struct TooManyPairs {
    /// The rule.
    pub prediction: Prediction,
    /// The limit.
    pub limit: u64,
}

/// What one rule did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTally {
    /// What was foretold.
    pub prediction: Prediction,
    /// Pairs that belong to the rule: no earlier one made them.
    pub scored: u64,
}

/// A level whose weight is another than in the saved model.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// Comparison.
    pub comparison: String,
    /// Level.
    pub level: String,
    /// Bits in the saved model.
    pub saved: f64,
    /// Bits by this run's own pairs.
    pub now: f64,
}

/// An accepted pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JoinedPair {
    /// Row of the left table, or the first of two rows of one.
    pub left: RowId,
    /// The other row.
    pub right: RowId,
    /// Bits.
    pub weight: f32,
    /// Probability.
    pub probability: f32,
    /// Which rule made it: a position in [`TablesLinked::rules`].
    pub rule: usize,
    positions: (u32, u32),
}

/// A comparison's bar of an accepted pair.
#[derive(Clone, Debug, PartialEq)]
pub struct PairBar<'a> {
    /// Level that fired; `None` where evidence is missing.
    pub level: Option<&'a str>,
    /// Bits of the level.
    pub weight: f32,
    /// Bits because the values are rarer, or commoner, than most.
    pub rarity: f32,
}

/// The result.
pub struct TablesLinked {
    /// Links, persons, pairs for a human, estimates.
    pub linked: Linked,
    /// Accepted pairs, by rows.
    pub pairs: Vec<JoinedPair>,
    /// Per rule.
    pub rules: Vec<RuleTally>,
    /// The fitted model, to be saved.
    pub model: SavedModel,
    /// Odds before any comparison, in bits.
    pub prior: f32,
    /// Rounds that the fit took.
    pub rounds: usize,
    /// Matches expected among the candidate pairs.
    pub expected_matches: f64,
    /// What a human should know: thin evidence, groups too large, in plain words.
    pub notes: Vec<String>,
    /// Levels that moved since the saved model.
    pub drift: Vec<Drift>,
    store: Store,
    scorer: Scorer,
    definition: TablesModel,
}

// Everything in it is somebody's.
impl fmt::Debug for TablesLinked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TablesLinked({} rows, {} pairs)", self.linked.links.len(), self.pairs.len())
    }
}

impl TablesLinked {
    /// The bars of an accepted pair, one per comparison; with [`TablesLinked::prior`] they sum to its weight.
    #[must_use]
    pub fn bars(&self, pair: &JoinedPair) -> Vec<PairBar<'_>> {
        let (left, right) = pair.positions;
        self.scorer
            .bars(&self.store, &self.definition, left, right)
            .into_iter()
            .map(|bar| PairBar {
                level: level_name(&self.definition, bar.comparison, bar.level),
                weight: to_f32(bar.bits),
                rarity: to_f32(bar.rarity),
            })
            .collect()
    }
}

/// What a level is called; `None` for missing evidence.
fn level_name(model: &TablesModel, comparison: usize, level: u8) -> Option<&str> {
    if level == MISSING {
        return None;
    }
    Some(model.comparisons[comparison].levels.get(usize::from(level)).map_or("else", |level| level.name.as_str()))
}

/// Links the tables. `saved` is a fitted model to be used in place of this run's own.
///
/// # Errors
/// A rule that would make more pairs than the model allows; nothing has been compared then.
pub fn link_tables(
    records: &RecordSet,
    model: &TablesModel,
    saved: Option<&SavedModel>,
    key: &CountyKey,
) -> Result<TablesLinked, Box<TooManyPairs>> {
    let store = Store::new(records, model, &read_by_character(model));
    let candidates = Candidates::new(&store, model);
    let predictions = candidates.predict(&store, model);
    if let Some(prediction) = predictions.iter().find(|prediction| prediction.pairs > model.limits.pairs) {
        return Err(Box::new(TooManyPairs { prediction: prediction.clone(), limit: model.limits.pairs }));
    }
    let mut scorer = Scorer::new(&store, model);
    let evidence = sample_pairs::sample_pairs(&store, model, &scorer, &candidates, &predictions);
    let fitted = fit::fit(model, &evidence);
    let parameters = saved.map_or_else(|| fitted.parameters.clone(), |saved| given(model, saved));
    scorer.settle(model, &parameters);

    let cuts = Cuts::new(model);
    let (mut edges, mut rules) = (Vec::new(), Vec::new());
    for (rule, prediction) in predictions.into_iter().enumerate() {
        let number = u8::try_from(rule).unwrap_or(u8::MAX);
        let chunks = candidates.pairs(
            rule,
            || (0u64, Vec::new()),
            |_, _| true,
            |(scored, kept), left, right, is_first| {
                if is_first {
                    *scored += 1;
                    if let Some(weight) = scorer.weight(&store, model, left, right, cuts.least()) {
                        kept.push(Scored { left, right, weight, rule: number });
                    }
                }
            },
        );
        rules.push(RuleTally { prediction, scored: chunks.iter().map(|(scored, _)| scored).sum() });
        edges.extend(chunks.into_iter().flat_map(|(_, kept)| kept));
    }
    drop(candidates);
    edges.par_sort_unstable();
    let whole = |left: u32, right: u32| scorer.weight(&store, model, left.min(right), left.max(right), LEAST).unwrap_or(LEAST);
    let decisions = decide::decide(model, store.len(), &edges, &whole);
    let notes = notes(&fitted, &decisions);
    let drift = saved.map(|saved| drift(model, saved, &fitted)).unwrap_or_default();
    let linked = outcome::linked(records, model, &store, &scorer, &decisions, key);
    let mut pairs: Vec<JoinedPair> = decisions
        .joined
        .par_iter()
        .map(|edge| {
            let (left, right) = (store.order[edge.left as usize], store.order[edge.right as usize]);
            JoinedPair {
                left: RowId(left.min(right)),
                right: RowId(left.max(right)),
                weight: to_f32(edge.weight),
                probability: probability(edge.weight),
                rule: usize::from(edge.rule),
                positions: (edge.left, edge.right),
            }
        })
        .collect();
    pairs.par_sort_unstable_by_key(|pair| (pair.left, pair.right));
    Ok(TablesLinked {
        linked,
        pairs,
        rules,
        model: to_save(model, &fitted),
        prior: to_f32(scorer.prior()),
        rounds: fitted.rounds,
        expected_matches: fitted.matches,
        notes,
        drift,
        store,
        scorer,
        definition: model.clone(),
    })
}

/// What each blocking rule would cost, exactly; nothing is compared.
#[must_use]
pub fn predict(records: &RecordSet, model: &TablesModel) -> Vec<Prediction> {
    let store = Store::new(records, model, &vec![false; model.fields.len()]);
    Candidates::new(&store, model).predict(&store, model)
}

/// Fields that some test reads character by character.
fn read_by_character(model: &TablesModel) -> Vec<bool> {
    let mut read = vec![false; model.fields.len()];
    for comparison in &model.comparisons {
        for level in &comparison.levels {
            let When::All(atoms) = &level.when else { continue };
            for atom in atoms {
                if matches!(atom.test, Test::DamerauLevenshtein(_) | Test::JaroWinkler(_) | Test::Prefix(_)) {
                    read[comparison.on[atom.left]] = true;
                    read[comparison.on[atom.right]] = true;
                }
            }
        }
    }
    read
}

/// A saved model's shares; it was checked against the model when it was read.
fn given(model: &TablesModel, saved: &SavedModel) -> Parameters {
    let mut parameters = Parameters::shipped(model, saved.prior);
    for (comparison, shares) in model.comparisons.iter().zip(&mut parameters.shares) {
        if let Some(found) = saved.comparisons.iter().find(|saved| saved.name == comparison.name) {
            *shares = found.levels.iter().map(|level| (level.m, level.u)).collect();
        }
    }
    parameters
}

/// What was learned, as it is saved.
fn to_save(model: &TablesModel, fitted: &Fitted) -> SavedModel {
    let comparison = |(at, shares): (usize, &score::Shares)| SavedComparison {
        name: model.comparisons[at].name.clone(),
        levels: shares
            .iter()
            .zip(0u8..)
            .map(|((m, u), level)| SavedLevel { level: level_name(model, at, level).unwrap_or("").to_owned(), m: *m, u: *u })
            .collect(),
    };
    SavedModel {
        tool: concat!("bidui ", env!("CARGO_PKG_VERSION")).to_owned(),
        model: model.name.clone(),
        prior: fitted.parameters.prior,
        comparisons: fitted.parameters.shares.iter().enumerate().map(comparison).collect(),
    }
}

/// Levels whose weight by this run's own pairs is another than the saved one's; those with too little evidence are left out.
fn drift(model: &TablesModel, saved: &SavedModel, fitted: &Fitted) -> Vec<Drift> {
    let before = given(model, saved);
    let mut found = Vec::new();
    for (at, (old, new)) in before.shares.iter().zip(&fitted.parameters.shares).enumerate() {
        if fitted.thin.iter().any(|(name, _)| *name == model.comparisons[at].name) {
            continue;
        }
        for ((old, new), level) in old.iter().zip(new).zip(0u8..) {
            let bits = |(m, u): (f64, f64)| f64::from(to_bits(m / u)) / BIT;
            let (saved, now) = (bits(*old), bits(*new));
            if (saved - now).abs() > DRIFT {
                let level = level_name(model, at, level).unwrap_or("").to_owned();
                found.push(Drift { comparison: model.comparisons[at].name.clone(), level, saved, now });
            }
        }
    }
    found
}

fn notes(fitted: &Fitted, decisions: &Decisions) -> Vec<String> {
    let thin = fitted
        .thin
        .iter()
        .map(|(name, seen)| format!("比较项“{name}”只有约 {seen:.0} 对可学，基本沿用模型里预设的 m（表太小，或这一列大多为空）"));
    let large = decisions.too_large.iter().map(|rows| {
        format!("有一组 {rows} 行互相牵连，超过 [limits] cluster，已按更高的把握分切开；请看这些行是否有一列填了同一个无意义的值")
    });
    thin.chain(large).collect()
}

/// The bars of a pair as review sheets hold them: the prior, then every comparison that had evidence, rarity apart.
fn parts(model: &TablesModel, store: &Store, scorer: &Scorer, edge: &Scored) -> Vec<WeightPart> {
    let bar = |comparison: &str, level: &str, bits| WeightPart {
        comparison: comparison.to_owned(),
        level: level.to_owned(),
        weight: to_f32(bits),
    };
    let mut parts = vec![bar("prior", "", scorer.prior())];
    for found in scorer.bars(store, model, edge.left, edge.right) {
        let name = &model.comparisons[found.comparison].name;
        if let Some(level) = level_name(model, found.comparison, found.level) {
            parts.push(bar(name, level, found.bits));
            if found.rarity != 0 {
                parts.push(bar(name, "term frequency", found.rarity));
            }
        }
    }
    parts
}
