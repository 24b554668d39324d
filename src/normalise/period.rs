//! The months a text names: `2018年4-6月`, `第二季度`, `1月至6月`, `4、5月`, `上半年`, `2018.04-2018.06`, `201804-06`, `6月份`, with or without a year.
//!
//! [`find`] takes a title, a name of a sheet or file and gives the first period written in it; [`cell`] takes a cell of a column of months, and
//! [`section`] a line between rows, and reads it whole: what it cannot account for makes it [`Cell::Unclear`], never the first month that stands there. `2018年6月30日` names June.
//! Months that only a back payment is for (`6月（补发4、5月）`) are told apart. A period that runs backwards, or a list with a gap, is unclear; over the
//! turn of a year (`12-2月`) it runs on. Total over any text; O(length).

use unicode_normalization::UnicodeNormalization;

use super::date::arabic;
use crate::model::date::{Month, Months};

/// So many months a period written without its second year may run over the turn of the year.
const OVER_NEW_YEAR: u32 = 6;
/// A period is no longer.
const LONGEST: u32 = 24;
/// Words for money paid for months gone by, or taken back.
const BACK_WORDS: [&str; 12] = ["补发", "补付", "补放", "补拨", "补领", "追补", "追发", "扣回", "扣发", "冲减", "退款", "退回多"];
/// What makes another thing of a number behind a range: `2018年4-6组`.
const MEASURES: &str = "组村号日户人年期批类次个季级楼栋班区页岁元";

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
    let wide: String = text.nfkc().filter(|character| !character.is_whitespace()).collect();
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

fn number_of(digits: &[char]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |sum, digit| sum.checked_mul(10)?.checked_add(digit.to_digit(10)?))
}

fn is_year(value: u32) -> bool {
    (1990..2100).contains(&value)
}

/// A period where it stands.
#[derive(Debug)]
struct Item {
    start: usize,
    end: usize,
    /// `None` where what stands there can be no period.
    named: Option<Named>,
    back: bool,
}

/// What a number is counted in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Counts {
    Months,
    Quarters,
    /// Nothing says what.
    Open,
}

/// A month, quarter or bare number.
#[derive(Clone, Copy, Debug)]
struct Point {
    year: Option<i32>,
    value: u32,
    counts: Counts,
    /// Whether a year stands right before it, so that it is a month even without 月.
    is_dated: bool,
    /// Whether a day stands behind it.
    has_day: bool,
}

impl Point {
    fn new(year: Option<i32>, value: u32, counts: Counts) -> Self {
        Self { year, value, counts, is_dated: false, has_day: false }
    }

    fn dated(year: u32, value: u32, counts: Counts) -> Self {
        Self { is_dated: true, ..Self::new(i32::try_from(year).ok(), value, counts) }
    }
}

/// How a point follows the one before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Link {
    To,
    And,
    /// `.` and `/`, which part a list only where all else fits.
    Slash,
}

/// A text being read.
#[derive(Clone, Copy)]
struct Scan<'c> {
    text: &'c [char],
    /// Whether it is a cell of months, where a bare number is one.
    is_cell: bool,
}

impl<'c> Scan<'c> {
    fn of(text: &'c [char], is_cell: bool) -> Self {
        Self { text, is_cell }
    }

    fn peek(self, at: usize) -> Option<char> {
        self.text.get(at).copied()
    }

    fn has(self, at: usize, word: &str) -> bool {
        word.chars().enumerate().all(|(offset, wanted)| self.peek(at + offset) == Some(wanted))
    }

    fn has_any(self, words: &[&str]) -> bool {
        (0..self.text.len()).any(|at| words.iter().any(|word| self.has(at, word)))
    }

    /// The number that begins at a place, and its digits.
    fn number(self, at: usize) -> Option<(u32, usize)> {
        let digits = self.text.get(at..)?.iter().take_while(|c| c.is_ascii_digit()).count();
        let value = self.text.get(at..at + digits).and_then(number_of).unwrap_or(u32::MAX);
        (digits > 0).then_some((value, digits))
    }

    /// All periods, with those that only a back payment is for marked.
    fn items(self) -> Vec<Item> {
        let mut items: Vec<Item> = Vec::new();
        let (mut at, mut year) = (0, None);
        while at < self.text.len() {
            if let Some(mut item) = self.item(at, year) {
                item.start = self.before_year(item.start, items.last().map_or(0, |before| before.end), year);
                at = item.end;
                if let Some(named) = &mut item.named {
                    year = named.year.or(year);
                    named.year = named.year.or(year);
                }
                items.push(item);
            } else if let Some((value, digits)) = self.number(at) {
                if digits == 4 && is_year(value) {
                    year = i32::try_from(value).ok();
                }
                at += digits;
            } else {
                at += 1;
            }
        }
        for at in 0..items.len() {
            let is_first = at == 0;
            let before = if is_first { 0 } else { items[at - 1].end };
            let prefix = self.text.get(before..items[at].start).unwrap_or(&[]);
            let next = items.get(at + 1).map(|item| item.start);
            let suffix = self.text.get(items[at].end..next.unwrap_or(self.text.len())).unwrap_or(&[]);
            // What stands between two periods belongs to the second: `6月补发5月`.
            let follows = next.is_none() && is_back_after(suffix, is_first && !self.is_cell);
            items[at].back = is_back_before(prefix) || follows;
        }
        items
    }

    /// The period that begins at a place.
    fn item(self, start: usize, year: Option<i32>) -> Option<Item> {
        for (word, from, count) in [("上半年", 1, 6), ("下半年", 7, 6), ("全年", 1, 12)] {
            if self.has(start, word) {
                let named = Some(Named { year, from, count });
                return Some(Item { start, end: start + word.chars().count(), named, back: false });
            }
        }
        if self.peek(start).is_some_and(|c| c.is_ascii_digit())
            && start > 0
            && self.peek(start - 1).is_some_and(|c| c.is_ascii_digit())
        {
            return None;
        }
        let (first, mut end) = self.point(start)?;
        let mut points = vec![(Link::To, first, end)];
        while let Some((link, next)) = self.link(end)
            && let Some((point, behind)) = self.point(next)
        {
            let before = points.last().is_some_and(|(_, before, _)| before.has_day);
            let is_day = point.counts == Counts::Open && (before || self.peek(behind).is_some_and(|c| matches!(c, '日' | '号')));
            if is_day {
                break;
            }
            points.push((link, point, behind));
            end = behind;
        }
        // A list that slashes part, or a number that turns out to be none, ends before.
        while points.len() > 1 && !self.is_sound(&points) {
            points.pop();
        }
        let (_, last, end) = points.last().copied()?;
        let is_whole = self.is_cell && start == 0 && end == self.text.len();
        let is_told = points.iter().any(|(_, point, _)| point.counts != Counts::Open) || is_whole;
        let is_cut = points.len() == 1 && last.counts == Counts::Open && !is_whole;
        (is_told && !is_cut || is_dated_range(&points)).then(|| Item { start, end, named: named(&points), back: false })
    }

    /// Whether points can be one period, so far as their signs go.
    fn is_sound(self, points: &[(Link, Point, usize)]) -> bool {
        let Some((_, last, end)) = points.last() else { return true };
        let slashed = points.iter().any(|(link, ..)| *link == Link::Slash);
        let ascends = points.windows(2).all(|pair| pair[1].1.value == pair[0].1.value + 1);
        if slashed && !(last.counts == Counts::Months && !last.is_dated && ascends) {
            return false;
        }
        if last.counts != Counts::Open || last.is_dated {
            return true;
        }
        // A bare number at the end is a month where it ends the cell, or where a year stands before the first and no measure behind it; in a
        // name it may count copies.
        let is_end = *end == self.text.len() || self.peek(*end).is_some_and(|c| matches!(c, ')' | '(' | '.' | '份'));
        if self.is_cell {
            return is_end;
        }
        let is_measured = self.peek(*end).is_some_and(|c| MEASURES.contains(c) || c.is_ascii_digit());
        points[0].1.is_dated && !is_measured && named(points).is_some_and(|named| named.count > 1)
    }

    /// Where the year before a period begins, so that it is part of it: `2018年` before `上半年`.
    fn before_year(self, start: usize, from: usize, year: Option<i32>) -> usize {
        let Some(year) = year else { return start };
        let before: String = self.text.get(from..start).unwrap_or(&[]).iter().collect();
        let bare = before.trim_end_matches(['第', '度', '年']);
        let is_there = bare.ends_with(&year.to_string());
        if is_there { from + bare.chars().count() - year.to_string().len() } else { start }
    }

    /// A link between two points, and what follows it.
    fn link(self, at: usize) -> Option<(Link, usize)> {
        let span = |of: fn(char) -> bool| self.text.iter().skip(at).take_while(|c| of(**c)).count();
        let to = span(|c| matches!(c, '-' | '~' | '—' | '–' | '−' | '至' | '到' | '―'));
        if to > 0 {
            return Some((Link::To, at + to));
        }
        let and = span(|c| matches!(c, '、' | ',' | ';' | '和' | '及' | '与' | '+' | '&'));
        if and > 0 {
            return Some((Link::And, at + and));
        }
        if span(|c| matches!(c, '.' | '/')) == 1 {
            return Some((Link::Slash, at + 1));
        }
        // `5月6月`
        let months = at > 0 && self.peek(at - 1).is_some_and(|c| matches!(c, '月' | '份'));
        let next = self.number(at).filter(|(_, digits)| *digits <= 2)?;
        (months && self.peek(at + next.1) == Some('月')).then_some((Link::And, at))
    }

    /// A month, quarter or number, and where it ends.
    fn point(self, at: usize) -> Option<(Point, usize)> {
        if self.peek(at) == Some('Q') {
            let (value, digits) = self.number(at + 1)?;
            return (digits == 1 && (1..=4).contains(&value)).then_some((Point::new(None, value, Counts::Quarters), at + 2));
        }
        let start = if self.peek(at) == Some('第') { at + 1 } else { at };
        let (value, digits) = self.number(start)?;
        let behind = start + digits;
        let month = |year: u32, value: u32, end: usize| Some((Point::dated(year, value, Counts::Months), end));
        match digits {
            8 if is_year(value / 10_000) && (1..=12).contains(&(value / 100 % 100)) && (1..=31).contains(&(value % 100)) => {
                let point = Point::dated(value / 10_000, value / 100 % 100, Counts::Months);
                Some((Point { has_day: true, ..point }, behind))
            }
            6 if is_year(value / 100) && (1..=12).contains(&(value % 100)) => {
                month(value / 100, value % 100, self.past_month_sign(behind))
            }
            4 if is_year(value) => self.dated(value, behind),
            1 | 2 => {
                // `18年6月`, and in a cell `18.6`, `06/2018`.
                let sign = self.peek(behind);
                let next = self.number(behind + 1);
                if digits == 2
                    && (13..=40).contains(&value)
                    && (sign == Some('年') || self.is_cell && matches!(sign, Some('.' | '-')))
                {
                    return self.dated(value + 2000, behind);
                }
                if self.is_cell
                    && matches!(sign, Some('.' | '-' | '/'))
                    && let Some((year, 4)) = next
                    && is_year(year)
                    && (1..=12).contains(&value)
                    && behind + 5 == self.text.len()
                {
                    return month(year, value, behind + 5);
                }
                let of_quarter = self.has(behind, "季") && !self.has(behind, "季节");
                if of_quarter && (1..=4).contains(&value) {
                    let end = if self.has(behind, "季度") { behind + 2 } else { behind + 1 };
                    return Some((Point::new(None, value, Counts::Quarters), end));
                }
                if !(1..=12).contains(&value) {
                    return None;
                }
                let end = self.past_month_sign(behind);
                if end == behind {
                    return Some((Point::new(None, value, Counts::Open), end));
                }
                let past = self.past_day(end);
                Some((Point { has_day: past > end, ..Point::new(None, value, Counts::Months) }, past))
            }
            _ => None,
        }
    }

    /// What stands behind a year: `年6月`, `-06`, `.6.30`, `年第2季度`, `Q2`.
    fn dated(self, year: u32, at: usize) -> Option<(Point, usize)> {
        let sign = self.peek(at)?;
        if sign == 'Q' {
            return self.point(at).map(|(point, end)| (Point::dated(year, point.value, point.counts), end));
        }
        if !matches!(sign, '年' | '-' | '.' | '/' | '_') {
            return None;
        }
        let mut start = at + 1;
        while sign == '年' && self.peek(start).is_some_and(|c| matches!(c, '度' | '第' | '的')) {
            start += 1;
        }
        let (value, digits) = self.number(start).filter(|(_, digits)| *digits <= 2)?;
        let behind = start + digits;
        if self.has(behind, "季") && (1..=4).contains(&value) {
            let end = if self.has(behind, "季度") { behind + 2 } else { behind + 1 };
            return Some((Point::dated(year, value, Counts::Quarters), end));
        }
        if !(1..=12).contains(&value) {
            return None;
        }
        let point = Point::dated(year, value, Counts::Months);
        let end = self.past_month_sign(behind);
        if end > behind {
            let past = self.past_day(end);
            return Some((Point { has_day: past > end, ..point }, past));
        }
        // `2018-04-06` is a day, `2018.4-6` and `2018-04-2018-06` are not.
        if sign != '年'
            && self.peek(behind) == Some(sign)
            && let Some((1..=31, day @ 1..=2)) = self.number(behind + 1)
        {
            return Some((Point { has_day: true, ..point }, behind + 1 + day));
        }
        // `2018年4` is a month only where a period or the end of the cell follows.
        let goes_on = self.link(behind).is_some_and(|(_, next)| self.number(next).is_some());
        let is_end = self.is_cell && behind == self.text.len();
        let counts = if sign == '年' { Counts::Open } else { Counts::Months };
        (sign != '年' || goes_on || is_end).then_some((Point { counts, ..point }, behind))
    }

    /// Past `月` or `月份`.
    fn past_month_sign(self, at: usize) -> usize {
        if self.has(at, "月份") {
            at + 2
        } else if self.peek(at) == Some('月') {
            at + 1
        } else {
            at
        }
    }

    /// Past `30日`, `1-30日`, `1日-30日`.
    fn past_day(self, at: usize) -> usize {
        let is_sign = |at: usize| self.peek(at).is_some_and(|c| matches!(c, '日' | '号'));
        let number = |at: usize| {
            self.number(at).filter(|(day, digits)| *digits <= 2 && (1..=31).contains(day)).map(|(_, digits)| at + digits)
        };
        let Some(first) = number(at) else { return at };
        let signed = if is_sign(first) { first + 1 } else { first };
        let range = self.link(signed).filter(|(link, _)| *link == Link::To).and_then(|(_, next)| number(next));
        match range.filter(|last| is_sign(*last)) {
            Some(last) => last + 1,
            None if is_sign(first) => first + 1,
            None => at,
        }
    }
}

/// Whether what stands before a period makes it one that a back payment is for: `补发`, `（含5月）`, `补5月`.
fn is_back_before(text: &[char]) -> bool {
    let text: String = text.iter().collect();
    let near = text.trim_end_matches(['(', ':', '了', '自', '从', '发', '付', '放', '上', '为']);
    let included = near.ends_with('含') && !near.ends_with("不含") && !near.ends_with("未含");
    included || near.ends_with(['补', '追', '扣', '另']) || BACK_WORDS.iter().any(|word| text.contains(word))
}

/// Whether what stands behind the last period does: `4月份补发`, `6月补`; in a title a word further on is enough.
fn is_back_after(text: &[char], anywhere: bool) -> bool {
    let text: String = text.iter().collect();
    let near = text.trim_start_matches(['(', ')', '份', '的']);
    let alone = near.strip_prefix('补').is_some_and(|rest| rest.is_empty() || rest.starts_with([')', ',', '、']));
    BACK_WORDS.iter().any(|word| near.starts_with(word) || anywhere && text.contains(word)) || alone
}

/// The months that points in a row name; `None` where they run backwards or leave a gap.
fn named(points: &[(Link, Point, usize)]) -> Option<Named> {
    // A bare number is counted as the next that says how.
    let counts = |at: usize| {
        let mut after = points.iter().skip(at).chain(points.iter().take(at).rev()).map(|(_, point, _)| point.counts);
        after.find(|counts| *counts != Counts::Open).unwrap_or(Counts::Months)
    };
    let months = |at: usize| {
        let value = points.get(at)?.1.value;
        match counts(at) {
            Counts::Quarters => (value <= 4).then_some((value * 3 - 2, value * 3)),
            _ => Some((value, value)),
        }
    };
    let (start, mut end) = months(0)?;
    // A year that stands only further on: `12月-2018年2月` begins in the year before.
    let year = points.iter().enumerate().find_map(|(at, (_, point, _))| {
        let begins_before = at > 0 && months(at).is_some_and(|(from, _)| start > from);
        point.year.map(|year| year - i32::from(begins_before))
    });
    // Months are counted on from January of the first year.
    for (at, (link, point, _)) in points.iter().enumerate().skip(1) {
        let (mut from, mut to) = months(at)?;
        let years = point.year.zip(year).map(|(own, first)| own - first);
        let later = match years {
            Some(years) => u32::try_from(years).ok()? * 12,
            None => (end - 1) / 12 * 12,
        };
        from += later;
        to += later;
        if years.is_none() && from <= end && to + 12 - start < OVER_NEW_YEAR {
            from += 12;
            to += 12;
        }
        let fits = if *link == Link::To { from >= end || to > end } else { from == end + 1 };
        if !fits {
            return None;
        }
        end = to;
    }
    (start <= end && end - start < LONGEST).then_some(Named { year, from: start, count: end - start + 1 })
}

/// `2018年4-6` in a title.
fn is_dated_range(points: &[(Link, Point, usize)]) -> bool {
    points.len() > 1 && points.first().is_some_and(|(_, first, _)| first.is_dated)
}

#[cfg(test)]
#[path = "period_tests.rs"]
mod tests;
