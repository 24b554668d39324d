//! How good the links probably are, from their own probabilities: no labels needed.
//!
//! Takes the links and the review pairs; gives [`LinkQuality`]. Each joined row is wrong with chance 1 - p, each row left open is the best of its
//! review pairs with chance p, all of them independently: sums and variances of such coins. Sums run in row order, so that the
//! same input gives the same digits.

use crate::model::link::{CLASH, Estimate, Link, LinkQuality, LinkStatus, ReviewPair};

/// Half width of a 95 % interval in standard deviations (of the normal distribution).
const NORMAL_95: f64 = 1.96;

/// Counts and estimates. `is_founder` says of a row that it founded its person.
pub(super) fn quality(links: &[Link], is_founder: impl Fn(usize) -> bool, review: &[ReviewPair], skipped: u64) -> LinkQuality {
    let joined = links.iter().enumerate().filter(|(row, link)| !is_founder(*row) && link.status != LinkStatus::Alone);
    let of = |status: LinkStatus| links.iter().filter(|link| link.status == status).count() as u64;
    // An equal number under another name is a conflict to settle, not a link that may be missing.
    let unlinked = review.iter().filter(|pair| pair.reason != CLASH);
    let mut open: Vec<(u32, f32)> = unlinked.map(|pair| (pair.right.0, pair.probability)).collect();
    open.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    open.dedup_by_key(|(row, _)| *row);
    LinkQuality {
        by_number: of(LinkStatus::Id),
        repaired: of(LinkStatus::Repaired),
        probable: of(LinkStatus::Probable),
        alone: of(LinkStatus::Alone),
        review: review.len() as u64,
        skipped,
        false_links: estimate(joined.map(|(_, link)| 1.0 - f64::from(link.probability))),
        missed_links: estimate(open.into_iter().map(|(_, probability)| f64::from(probability))),
    }
}

/// The number of heads among coins with these chances: expected, and a 95 % interval.
fn estimate(chances: impl Iterator<Item = f64>) -> Estimate {
    let (expected, variance) =
        chances.fold((0.0, 0.0), |(expected, variance), chance| (expected + chance, variance + chance * (1.0 - chance)));
    let half = NORMAL_95 * f64::sqrt(variance);
    Estimate { expected, low: (expected - half).max(0.0), high: expected + half }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::link::PersonIx;
    use crate::model::record::RowId;

    #[test]
    fn coins_by_hand() {
        let fair = estimate([0.5; 100].into_iter());
        assert!((fair.expected - 50.0).abs() < 1e-9 && (fair.low - 40.2).abs() < 1e-9 && (fair.high - 59.8).abs() < 1e-9);
        assert!(estimate(std::iter::empty()).high.abs() < 1e-9);
    }

    #[test]
    fn founders_are_never_false_and_an_open_row_is_missed_once() {
        let link = |status, probability| Link { person: PersonIx(0), status, weight: 0.0, probability };
        let links = [link(LinkStatus::Id, 1.0), link(LinkStatus::Probable, 0.75), link(LinkStatus::Alone, 1.0)];
        let pair = |left, probability| ReviewPair {
            left: RowId(left),
            right: RowId(2),
            weight: 0.0,
            probability,
            parts: Vec::new(),
            reason: "weak".to_owned(),
        };
        let quality = quality(&links, |row| row == 0, &[pair(0, 0.5), pair(1, 0.25)], 7);
        assert_eq!((quality.by_number, quality.probable, quality.alone, quality.skipped), (1, 1, 1, 7));
        assert!((quality.false_links.expected - 0.25).abs() < 1e-9);
        assert!((quality.missed_links.expected - 0.5).abs() < 1e-9);
    }
}
