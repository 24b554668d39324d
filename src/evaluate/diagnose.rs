//! How the links of a run came about, without truth: what each registry offers to link by, how its rows were joined, how heavy the joins are,
//! and what another threshold would do.
//!
//! Takes the run's links, the review pairs and the share of filled cells; gives a [`Diagnosis`]. Counts only; names nobody. Linear in rows.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::groups::Groups;
use super::verified::Verified;
use crate::config::link_saved::{Drift, Used};
use crate::model::text::padded;

/// Thresholds that are tried, in bits of match weight.
const THRESHOLDS: std::ops::RangeInclusive<i32> = 0..=12;

/// A row of `links.parquet` with the state of its number.
#[derive(Clone, Copy, Debug)]
pub struct LinkedRow<'a> {
    /// Registry id.
    pub registry: &'a str,
    /// `id`, `repaired`, `probable` or `alone`.
    pub status: &'a str,
    /// Match weight in bits.
    pub weight: f32,
    /// Probability of the link.
    pub probability: f32,
    /// `valid`, `float`, `missing` …; empty where the registry has no number.
    pub number: &'a str,
}

/// A row of `review.parquet`.
#[derive(Clone, Copy, Debug)]
pub struct ReviewRow<'a> {
    /// Match weight in bits.
    pub weight: f32,
    /// Probability.
    pub probability: f32,
    /// Why it is left to a human.
    pub reason: &'a str,
}

/// One registry.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RegistryLinks {
    /// Registry id.
    pub registry: String,
    /// Kept rows.
    pub rows: u64,
    /// Rows by status.
    pub by_status: BTreeMap<String, u64>,
    /// Rows that nobody joined, by the state of their number: a valid one that nobody else has, or a reason why it could not help.
    pub alone_by_number: BTreeMap<String, u64>,
    /// Field → share of rows that have it.
    pub filled: BTreeMap<String, f64>,
}

/// What a threshold would join, of the rows that the number alone did not join.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Threshold {
    /// Bits.
    pub bits: i32,
    /// Pairs at least so heavy.
    pub joined: u64,
    /// Of these, expected to be wrong.
    pub expected_false: f64,
    /// Of the lighter ones, expected to be right.
    pub expected_missed: f64,
    /// Pairs that would be left to a human: the lighter ones.
    pub review: u64,
}

/// How one blocking rule did in one registry; see `blocking.parquet`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RuleBlocks {
    /// Registry id.
    pub registry: String,
    /// Blocking rule.
    pub rule: String,
    /// Pairs that equal keys make.
    pub predicted: u64,
    /// Pairs compared.
    pub pairs: u64,
    /// Look-ups whose block was split.
    pub split: u64,
    /// Look-ups that made no pairs.
    pub skipped: u64,
    /// Most records behind one key.
    pub heaviest: u64,
    /// That key, masked.
    pub value: String,
}

/// The whole picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnosis {
    /// By id.
    pub registries: Vec<RegistryLinks>,
    /// Whole bits → pairs joined by repair or weight, and pairs left to a human.
    pub weights: BTreeMap<i32, (u64, u64)>,
    /// Lightest first.
    pub thresholds: Vec<Threshold>,
    /// Review pairs by reason.
    pub review: BTreeMap<String, u64>,
    /// By registry and rule; empty for runs that did not write it.
    pub blocking: Vec<RuleBlocks>,
    /// The saved model in use, and where this month's rows say otherwise.
    pub saved_model: Option<Used>,
    /// Recall by group, where truth was given.
    pub groups: Option<Groups>,
    /// The verified sample, where one was given.
    pub verified: Option<Verified>,
}

/// Puts the picture together. `filled` is (registry, field, share).
#[must_use]
pub fn diagnose(links: &[LinkedRow<'_>], review: &[ReviewRow<'_>], filled: &[(String, String, f64)]) -> Diagnosis {
    let mut registries: BTreeMap<&str, RegistryLinks> = BTreeMap::new();
    let mut weights: BTreeMap<i32, (u64, u64)> = BTreeMap::new();
    let mut decided: Vec<(f32, f32)> = Vec::new();
    for link in links {
        let registry = registries.entry(link.registry).or_default();
        registry.rows += 1;
        *registry.by_status.entry(link.status.to_owned()).or_default() += 1;
        match link.status {
            "alone" => *registry.alone_by_number.entry(link.number.to_owned()).or_default() += 1,
            "repaired" | "probable" => {
                weights.entry(whole(link.weight)).or_default().0 += 1;
                decided.push((link.weight, link.probability));
            }
            _ => {}
        }
    }
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    for pair in review {
        weights.entry(whole(pair.weight)).or_default().1 += 1;
        *reasons.entry(pair.reason.to_owned()).or_default() += 1;
        // An equal number under another name is a conflict, which no threshold joins.
        if pair.reason != crate::model::link::CLASH {
            decided.push((pair.weight, pair.probability));
        }
    }
    for (registry, field, share) in filled {
        if let Some(known) = registries.get_mut(registry.as_str()) {
            known.filled.insert(field.clone(), *share);
        }
    }
    decided.sort_by(|a, b| b.0.total_cmp(&a.0));
    let thresholds = THRESHOLDS.map(|bits| threshold(bits, &decided)).collect();
    let named = |(id, registry): (&str, RegistryLinks)| RegistryLinks { registry: id.to_owned(), ..registry };
    Diagnosis {
        registries: registries.into_iter().map(named).collect(),
        weights,
        thresholds,
        review: reasons,
        blocking: Vec::new(),
        saved_model: None,
        groups: None,
        verified: None,
    }
}

fn threshold(bits: i32, decided: &[(f32, f32)]) -> Threshold {
    let line = f64::from(bits);
    let joined = decided.partition_point(|(weight, _)| f64::from(*weight) >= line);
    let (above, below) = decided.split_at(joined);
    Threshold {
        bits,
        joined: joined as u64,
        expected_false: above.iter().map(|(_, probability)| 1.0 - f64::from(*probability)).fold(0.0, |sum, chance| sum + chance),
        expected_missed: below.iter().map(|(_, probability)| f64::from(*probability)).fold(0.0, |sum, chance| sum + chance),
        review: below.len() as u64,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "weights are some dozens of bits")]
fn whole(weight: f32) -> i32 {
    weight.floor() as i32
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "名册与关联 registries and links")?;
        for registry in &self.registries {
            let listed = |counts: &BTreeMap<String, u64>| {
                counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(" · ")
            };
            writeln!(f, "{}{} 行", padded(&registry.registry, 20), registry.rows)?;
            writeln!(f, "    状态 status        {}", listed(&registry.by_status))?;
            if !registry.alone_by_number.is_empty() {
                writeln!(f, "    未对上 alone       {}", listed(&registry.alone_by_number))?;
            }
            let shares = registry.filled.iter().map(|(field, share)| format!("{field} {:.1}%", share * 100.0));
            writeln!(f, "    填写率 filled      {}", shares.collect::<Vec<_>>().join(" · "))?;
        }
        writeln!(f, "\n权重分布（号码以外的证据，比特） weights in bits")?;
        writeln!(f, "{:>6} {:>10} {:>10}", "bits", "joined", "review")?;
        for (bits, (joined, review)) in &self.weights {
            writeln!(f, "{bits:>6} {joined:>10} {review:>10}")?;
        }
        writeln!(f, "\n门槛 thresholds（预计误连、漏连 expected false and missed links）")?;
        writeln!(f, "{:>6} {:>10} {:>10} {:>10} {:>10}", "bits", "joined", "false", "missed", "review")?;
        for line in &self.thresholds {
            let Threshold { bits, joined, expected_false, expected_missed, review } = line;
            writeln!(f, "{bits:>6} {joined:>10} {expected_false:>10.2} {expected_missed:>10.2} {review:>10}")?;
        }
        writeln!(f, "\n待人工核对 for a human")?;
        for (reason, count) in &self.review {
            writeln!(f, "{}{count}", padded(reason, 32))?;
        }
        let count = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let (pairs, rows) = (self.review.values().sum(), self.registries.iter().map(|registry| registry.rows).sum());
        writeln!(f, "{}{pairs} · 占行数 per row {:.2}%", padded("合计 all", 32), 100.0 * count(pairs) / count(rows).max(1.0))?;
        self.blocking(f)?;
        if let Some(Used { period, drift }) = &self.saved_model {
            writeln!(f, "\n沿用 {period} 的模型，相差 1 比特以上 drift from the saved model")?;
            for Drift { registry, comparison, level, saved, now } in drift {
                let what = padded(&format!("{registry} {comparison} {level}"), 52);
                writeln!(f, "{what}{saved:>8.2} → {now:>7.2}")?;
            }
        }
        for part in [self.groups.as_ref().map(ToString::to_string), self.verified.as_ref().map(ToString::to_string)] {
            write!(f, "{}", part.map_or_else(String::new, |part| format!("\n{part}")))?;
        }
        Ok(())
    }
}

impl Diagnosis {
    /// Pairs per blocking rule over all registries, and the blocks that were split or left out.
    fn blocking(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.blocking.is_empty() {
            return Ok(());
        }
        let mut rules: Vec<RuleBlocks> = Vec::new();
        for blocks in &self.blocking {
            match rules.iter_mut().find(|known| known.rule == blocks.rule) {
                None => rules.push(blocks.clone()),
                Some(known) => {
                    known.predicted += blocks.predicted;
                    known.pairs += blocks.pairs;
                    known.split += blocks.split;
                    known.skipped += blocks.skipped;
                    if blocks.heaviest > known.heaviest {
                        (known.heaviest, known.value) = (blocks.heaviest, blocks.value.clone());
                    }
                }
            }
        }
        writeln!(f, "\n分块 blocking（predicted 同键的对，pairs 实际比较，split 拆开的查找，skipped 放弃的查找）")?;
        writeln!(
            f,
            "{}{:>12} {:>12} {:>8} {:>8} {:>9}  value",
            padded("rule", 18),
            "predicted",
            "pairs",
            "split",
            "skipped",
            "heaviest"
        )?;
        for RuleBlocks { rule, predicted, pairs, split, skipped, heaviest, value, .. } in &rules {
            writeln!(f, "{}{predicted:>12} {pairs:>12} {split:>8} {skipped:>8} {heaviest:>9}  {value}", padded(rule, 18))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(status: &'static str, weight: f32, probability: f32) -> LinkedRow<'static> {
        LinkedRow { registry: "insurance", status, weight, probability, number: "missing" }
    }

    #[test]
    fn every_row_is_counted_once_and_thresholds_trade_false_for_missed() {
        let links = [link("id", 40.0, 1.0), link("repaired", 12.4, 0.999), link("probable", 6.0, 0.98), link("alone", 0.0, 1.0)];
        let pair = |weight, probability, reason| ReviewRow { weight, probability, reason };
        let review = [pair(3.0, 0.89, "weak"), pair(20.0, 0.99, crate::model::link::CLASH)];
        let diagnosis = diagnose(&links, &review, &[("insurance".to_owned(), "phone".to_owned(), 0.25)]);
        let registry = &diagnosis.registries[0];
        assert_eq!((registry.rows, registry.by_status.values().sum::<u64>(), registry.alone_by_number["missing"]), (4, 4, 1));
        assert!((registry.filled["phone"] - 0.25).abs() < 1e-9);
        assert_eq!((diagnosis.weights[&12], diagnosis.weights[&6], diagnosis.weights[&3]), ((1, 0), (1, 0), (0, 1)));
        let at = |bits: i32| *diagnosis.thresholds.iter().find(|line| line.bits == bits).expect("tried");
        assert_eq!((at(0).joined, at(5).joined, at(10).joined), (3, 2, 1));
        assert!((at(5).expected_missed - 0.89).abs() < 1e-6 && (at(5).expected_false - 0.021).abs() < 1e-6);
        assert!(diagnosis.to_string().contains("insurance") && diagnosis.to_string().contains("2 · 占行数 per row 50.00%"));
    }
}
