//! Amounts of several months or years side by side (`4月补贴金额 5月补贴金额 6月补贴金额`, `2017年金额 2018年金额`, `1月 2月 3月`) → a row for each.
//!
//! Takes a head; gives the ways to read it so, each with a column for the month or the year, the likeliest first: a column headed by a month
//! alone holds an amount of some name. A month in which a row says nothing gives no row; a sum of the months is left out. Cost: a look at each
//! header.

use std::collections::BTreeSet;

use super::unfold::{Source, Unfolding};
use crate::config::registry::fold_header;
use crate::model::raw::{HeaderColumn, TableHead};

/// What an amount is called that is headed by its month alone.
const AMOUNTS: [&str; 4] = ["补贴金额", "发放金额", "金额", "保障金"];
/// Columns that sum up the others.
const SUMS: [&str; 8] = ["合计", "总计", "小计", "累计", "合计金额", "总金额", "金额合计", "共计"];
/// Headers of the columns that say the period.
pub(super) const MONTH: &str = "月份";
const YEAR: &str = "年度";

/// A header with a month or a year, and what it is headed by without.
struct Dated {
    rest: String,
    period: String,
    is_year: bool,
}

/// The ways to read such a head; none where no header comes again with another month or year.
#[must_use]
pub fn periods(head: &TableHead) -> Vec<Unfolding> {
    let dated: Vec<Option<Dated>> = head.columns.iter().map(|column| dated(&column.text)).collect();
    let of_rest = |rest: &str| -> Vec<&str> {
        dated.iter().flatten().filter(|dated| dated.rest == rest).map(|dated| dated.period.as_str()).collect()
    };
    let distinct = |rest: &str| of_rest(rest).into_iter().collect::<BTreeSet<&str>>().len();
    let comes_again = |dated: &&Dated| distinct(&dated.rest) > 1;
    let Some(first) = dated.iter().flatten().find(comes_again) else { return Vec::new() };
    let is_year = first.is_year;
    let is_taken = |at: usize| dated[at].as_ref().filter(comes_again).filter(|dated| dated.is_year == is_year);
    let (mut rests, mut named): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for dated in (0..dated.len()).filter_map(is_taken) {
        if !rests.contains(&dated.rest.as_str()) {
            rests.push(&dated.rest);
        }
        if !named.contains(&dated.period.as_str()) {
            named.push(&dated.period);
        }
    }
    // Twice the same month under the same words: nobody knows which.
    if rests.iter().any(|rest| of_rest(rest).len() != distinct(rest)) {
        return Vec::new();
    }
    let is_sum = |at: usize| is_sum(&head.columns[at].text);
    let shared: Vec<usize> = (0..dated.len()).filter(|&at| is_taken(at).is_none() && !is_sum(at)).collect();
    let column_of = |period: &str, rest: &str| {
        let is = |at: &usize| is_taken(*at).is_some_and(|dated| dated.period == period && dated.rest == rest);
        (0..dated.len()).find(is).map_or(Source::Nothing, Source::Column)
    };
    let part = |(at, period): (usize, &&str)| {
        let amounts = rests.iter().map(|rest| column_of(period, rest));
        shared.iter().map(|&at| Source::Column(at)).chain(amounts).chain([Source::Period(at)]).collect()
    };
    let parts: Vec<Vec<Source>> = named.iter().enumerate().map(part).collect();
    let index = (0..dated.len()).find(|&at| is_taken(at).is_some()).map_or(0, |at| head.columns[at].index);
    let headed = |name: &str| {
        let of_rest = rests.iter().map(|rest| if rest.is_empty() { name } else { rest });
        let said = of_rest.chain([if is_year { YEAR } else { MONTH }]);
        let own = said.map(|text| HeaderColumn { index, text: text.to_owned() });
        TableHead { columns: shared.iter().map(|&at| head.columns[at].clone()).chain(own).collect(), ..head.clone() }
    };
    let candidates: &[&str] = if rests.contains(&"") { &AMOUNTS } else { &[""] };
    let unfolding = |name: &&str| Unfolding {
        head: headed(name),
        parts: parts.clone(),
        own: (shared.len()..shared.len() + rests.len()).collect(),
        repeated: None,
        taken: (0..dated.len()).filter(|&at| is_taken(at).is_some()).collect(),
        periods: named.iter().map(|period| (*period).to_owned()).collect(),
        skips_zero: false,
        alone: Vec::new(),
    };
    candidates.iter().map(unfolding).collect()
}

/// Whether a header says that its column sums up others.
pub(super) fn is_sum(header: &str) -> bool {
    SUMS.contains(&fold_header(header).as_str())
}

/// A month or a year at the beginning or the end of a header: `2018年4月补贴金额`, `补贴金额(四月)`, `2017年金额`, `1月份`.
fn dated(header: &str) -> Option<Dated> {
    let folded = fold_header(header);
    let signs: Vec<char> = folded.chars().collect();
    let found = (0..signs.len()).find_map(|start| Some((start, period_at(&signs, start)?)))?;
    let (start, (end, is_year)) = found;
    let text =
        |signs: &[char]| signs.iter().filter(|sign| !matches!(sign, '(' | ')' | '/' | '_' | '-' | '的')).collect::<String>();
    let (before, after) = (text(&signs[..start]), text(&signs[end..]));
    // A second month, or a range, is no one month.
    let alone = !after.contains(['年', '月', '日', '至', '~', '季']) && !before.contains(['年', '月', '至', '~', '季']);
    let ranged = signs.get(end).is_some_and(|sign| matches!(sign, '-' | '至' | '~' | '、' | '到' | '—'));
    let digits = before.ends_with(|sign: char| sign.is_ascii_digit()) || after.starts_with(|sign: char| sign.is_ascii_digit());
    let period = signs[start..end].iter().collect();
    (alone && !ranged && !digits && (before.is_empty() || after.is_empty())).then(|| Dated {
        rest: before + &after,
        period,
        is_year,
    })
}

/// Where the month or the year that begins here ends, and whether it is a year.
fn period_at(signs: &[char], start: usize) -> Option<(usize, bool)> {
    let is_free =
        start == 0 || !(signs[start - 1].is_ascii_digit() || "一二三四五六七八九十-至~、到—.".contains(signs[start - 1]));
    let sign = |at: usize| signs.get(at).copied().unwrap_or(' ');
    let run = |from: usize| (from..signs.len()).take_while(|&at| signs[at].is_ascii_digit()).count();
    let numeral = |from: usize| (from..signs.len()).take_while(|&at| "一二三四五六七八九十".contains(signs[at])).count();
    let month = |from: usize| {
        let length = if run(from) > 0 { run(from) } else { numeral(from) };
        let number: String = signs.get(from..from + length)?.iter().collect();
        let known = number.parse().map_or((1..=2).contains(&length), |number: u32| (1..=12).contains(&number) && length <= 2);
        let end = from + length;
        (length > 0 && known && sign(end) == '月').then(|| if sign(end + 1) == '份' { end + 2 } else { end + 1 })
    };
    if !is_free {
        return None;
    }
    if run(start) == 4 && sign(start) == '2' && sign(start + 4) == '年' {
        if let Some(end) = month(start + 5) {
            return Some((end, false));
        }
        return Some((if sign(start + 5) == '度' { start + 6 } else { start + 5 }, true));
    }
    month(start).map(|end| (end, false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::raw::{CellKind, RawTable};

    fn head(line: &str) -> TableHead {
        let columns = (0..).zip(line.split(' ')).map(|(index, text)| HeaderColumn { index, text: text.to_owned() });
        TableHead { columns: columns.collect(), ..TableHead::default() }
    }

    fn read(headers: &str, row: &str) -> Option<(String, Vec<String>)> {
        let unfolding = periods(&head(headers)).into_iter().next()?;
        let cells: Vec<&str> = row.split(' ').collect();
        let mut table = RawTable::of_width(cells.len());
        table.rows.push(2);
        for (column, cell) in table.columns.iter_mut().zip(cells) {
            column.push(if cell == "-" { CellKind::Empty } else { CellKind::Text }, cell);
        }
        let rows = unfolding.rows(&table);
        let line = |at: usize| rows.columns.iter().map(|column| column.get(at).1).collect::<Vec<&str>>().join(" ");
        let headers: Vec<&str> = unfolding.head.columns.iter().map(|column| column.text.as_str()).collect();
        Some((headers.join(" "), (0..rows.rows.len()).map(line).collect()))
    }

    #[test]
    fn amounts_side_by_side_are_rows_of_their_months() {
        let expected = ("姓名 补贴金额 月份".to_owned(), vec!["甲 40 4月".to_owned(), "甲 60 6月".to_owned()]);
        for headers in [
            "姓名 4月补贴金额 5月补贴金额 6月补贴金额",
            "姓名 补贴金额(4月) 补贴金额(5月) 补贴金额(6月)",
            "姓名 4月 5月 6月 合计",
        ] {
            let row = if headers.ends_with("合计") { "甲 40 - 60 100" } else { "甲 40 - 60" };
            assert_eq!(read(headers, row).as_ref(), Some(&expected), "{headers}");
        }
        let years = read("姓名 2017年金额(元) 2018年金额(元)", "甲 1 2").expect("two years");
        assert_eq!(years, ("姓名 金额 年度".to_owned(), vec!["甲 1 2017年".to_owned(), "甲 2 2018年".to_owned()]));
        let two = read("姓名 一月保障金 一月分类施保金 二月保障金 二月分类施保金", "甲 1 2 3 4").expect("two amounts");
        assert_eq!(two.1, ["甲 1 2 一月", "甲 3 4 二月"]);
    }

    #[test]
    fn other_headers_with_months_stay() {
        for headers in [
            "姓名 4月补贴金额",
            "姓名 1-6月金额 7-12月金额",
            "姓名 4月补贴金额 4月补贴金额",
            "姓名 出生年月 起始月份",
            "姓名 2018年4月1日 2018年5月1日",
        ] {
            assert!(periods(&head(headers)).is_empty(), "{headers}");
        }
    }
}
