//! Dividing the columns of a page among texts that stand side by side: sub-titles, headlines, signatures.

/// Splits `widths` into `count` runs (first, last) so that none is too narrow to be read: the least sum of 1 / width.
/// `count` is at least 1 and at most the number of widths. Cost: count × widths², a few thousand steps for a page.
pub(super) fn even_runs(widths: &[f64], count: usize) -> Vec<(usize, usize)> {
    // best[k][n]: least cost of the first n widths in k runs, and where the last run starts.
    let mut best = vec![vec![(f64::INFINITY, 0); widths.len() + 1]; count + 1];
    best[0][0] = (0.0, 0);
    for runs in 1..=count {
        for end in runs..=widths.len() {
            for start in runs - 1..end {
                let width: f64 = widths[start..end].iter().sum();
                // Half a place keeps a run of hidden columns finite.
                let cost = best[runs - 1][start].0 + 1.0 / (width + 0.5);
                if cost < best[runs][end].0 {
                    best[runs][end] = (cost, start);
                }
            }
        }
    }
    let mut spans = Vec::with_capacity(count);
    let mut end = widths.len();
    for runs in (1..=count).rev() {
        let start = best[runs][end].1;
        spans.push((start, end.saturating_sub(1)));
        end = start;
    }
    spans.reverse();
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn runs_cover_every_column_once_in_order(widths in proptest::collection::vec(0.0f64..60.0, 1..30), count in 1usize..10) {
            let count = count.min(widths.len());
            let runs = even_runs(&widths, count);
            prop_assert_eq!(runs.len(), count);
            let mut next = 0;
            for (first, last) in runs {
                prop_assert_eq!(first, next);
                prop_assert!(last >= first);
                next = last + 1;
            }
            prop_assert_eq!(next, widths.len());
        }
    }

    #[test]
    fn a_narrow_column_is_not_left_alone() {
        assert_eq!(even_runs(&[6.0, 40.0, 11.0, 14.0, 12.0, 14.0], 3), [(0, 1), (2, 3), (4, 5)]);
    }
}
