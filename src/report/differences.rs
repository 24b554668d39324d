//! Which characters of two texts differ: everything outside their longest common subsequence. Quadratic in texts of a cell.

/// Runs of a text; `true` where it differs.
pub(super) type Runs = Vec<(String, bool)>;

/// The runs of both texts. Where a side is empty there is nothing to compare, and nothing is marked.
pub(super) fn differences(left: &str, right: &str) -> [Runs; 2] {
    let sides: [Vec<char>; 2] = [left.chars().collect(), right.chars().collect()];
    let [one, other] = &sides;
    if one.is_empty() || other.is_empty() {
        return sides.map(|side| runs(&side, &vec![false; side.len()]));
    }
    // longest[i][j]: of the rests from i and j.
    let mut longest = vec![vec![0usize; other.len() + 1]; one.len() + 1];
    for i in (0..one.len()).rev() {
        for j in (0..other.len()).rev() {
            longest[i][j] = if one[i] == other[j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
        }
    }
    let mut marks = [vec![true; one.len()], vec![true; other.len()]];
    let (mut i, mut j) = (0, 0);
    while i < one.len() && j < other.len() {
        if one[i] == other[j] && longest[i][j] == longest[i + 1][j + 1] + 1 {
            marks[0][i] = false;
            marks[1][j] = false;
            (i, j) = (i + 1, j + 1);
        } else if longest[i + 1][j] >= longest[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    [runs(one, &marks[0]), runs(other, &marks[1])]
}

fn runs(text: &[char], marks: &[bool]) -> Runs {
    let mut runs: Runs = Vec::new();
    for (c, mark) in text.iter().zip(marks) {
        match runs.last_mut() {
            Some((run, marked)) if marked == mark => run.push(*c),
            _ => runs.push((c.to_string(), *mark)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(runs: &Runs) -> String {
        runs.iter().map(|(text, marked)| if *marked { format!("[{text}]") } else { text.clone() }).collect()
    }

    #[test]
    fn differing_characters_are_marked_on_both_sides() {
        for (left, right, one, other) in [
            ("张小明", "张晓明", "张[小]明", "张[晓]明"),
            ("张小明", "张明", "张[小]明", "张明"),
            ("520324199003071234", "520324199003017234", "5203241990030[7]1234", "52032419900301[7]234"),
            ("李四", "李四", "李四", "李四"),
            ("王五", "", "王五", ""),
            ("甲", "乙", "[甲]", "[乙]"),
        ] {
            let [first, second] = differences(left, right);
            assert_eq!((shown(&first).as_str(), shown(&second).as_str()), (one, other));
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_what_is_unmarked_is_the_same(left in "[0-9X]{0,18}", right in "[0-9X]{0,18}") {
            let both = differences(&left, &right);
            let whole = |runs: &Runs| runs.iter().map(|(text, _)| text.as_str()).collect::<String>();
            prop_assert_eq!([whole(&both[0]), whole(&both[1])], [left.clone(), right.clone()]);
            let same = |runs: &Runs| runs.iter().filter(|(_, marked)| !marked).map(|(text, _)| text.as_str()).collect::<String>();
            if !left.is_empty() && !right.is_empty() {
                prop_assert_eq!(same(&both[0]), same(&both[1]));
            }
        }
    }
}
