//! The periods of a text, where they stand in it.
//!
//! Takes characters as [`super`] has made them plain; gives each period with its place, and whether only a back payment is for it. O(length).

use super::{BACK_WORDS, Named};

/// So many months a period written without its second year may run over the turn of the year.
const OVER_NEW_YEAR: u32 = 6;
/// A period is no longer.
const LONGEST: u32 = 24;
/// What makes another thing of a number behind a range: `2018年4-6组`.
const MEASURES: &str = "组村号日户人年期批类次个季级楼栋班区页岁元";

pub(super) fn number_of(digits: &[char]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |sum, digit| sum.checked_mul(10)?.checked_add(digit.to_digit(10)?))
}

pub(super) fn is_year(value: u32) -> bool {
    (1990..2100).contains(&value)
}

/// A period where it stands.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) start: usize,
    pub(super) end: usize,
    /// `None` where what stands there can be no period.
    pub(super) named: Option<Named>,
    pub(super) back: bool,
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
pub(super) struct Scan<'c> {
    text: &'c [char],
    /// Whether it is a cell of months, where a bare number is one.
    is_cell: bool,
}

impl<'c> Scan<'c> {
    pub(super) fn of(text: &'c [char], is_cell: bool) -> Self {
        Self { text, is_cell }
    }

    fn peek(self, at: usize) -> Option<char> {
        self.text.get(at).copied()
    }

    pub(super) fn has(self, at: usize, word: &str) -> bool {
        word.chars().enumerate().all(|(offset, wanted)| self.peek(at + offset) == Some(wanted))
    }

    pub(super) fn has_any(self, words: &[&str]) -> bool {
        (0..self.text.len()).any(|at| words.iter().any(|word| self.has(at, word)))
    }

    /// The number that begins at a place, and its digits.
    fn number(self, at: usize) -> Option<(u32, usize)> {
        let digits = self.text.get(at..)?.iter().take_while(|c| c.is_ascii_digit()).count();
        let value = self.text.get(at..at + digits).and_then(number_of).unwrap_or(u32::MAX);
        (digits > 0).then_some((value, digits))
    }

    /// All periods, with those that only a back payment is for marked.
    pub(super) fn items(self) -> Vec<Item> {
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
