//! The months a text names: `2018年4-6月`, `第二季度`, `1月至6月`, `4、5月`, `上半年`, `2018.04-2018.06`, `201804-06`, `6月份`, with or without a year.
//!
//! [`find`] takes a title, a name of a sheet or file and gives the first period written in it; [`cell`] takes a cell of a column of months, and
//! [`section`] a line between rows, and reads it whole: what it cannot account for makes it [`Cell::Unclear`], never the first month that stands there. `2018年6月30日` names June.
//! Months that only a back payment is for (`6月（补发4、5月）`) are told apart. A period that runs backwards, or a list with a gap, is unclear; over the
//! turn of a year (`12-2月`) it runs on. Total over any text; O(length).

mod scan;

use unicode_normalization::UnicodeNormalization;

use self::scan::{Item, Scan, is_year, number_of};
use super::date::arabic;
use crate::model::date::{Month, Months};

/// Words for money paid for months gone by, or taken back.
const BACK_WORDS: [&str; 12] = ["补发", "补付", "补放", "补拨", "补领", "追补", "追发", "扣回", "扣发", "冲减", "退款", "退回多"];

/// Months of a year that a text may leave open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) year: Option<i32>,
    from: u32,
    /// How many months.
    count: u32,
}

impl Named {
    /// One month.
    pub(super) fn one(month: Month) -> Self {
        Self { year: Some(month.year()), from: month.month(), count: 1 }
    }

    /// Whether they are all of a year.
    pub(super) fn are_a_year(self) -> bool {
        self.from == 1 && self.count == 12
    }

    /// The months, in the year they name, else in `year`.
    pub(super) fn in_year(self, year: Option<i32>) -> Option<Months> {
        let from = Month::new(self.year.or(year)?, self.from)?;
        let to = Month(from.0 + i32::try_from(self.count).ok()? - 1);
        Some(Months { from, to })
    }

    /// The months as the last so named that begin by `period`.
    pub(super) fn by(self, period: Month) -> Option<Months> {
        let this_year = self.in_year(Some(period.year()));
        if self.year.is_some() || this_year.is_some_and(|months| months.from <= period) {
            return this_year;
        }
        self.in_year(Some(period.year() - 1))
    }
}

/// What a cell of a column of months says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// Months, and nothing else.
    Months(Named),
    /// Months, with or only for a back payment.
    Back(Named),
    /// A back payment in what the list is for: `含3月补发`.
    WithBack,
    /// A year as a whole.
    Year(i32),
    /// Anything else.
    Unclear,
}

/// Characters of a text that are looked at: no title says its period later. Chosen.
const LONGEST: usize = 300;

/// The first period in `text`; one that only a back payment is for where there is no other.
pub(super) fn find(text: &str) -> Option<Named> {
    let text = plain(text);
    let items = Scan::of(&text, false).items();
    let of = |back: bool| items.iter().find(|item| item.back == back).and_then(|item| item.named);
    of(false).or_else(|| of(true))
}

/// Whether `text` names a period that cannot be: one that runs backwards.
pub(super) fn is_unclear(text: &str) -> bool {
    let text = plain(text);
    let items = Scan::of(&text, false).items();
    !items.is_empty() && items.iter().all(|item| item.named.is_none())
}

/// Whether `text` says that money is for months gone by, or taken back: `补发`, `含3月`, `不含补发` does not.
pub(super) fn speaks_of_back_payment(text: &str) -> bool {
    if !text.contains(['补', '追', '含', '扣', '冲', '退', '另']) {
        return false;
    }
    let text: String = plain(text).into_iter().collect();
    if ["不含", "未含", "不包括", "除补发", "无补发", "没有补发"].iter().any(|word| text.contains(word)) {
        return false;
    }
    let text: Vec<char> = text.chars().collect();
    has_back_word(&text) || Scan::of(&text, false).items().iter().any(|item| item.back)
}

/// Whether a title says that its amounts are all that was paid up to then: `截至2018年6月底累计发放表`; a count of what was paid is no title.
pub(super) fn is_total_to_date(text: &str) -> bool {
    let until =
        || ["截至", "截止"].iter().any(|word| text.contains(word)) && ["发放", "领取"].iter().any(|word| text.contains(word));
    match text.split_once("累计") {
        Some((before, rest)) => !before.contains("本月") && !rest.contains(|sign: char| sign.is_numeric()),
        None => until() && !text.contains([':', '：']),
    }
}

/// What a line between rows says of the months of the rows below it: `4月`, `五月份发放`, `第二季度（36户）`, `补发2018年5月`; `None` where it speaks of
/// something else: a village may be called 五月村.
pub(super) fn section(text: &str) -> Option<Cell> {
    const PLACES: [&str; 8] = ["村", "组", "镇", "乡", "社区", "街道", "居", "委会"];
    let text: String = plain(text).into_iter().collect();
    let is_count = |tail: &str| !tail.contains(['月', '季']) && tail.contains(['人', '户', '条', '笔', '元']);
    let line = text.split_once(['(', ':', '【', '[']).filter(|(_, tail)| is_count(tail)).map_or(text.as_str(), |(line, _)| line);
    let signs: Vec<char> = line.chars().collect();
    let is_counted = signs.windows(2).any(|pair| pair[0].is_ascii_digit() && matches!(pair[1], '月' | '季'));
    let is_worded = ["上半年", "下半年", "全年", "季度"].iter().any(|word| line.contains(word));
    let is_figure =
        line.starts_with("20") && line.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'/'));
    let speaks = (is_counted || is_worded || is_figure) && !PLACES.iter().any(|end| line.ends_with(end));
    if speaks { cell(line) } else { None }
}

/// What a cell says; `None` where it is blank, or says that it is what the list is for (`本月`).
pub(super) fn cell(text: &str) -> Option<Cell> {
    let text = plain(text);
    if text.is_empty() {
        return None;
    }
    // `截至2018年6月`, `至6月`, `2018年1月起`: since when, or until when, is not said.
    let is_open = Scan::of(&text, true).has_any(&["截至", "截止", "累计", "至今", "到今", "以来", "起"]);
    if is_open || matches!(text.first(), Some('至' | '到')) {
        return Some(Cell::Unclear);
    }
    let scan = Scan::of(&text, true);
    let items = scan.items();
    let mut rest: Vec<char> = Vec::new();
    let mut at = 0;
    for item in &items {
        rest.extend(text.get(at..item.start).unwrap_or(&[]));
        rest.push(' ');
        at = item.end;
    }
    rest.extend(text.get(at..).unwrap_or(&[]));
    let whole: String = text.iter().collect();
    if ["本月", "当月", "本期", "当期"].contains(&whole.as_str()) {
        return None;
    }
    if items.is_empty() {
        return Some(year_alone(&text).map_or(Cell::Unclear, Cell::Year));
    }
    let (main, back): (Vec<&Item>, Vec<&Item>) = items.iter().partition(|item| !item.back);
    let is_back = !back.is_empty() || has_back_word(&rest);
    if main.is_empty() && ["含", "内含", "包含", "另含"].iter().any(|word| scan.has(0, word)) {
        return Some(Cell::WithBack);
    }
    let named = match (main.as_slice(), back.as_slice()) {
        ([one], _) | ([], [one]) => one.named,
        _ => None,
    };
    // `（3个月）` says again what the months say, or something else.
    let (rest, counted) = without_counts(&rest);
    let agrees = |named: &Named| counted.iter().all(|count| *count == named.count);
    let is_accounted = !rest.iter().any(|c| c.is_ascii_digit() || matches!(c, '年' | '月' | '季' | '半'));
    Some(match named.filter(|named| is_accounted && agrees(named)) {
        Some(named) if is_back => Cell::Back(named),
        Some(named) => Cell::Months(named),
        None => Cell::Unclear,
    })
}

/// Half width, without white space, Arabic numerals.
fn plain(text: &str) -> Vec<char> {
    let wide: String = text.nfkc().filter(|character| !character.is_whitespace()).take(LONGEST).collect();
    arabic(&wide).to_uppercase().chars().collect()
}

fn has_back_word(text: &[char]) -> bool {
    let text: String = text.iter().collect();
    BACK_WORDS.iter().any(|word| text.contains(word))
}

/// `2018`, `2018年`, `2018年度`.
fn year_alone(text: &[char]) -> Option<i32> {
    let (digits, rest) = text.split_at_checked(4)?;
    let year = number_of(digits)?;
    let rest: String = rest.iter().collect();
    (is_year(year) && ["", "年", "年度", "年全年", "全年", "年度全年"].contains(&rest.as_str()))
        .then(|| i32::try_from(year).ok())?
}

/// `3个月` taken out, and the numbers; `第1批` taken out.
fn without_counts(text: &[char]) -> (Vec<char>, Vec<u32>) {
    let (mut rest, mut counts, mut at) = (Vec::with_capacity(text.len()), Vec::new(), 0);
    while let Some(&character) = text.get(at) {
        let digits = text.iter().skip(at).take_while(|c| c.is_ascii_digit()).count();
        if digits > 0 {
            let is_batch = rest.last() == Some(&'第') && text.get(at + digits).is_some_and(|c| matches!(c, '批' | '次' | '期'));
            if text.get(at + digits..at + digits + 2).is_some_and(|word| word == ['个', '月']) {
                counts.extend(text.get(at..at + digits).and_then(number_of));
                at += digits + 2;
            } else if is_batch {
                at += digits;
            } else {
                rest.extend(text.get(at..at + digits).unwrap_or(&[]));
                at += digits;
            }
        } else {
            rest.push(character);
            at += 1;
        }
    }
    (rest, counts)
}

#[cfg(test)]
#[path = "period_tests.rs"]
mod tests;
