//! Sheet and file names out of village, town, department and rule names, which may be anything; a number in one is masked.
//!
//! A name is kept as it is wherever Excel and Windows allow it; else changed as little as possible. Within one
//! [`Names`] no name is given twice, upper and lower case counting as the same.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

use crate::model::masking::mask_text;

/// Device names on Windows.
const DEVICES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2", "lpt3",
    "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];
/// Excel keeps this sheet name for itself.
const SHEETS: [&str; 1] = ["history"];
/// What may stand in a name besides letters and digits of any script.
const MARKS: &str = "（）()-_—·、“”×. ";

/// Hands out names, each once.
#[derive(Debug)]
pub(super) struct Names {
    limit: usize,
    reserved: &'static [&'static str],
    taken: BTreeSet<String>,
}

impl Names {
    /// For the sheets of one workbook: at most 31 UTF-16 units.
    pub(super) fn of_sheets() -> Self {
        Self { limit: 31, reserved: &SHEETS, taken: BTreeSet::new() }
    }

    /// For the files of one folder, without extension: at most 100 UTF-16 units.
    pub(super) fn of_files() -> Self {
        Self { limit: 100, reserved: &DEVICES, taken: BTreeSet::new() }
    }

    /// The closest name to `wanted` that is allowed and not yet given.
    pub(super) fn claim(&mut self, wanted: &str) -> String {
        let safe: String =
            mask_text(wanted.trim()).nfc().map(|c| if c.is_alphanumeric() || MARKS.contains(c) { c } else { '_' }).collect();
        let base = match shorten(safe.trim_matches(['.', '_', ' ']), self.limit).trim_end_matches(['.', ' ']) {
            "" => "未命名".to_owned(),
            base => base.to_owned(),
        };
        let mut name = base.clone();
        let mut count = 1u32;
        while self.reserved.contains(&name.to_lowercase().as_str()) || !self.taken.insert(name.to_lowercase()) {
            count += 1;
            let suffix = format!("（{count}）");
            name = format!("{}{suffix}", shorten(&base, self.limit - suffix.encode_utf16().count()));
        }
        name
    }
}

/// The longest beginning of at most `limit` UTF-16 units.
pub(super) fn shorten(text: &str, limit: usize) -> &str {
    let mut units = 0;
    let end = text
        .char_indices()
        .find(|(_, c)| {
            units += c.len_utf16();
            units > limit
        })
        .map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_sheet_name_is_one_that_excel_takes_and_none_comes_twice(wanted in proptest::collection::vec(any::<String>(), 1..20)) {
            let mut names = Names::of_sheets();
            let mut seen = BTreeSet::new();
            // Twice, so that every name also has to be told from itself.
            for text in wanted.iter().chain(&wanted) {
                let name = names.claim(text);
                prop_assert!(rust_xlsxwriter::utility::check_sheet_name(&name).is_ok(), "{name:?}");
                prop_assert!(name.to_lowercase() != "history");
                prop_assert!(seen.insert(name.to_lowercase()), "{name:?} twice");
            }
        }

        #[test]
        fn every_file_name_is_one_that_windows_takes(wanted in any::<String>()) {
            let name = Names::of_files().claim(&wanted);
            prop_assert!(!name.is_empty() && name.encode_utf16().count() <= 100);
            prop_assert!(!name.contains(['<', '>', ':', '"', '/', '\\', '|', '?', '*']) && !name.chars().any(char::is_control));
            prop_assert!(!name.ends_with(['.', ' ']) && !DEVICES.contains(&name.to_lowercase().as_str()));
        }
    }

    #[test]
    fn names_change_only_where_they_must() {
        let mut names = Names::of_sheets();
        assert_eq!(names.claim("燕子坝村"), "燕子坝村");
        assert_eq!(names.claim("燕子坝村"), "燕子坝村（2）");
        assert_eq!(names.claim("东山/西山"), "东山_西山");
        assert_eq!(names.claim("收入超过低保标准 1.5 倍仍在低保"), "收入超过低保标准 1.5 倍仍在低保");
        assert_eq!(names.claim("History"), "History（2）");
        assert_eq!(names.claim("'"), "未命名");
        assert_eq!(names.claim("户520324199003071234"), "户520324________1234");
        let long = "很".repeat(40);
        assert_eq!(names.claim(&long), "很".repeat(31));
        assert_eq!(names.claim(&long), format!("{}（2）", "很".repeat(28)));
        assert_eq!(Names::of_files().claim("../../NUL"), "NUL（2）");
    }
}
