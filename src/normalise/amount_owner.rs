//! Whose an amount is that a roster has on the rows of a household's members under a header that says neither 户 nor 人 (`保障金额`).
//!
//! Takes the amounts of a sheet and what tells its households apart. A household's amount grows with its size, a person's does not: where a sheet
//! does not show that it grows, or members of one household have several, nobody can tell, and the amounts of households with more than one are
//! taken away. O(rows log rows).

use std::collections::{BTreeMap, HashMap};

use arrow::array::{Array, Int64Array, StringArray};

/// Larger households are taken together.
const LARGEST: i64 = 12;

/// Per row, whether whose its amount is cannot be told; `keys` tell households apart, the first that a row has.
pub(super) fn unclear(amounts: &Int64Array, keys: &[&StringArray]) -> Vec<bool> {
    let key = |row: usize| keys.iter().enumerate().find(|(_, key)| key.is_valid(row)).map(|(of, key)| (of, key.value(row)));
    let amount = |row: usize| (amounts.is_valid(row) && amounts.value(row) > 0).then(|| amounts.value(row));
    let mut households: HashMap<(usize, &str), (i64, i64, bool)> = HashMap::new();
    for row in 0..amounts.len() {
        let (Some(key), Some(amount)) = (key(row), amount(row)) else { continue };
        let (size, first, differs) = households.entry(key).or_insert((0, amount, false));
        *size += 1;
        *differs |= *first != amount;
    }
    let one = |household: &(i64, i64, bool)| (household.0.min(LARGEST), household.1);
    let repeated = households.values().filter(|household| household.0 > 1).count();
    let differing = households.values().filter(|household| household.2).count();
    let is_household = differing * 2 <= repeated && grows(households.values().map(one));
    let is_unclear = |row: usize| {
        let household = key(row).and_then(|key| households.get(&key));
        household.is_some_and(|(size, _, differs)| *size > 1 && (*differs || !is_household)) && amount(row).is_some()
    };
    (0..amounts.len()).map(is_unclear).collect()
}

/// Whether of two households of different size the larger mostly has more, by half at least of what it has more members.
fn grows(households: impl Iterator<Item = (i64, i64)>) -> bool {
    let mut of_sizes: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    households.for_each(|(size, amount)| of_sizes.entry(size).or_default().push(amount));
    for amounts in of_sizes.values_mut() {
        amounts.sort_unstable();
    }
    let (mut grown, mut pairs) = (0, 0);
    for (small, few) in &of_sizes {
        for (large, many) in of_sizes.range(small + 1..) {
            let less = |amount: &i64| few.partition_point(|one| one * (small + large) <= amount * 2 * small);
            grown += many.iter().map(less).sum::<usize>();
            pairs += few.len() * many.len();
        }
    }
    pairs > 0 && grown * 2 > pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(rows: &[(&str, i64)]) -> usize {
        let keys: StringArray = rows.iter().map(|(key, _)| Some(*key)).collect();
        let amounts: Int64Array = rows.iter().map(|(_, amount)| Some(*amount)).collect();
        unclear(&amounts, &[&keys]).into_iter().filter(|unclear| *unclear).count()
    }

    #[test]
    fn a_household_has_more_the_more_it_is() {
        assert_eq!(told(&[("a", 320), ("b", 640), ("b", 640), ("c", 900), ("c", 900), ("c", 900)]), 0);
        assert_eq!(told(&[("a", 330), ("b", 330), ("b", 330), ("c", 330), ("c", 330), ("c", 330)]), 5);
        assert_eq!(told(&[("a", 330), ("b", 350), ("b", 350), ("c", 310), ("c", 310), ("c", 310)]), 5);
        assert_eq!(told(&[("b", 600), ("b", 600), ("c", 600), ("c", 600)]), 4, "nothing to compare with");
        assert_eq!(told(&[("a", 320), ("b", 640), ("b", 320), ("c", 900), ("c", 900), ("c", 900)]), 2, "two amounts");
        assert_eq!(told(&[("a", 330), ("b", 660), ("b", 0), ("c", 600), ("c", 0)]), 0, "on the heads' rows alone");
    }
}
