//! Tables linked or deduplicated by a model against a truth column: pairs of rows, and groups of rows.
//!
//! Takes per row the person found, the true person and the table; gives [`ClusterScore`]. Rows without truth are left out. Pairs are
//! counted through the contingency of found and true, never pair by pair. Cost: linear but for sorting.

use std::fmt;

use rayon::prelude::*;

use super::{Counts, ratio};

/// One row: the person found, the true one, and its table (all 0 where one table is deduplicated).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TruthRow {
    /// The person the run gave it.
    pub found: u32,
    /// The person it is.
    pub truth: u32,
    /// 0 for the left table, 1 for the right one.
    pub side: u8,
}

/// How what was found agrees with what is true.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct ClusterScore {
    /// Rows with a truth.
    pub rows: u64,
    /// Pairs of rows (of a left and a right one where two tables are linked).
    pub pairs: Counts,
    /// Precision of pairs.
    pub precision: Option<f64>,
    /// Recall of pairs.
    pub recall: Option<f64>,
    /// Harmonic mean of both.
    pub f1: Option<f64>,
    /// B-cubed precision: per row, the share of its group that is its person; averaged.
    pub bcubed_precision: Option<f64>,
    /// B-cubed recall: per row, the share of its person that is in its group; averaged.
    pub bcubed_recall: Option<f64>,
    /// Harmonic mean of both.
    pub bcubed_f1: Option<f64>,
    /// True persons.
    pub persons: u64,
    /// True persons whose rows are exactly one group.
    pub exact: u64,
}

/// Scores. `across` counts only pairs of different tables.
#[must_use]
pub fn score(rows: &[TruthRow], across: bool) -> ClusterScore {
    let sizes = |key: &dyn Fn(&TruthRow) -> (u32, u32)| -> Vec<((u32, u32), [u64; 2])> {
        let mut keyed: Vec<((u32, u32), u8)> = rows.iter().map(|row| (key(row), row.side)).collect();
        keyed.par_sort_unstable();
        keyed
            .chunk_by(|a, b| a.0 == b.0)
            .map(|chunk| {
                let right = chunk.iter().filter(|(_, side)| *side == 1).count() as u64;
                (chunk[0].0, [chunk.len() as u64 - right, right])
            })
            .collect()
    };
    let found = sizes(&|row| (row.found, 0));
    let truth = sizes(&|row| (row.truth, 0));
    let both = sizes(&|row| (row.found, row.truth));
    let pairs = |sizes: &[((u32, u32), [u64; 2])]| -> u64 {
        sizes
            .iter()
            .map(|(_, [left, right])| {
                let all = left + right;
                if across { left * right } else { all * all.saturating_sub(1) / 2 }
            })
            .sum()
    };
    let (agreed, made, real) = (pairs(&both), pairs(&found), pairs(&truth));
    let counts = Counts { true_positives: agreed, false_positives: made - agreed, false_negatives: real - agreed };
    let size_of = |sizes: &[((u32, u32), [u64; 2])], key: u32| {
        sizes.binary_search_by_key(&(key, 0), |(known, _)| *known).map_or(0, |at| sizes[at].1[0] + sizes[at].1[1])
    };
    let (mut precision, mut recall, mut exact) = (0.0, 0.0, 0);
    for ((group, person), [left, right]) in &both {
        let (common, group, person) = (left + right, size_of(&found, *group), size_of(&truth, *person));
        precision += share(common, group) * as_f64(common);
        recall += share(common, person) * as_f64(common);
        exact += u64::from(common == group && common == person);
    }
    let total = rows.len() as u64;
    // Where nobody has two rows and none were joined, nothing was measured.
    let mean = |sum: f64| (made + real > 0).then(|| sum / as_f64(total));
    let (bcubed_precision, bcubed_recall) = (mean(precision), mean(recall));
    ClusterScore {
        rows: total,
        pairs: counts,
        precision: counts.precision(),
        recall: counts.recall(),
        f1: counts.f1(),
        bcubed_precision,
        bcubed_recall,
        bcubed_f1: bcubed_precision.zip(bcubed_recall).map(|(p, r)| if p + r > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 }),
        persons: truth.len() as u64,
        exact,
    }
}

fn share(part: u64, whole: u64) -> f64 {
    ratio(part, whole).unwrap_or(0.0)
}

#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn as_f64(value: u64) -> f64 {
    value as f64
}

impl fmt::Display for ClusterScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: Option<f64>| value.map_or_else(|| "—".to_owned(), |value| format!("{value:.5}"));
        let Counts { true_positives, false_positives, false_negatives } = self.pairs;
        writeln!(
            f,
            "对照真值 pairs：精确率 precision {}，召回率 recall {}，F1 {}（对 {true_positives}，误 {false_positives}，漏 {false_negatives}）",
            shown(self.precision),
            shown(self.recall),
            shown(self.f1),
        )?;
        write!(
            f,
            "按组 clusters：B³ precision {}，recall {}，F1 {}；完全一致的人 exact {}/{}（{} 行有真值）",
            shown(self.bcubed_precision),
            shown(self.bcubed_recall),
            shown(self.bcubed_f1),
            self.exact,
            self.persons,
            self.rows,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(list: &[(u32, u32, u8)]) -> Vec<TruthRow> {
        list.iter().map(|&(found, truth, side)| TruthRow { found, truth, side }).collect()
    }

    #[test]
    fn by_hand() {
        // Found {a b} {c d e}; true {a b c} {d e}.
        let score = score(&rows(&[(0, 0, 0), (0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 0)]), false);
        assert_eq!(score.pairs, Counts { true_positives: 2, false_positives: 2, false_negatives: 2 });
        // Precision per row: 1, 1, 1/3, 2/3, 2/3; recall: 2/3, 2/3, 1/3, 1, 1.
        assert!((score.bcubed_precision.expect("rows") - 11.0 / 15.0).abs() < 1e-12);
        assert!((score.bcubed_recall.expect("rows") - 11.0 / 15.0).abs() < 1e-12);
        assert_eq!((score.exact, score.persons), (0, 2));
    }

    #[test]
    fn linking_counts_pairs_across_tables_only() {
        let score = score(&rows(&[(0, 0, 0), (0, 0, 1), (1, 1, 0), (2, 1, 1), (3, 2, 1)]), true);
        assert_eq!(score.pairs, Counts { true_positives: 1, false_positives: 0, false_negatives: 1 });
        assert_eq!((score.exact, score.persons), (2, 3));
    }

    #[test]
    fn rows_of_nobody_twice_measure_nothing() {
        let score = score(&rows(&[(0, 0, 0), (1, 1, 0)]), true);
        assert_eq!((score.precision, score.bcubed_precision, score.bcubed_f1), (None, None, None));
    }
}
