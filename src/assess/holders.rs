//! Whom a cell beside a payment names: the household, or a stranger to it.
//!
//! Takes the cell as written (`户名：骆秀建`, `骆秀建/娄兰贵`, `骆*建`, `LUO XIUJIAN`, `骆秀建卡`) and the names of a household. Only a name that can
//! be read and is nobody's of the household is a stranger's: one that is masked, sounds alike or is spelt in letters agrees with what it may
//! be. Cost: a few comparisons of names a row.

use crate::model::columns::NAME;
use crate::model::identity::name::{FoldedName, NameLevel, compare};
use crate::model::record::RegistryRecords;

/// What stands between two names, or between a name and a word about it.
const BETWEEN: [char; 18] = ['/', '、', ',', '，', ';', '；', ':', '：', '(', ')', '（', '）', '[', ']', '【', '】', '和', '|'];
/// What stands behind a name and changes nothing.
const BEHIND: [&str; 12] = ["银行卡", "一卡通", "的账户", "账户", "账号", "存折", "代领", "代收", "卡", "折", "户", "代"];
/// So many rows of one and the same name tell of no holder of each.
const MANY: usize = 3;

/// Whether what is written names somebody, and nobody of `household`.
pub(super) fn is_stranger(written: &str, household: &[&str]) -> bool {
    // `其子骆正华`: a name of three characters and more is no part of another.
    if household.iter().any(|name| name.chars().count() > 2 && written.contains(name)) {
        return false;
    }
    let known: Vec<FoldedName> = household.iter().filter_map(|name| FoldedName::new(name)).collect();
    let names = written.split(BETWEEN).flat_map(|part| {
        let part = part.trim().trim_end_matches(|sign: char| sign.is_ascii_digit());
        let bare = BEHIND.iter().find_map(|word| part.strip_suffix(word)).filter(|bare| bare.chars().count() > 1);
        [Some(part), bare].into_iter().flatten()
    });
    let names: Vec<FoldedName> = names.filter_map(FoldedName::new).filter(|name| name.len() > 1).collect();
    let is_kin = |name: &FoldedName| known.iter().any(|known| compare(name, known) < NameLevel::Dropped);
    !names.is_empty() && !names.iter().any(is_kin)
}

/// Whether the column says the same on every row, of different people.
pub(super) fn is_one_for_all(records: &RegistryRecords, column: &str) -> bool {
    let mut rows = (0..records.len()).filter_map(|row| Some((records.text_at(column, row)?, records.text_at(NAME, row))));
    let Some((first, payee)) = rows.next() else { return false };
    let (mut count, mut payees_differ) = (1, false);
    for (named, other) in rows {
        if named != first {
            return false;
        }
        count += 1;
        payees_differ |= other != payee;
    }
    count >= MANY && payees_differ
}

#[cfg(test)]
mod tests {
    use super::is_stranger;

    #[test]
    fn only_a_readable_name_of_nobody_at_home_is_a_strangers() {
        let household = ["骆秀建", "娄兰贵", "骆正华"];
        for written in [
            "骆秀建",
            "骆*建",
            "骆某某",
            "*秀建",
            "骆秀健",
            "LUO XIUJIAN",
            "luoxiujian",
            "骆秀建卡",
            "骆秀建存折",
            "户名：骆秀建",
            "骆秀建/娄兰贵",
            "李大明、娄兰贵",
            "李大明（骆秀建代领）",
            "骆秀建0192",
            "骆正华（子）",
            "其子骆正华",
            "同",
            "",
            "-",
            "5",
        ] {
            assert!(!is_stranger(written, &household), "{written}");
        }
        for written in ["李大明", "李*明", "户名：李大明", "LI DAMING", "骆建国", "李大明（代领）", "覃华卡"]
        {
            assert!(is_stranger(written, &household), "{written}");
        }
    }
}
