//! What people have answered about pairs of rows, and what became of the answers.
//!
//! A pair is kept by the stable keys of its two records ([`record_key`]), never by row numbers, so that an answer holds next month
//! and after a list was sorted.

use std::fmt;

use arrow::array::Array;

use super::columns;
use super::ids::CountyKey;
use super::personal::Personal;
use super::record::{RegistryRecords, RowId};
use super::words::words;

/// The stable key of a row's identity in its registry: `R` and 16 hexadecimal digits. Rows of one registry with equal keys say the same of
/// who they are. `None` for a row that names nobody: a project, a post.
#[must_use]
pub fn record_key(records: &RegistryRecords, row: usize, key: &CountyKey) -> Option<String> {
    let birth = records.date(columns::BIRTH).filter(|column| column.is_valid(row)).map(|column| column.value(row));
    key_of(records.registry.as_str(), |column| records.text_at(column, row), birth, key)
}

/// [`record_key`] of a row of which `text` gives the cells of a column.
#[must_use]
pub fn key_of<'a>(registry: &str, text: impl Fn(&str) -> Option<&'a str>, birth: Option<i32>, key: &CountyKey) -> Option<String> {
    let text = |column: &str| text(column).filter(|text| !text.is_empty()).unwrap_or_default();
    let (code, number) = (text(columns::PERSON_CODE), text(columns::ID_NUMBER));
    let name = match text(columns::NAME) {
        "" => text(columns::HEAD_NAME),
        name => name,
    };
    if !code.is_empty() {
        return Some(key.id("R", &[registry, "code", code]));
    }
    if !number.is_empty() {
        return Some(key.id("R", &[registry, "number", number, name]));
    }
    if name.is_empty() {
        return None;
    }
    let birth = birth.map_or_else(String::new, |birth| birth.to_string());
    let [code, head_number, head] = [columns::HOUSEHOLD_CODE, columns::HEAD_ID, columns::HEAD_NAME].map(text);
    Some(key.id("R", &[registry, "content", name, &birth, code, head_number, head, text(columns::VILLAGE_CODE)]))
}

/// The 64 bits of a record key, for tables that hold many.
#[must_use]
pub fn key_word(key: &str) -> u64 {
    key.get(1..).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or(0)
}

/// Two record keys, in ascending order; written `R…~R…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PairKey {
    /// The smaller key.
    pub one: String,
    /// The larger.
    pub other: String,
}

impl PairKey {
    /// Puts two keys in order.
    #[must_use]
    pub fn new(left: String, right: String) -> Self {
        if left <= right { Self { one: left, other: right } } else { Self { one: right, other: left } }
    }

    /// The inverse of `Display`; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_key = |text: &str| {
            text.len() == 17 && text.strip_prefix('R').is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        let (one, other) = text.trim().split_once('~')?;
        (is_key(one) && is_key(other) && one != other).then(|| Self::new(one.to_owned(), other.to_owned()))
    }
}

impl fmt::Display for PairKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.one, self.other)
    }
}

words! {
    /// An answer. Its word is that in stage files.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Verdict {
        /// One person.
        Same = "same";
        /// Two persons.
        Different = "different";
        /// Looked at, and still not known.
        Unsure = "unsure";
    }
}

/// One answer of one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decision {
    /// About whom.
    pub pair: PairKey,
    /// The answer.
    pub verdict: Verdict,
    /// File, sheet and row it was read from, in words.
    pub place: Personal,
    /// Who checked, as written.
    pub by: Personal,
    /// When, as written.
    pub on: Personal,
    /// Remark, as written.
    pub remark: Personal,
}

words! {
    /// What became of an answer. Its word is that in stage files.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum DecisionState {
        /// It holds.
        InForce = "in_force", "已采用";
        /// Still unsure: the pair stays open.
        Unsure = "unsure", "仍待核对";
        /// At least one of the records is not among this month's; the answer waits.
        Gone = "gone", "本月查无此记录，暂存";
        /// Other answers say otherwise; none of them is followed.
        Contradicted = "contradicted", "与其他答复矛盾，未采用";
    }
}

/// An answer with what became of it and the rows it is about, where there are any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptDecision {
    /// The answer.
    pub decision: Decision,
    /// What became of it.
    pub state: DecisionState,
    /// The first row with the smaller key.
    pub one: Option<RowId>,
    /// The first row with the larger.
    pub other: Option<RowId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_reads_back_as_written_and_nothing_else_does() {
        let pair = PairKey::new("Rffff000011112222".to_owned(), "R0123456789abcdef".to_owned());
        assert_eq!(pair.to_string(), "R0123456789abcdef~Rffff000011112222");
        assert_eq!(PairKey::parse(&format!(" {pair} ")), Some(pair.clone()));
        for wrong in
            ["", "R0123456789abcdef", "R0123456789abcdef~R0123456789abcdef", "R01~R02", "R0123456789abcdeg~Rffff000011112222"]
        {
            assert_eq!(PairKey::parse(wrong), None, "{wrong}");
        }
    }
}
