//! A birth in any words: which figures of a text tell the day that somebody of its row is known to be born on.
//!
//! A text's numerals become [`Figure`]s (digits of every script, Chinese numerals with tens, English names of months); a birth is looked for among
//! neighbouring ones in any order: year, month and day, two of them, the day written as one figure, its place in the year, its serial number in
//! a workbook. Whatever is called a birth (生日, 出生, 生于, …生) is one, whoever's it is. Pure; linear in the text.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::model::date::Day;
use crate::model::numeral::{folded, is_digit, is_unseen, read_out};
use crate::model::personal::FULLY_HIDDEN_FROM;

/// Of a date in words, the tens.
const TENS: [(char, u32); 6] = [('十', 10), ('拾', 10), ('廿', 20), ('卄', 20), ('卅', 30), ('卌', 40)];
const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
/// What stands between month and day, where no year does.
const BETWEEN: [char; 8] = ['-', '/', '.', '－', '／', '．', '—', '–'];
/// What tells that the figure before it is a quantity.
const MEASURES: [char; 16] = ['元', '%', '％', '万', '人', '户', '亩', '分', '米', '公', '斤', '次', '个', '名', '角', '行'];
/// Day 0 of serial numbers in workbooks, before 1970.
const SERIAL: i32 = 25_569;

/// A numeral of a text.
struct Figure {
    at: Range<usize>,
    digits: String,
}

impl Figure {
    fn value(&self) -> Option<u32> {
        if self.digits.len() <= 4 { self.digits.parse().ok() } else { None }
    }

    /// As a month or a day of one.
    fn is(&self, value: u32) -> bool {
        self.digits.len() <= 2 && self.value() == Some(value)
    }
}

/// The text with a star for every sign of a birth in it: of one of these days, or of what is called one.
pub(super) fn without_births(text: &str, births: &BTreeSet<Day>) -> String {
    if !text.chars().any(|c| is_digit(c) || tens(c).is_some()) {
        return text.to_owned();
    }
    let figures = figures(text);
    let mut hidden: Vec<Range<usize>> = called(text, &figures);
    hidden.extend(months_of_life(text, &figures));
    for birth in births {
        hidden.extend(tells(text, &figures, *birth));
    }
    hidden.sort_by_key(|at| (at.start, at.end));
    let (mut shown, mut copied) = (String::with_capacity(text.len()), 0);
    for at in hidden {
        let at = at.start.max(copied)..at.end.max(copied);
        shown.push_str(text.get(copied..at.start).unwrap_or_default());
        shown.extend(text.get(at.clone()).unwrap_or_default().chars().map(starred));
        copied = at.end;
    }
    shown.push_str(text.get(copied..).unwrap_or_default());
    shown
}

/// The text with stars for every age.
pub(super) fn without_ages(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut copied = 0;
    for figure in figures(text) {
        let after = text.get(figure.at.end..).unwrap_or_default().trim_start();
        if after.starts_with('岁') || after.starts_with("周岁") {
            shown.push_str(text.get(copied..figure.at.start).unwrap_or_default());
            shown.push_str("**");
            copied = figure.at.end;
        }
    }
    shown.push_str(text.get(copied..).unwrap_or_default());
    shown
}

/// A star for whatever may tell a date.
pub(super) fn starred(c: char) -> char {
    if is_digit(c) || c.is_numeric() || c.is_ascii_alphabetic() || tens(c).is_some() { '*' } else { c }
}

fn tens(c: char) -> Option<u32> {
    TENS.iter().find(|(written, _)| *written == c).map(|(_, value)| *value)
}

/// Every numeral; what touches a letter or a star is part of something else.
fn figures(text: &str) -> Vec<Figure> {
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Kind {
        Plain,
        Chinese,
        Letter,
        Other,
    }
    let kind = |c: char| match c {
        c if c.is_ascii_alphabetic() => Kind::Letter,
        c if folded(c).is_some_and(|c| c.is_ascii_digit()) => Kind::Plain,
        c if is_digit(c) || tens(c).is_some() => Kind::Chinese,
        _ => Kind::Other,
    };
    let mut runs: Vec<(Kind, Range<usize>, String)> = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| !is_unseen(*c)) {
        let (kind, end) = (kind(c), at + c.len_utf8());
        match runs.last_mut() {
            Some((last, place, signs)) if *last == kind => {
                place.end = end;
                signs.push(c);
            }
            _ => runs.push((kind, at..end, c.to_string())),
        }
    }
    let is_month = |(kind, _, signs): &(Kind, Range<usize>, String)| *kind == Kind::Letter && month_called(signs).is_some();
    let parted = |at: Option<usize>| {
        at.and_then(|at| runs.get(at)).is_none_or(|run| {
            is_month(run) || run.0 != Kind::Letter && !(run.0 == Kind::Other && (run.2.starts_with('*') || run.2.ends_with('*')))
        })
    };
    let mut found: Vec<Figure> = Vec::new();
    for (index, (kind, at, signs)) in runs.iter().enumerate() {
        let digits = match kind {
            Kind::Other => None,
            Kind::Letter => month_called(signs).map(|month| month.to_string()),
            Kind::Plain => Some(signs.chars().filter_map(folded).collect()),
            Kind::Chinese => in_words(signs),
        };
        if let Some(digits) = digits.filter(|_| parted(index.checked_sub(1)) && parted(Some(index + 1))) {
            // Digits one by one are one figure.
            match found.last_mut() {
                Some(last) if digits.len() == 1 && spaced(text, last, at) => {
                    last.digits.push_str(&digits);
                    last.at.end = at.end;
                }
                _ => found.push(Figure { at: at.clone(), digits }),
            }
        }
    }
    found
}

/// Whether a digit goes on what stands before it, one blank between any two.
fn spaced(text: &str, before: &Figure, at: &Range<usize>) -> bool {
    let blank = |range: Range<usize>| text.get(range).is_some_and(|gap| !gap.is_empty() && gap.chars().all(|c| c == ' '));
    let written = text.get(before.at.clone()).unwrap_or_default().chars().filter(|c| *c != ' ').count();
    let all = written == 1 || text.get(before.at.clone()).is_some_and(|text| text.contains(' '));
    all && blank(before.at.end..at.start)
}

fn month_called(letters: &str) -> Option<usize> {
    let letters = letters.to_ascii_lowercase();
    MONTHS.iter().position(|month| letters.len() >= 3 && month.starts_with(&letters)).map(|month| month + 1)
}

/// `一九七一`, `十六`, `二十一`, `廿六`.
fn in_words(signs: &str) -> Option<String> {
    let Some((at, c)) = signs.char_indices().find(|(_, c)| tens(*c).is_some()) else {
        return Some(signs.chars().filter_map(read_out).collect());
    };
    let digit = |text: &str| match text.chars().filter_map(read_out).collect::<String>() {
        digits if digits.is_empty() => Some(None),
        digits if digits.len() == 1 => digits.parse::<u32>().ok().map(Some),
        _ => None,
    };
    let (before, after) = (digit(signs.get(..at)?)?, digit(signs.get(at + c.len_utf8()..)?)?);
    Some((before.unwrap_or(1) * tens(c)? + after.unwrap_or(0)).to_string())
}

/// What stands between a figure and the next, without blanks; `None` where they do not belong together.
fn gap(text: &str, figures: &[Figure], at: usize) -> Option<String> {
    let between = text.get(figures.get(at)?.at.end..figures.get(at + 1)?.at.start)?;
    let gap: String = between.chars().filter(|c| !c.is_whitespace() && !is_unseen(*c)).collect();
    (gap.chars().count() <= 2 && between.len() <= 12).then_some(gap)
}

/// Where figures tell this day.
fn tells(text: &str, figures: &[Figure], birth: Day) -> Vec<Range<usize>> {
    let (year, month, day) = birth.ymd();
    let year_digits = format!("{year:04}");
    let short = year_digits.get(2..).unwrap_or_default();
    let wholes = [
        format!("{year:04}{month:02}{day:02}"),
        format!("{short}{month:02}{day:02}"),
        format!("{day:02}{month:02}{year:04}"),
        format!("{month:02}{day:02}{year:04}"),
        format!("{}{month:02}{day:02}", year_digits.get(1..).unwrap_or_default()),
        (birth.0 + SERIAL).to_string(),
    ];
    let month_day = format!("{month:02}{day:02}");
    // Of those whose number is hidden to the region a month gives nothing away, and the month of a run is told everywhere.
    let month_tells = year < FULLY_HIDDEN_FROM;
    let is_year = |figure: &Figure| figure.digits == year_digits || figure.digits == short;
    let ordinal = birth.0 - Day::new(year, 1, 1).unwrap_or(birth).0 + 1;
    let measured = |figure: &Figure| text.get(figure.at.end..).is_some_and(|after| after.trim_start().starts_with(MEASURES));
    let mut found = Vec::new();
    for (at, one) in figures.iter().enumerate() {
        let alone = || text.trim().len() == one.at.len();
        let whole = wholes.contains(&one.digits)
            || month_tells && one.digits == format!("{year:04}{month:02}")
            || one.digits == month_day && (month < 10 || alone()) && !measured(one);
        if whole {
            found.push(one.at.clone());
        }
        let (Some(gap_one), Some(two)) = (gap(text, figures, at), figures.get(at + 1)) else { continue };
        let both = one.at.start..two.at.end;
        if whole && one.digits.len() == 8 && matches!(two.digits.len(), 3 | 4) {
            // The rest of the number that holds it.
            found.push(both.clone());
        }
        let years_month = |year: &Figure, of: &Figure| {
            let said = year.digits.len() == 4 || gap_one.starts_with('年') || gap_one.len() == 1 && gap_one.contains(BETWEEN);
            is_year(year) && of.is(month) && said && month_tells && !measured(two)
        };
        let other_year = at.checked_sub(1).is_some_and(|before| {
            gap(text, figures, before).is_some() && figures.get(before).is_some_and(|of| of.digits.len() == 4 && !is_year(of))
        });
        let fulfilled = || {
            let after = text.get(both.end..).unwrap_or_default().trim_start_matches(['日', '号', ' ']);
            ["满", "生日", "周岁"].iter().any(|word| after.starts_with(word))
        };
        let days_month = |first: bool| {
            let said = gap_one.starts_with('月') && first || gap_one.chars().count() == 1 && gap_one.contains(BETWEEN);
            said && (!other_year || fulfilled()) && !measured(two)
        };
        let pair = years_month(one, two)
            || years_month(two, one)
            || one.is(month) && two.is(day) && days_month(true)
            || one.is(day) && two.is(month) && days_month(false)
            || is_year(one) && two.digits == month_day
            || is_year(one) && gap_one.contains('第') && two.value() == u32::try_from(ordinal).ok();
        if pair {
            found.push(both.clone());
        }
        let (Some(_), Some(three)) = (gap(text, figures, at + 1), figures.get(at + 2)) else { continue };
        let of_month = |one: &Figure, two: &Figure| one.is(month) && two.is(day) || one.is(day) && two.is(month);
        if is_year(one) && of_month(two, three) || is_year(two) && of_month(one, three) || is_year(three) && of_month(one, two) {
            found.push(one.at.start..three.at.end);
        }
    }
    found
}

/// Where figures are called a birth: `生日8.16`, `出生=1971`, `8月16日生`, `1971年出生`.
fn called(text: &str, figures: &[Figure]) -> Vec<Range<usize>> {
    const WORDS: [&str; 5] = ["出生", "生日", "生于", "生年月", "诞"];
    const NOT_BORN: [&str; 9] = ["学生于", "考生于", "新生于", "医生于", "发生于", "产生于", "先生于", "女生于", "男生于"];
    // Rather than a date of birth.
    const OTHERS: [&str; 13] =
        ["生效", "生产", "生活", "生成", "生态", "生源", "生育", "生计", "生均", "生病", "生学", "生意", "出生医"];
    let mut found = Vec::new();
    for (at, figure) in figures.iter().enumerate() {
        let before: Vec<char> = text.get(..figure.at.start).unwrap_or_default().chars().rev().take(10).collect();
        let before: String = before.into_iter().rev().collect();
        let word = WORDS.iter().filter_map(|word| before.rfind(word).map(|from| (from, from + word.len()))).max();
        let begins = word.is_some_and(|(_, end)| {
            before.get(end..).is_some_and(|between| {
                between.chars().all(|c| !c.is_alphanumeric() && !"，。；,;".contains(c) || "日期年月为是在公农阴阳历".contains(c))
            })
        });
        if begins && !NOT_BORN.iter().any(|word| before.contains(word)) {
            let mut last = at;
            while last < at + 2
                && gap(text, figures, last)
                    .is_some_and(|gap| gap.chars().all(|c| "年月-/.－／．—".contains(c)) && !gap.is_empty())
            {
                last += 1;
            }
            found.extend(figures.get(last).map(|last| figure.at.start..last.at.end));
        }
        let after: String =
            text.get(figure.at.end..).unwrap_or_default().chars().filter(|c| !c.is_whitespace()).take(5).collect();
        let unit = after.strip_prefix(['年', '月', '日', '号']);
        let said = unit.unwrap_or(&after);
        let born = said.starts_with("出生")
            || unit.is_some() && said.starts_with('生')
            || said == "生"
            || said.starts_with("生，")
            || said.starts_with("生。")
            || said.starts_with("生人");
        if born && !OTHERS.iter().any(|other| said.starts_with(other)) {
            let mut first = at;
            while first > 0
                && at < first + 2
                && gap(text, figures, first - 1)
                    .is_some_and(|gap| !gap.is_empty() && gap.chars().all(|c| "年月-/.－／．—".contains(c)))
            {
                first -= 1;
            }
            found.extend(figures.get(first).map(|first| first.at.start..figure.at.end));
        }
    }
    found
}

/// `46岁零10个月`.
fn months_of_life(text: &str, figures: &[Figure]) -> Vec<Range<usize>> {
    let lived = |pair: &[&Figure]| {
        let [years, months] = *pair else { return None };
        let between: String = text
            .get(years.at.end..months.at.start)?
            .chars()
            .filter(|c| !c.is_whitespace() && read_out(*c) != Some('0'))
            .collect();
        let after = text.get(months.at.end..)?.trim_start();
        let said = ["岁", "岁又", "岁余", "周岁", "周岁又", "岁加"].contains(&between.as_str());
        (said && (after.starts_with("个月") || after.starts_with('月'))).then(|| months.at.clone())
    };
    let figures: Vec<&Figure> = figures.iter().filter(|figure| text.get(figure.at.clone()) != Some("零")).collect();
    figures.windows(2).filter_map(lived).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let births = [(1971, 8, 16), (1990, 3, 7)];
        without_births(text, &births.into_iter().filter_map(|(year, month, day)| Day::new(year, month, day)).collect())
    }

    #[test]
    fn a_birth_is_found_in_whatever_words() {
        for text in [
            "1971年8月",
            "1971-08",
            "71.8",
            "8月16日",
            "0816",
            "71年8月16",
            "1971 08 16",
            "1971,8,16",
            "1971，8，16",
            "16/8/1971",
            "8/16/1971",
            "8/16/71",
            "Aug 16 1971",
            "16-Aug-71",
            "一九七一年八月十六日",
            "七一年八月十六",
            "1971年八月十六",
            "71年八月",
            "8月16日生",
            "生日8.16",
            "生日：8月16",
            "46岁零10个月",
            "46岁10个月",
            "8月16号满47岁",
            "26161",
            "1971年8月中旬",
            "1971八月16",
            "1971/8",
            "1971·8·16",
            "1971_8_16",
            "1971~8~16",
            "1971—8—16",
            "71、8、16",
            "(1971)8(16)",
            "1971年 8月 16日",
            "197108",
            "9710816",
            "71-8-16",
            "71/8/16",
            "710816",
            "1971。8。16",
            "1971年8月16",
            "1971年第228天",
            "出生8月",
            "八月生",
            "属猪八月十六",
            "1 9 7 1 0 8 1 6",
            "1971年捌月拾陆日",
            "壹玖柒壹年捌月拾陆日",
            "二〇一八年八月十六日满47",
            "1971年0816",
            "1971.0816",
            "1971-0816",
            "71.08.16.",
            "1971:08:16",
            "1971|08|16",
            "1971 年8 月16 日",
            "1971\n08\n16",
            "August 16, 1971",
            "08161971",
            "生于1971年",
            "1971年出生",
            "生日农历六月廿六",
            "出生日期：六月廿六",
            "九〇年三月初七生",
            "3月7日",
            "90年3月",
        ] {
            let shown = told(text);
            assert!(shown != text, "{text}: {shown}");
            for left in ["8", "08", "16", "八", "十六", "Aug", "0816", "六月", "26161", "10个"] {
                assert!(!shown.replace("二〇一八", "").contains(left), "{text}: {shown}");
            }
        }
    }

    #[test]
    fn what_is_no_birth_stays() {
        for text in [
            "2018-08-16发放",
            "2018年8月16日打卡",
            "第8、16行",
            "8.16元",
            "人均纯收入1971.80元",
            "1971元",
            "2018年6月30日，16户8人",
            "正府发〔2018〕16号",
            "疑点F0816b0816c710816",
            "520324********0816",
            "学生于2018年9月入学",
            "2018年生活补贴1971元，8个月，16次",
            "一组，三口人，十六亩",
            "户编号5200057613，村码520324101001",
            "46岁，县内务工",
        ] {
            assert_eq!(told(text), text);
        }
        assert_eq!(without_ages("13岁，46 周岁，2018年第3次"), "**岁，** 周岁，2018年第3次");
    }
}
