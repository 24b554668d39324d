//! Pairs of rows, counted through the contingency of persons found and persons true, never pair by pair.

use std::collections::{HashMap, HashSet};

use super::{Counts, LinkRow, LinkScore, Truth, number_of, ratio};

/// The links with persons interned: per link the person found and, where the truth knows the row, the person true.
pub(super) struct Placed<'a> {
    pub(super) found: HashMap<&'a str, u32>,
    /// One per link.
    pub(super) rows: Vec<PlacedRow>,
}

#[derive(Clone, Copy)]
pub(super) struct PlacedRow {
    pub(super) person: u32,
    /// The true person, where the truth knows the row.
    pub(super) pid: Option<u32>,
    sheet: Option<u32>,
}

pub(super) fn place<'a>(links: &[LinkRow<'a>], truth: &Truth) -> Placed<'a> {
    let mut found = HashMap::new();
    let mut sheets: HashMap<(&str, &str), Option<u32>> = HashMap::new();
    let rows = links
        .iter()
        .map(|link| {
            let next = number_of(found.len());
            let person = *found.entry(link.person_id).or_insert(next);
            let sheet = *sheets
                .entry((link.file, link.sheet))
                .or_insert_with(|| truth.sheets.get(&(link.file.to_owned(), link.sheet.to_owned())).copied());
            PlacedRow { person, sheet, pid: sheet.and_then(|sheet| truth.rows.get(&(sheet, link.row, link.part)).copied()) }
        })
        .collect();
    Placed { found, rows }
}

/// Rows of poverty, of insurance, of any registry.
#[derive(Clone, Copy, Default)]
struct Tally {
    poverty: u64,
    insurance: u64,
    any: u64,
}

impl Tally {
    fn pairs(self) -> u64 {
        self.any * self.any.saturating_sub(1) / 2
    }

    fn across(self) -> u64 {
        self.poverty * self.insurance
    }
}

pub(super) fn score(links: &[LinkRow<'_>], review_pairs: u64, truth: &Truth, placed: &Placed<'_>) -> LinkScore {
    let mut cells: Vec<(u32, u32, Tally)> = Vec::with_capacity(links.len());
    let mut kept = HashSet::with_capacity(links.len());
    let mut registries = HashMap::new();
    let tally = |registry: Option<&str>| Tally {
        poverty: u64::from(registry == Some("poverty")),
        insurance: u64::from(registry == Some("insurance")),
        any: 1,
    };
    for (link, row) in links.iter().zip(&placed.rows) {
        if let (Some(pid), Some(sheet)) = (row.pid, row.sheet) {
            cells.push((row.person, pid, tally(Some(link.registry))));
            kept.insert((sheet, link.row, link.part));
            registries.insert(sheet, link.registry);
        }
    }
    let rows = cells.len() as u64;
    let by_both = totals(&mut cells, |cell| (cell.0, cell.1));
    let by_found = totals(&mut cells, |cell| (cell.0, 0));
    // Rows that were not kept belong to their true person and to nobody found; their registry is that of their sheet.
    let lost: Vec<(u32, u32, Tally)> = truth
        .rows
        .iter()
        .filter(|(place, _)| !kept.contains(place))
        .map(|(&(sheet, ..), &pid)| (0, pid, tally(registries.get(&sheet).copied())))
        .collect();
    let rows_not_kept = lost.len() as u64;
    cells.extend(lost);
    let by_true = totals(&mut cells, |cell| (cell.1, 0));
    let counts = |measure: fn(Tally) -> u64| {
        let sum = |tallies: &[Tally]| tallies.iter().copied().map(measure).sum::<u64>();
        let (both, found, actual) = (sum(&by_both), sum(&by_found), sum(&by_true));
        Counts { true_positives: both, false_positives: found - both, false_negatives: actual - both }
    };
    LinkScore {
        all: counts(Tally::pairs),
        poverty_insurance: counts(Tally::across),
        rows,
        rows_not_kept,
        rows_unknown: links.len() as u64 - rows,
        review_pairs,
        review_share: ratio(review_pairs, links.len() as u64),
    }
}

fn totals(cells: &mut [(u32, u32, Tally)], key: impl Fn(&(u32, u32, Tally)) -> (u32, u32)) -> Vec<Tally> {
    cells.sort_unstable_by_key(&key);
    cells
        .chunk_by(|left, right| key(left) == key(right))
        .map(|chunk| {
            let sum = |part: fn(&Tally) -> u64| chunk.iter().map(|cell| part(&cell.2)).sum();
            Tally { poverty: sum(|tally| tally.poverty), insurance: sum(|tally| tally.insurance), any: sum(|tally| tally.any) }
        })
        .collect()
}
