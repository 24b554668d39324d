//! What identifies a person, found inside any text: ID numbers, phones and accounts, in one run or in groups, and dates.
//!
//! Pure and linear in the text. A text without seven digits holds nothing of the kind.

use std::borrow::Cow;
use std::ops::Range;

use crate::model::date::Day;
use crate::model::personal::{folded, is_birth, is_province, mask_number};

/// What stands between the groups of one number.
const SEPARATORS: [char; 12] = [' ', '\u{a0}', '\u{3000}', '-', '－', '—', '–', '·', '.', '_', '/', '\''];

/// A run of digits and letters: where it stands, and the same in plain digits and `X`.
struct Run {
    at: Range<usize>,
    plain: String,
}

/// Whether a character may belong to a number: full-width digits too, and the X of an ID number in any of its guises.
fn belongs(c: char) -> bool {
    c.is_ascii_alphanumeric() || folded(c) != c
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| belongs(*c)) {
        match runs.last_mut().filter(|run| run.at.end == at) {
            Some(run) => {
                run.at.end = at + c.len_utf8();
                run.plain.push(folded(c));
            }
            None => runs.push(Run { at: at..at + c.len_utf8(), plain: String::from(folded(c)) }),
        }
    }
    runs
}

/// Text with every run, and every row of groups, hidden that could be an ID number or what is left of one, a certificate or account number, or a
/// phone. Household codes, dates and times are none; nor are our own ids and hashes.
#[must_use]
pub fn mask_text(text: &str) -> String {
    let digits = text.chars().filter(|c| folded(*c).is_ascii_digit()).take(7).count();
    if digits < 7 {
        return text.to_owned();
    }
    let runs = runs(text);
    let (mut masked, mut copied, mut at) = (String::with_capacity(text.len()), 0, 0);
    while let Some(run) = runs.get(at) {
        let groups = if hides(&run.plain) { 1 } else { spread(text, runs.get(at..).unwrap_or_default()) };
        if let Some(last) = runs.get((at + groups).wrapping_sub(1)).filter(|_| groups > 0) {
            masked.push_str(text.get(copied..run.at.start).unwrap_or_default());
            masked.push_str(&mask_number(text.get(run.at.start..last.at.end).unwrap_or_default()));
            copied = last.at.end;
        }
        at += groups.max(1);
    }
    masked.push_str(text.get(copied..).unwrap_or_default());
    masked
}

/// Whether one run could be a number to hide.
fn hides(run: &str) -> bool {
    let length = run.len();
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    let numeric = digits == length;
    if is_ours(run) || (numeric && is_time(run)) {
        return false;
    }
    let mobile = numeric && length == 11 && run.starts_with('1') || numeric && length == 13 && run.starts_with("861");
    let landline = numeric && (11..=12).contains(&length) && run.starts_with('0');
    // Region, year and month of an ID number that was cut.
    let cut = numeric && (12..=13).contains(&length) && is_province(run) && is_year(run.get(6..10)) && is_month(run.get(10..12));
    // What follows the region.
    let rest = numeric && length == 12 && run.get(..8).is_some_and(is_birth);
    mobile || landline || cut || rest || digits >= 14 || (length >= 15 && digits >= 11)
}

/// A finding's, person's or household's id, or a hash: hexadecimal, and neither has to be hidden.
fn is_ours(run: &str) -> bool {
    let hexadecimal = |text: &str| text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
    let id = run.len() == 17 && run.starts_with(|c: char| c.is_ascii_uppercase()) && run.get(1..).is_some_and(hexadecimal);
    id || run.len() >= 32 && hexadecimal(run) && run.bytes().any(|c| c.is_ascii_lowercase())
}

/// `20180630123456`, as folders of copies are called.
fn is_time(run: &str) -> bool {
    let two =
        |from: usize, below: u32| run.get(from..from + 2).and_then(|text| text.parse().ok()).is_some_and(|n: u32| n < below);
    let minute = run.starts_with("20") && run.get(..8).is_some_and(is_birth) && two(8, 24) && two(10, 60);
    minute && (run.len() == 12 || matches!(run.len(), 14 | 17) && two(12, 60))
}

fn is_year(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.starts_with("19") || text.starts_with("20"))
}

fn is_month(text: Option<&str>) -> bool {
    text.and_then(|text| text.parse().ok()).is_some_and(|month: u32| (1..=12).contains(&month))
}

/// How many of these neighbouring runs make one number that was written in groups; 0 for none.
fn spread(text: &str, runs: &[Run]) -> usize {
    let (mut joined, mut groups, mut end, mut found) = (String::new(), Vec::new(), None, 0);
    for run in runs {
        let gap = end.map(|end| text.get(end..run.at.start).unwrap_or_default());
        let mut between = gap.unwrap_or(" ").chars();
        if !(between.next().is_some_and(|c| SEPARATORS.contains(&c)) && between.next().is_none()) {
            break;
        }
        joined.push_str(&run.plain);
        groups.push(run.plain.len());
        end = Some(run.at.end);
        if joined.len() > 22 {
            break;
        }
        if groups.len() > 1 && is_spread(&joined, &groups) {
            found = groups.len();
        }
    }
    found
}

fn is_spread(joined: &str, groups: &[usize]) -> bool {
    let digits = joined.bytes().filter(u8::is_ascii_digit).count();
    let numeric = digits == joined.len();
    let id = is_province(joined)
        && match joined.len() {
            18 => digits >= 17 && joined.get(6..14).is_some_and(is_birth),
            15 => numeric && joined.get(6..12).is_some_and(|short| is_birth(&format!("19{short}"))),
            _ => false,
        };
    let mobile = numeric && joined.starts_with('1') && matches!(groups, [3, 4, 4] | [3, 8] | [4, 7] | [7, 4]);
    let abroad = numeric && joined.starts_with("861") && matches!(groups, [2, 11] | [2, 3, 4, 4]);
    let landline = numeric && joined.starts_with('0') && matches!(groups, [3 | 4, 7 | 8] | [3 | 4, 3 | 4, 4]);
    let fours = groups.split_last().is_some_and(|(last, others)| others.iter().all(|length| *length == 4) && *last <= 4);
    let years = (0..groups.len()).all(|group| is_year(joined.get(group * 4..group * 4 + 4)));
    let account = numeric && fours && (16..=19).contains(&joined.len()) && !years;
    id || mobile || abroad || landline || account
}

/// Whether an ID number, whole, cut or in the old form, or a mobile phone stands in what should be a code.
pub(super) fn holds_number(code: &str) -> bool {
    let plain: String = code.chars().map(folded).filter(char::is_ascii_alphanumeric).collect();
    let region = |from: usize| plain.get(from..).is_some_and(is_province);
    let born = |from: usize| region(from) && plain.get(from + 6..from + 14).is_some_and(is_birth);
    let old = plain.len() == 15 && region(0) && plain.get(6..12).is_some_and(|short| is_birth(&format!("19{short}")));
    let cut = plain.len() < 14 && region(0) && is_year(plain.get(6..10)) && is_month(plain.get(10..12));
    let phone = plain.len() == 11 && plain.starts_with('1') && plain.bytes().all(|c| c.is_ascii_digit());
    (0..plain.len()).any(born) || old || cut || phone
}

/// A date in a text, and where it stands; month and day may be missing.
pub(super) struct Written {
    pub(super) at: Range<usize>,
    /// `None` where only year and month stand there.
    pub(super) day: Option<Day>,
}

/// Every date in a text: `1990-03-07`, `1990.3.7`, `1990/03/07`, `1990年3月7日`, `19900307`, `90.3.7`; and `1990-03`, `1990年3月`, `199003`.
pub(super) fn dates(text: &str) -> Vec<Written> {
    let characters: Vec<(usize, char)> = text.char_indices().map(|(at, c)| (at, folded(c))).collect();
    let digits = |from: usize| characters.iter().skip(from).take_while(|(_, c)| c.is_ascii_digit()).count();
    let number = |from: usize, length: usize| -> Option<u32> {
        let plain: String = characters.get(from..from + length)?.iter().map(|(_, c)| *c).collect();
        plain.parse().ok()
    };
    let ends = |at: usize| characters.get(at).map_or(text.len(), |(byte, _)| *byte);
    let separator = |at: usize, word: char| {
        characters.get(at).is_some_and(|(_, c)| matches!(c, '-' | '/' | '.' | '－' | '．' | '／' | '—') || *c == word)
    };
    let (mut found, mut at) = (Vec::new(), 0);
    while at < characters.len() {
        let length = digits(at);
        if length == 0 {
            at += 1;
            continue;
        }
        let mut stop = at + length;
        let date = match length {
            8 => number(at, 4).zip(number(at + 4, 2)).zip(number(at + 6, 2)).map(|((year, month), day)| (year, month, Some(day))),
            6 => number(at, 4).zip(number(at + 4, 2)).map(|(year, month)| (year, month, None)),
            2 | 4 if separator(stop, '年') => {
                let month = digits(stop + 1);
                number(at, length).map(whole_year).zip(number(stop + 1, month)).filter(|_| (1..=2).contains(&month)).map(
                    |(year, number_of_month)| {
                        stop += 1 + month;
                        let day = if separator(stop, '月') { digits(stop + 1) } else { 0 };
                        let of_day = number(stop + 1, day).filter(|_| (1..=2).contains(&day));
                        if of_day.is_some() {
                            stop += 1 + day;
                        }
                        if characters.get(stop).is_some_and(|(_, c)| matches!(c, '日' | '号' | '月')) {
                            stop += 1;
                        }
                        (year, number_of_month, of_day)
                    },
                )
            }
            _ => None,
        };
        if let Some((year, month, day)) = date.filter(|(year, month, _)| (1880..2100).contains(year) && (1..=12).contains(month))
        {
            let known = day.and_then(|day| Day::new(i32::try_from(year).unwrap_or(0), month, day));
            if day.is_none() || known.is_some() {
                found.push(Written { at: ends(at)..ends(stop), day: known });
            }
        }
        at = stop;
    }
    found
}

/// Two digits of a year are somebody's who lives.
fn whole_year(written: u32) -> u32 {
    match written {
        0..=30 => 2000 + written,
        31..=99 => 1900 + written,
        _ => written,
    }
}

/// The day of birth that an ID number holds, or the ID number in a longer certificate number; `None` where it holds none.
pub(super) fn birth_in(number: &str) -> Option<Day> {
    let plain: String = number.chars().map(folded).filter(char::is_ascii_alphanumeric).collect();
    let birth = match plain.len() {
        18.. => Cow::Borrowed(plain.get(6..14)?),
        15 => Cow::Owned(format!("19{}", plain.get(6..12)?)),
        _ => return None,
    };
    let part = |from: usize, to: usize| birth.get(from..to).and_then(|text| text.parse::<u32>().ok());
    Day::new(i32::try_from(part(0, 4)?).ok()?, part(4, 6)?, part(6, 8)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_birth_date_survives_in_any_sentence(before in "[一-龥，a-z ]{0,10}", region in 110_000u32..660_000, birth in 19_000_101u32..20_181_231,
            serial in 0u32..1000, check in "[0-9Xx]", after in "[一-龥，。 ]{0,10}") {
            let text = format!("{before}{region}{birth}{serial:03}{check}{after}");
            prop_assert!(!mask_text(&text).contains(&birth.to_string()), "{}", mask_text(&text));
        }
    }

    #[test]
    fn numbers_are_hidden_in_one_run_and_in_groups() {
        for (text, masked) in [
            ("身份证520324199003071234，电话13885211234。", "身份证520324********1234，电话13*******34。"),
            ("５２０３２４１９９００３０７１２３４", "５２０３２４********１２３４"),
            ("住址：燕子坝 520324 19900307 1234", "住址：燕子坝 520324********1234"),
            ("520324-1990-0307-123X；", "520324********123X；"),
            ("520324 900307 123", "520*********123"),
            ("电话138-8521-1234", "电话13*******34"),
            ("电话0851-26421234", "电话085******234"),
            ("卡号6217 0000 1234 5678 901", "卡号621700*********8901"),
            ("截断的5203241990030", "截断的520**********"),
            ("去了地区的199003071234", "去了地区的*********234"),
            ("国际+8613885211234", "国际+861*******234"),
        ] {
            assert_eq!(mask_text(text), masked);
        }
    }

    #[test]
    fn codes_dates_times_and_our_own_ids_stay() {
        for text in [
            "户编号5200057613，2018-06-30，应为5700.00元",
            "2018-06-30 2018-07-31",
            "2016 2017 2018 2019",
            "备份20180630123456、201806301230",
            "疑点F0123456789abcdef，人员P9876543210123456",
            "行政区划520324101001",
            "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ] {
            assert_eq!(mask_text(text), text);
        }
    }

    #[test]
    fn dates_are_found_however_they_are_written() {
        let day = Day::new(1990, 3, 7);
        for text in ["1990-03-07", "1990.3.7", "1990/03/07", "1990年3月7日", "19900307", "１９９０－０３－０７"] {
            let told = format!("生于{text}，住燕子坝");
            let found = dates(&told);
            assert_eq!((found.len(), found.first().and_then(|date| date.day)), (1, day), "{text}");
            assert_eq!(found.first().and_then(|date| told.get(date.at.clone())), Some(text));
        }
        assert!(dates("1990年3月").iter().all(|date| date.day.is_none()) && dates("1990年3月").len() == 1);
        assert!(dates("金额5200.00元，户5200057613").iter().all(|date| date.day.is_none()));
        assert_eq!(dates("生日90.3.7").first().and_then(|date| date.day), day);
        assert_eq!(birth_in("520324199003071234"), day);
        assert_eq!(birth_in("520324900307123"), day);
        assert_eq!(birth_in("52032419900307123443"), day);
        assert_eq!(birth_in("5200057613"), None);
    }
}
