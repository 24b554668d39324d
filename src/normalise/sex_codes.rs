//! A sex column of codes: what each digit means by the valid numbers of the same rows.
//!
//! GB/T 2261.1 has 1 for men and 2 for women; systems of offices have 0 and 1, either way round. Takes, per row, the code and the sex of its
//! number; gives each code's meaning, where enough rows show it and no two codes mean the same. A column whose codes and numbers do not agree
//! says nothing. Cost: a count per row.

/// So many rows with a valid number show what a code means.
const ENOUGH: u32 = 5;

/// Codes of a column with the sexes of the numbers beside them.
#[derive(Debug, Default)]
pub(super) struct SexCodes {
    /// By digit: women, men.
    seen: [[u32; 2]; 10],
    /// By digit: all rows.
    rows: [u32; 10],
}

impl SexCodes {
    /// Takes a row; `is_male` where it has a valid number.
    pub(super) fn push(&mut self, code: u8, is_male: Option<bool>) {
        let code = usize::from(code.min(9));
        self.rows[code] += 1;
        if let Some(is_male) = is_male {
            self.seen[code][usize::from(is_male)] += 1;
        }
    }

    /// By digit, whether it means a man; `None` where the column does not show it.
    pub(super) fn meanings(&self) -> [Option<bool>; 10] {
        let meaning = |[women, men]: [u32; 2]| {
            let most = women.max(men);
            (most >= ENOUGH && most * 10 >= (women + men) * 9).then_some(men > women)
        };
        let meanings = self.seen.map(meaning);
        let of = |male: bool| meanings.iter().filter(|meaning| **meaning == Some(male)).count();
        if of(true) <= 1 && of(false) <= 1 { meanings } else { [None; 10] }
    }

    /// What is told of the column.
    pub(super) fn told(&self) -> Option<String> {
        let meanings = self.meanings();
        let is_standard = |(code, meaning): (usize, &Option<bool>)| {
            let seen = meaning.is_some() || self.rows[code] > 0;
            !seen || *meaning == [None, Some(true), Some(false)].get(code).copied().flatten()
        };
        if meanings.iter().enumerate().all(is_standard) {
            return None;
        }
        let known = (0..).zip(meanings).filter_map(|(code, male): (u8, _)| Some((code, if male? { "男" } else { "女" })));
        let known: Vec<String> = known.map(|(code, sex)| format!("{code} 是{sex}")).collect();
        Some(if known.is_empty() {
            format!(
                "性别一栏有 {} 行写的是数字代码，本表有效的身份证号太少或与代码对不上，看不出哪个是男、哪个是女，没有采用；请改写成男、女",
                self.rows.iter().sum::<u32>()
            )
        } else {
            format!("性别一栏写的是数字代码，按本表的身份证号，{}", known.join("，"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(rows: &[(u8, Option<bool>)]) -> SexCodes {
        let mut codes = SexCodes::default();
        for (code, male) in rows {
            codes.push(*code, *male);
        }
        codes
    }

    #[test]
    fn codes_mean_what_the_numbers_beside_them_say() {
        for [male, female] in [[1, 2], [0, 1], [1, 0], [2, 1]] {
            let rows = [(male, Some(true)), (female, Some(false)), (male, None)].repeat(5);
            let codes = codes(&rows);
            assert_eq!(codes.meanings()[usize::from(male)], Some(true));
            assert_eq!(codes.meanings()[usize::from(female)], Some(false));
            assert_eq!(codes.told().is_none(), [male, female] == [1, 2], "what the standard says needs no word");
        }
    }

    #[test]
    fn codes_that_contradict_the_numbers_or_stand_alone_mean_nothing() {
        let torn = codes(&[(1, Some(true)), (1, Some(false)), (2, Some(true)), (2, Some(false))].repeat(10));
        let same = codes(&[(1, Some(true)), (2, Some(true))].repeat(10));
        let alone = codes(&[(1, None), (2, None), (1, Some(true)), (2, Some(false))]);
        for codes in [torn, same, alone] {
            assert_eq!(codes.meanings(), [None; 10]);
            assert!(codes.told().is_some_and(|told| told.contains("没有采用")));
        }
        assert_eq!(codes(&[]).told(), None);
    }
}
