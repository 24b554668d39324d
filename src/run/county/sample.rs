//! A sample of links, to verify the stated false-link rate by hand.
//!
//! Takes the links with their evidence; draws about as many pairs as the layout says, in equal shares from layers of different risk, so
//! that the rare and doubtful ones are seen at all. Which rows are drawn depends on their position alone, never on a clock: the same
//! run gives the same sample. Linear in rows.

use std::collections::BTreeMap;

use crate::link::evidence::{Basis, Comparison, Evidence};
use crate::model::link::{Link, LinkStatus};
use crate::model::record::RowId;
use crate::model::review::ReviewEntry;
use crate::run::county::review::Reviewer;

/// Layers, the safest first.
pub(crate) const STRATA: [&str; 5] = ["number", "number, name differs", "repaired", "weight, sure", "weight, less sure"];
/// A joined row of at least this probability is sure.
const SURE: f32 = 0.999;

/// The layer of a row from what `links.parquet` says of it; `None` for rows that were not joined by the program.
pub(crate) fn stratum(rule: Option<&str>, status: &str, probability: f32, name_is_same: bool) -> Option<&'static str> {
    match (rule?, status) {
        ("decision", _) | (_, "alone") => None,
        (_, "repaired") => Some(STRATA[2]),
        (_, "probable") if probability >= SURE => Some(STRATA[3]),
        (_, "probable") => Some(STRATA[4]),
        _ if name_is_same => Some(STRATA[0]),
        _ => Some(STRATA[1]),
    }
}

/// Draws the sample.
pub(super) fn draw(reviewer: &Reviewer<'_>, evidence: &Evidence) -> Vec<ReviewEntry> {
    let mut layers: BTreeMap<&str, Vec<(u64, u32)>> = BTreeMap::new();
    for (row, link) in (0u32..).zip(&reviewer.linked.links) {
        if let Some(stratum) = of(evidence, RowId(row), link) {
            layers.entry(stratum).or_default().push((spread(u64::from(row)), row));
        }
    }
    let shares = shares(reviewer.definitions.layouts.review.sample.size, &layers.values().map(Vec::len).collect::<Vec<_>>());
    let mut entries = Vec::new();
    for ((stratum, mut rows), share) in layers.into_iter().zip(shares) {
        rows.sort_unstable();
        rows.truncate(share);
        rows.sort_unstable_by_key(|(_, row)| *row);
        let pairs = rows.into_iter().filter_map(|(_, row)| Some((evidence.compared_with(RowId(row))?, RowId(row))));
        entries.extend(pairs.map(|(face, row)| ReviewEntry { stratum: stratum.to_owned(), ..reviewer.entry(face, row) }));
    }
    // Whoever checks must not see which layer a pair is from.
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    entries.dedup_by(|a, b| a.key == b.key);
    entries
}

fn of(evidence: &Evidence, row: RowId, link: &Link) -> Option<&'static str> {
    if link.status == LinkStatus::Alone || matches!(evidence.basis(row), Basis::Founder | Basis::Decision) {
        return None;
    }
    let same = evidence.levels(row).any(|level| level == Comparison::Level(1, 0));
    stratum(evidence.rule(row), link.status.as_str(), link.probability, same)
}

/// Equal shares of `size`; what a small layer leaves goes to the others.
fn shares(size: usize, layers: &[usize]) -> Vec<usize> {
    let mut shares = vec![0; layers.len()];
    let mut left = size;
    loop {
        let open: Vec<usize> = (0..layers.len()).filter(|at| shares[*at] < layers[*at]).collect();
        if left == 0 || open.is_empty() {
            return shares;
        }
        let each = (left / open.len()).max(1);
        for at in open {
            let more = each.min(layers[at] - shares[at]).min(left);
            shares[at] += more;
            left -= more;
        }
    }
}

/// Spreads the bits of a word (the finaliser of SplitMix64).
fn spread(word: u64) -> u64 {
    let word = (word.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_layers_are_taken_whole_and_leave_their_share_to_others() {
        assert_eq!(shares(200, &[10_000, 10_000, 10, 10_000]), [64, 63, 10, 63]);
        assert_eq!(shares(200, &[3, 4]), [3, 4]);
        assert_eq!(shares(200, &[]), Vec::<usize>::new());
    }

    #[test]
    fn what_nobody_but_a_human_joined_is_not_drawn() {
        assert_eq!(stratum(None, "id", 1.0, true), None);
        assert_eq!(stratum(Some("decision"), "probable", 1.0, true), None);
        assert_eq!(stratum(Some("equal number"), "id", 1.0, false), Some("number, name differs"));
        assert_eq!(stratum(Some("name_birth"), "probable", 0.98, true), Some("weight, less sure"));
    }
}
