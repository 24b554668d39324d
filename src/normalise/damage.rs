//! Codes that a spreadsheet has cut to fifteen digits, told by their column.
//!
//! A code of sixteen digits and more whose digits behind the fifteenth are zeros may be sound. Where many codes of a column are so, or one code
//! stands on rows that cannot share it, the column went through a spreadsheet and such codes name nobody: they are never a key. O(rows).

use std::collections::BTreeMap;

use arrow::array::{Array, BooleanArray, StringArray};

use crate::model::registry::Grain;

/// Digits that a double keeps.
const KEPT: usize = 15;
/// `与户主关系` of the head.
const HEAD: &str = "户主";
/// More rows of one code are no household.
const HOUSEHOLD_ROWS: u32 = 12;

/// How to count the rows of one code that cannot all share it.
pub(super) enum Collisions<'a> {
    /// Heads: a household has one.
    Heads(&'a StringArray),
    /// More rows than this are too many.
    Above(u32),
}

/// What rows of one code may be: a household's where the code names one and a row is a person, else hardly more than two.
pub(super) fn collisions(is_household: bool, grain: Grain, relations: Option<&StringArray>) -> Collisions<'_> {
    match relations {
        Some(relations) if is_household && !grain.is_household() && relations.null_count() < relations.len() => {
            Collisions::Heads(relations)
        }
        _ if is_household && !grain.is_household() => Collisions::Above(HOUSEHOLD_ROWS),
        _ => Collisions::Above(2),
    }
}

/// Which rows bear a damaged code.
pub(super) fn damaged_codes(codes: &StringArray, collisions: &Collisions<'_>) -> BooleanArray {
    let mut counts: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for row in (0..codes.len()).filter(|row| codes.is_valid(*row)) {
        let code = codes.value(row);
        if code.len() > KEPT && code.bytes().all(|byte| byte.is_ascii_digit()) {
            let (rows, heads) = counts.entry(code).or_default();
            *rows += 1;
            *heads += match collisions {
                Collisions::Heads(relations) => u32::from(relations.is_valid(row) && relations.value(row) == HEAD),
                Collisions::Above(_) => 0,
            };
        }
    }
    let is_cut = |code: &str| {
        code.len() > KEPT && code.bytes().skip(KEPT).all(|byte| byte == b'0') && code.bytes().all(|byte| byte.is_ascii_digit())
    };
    let cut: Vec<(&&str, &(u32, u32))> = counts.iter().filter(|(code, _)| is_cut(code)).collect();
    // One code in ten of sixteen digits ends in a zero, one in a thousand of eighteen in three.
    let by_chance = |code: &str| 0.1_f64.powi(i32::try_from(code.len() - KEPT).unwrap_or(1));
    let expected: f64 = counts.keys().map(|code| by_chance(code)).sum();
    let found = f64::from(u32::try_from(cut.len()).unwrap_or(u32::MAX));
    let of_column = cut.len() >= 2 && found > 5.0 * expected;
    let crowded = |(rows, heads): (u32, u32)| match collisions {
        Collisions::Heads(_) => heads > 1,
        Collisions::Above(most) => rows > *most,
    };
    let damaged = |code: &str| is_cut(code) && (of_column || counts.get(code).copied().is_some_and(crowded));
    if cut.is_empty() {
        return BooleanArray::from(vec![false; codes.len()]);
    }
    (0..codes.len()).map(|row| Some(codes.is_valid(row) && damaged(codes.value(row)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn damaged(codes: &[&str], collisions: &Collisions<'_>) -> usize {
        damaged_codes(&StringArray::from(codes.to_vec()), collisions).true_count()
    }

    #[test]
    fn a_column_cut_to_fifteen_digits_is_known() {
        let cut = ["5203240000001000", "5203240000002000", "5203240000003000", "DB1"];
        assert_eq!(damaged(&cut, &Collisions::Above(12)), 3);
        let sound: Vec<String> = (0..50).map(|n| format!("520324101202{n:07}")).collect();
        let sound: Vec<&str> = sound.iter().map(String::as_str).collect();
        assert_eq!(damaged(&sound, &Collisions::Above(12)), 0, "the first ends in zeros as it should");
        assert_eq!(damaged(&["621700000000000000"; 6], &Collisions::Above(2)), 6, "six households, one account");
        assert_eq!(damaged(&["6217000000001234"; 6], &Collisions::Above(2)), 0);
    }

    #[test]
    fn a_household_has_one_head() {
        let heads = StringArray::from(vec![Some("户主"), Some("配偶"), Some("户主"), None]);
        assert_eq!(damaged(&["5203240000000000"; 4], &Collisions::Heads(&heads)), 4);
        let heads = StringArray::from(vec![Some("户主"), Some("配偶"), Some("之子"), None]);
        assert_eq!(damaged(&["5203240000000000"; 4], &Collisions::Heads(&heads)), 0);
    }
}
