//! Days, months and years as people and programs write them: the one reader of the program.
//!
//! Takes a cell (text, Excel serial, real date as text), gives a [`Reading`], a [`Day`], a [`Month`] or a year. Reads Chinese numerals, English
//! month names, time stamps (in another zone: the day in China; a moment before midnight, which is what rounding and summer time leave of
//! midnight: the next day) and milliseconds of programs. What one cell leaves open, [`super::days`] decides by its column. What cannot be told is
//! none, never a guess: the number cell `2018.1` may be January or a shortened October; a lunar date is no day. Total over any text, no
//! allocation for ASCII digits.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use crate::model::china_time::is_summer;
use crate::model::date::{Day, Month};
use crate::model::raw::CellKind;

/// Days from Excel's day 0 (1899-12-30) to 1970-01-01; exact from 1 March 1900.
const EXCEL_EPOCH: i32 = 25_569;
/// Two-digit years up to this one are 20xx: nobody in a 2018 register was born in 1930 or before and written with two digits
/// as often as papers of this century are.
const PIVOT: u32 = 30;
/// Minutes that China is ahead of UTC.
const CHINA: i32 = 480;
const MINUTES: i32 = 1440;
/// From here on a clock shows what is left of midnight: 23:54:17 (local mean time), 23:59:17 (rounding).
const ALMOST_MIDNIGHT: i32 = 23 * 60 + 54;
/// A calendar of the moon.
const LUNAR: [&str; 8] = ["农历", "阴历", "旧历", "古历", "腊月", "正月", "冬月", "闰"];
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

/// What a cell says of a day, and what it leaves open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Read as year, month, day, or as what is in no doubt.
    pub day: Option<Day>,
    /// Where the year stands last, or three short numbers stand: read as day, month, year.
    pub day_first: Option<Day>,
    /// Likewise as month, day, year.
    pub month_first: Option<Day>,
    /// The day on the clock, where the next may be meant.
    pub on_clock: Option<Day>,
    /// Whether the order of the parts is not written in the cell.
    pub is_open: bool,
    /// Whether the year has two digits.
    pub two_digit_year: bool,
    /// Whether a time of day stands there that is no trace of midnight.
    pub timed: bool,
}

impl Reading {
    fn sure(day: Option<Day>) -> Self {
        Self { day, ..Self::default() }
    }

    /// Whether some day can be meant.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.day.or(self.day_first).or(self.month_first).is_some()
    }

    /// Whether the column must decide, or has something to learn.
    #[must_use]
    pub fn needs_column(&self) -> bool {
        self.is_open || self.on_clock.is_some() || self.two_digit_year
    }

    /// The day where no column helps: the only one that can be meant.
    #[must_use]
    pub fn alone(&self) -> Option<Day> {
        if self.day.is_some() {
            return self.day;
        }
        match (self.day_first, self.month_first) {
            (Some(one), Some(other)) if one != other => None,
            (one, other) => one.or(other),
        }
    }
}

/// A day: `2018-06-30`, `2018/6/30`, `2018.6.30`, `20180630`, `2018年6月30日`, `二〇一八年六月三十日`, `18.6.30`, `43281`, `30-Jun-2018`, with or
/// without a time after it.
#[must_use]
pub fn read(kind: CellKind, text: &str) -> Reading {
    let Some(plain) = plain(text) else { return Reading::default() };
    if let Some(day) = serial(kind, &plain) {
        return Reading::sure(Some(day));
    }
    if let Some(reading) = milliseconds(&plain) {
        return reading;
    }
    match Clock::find(&plain) {
        Some((before, clock, after)) => clock.apply(kind, dated(before.trim_end_matches(['T', 't', ' ']), after)),
        None => dated(&plain, ""),
    }
}

/// The day that a text says by itself.
#[must_use]
pub fn read_day(text: &str) -> Option<Day> {
    read(CellKind::Text, text).alone()
}

/// The end of a range of days, as written: `2008.01.01-2018.01.01`, `2008年1月1日至长期`; any other text as it is.
#[must_use]
pub fn end_of_range(text: &str) -> &str {
    let is_between = |sign: char| "-－—–~～至到".contains(sign);
    let is_day = |part: &str| part.trim().bytes().take_while(u8::is_ascii_digit).count() >= 4 && read_day(part).is_some();
    let mut ends = text.match_indices(is_between).filter_map(|(at, sign)| {
        let (before, after) = (text.get(..at)?, text.get(at + sign.len()..)?.trim_start_matches(is_between));
        let is_end = is_day(after) || !after.is_empty() && !after.contains(|sign: char| sign.is_ascii_digit());
        (is_day(before) && is_end).then_some(after)
    });
    ends.next_back().unwrap_or(text)
}

/// A month: `2018-04`, `2018年4月`, `201804`, `2018.4`, or any day in it.
#[must_use]
pub fn read_month(kind: CellKind, text: &str) -> Option<Month> {
    // `2018年春季学期`.
    let plain = plain(text.trim().trim_end_matches("学期").trim_end_matches(['春', '夏', '秋', '冬', '季']))?;
    let groups = Groups::of(&plain);
    match groups.as_ref().map(Groups::as_slice) {
        Some([(value, 6)]) => {
            Month::new(i32::try_from(value / 100).ok()?, u32::try_from(value % 100).ok()?).filter(|month| month.year() >= 1900)
        }
        Some([(_, 4), (1, 1)]) if kind == CellKind::Number => None,
        Some([year @ (_, 4), month]) => Month::new(full_year(*year)?, small(*month)?),
        _ => read_day(&plain).map(Day::month),
    }
}

/// The last day of a month or a year where nothing nearer is named: `2018.12`, `2018年5月`, `2018年底`; the day in `至2018年12月31日止`.
#[must_use]
pub fn last_day_named(kind: CellKind, text: &str) -> Option<Day> {
    let text = text.trim();
    let bare = text.trim_start_matches(['至', '到', '截']).trim_end_matches(['止', '底', '末']);
    let day = read(kind, bare);
    // A day by itself is read with its column.
    if day.is_readable() {
        return day.alone().filter(|_| bare.len() < text.len());
    }
    let is_year = bare.trim_end_matches(['年', '度']).len() == 4;
    let year = || read_year(kind, bare).filter(|_| is_year).and_then(|year| Day::new(year, 12, 31));
    read_month(kind, bare).map(Month::last_day).or_else(year)
}

/// The month of an English name.
#[must_use]
pub fn month_named(word: &str) -> Option<u32> {
    let name = word.get(..3)?.to_ascii_uppercase();
    let at = MONTHS.iter().position(|month| *month == name)?;
    u32::try_from(at + 1).ok()
}

/// A year: `2018`, `2018年`, `2018年度`, or any month or day in it.
#[must_use]
pub fn read_year(kind: CellKind, text: &str) -> Option<i32> {
    let plain = plain(text)?;
    let groups = Groups::of(&plain);
    match groups.as_ref().map(Groups::as_slice) {
        Some([year @ (_, 4), ..]) => full_year(*year),
        // `18年`, `17年度`.
        Some([(year, 2)]) if ["年", "年度"].iter().any(|end| plain.len() == 2 + end.len() && plain.ends_with(end)) => {
            i32::try_from(*year).ok().map(|year| 2000 + year)
        }
        _ => read_month(kind, &plain).map(Month::year).or_else(|| read_day(&plain).map(|day| day.ymd().0)),
    }
}

/// Half width, Arabic numerals, trimmed; `None` for a lunar date.
fn plain(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    if text.is_ascii() {
        return Some(Cow::Borrowed(text));
    }
    let plain: String = text.nfkc().collect();
    if LUNAR.iter().any(|word| plain.contains(word)) {
        return None;
    }
    let plain = arabic(plain.trim());
    let bare = plain.strip_prefix("公元").map(str::to_owned);
    Some(bare.unwrap_or(plain).into())
}

/// The day that the parts of a text give, none of which is a time.
fn dated(before: &str, after: &str) -> Reading {
    if before.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return named(before, after);
    }
    let Some(groups) = Groups::of(before) else { return Reading::default() };
    match groups.as_slice() {
        [(value, 8)] => Reading::sure(split_compact(*value)),
        [(value, 12)] => Reading::sure(split_compact(*value / 10_000)),
        [(value, 14)] => Reading::sure(split_compact(*value / 1_000_000)),
        [year @ (_, 4), month, day, ..] => Reading::sure(day_of(*year, *month, *day)),
        [first, second, year @ (_, 4), ..] => Reading {
            day_first: day_of(*year, *second, *first),
            month_first: day_of(*year, *first, *second),
            is_open: true,
            ..Reading::default()
        },
        [first @ (_, 1..=2), second @ (_, 1..=2), third @ (_, 1..=2), ..] => {
            let last = (third.1 == 2).then_some(*third);
            Reading {
                day: day_of(*first, *second, *third),
                day_first: last.and_then(|year| day_of(year, *second, *first)),
                month_first: last.and_then(|year| day_of(year, *first, *second)),
                is_open: true,
                two_digit_year: true,
                ..Reading::default()
            }
        }
        _ => Reading::default(),
    }
}

/// `12-May-1978`, `May 12, 1978`, `Fri May 12 … 1978`.
fn named(before: &str, after: &str) -> Reading {
    let (mut month, mut numbers) = (None, Vec::with_capacity(3));
    for token in before.split(|c: char| !c.is_ascii_alphanumeric()).chain(after.split(|c: char| !c.is_ascii_alphanumeric())) {
        let upper = token.get(..3).map(str::to_ascii_uppercase).unwrap_or_default();
        if token.is_empty() {
        } else if token.bytes().all(|byte| byte.is_ascii_digit()) {
            numbers.push((token.parse().unwrap_or(u64::MAX), token.len()));
        } else if let Some(at) = MONTHS.iter().position(|name| *name == upper).filter(|_| month.is_none()) {
            month = u64::try_from(at + 1).ok();
        } else if !WEEKDAYS.contains(&upper.as_str()) && !matches!(token, "GMT" | "UTC" | "CST" | "CDT" | "of" | "th" | "st") {
            return Reading::default();
        }
    }
    let Some(month) = month.map(|month| (month, 2)) else { return Reading::default() };
    match numbers.as_slice() {
        [year @ (_, 4), day @ (_, 1..=2)] | [day @ (_, 1..=2), year @ (_, 4), ..] => Reading::sure(day_of(*year, month, *day)),
        [day @ (_, 1..=2), year @ (_, 2)] => Reading { two_digit_year: true, ..Reading::sure(day_of(*year, month, *day)) },
        _ => Reading::default(),
    }
}

/// A time of day with its zone.
struct Clock {
    /// Minutes since midnight, as written.
    minutes: i32,
    /// The last second of the day, as forms write the end of a term.
    is_end: bool,
    /// The hour alone, as a program that means midnight writes it.
    is_full_hour: bool,
    /// Minutes ahead of UTC, where written.
    zone: Option<i32>,
}

impl Clock {
    /// What stands before and behind the first time of day in a text.
    fn find(text: &str) -> Option<(&str, Self, &str)> {
        let colon = text.find(':')?;
        let head = text.get(..colon)?;
        let date = head.trim_end_matches(|c: char| c.is_ascii_digit());
        let hour: i32 = head.get(date.len()..).filter(|digits| (1..=2).contains(&digits.len()))?.parse().ok()?;
        let mut rest = text.get(colon + 1..)?;
        let part = |text: &str| text.get(..2).and_then(|digits| digits.parse::<i32>().ok());
        let minute = part(rest)?;
        rest = rest.get(2..)?;
        let (mut second, mut fraction) = (0, 0);
        if let Some(after) = rest.strip_prefix(':') {
            second = part(after)?;
            rest = after.get(2..)?;
            if let Some(digits) = rest.strip_prefix(['.', ',']) {
                let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
                fraction = digits.get(..end)?.bytes().next().map_or(0, |first| i32::from(first - b'0'));
                rest = digits.get(end..)?;
            }
        }
        let mut hour = hour;
        let trimmed = rest.trim_start();
        let upper = trimmed.get(..2).map(str::to_ascii_uppercase).unwrap_or_default();
        if (upper == "AM" || upper == "PM") && (1..=12).contains(&hour) {
            hour = hour % 12 + if upper == "PM" { 12 } else { 0 };
            rest = trimmed.get(2..)?;
        }
        if hour > 24 || minute > 59 || second > 60 {
            return None;
        }
        let (zone, rest) = zone(rest.trim_start());
        let is_end = hour == 23 && minute == 59 && second == 59 && fraction < 5;
        let is_full_hour = minute == 0 && second == 0;
        Some((date, Self { minutes: hour * 60 + minute, is_end, is_full_hour, zone }, rest))
    }

    /// The day that a date and this clock mean in China.
    fn apply(&self, kind: CellKind, date: Reading) -> Reading {
        let Some(day) = date.alone() else { return date };
        let local = self.minutes + self.zone.map_or(0, |zone| CHINA - zone);
        let shifted = Day(day.0 + local.div_euclid(MINUTES));
        let minutes = local.rem_euclid(MINUTES);
        // A date cell of a program that counts in UTC: midnight in China, in summer time too.
        let is_utc = kind == CellKind::Date
            && self.zone.is_none()
            && self.is_full_hour
            && (minutes == 960 || minutes == 900 && is_summer(Day(day.0 + 1)));
        let is_almost = minutes >= ALMOST_MIDNIGHT && !self.is_end;
        let is_summer = minutes == 23 * 60 && self.is_full_hour && is_summer(Day(shifted.0 + 1));
        if is_utc || is_almost || is_summer {
            let next = Day(shifted.0 + 1);
            return Reading {
                day: Some(next),
                on_clock: Some(shifted),
                two_digit_year: date.two_digit_year,
                ..Reading::default()
            };
        }
        let timed = minutes != 0 && !self.is_end;
        if self.zone.is_some() {
            return Reading { day: Some(shifted), timed, ..Reading::default() };
        }
        Reading { timed, ..date }
    }
}

/// A zone at the start of a text, and what follows it.
fn zone(text: &str) -> (Option<i32>, &str) {
    let named = ["GMT", "UTC", "Z", "z"].iter().find_map(|name| text.strip_prefix(name));
    let rest = named.unwrap_or(text);
    let sign = match rest.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return (named.map(|_| 0), rest),
    };
    let digits: Vec<i32> = rest
        .bytes()
        .skip(1)
        .filter(|byte| *byte != b':')
        .map_while(|byte| byte.is_ascii_digit().then(|| i32::from(byte - b'0')))
        .take(4)
        .collect();
    let minutes = match digits.as_slice() {
        [a, b] => (a * 10 + b) * 60,
        [a, b, c, d] => (a * 10 + b) * 60 + c * 10 + d,
        _ => return (named.map(|_| 0), rest),
    };
    let end = rest.char_indices().skip(1).find(|(_, c)| !c.is_ascii_digit() && *c != ':').map_or(rest.len(), |(at, _)| at);
    (Some(sign * minutes), rest.get(end..).unwrap_or(""))
}

/// Milliseconds since 1970 in UTC, as programs write them.
fn milliseconds(text: &str) -> Option<Reading> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    // Eleven digits without a sign are a phone.
    if !(12..=13).contains(&text.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if digits.len() == 12 && text.len() == 12 && split_compact(digits.parse::<u64>().ok()? / 10_000).is_some() {
        return None;
    }
    let value: i64 = text.parse().ok()?;
    let minutes = i32::try_from(value.div_euclid(60_000)).ok()?;
    let clock =
        Clock { minutes: minutes.rem_euclid(MINUTES), is_end: false, is_full_hour: minutes.rem_euclid(60) == 0, zone: Some(0) };
    Some(clock.apply(CellKind::Number, Reading::sure(Some(Day(minutes.div_euclid(MINUTES))))))
}

/// Runs of digits (value, length) with date separators between them.
struct Groups {
    runs: [(u64, usize); 3],
    count: usize,
}

impl Groups {
    /// `None` when something other than digits and date separators stands before the third run ends.
    fn of(plain: &str) -> Option<Self> {
        let mut groups = Self { runs: [(0, 0); 3], count: 0 };
        let mut in_run = false;
        for character in plain.trim().chars() {
            if let Some(digit) = character.to_digit(10) {
                if !in_run {
                    if groups.count == 3 {
                        break;
                    }
                    groups.count += 1;
                    in_run = true;
                }
                let run = &mut groups.runs[groups.count - 1];
                *run = (run.0.saturating_mul(10).saturating_add(u64::from(digit)), run.1 + 1);
            } else if matches!(
                character,
                '-' | '/' | '.' | '年' | '月' | '日' | '号' | '度' | '份' | ' ' | '\\' | '、' | '—' | '–' | '_'
            ) {
                in_run = false;
            } else if groups.count == 3 {
                break;
            } else {
                return None;
            }
        }
        Some(groups)
    }

    fn as_slice(&self) -> &[(u64, usize)] {
        &self.runs[..self.count]
    }
}

fn split_compact(date: u64) -> Option<Day> {
    let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100);
    Day::new(
        i32::try_from(year).ok().filter(|year| (1800..2200).contains(year))?,
        u32::try_from(month).ok()?,
        u32::try_from(day).ok()?,
    )
}

fn day_of(year: (u64, usize), month: (u64, usize), day: (u64, usize)) -> Option<Day> {
    Day::new(full_year(year)?, small(month)?, small(day)?)
}

/// A spreadsheet's day number, its time as a fraction: five digits anywhere, four (1910 to 1927) in a number cell, where years and codes of one
/// digit are something else.
fn serial(kind: CellKind, text: &str) -> Option<Day> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = !whole.is_empty() && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    if !is_number || !(4..=5).contains(&whole.len()) {
        return None;
    }
    let serial: i32 = whole.parse().ok()?;
    let plausible = match whole.len() {
        5 => (10_000..=80_000).contains(&serial),
        _ => kind == CellKind::Number && (3654..=9998).contains(&serial) && !text.contains('.'),
    };
    plausible.then_some(Day(serial - EXCEL_EPOCH))
}

fn full_year((value, length): (u64, usize)) -> Option<i32> {
    let value = u32::try_from(value).ok()?;
    let year = match length {
        4 if value >= 1800 => value,
        2 if value <= PIVOT => 2000 + value,
        2 => 1900 + value,
        _ => return None,
    };
    i32::try_from(year).ok()
}

fn small((value, length): (u64, usize)) -> Option<u32> {
    if length <= 2 { u32::try_from(value).ok() } else { None }
}

/// Chinese numerals as digits: `二〇一八` → `2018`, `十五` → `15`, `二十` → `20`, `三十一` → `31`, `廿一` → `21`, `元月` → `1月`.
pub(super) fn arabic(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let ends_in_digit = out.ends_with(|before: char| before.is_ascii_digit());
        match (character, digit(character)) {
            (_, Some(digit)) => out.push(digit),
            ('十' | '拾' | '廿' | '卅', _) => {
                // The ten of 十五 is a one, of 二十 nothing, of 二十 and 十 alone also the zero.
                match character {
                    '廿' => out.push('2'),
                    '卅' => out.push('3'),
                    _ if !ends_in_digit => out.push('1'),
                    _ => {}
                }
                if characters.peek().copied().and_then(digit).is_none() {
                    out.push('0');
                }
            }
            ('元', _) if characters.peek() == Some(&'月') => out.push('1'),
            ('O' | 'o', _) if ends_in_digit => out.push('0'),
            (other, _) => out.push(other),
        }
    }
    out
}

fn digit(character: char) -> Option<char> {
    Some(match character {
        '〇' | '零' | '○' | 'Ｏ' => '0',
        '一' | '壹' => '1',
        '二' | '贰' => '2',
        '三' | '叁' => '3',
        '四' | '肆' => '4',
        '五' | '伍' => '5',
        '六' | '陆' => '6',
        '七' | '柒' => '7',
        '八' | '捌' => '8',
        '九' | '玖' => '9',
        _ => return None,
    })
}

#[cfg(test)]
#[path = "date_tests.rs"]
mod tests;
