//! The day a sheet's data speak for: a labelled line above the table, its title, the sheet name, then file and folder names.
//!
//! Takes a [`TableHead`], gives the day; a month stands for its last day, several for that of the last. Years alone are no date. A month without a
//! year (sheets `1月` … `6月`) is one of the year that the title, the file or a folder names.

use super::period;
use crate::model::date::{Day, Month, Months};
use crate::model::raw::TableHead;

const LABELS: [&str; 8] = ["填报时间", "填报日期", "制表日期", "数据截止", "截至", "截止", "统计时间", "日期"];

/// The data date of the sheet, the first of these that has one: labelled lines, lines above the table in order, sheet name,
/// file name and then its folders from the innermost out.
#[must_use]
pub fn data_date(head: &TableHead) -> Option<Day> {
    let labelled = head.preamble.iter().filter_map(|line| {
        let start = LABELS.iter().find_map(|label| line.split_once(label))?;
        find_day(start.1)
    });
    let unlabelled = head.preamble.iter().filter_map(|line| find_day(line));
    let of_name =
        |name: &str| find_day(name).or_else(|| period::find(name)?.in_year(any_year(head)).map(|months| months.to.last_day()));
    labelled.chain(unlabelled).chain(names(head).filter_map(of_name)).next()
}

/// Sheet name, file name, folders from the innermost out.
fn names(head: &TableHead) -> impl Iterator<Item = &str> {
    std::iter::once(head.name.sheet.as_str()).chain(head.name.file.rsplit('/'))
}

/// A roster of the period is often printed in the first days of the next month; so many days late it is still the period's.
const PRINTED_LATE_DAYS: i32 = 10;

/// What a snapshot speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The day: of a title's month rather than of the printing.
    pub day: Day,
    /// Its month, the period's where it was merely printed late.
    pub month: Month,
    /// Printed a few days after the period: it stands back behind any snapshot of the period itself.
    pub printed_late: bool,
}

/// The day a snapshot speaks for in a run for `period`. A month in the title or in a name is what the roster is of, whatever day a
/// line above the table says it was printed on.
#[must_use]
pub fn snapshot(head: &TableHead, period: Month) -> Option<Snapshot> {
    let day = data_date(head)?;
    let speaks = |day: Day| Snapshot { day, month: day.month(), printed_late: false };
    if day.month() <= period {
        return Some(speaks(day));
    }
    if let Some(titled) = titled_month(head).filter(|titled| *titled <= period) {
        return Some(speaks(titled.last_day()));
    }
    // A list of a whole year, or of months not all gone by, is of the period too.
    if titled_months(head).is_some_and(|months| months.from <= period) {
        return Some(speaks(period.last_day()));
    }
    let late = titled_month(head).is_none() && day.0 - period.last_day().0 <= PRINTED_LATE_DAYS;
    Some(if late { Snapshot { day, month: period, printed_late: true } } else { speaks(day) })
}

/// The month a payment list is for where no column says so: the title's (`2018-04农村低保发放明细`, although printed in May), else that of
/// the sheet name, the file name and its folders, else the month of the data date; of several the last.
#[must_use]
pub fn month(head: &TableHead) -> Option<Month> {
    months(head).map(|months| months.to)
}

/// The months a payment list is for, likewise.
#[must_use]
pub fn months(head: &TableHead) -> Option<Months> {
    titled_months(head).or_else(|| data_date(head).map(Day::month).map(Months::one))
}

/// The months of the title, the sheet name, the file name or its folders, never of a line that says when the list was filled in.
fn titled_months(head: &TableHead) -> Option<Months> {
    titles(head).find_map(|text| period::find(text)?.in_year(any_year(head)))
}

/// Lines above the table that do not say when the list was filled in, sheet name, file name, folders.
fn titles(head: &TableHead) -> impl Iterator<Item = &str> {
    let lines = head.preamble.iter().filter(|line| !LABELS.iter().any(|label| line.contains(label))).map(String::as_str);
    lines.chain(names(head))
}

/// Whether the title or a name speaks of a period that cannot be, and none of one that can: nobody knows what the list is for.
pub(super) fn names_no_period(head: &TableHead) -> bool {
    titles(head).any(period::is_unclear) && titles(head).all(|text| period::find(text).is_none() || is_folder(head, text))
}

/// The months that the list itself says it is for, where they are several and nothing of it says otherwise.
pub(super) fn titled_span(head: &TableHead, period: Month) -> Option<Months> {
    let mut named = own_months(head, period);
    let first = named.next()?;
    (first.are_several() && named.all(|other| other == first)).then_some(first)
}

/// The months that the title, the sheet and the file name; those of no year are the last by `period`.
pub(super) fn own_months(head: &TableHead, period: Month) -> impl Iterator<Item = Months> + '_ {
    let own = titles(head).filter(|text| !is_folder(head, text)).filter_map(period::find);
    own.filter_map(move |named| named.in_year(any_year(head)).or_else(|| named.by(period)))
}

/// Whether the title, the sheet or the file says that its amounts are all that was paid up to then.
pub(super) fn is_total_to_date(head: &TableHead) -> bool {
    let lines = head.preamble.iter().map(String::as_str);
    lines.chain(names(head)).filter(|text| !is_folder(head, text)).any(period::is_total_to_date)
}

/// Whether the title, the sheet or the file says that the list is, or holds, a back payment.
pub(super) fn is_of_back_payments(head: &TableHead) -> bool {
    titles(head).filter(|text| !is_folder(head, text)).any(period::speaks_of_back_payment)
}

/// The year that a list of payments is for as a whole: `2018年度农村低保发放明细`.
pub(super) fn paid_year(head: &TableHead) -> Option<i32> {
    let of_year = |text: &&str| text.contains("年度") && text.contains("发放") && period::find(text).is_none();
    titles(head).filter(|text| !is_folder(head, text)).filter(of_year).find_map(written_year)
}

fn is_folder(head: &TableHead, text: &str) -> bool {
    let own = [head.name.sheet.as_str(), head.name.file.rsplit('/').next().unwrap_or_default()];
    !own.contains(&text) && head.preamble.iter().all(|line| line != text)
}

fn titled_month(head: &TableHead) -> Option<Month> {
    titled_months(head).map(|months| months.to)
}

/// The year that the title, a name or a line above the table speaks of.
fn any_year(head: &TableHead) -> Option<i32> {
    let texts = || head.preamble.iter().map(String::as_str).chain(names(head));
    let of_name = || names(head).find_map(bare_year);
    texts().find_map(written_year).or_else(of_name).or_else(|| texts().find_map(|text| period::find(text)?.year))
}

/// The year before the first `年`.
fn written_year(text: &str) -> Option<i32> {
    let (before, _) = text.split_once('年')?;
    let digits = before.len().checked_sub(4).and_then(|start| before.get(start..))?;
    digits.parse().ok().filter(|year| (1990..2100).contains(year))
}

/// The year that a name of a sheet, a file or a folder is of, without more: `2017`, `17年度`, `18年参合名册.xlsx`, `两项补贴2017`.
fn bare_year(name: &str) -> Option<i32> {
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem).trim();
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let full = |text: &str| text.parse().ok().filter(|year| digits(text) && text.len() == 4 && (2000..2100).contains(year));
    let at = stem.len().checked_sub(4).filter(|at| stem.is_char_boundary(*at)).unwrap_or(0);
    let (before, last) = stem.split_at(at);
    if let Some(year) = full(last).filter(|_| !before.ends_with(|sign: char| sign.is_ascii_digit() || "-._".contains(sign))) {
        return Some(year);
    }
    let (short, rest) = stem.split_once('年')?;
    let is_year = short.len() == 2 && digits(short) && !rest.starts_with(|sign: char| sign.is_ascii_digit());
    short.parse().ok().filter(|_| is_year).map(|year: i32| 2000 + year)
}

/// The day that a sheet called by a year before the period's speaks for: its last.
pub(super) fn of_past_year(head: &TableHead, period: Month) -> Option<Snapshot> {
    let sheet = head.name.sheet.trim();
    let is_whole = sheet.trim_end_matches(['年', '度']).bytes().all(|byte| byte.is_ascii_digit());
    let year = bare_year(sheet).or_else(|| written_year(sheet)).filter(|year| is_whole && *year < period.year())?;
    let month = Month::new(year, 12)?;
    Some(Snapshot { day: month.last_day(), month, printed_late: false })
}

/// The day on which a list was taken out of its system, by a title or a name: `导出时间：2018-06-25`, `6月25日`, `名册0625`; of a list of a year gone
/// by its last day, unless rows of several years are what the register is told by (`by_year`). Tells two exports of one list apart, and no more.
pub(super) fn exported(head: &TableHead, period: Month, by_year: bool) -> Option<Day> {
    let own = [head.name.sheet.as_str(), head.name.file.rsplit('/').next().unwrap_or_default()];
    let texts = || head.preamble.iter().map(String::as_str).chain(own);
    let past = || named_year(head).filter(|year| !by_year && *year < period.year()).and_then(|year| Day::new(year, 12, 31));
    texts().find_map(full_day).or_else(|| texts().find_map(|text| day_of_year(text, period.year()))).or_else(past)
}

/// The first day written with its year.
fn full_day(text: &str) -> Option<Day> {
    let characters: Vec<char> = text.chars().collect();
    (0..characters.len())
        .filter(|at| {
            characters[*at].is_ascii_digit() && at.checked_sub(1).is_none_or(|before| !characters[before].is_ascii_digit())
        })
        .find_map(|at| date_at(&characters[at..]))
}

/// `6月25日`, or the four digits `0625` alone among other signs.
fn day_of_year(text: &str, year: i32) -> Option<Day> {
    let groups = text.split(|sign: char| !sign.is_ascii_digit()).filter(|group| group.len() == 4);
    let worded = || {
        let (before, after) = text.split_once('月')?;
        let month = before.rsplit(|sign: char| !sign.is_ascii_digit()).next()?.parse().ok()?;
        let day = after.split_once(['日', '号'])?.0.parse().ok()?;
        Day::new(year, month, day)
    };
    worded().or_else(|| {
        groups.into_iter().find_map(|group| Day::new(year, group.get(..2)?.parse().ok()?, group.get(2..)?.parse().ok()?))
    })
}

/// The year that the title, the sheet's or the file's name says the list is for, and no month of it.
pub(super) fn named_year(head: &TableHead) -> Option<i32> {
    let of_text = |text: &str| {
        let is_month =
            text.split_once('年').is_some_and(|(_, after)| after.trim_start().starts_with(|sign: char| sign.is_ascii_digit()));
        written_year(text).or_else(|| bare_year(text)).filter(|_| !is_month)
    };
    let own = [head.name.sheet.as_str(), head.name.file.rsplit('/').next().unwrap_or_default()];
    head.preamble.iter().map(String::as_str).chain(own).find_map(of_text)
}

/// The year a sheet is for (`2018年度参合名册`), in the same order; of a date its year.
#[must_use]
pub fn year(head: &TableHead) -> Option<i32> {
    let of_lines = head.preamble.iter().find_map(|line| written_year(line));
    let written = of_lines.or_else(|| names(head).find_map(|name| written_year(name).or_else(|| bare_year(name))));
    written.or_else(|| data_date(head).map(|day| day.ymd().0))
}

/// The first date written anywhere in `text`, a full one before a month.
fn find_day(text: &str) -> Option<Day> {
    full_day(text).or_else(|| period::find(text)?.in_year(None).map(|months| months.to.last_day()))
}

/// The full date that begins here.
fn date_at(characters: &[char]) -> Option<Day> {
    let run = characters.iter().take_while(|character| character.is_ascii_digit()).count();
    let number = |from: usize, to: usize| {
        characters.get(from..to)?.iter().try_fold(0_u32, |sum, digit| Some(sum * 10 + digit.to_digit(10)?))
    };
    let year = i32::try_from(number(0, 4)?).ok().filter(|year| (1990..2100).contains(year))?;
    let (month, day) = match run {
        8 => (number(4, 6)?, number(6, 8)?),
        4 => {
            let (month, after) = part(characters, 4, &['-', '.', '/', '年', '_'])?;
            let (day, end) = part(characters, after, &['-', '.', '/', '月', '_'])?;
            // `2018年4-6月`, `2018.1-6`: months.
            let sign = |at: usize| characters[at..].iter().find(|character| **character != ' ');
            let is_range = sign(after) == Some(&'-') && sign(4) != Some(&'-') || matches!(sign(end), Some('月' | '季'));
            ((!is_range).then_some(month)?, day)
        }
        _ => return None,
    };
    Day::new(year, month, day)
}

/// A separator and one or two digits at `at`, spaces allowed around the separator; the value and where it ends.
fn part(characters: &[char], at: usize, separators: &[char]) -> Option<(u32, usize)> {
    let skip = |from: usize| from + characters.iter().skip(from).take_while(|character| **character == ' ').count();
    let separator = skip(at);
    if !separators.contains(characters.get(separator)?) {
        return None;
    }
    let start = skip(separator + 1);
    let digits: Vec<u32> = characters.iter().skip(start).map_while(|character| character.to_digit(10)).collect();
    (1..=2).contains(&digits.len()).then(|| (digits.iter().fold(0, |sum, digit| sum * 10 + digit), start + digits.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::raw::SheetName;

    fn head(preamble: &[&str], sheet: &str, file: &str) -> TableHead {
        TableHead {
            name: SheetName { file: file.to_owned(), sheet: sheet.to_owned() },
            preamble: preamble.iter().map(|&line| line.to_owned()).collect(),
            ..TableHead::default()
        }
    }

    fn date(preamble: &[&str], sheet: &str, file: &str) -> Option<String> {
        data_date(&head(preamble, sheet, file)).map(|day| day.to_string())
    }

    #[test]
    fn places_where_dates_stand() {
        let june = Some("2018-06-30".to_owned());
        assert_eq!(date(&["正安县2017年名册", "填报单位：瑞溪镇  填报时间：2018年6月30日"], "", "a.xlsx"), june);
        assert_eq!(date(&["2018-06农村低保发放明细", "制表单位：正安县民政局"], "", "a.xlsx"), june);
        assert_eq!(date(&["2018-05农村低保发放明细", "日期：2018-06-30"], "", "a.xlsx"), june);
        assert_eq!(date(&["（截至 2018年6月）"], "", "a.xlsx"), june);
        assert_eq!(date(&[], "2018.6", "a.xlsx"), june);
        assert_eq!(date(&[], "Sheet1", "2018年6月/（基础信息）户信息_20180630.xlsx"), june);
        assert_eq!(date(&[], "Sheet1", "低保/201806.zip/瑞溪镇.xls"), june);
        for months in ["2018年4-6月护理补贴花名册", "2018年1-6月花名册", "2018.4-6花名册", "2018年4 - 6月", "二〇一八"]
        {
            assert_eq!(date(&[months], "", "a.xlsx"), june.clone().filter(|_| months.starts_with('2')), "{months}");
        }
        assert_eq!(date(&["2018年度参合名册"], "Sheet1", "监测对象信息 (22).xlsx"), None);
        assert_eq!(date(&["联系电话：08512018064"], "", "a.xlsx"), None);
    }

    #[test]
    fn a_roster_printed_in_the_first_days_of_july_is_junes() {
        let june: Month = "2018-06".parse().expect("a month");
        let of = |preamble: &[&str]| snapshot(&head(preamble, "Sheet1", "a.xlsx"), june).expect("dated");
        let titled = of(&["2018年6月低保人员名册", "填报日期：2018年7月20日"]);
        assert_eq!((titled.day.to_string().as_str(), titled.month, titled.printed_late), ("2018-06-30", june, false));
        let printed = of(&["低保人员名册", "填报日期：2018年7月2日"]);
        assert_eq!((printed.day.to_string().as_str(), printed.month, printed.printed_late), ("2018-07-02", june, true));
        assert!(of(&["低保人员名册", "填报日期：2018年7月20日"]).month > june);
        let year = of(&["2018年全年临时救助台账"]);
        assert_eq!((year.day.to_string().as_str(), year.month, year.printed_late), ("2018-06-30", june, false));
        assert!(of(&["2018年7-12月低保人员名册"]).month > june);
        assert!(of(&["2018年7月低保人员名册", "填报日期：2018年7月2日"]).month > june, "July's own roster is July's");
    }

    #[test]
    fn the_day_on_which_a_list_was_taken_out() {
        let june: Month = "2018-06".parse().expect("a month");
        let of =
            |preamble: &[&str], file: &str| exported(&head(preamble, "Sheet1", file), june, false).map(|day| day.to_string());
        for (preamble, file, day) in [
            (&["导出时间：2018-06-25 10:22"][..], "名册.xlsx", Some("2018-06-25")),
            (&[], "低保名册0625.xlsx", Some("2018-06-25")),
            (&[], "低保名册（6月1日）.xlsx", Some("2018-06-01")),
            (&[], "2018-06/低保名册_20180625.xlsx", Some("2018-06-25")),
            (&["2017年低保名册"], "名册.xlsx", Some("2017-12-31")),
            (&["2018年6月低保名册"], "低保名册2018.xlsx", None),
        ] {
            assert_eq!(of(preamble, file).as_deref(), day, "{preamble:?} {file}");
        }
    }

    #[test]
    fn a_payment_list_is_for_the_month_in_its_title() {
        let may = head(&["2018-05农村低保发放明细", "日期：2018-06-04"], "", "a.xlsx");
        assert_eq!(month(&may).map(Month::yyyymm), Some(201_805));
        assert_eq!(month(&head(&["日期：2018-06-04"], "Sheet1", "a.xlsx")).map(Month::yyyymm), Some(201_806));
    }

    #[test]
    fn several_months_run_from_one_to_the_other() {
        let of = |preamble: &[&str], sheet: &str, file: &str| {
            months(&head(preamble, sheet, file)).map(|months| (months.from.yyyymm(), months.to.yyyymm()))
        };
        assert_eq!(of(&["2018年4-6月农村低保金发放明细表"], "", "2018-06/a.xlsx"), Some((201_804, 201_806)));
        assert_eq!(of(&["2018年第二季度农村低保金发放明细表"], "", "a.xlsx"), Some((201_804, 201_806)));
        assert_eq!(of(&["2018年1-6月发放表", "日期：2018-07-02"], "", "a.xlsx"), Some((201_801, 201_806)));
        assert_eq!(of(&["农村低保发放明细"], "3月", "2018-06/民政/2018年农村低保发放明细.xlsx"), Some((201_803, 201_803)));
        assert_eq!(of(&["农村低保发放明细"], "Sheet1", "2018-06/民政/发放明细.xlsx"), Some((201_806, 201_806)));
        assert_eq!(of(&["农村低保发放明细"], "3月", "发放明细.xlsx"), None, "of which year?");
    }

    #[test]
    fn the_year_of_an_enrolment_list() {
        assert_eq!(year(&head(&["2018年度参合名册"], "", "a.xlsx")), Some(2018));
        assert_eq!(year(&head(&[], "", "参合_20180115.csv")), Some(2018));
        assert_eq!(year(&head(&[], "", "参合.csv")), None);
        for (sheet, file, of) in [
            ("2017", "2018年度参合名册.xlsx", 2017),
            ("17年度", "参合名册.xlsx", 2017),
            ("18年", "参合名册.xlsx", 2018),
            ("Sheet1", "参合名册2017.xlsx", 2017),
            ("Sheet1", "18年参合名册.xlsx", 2018),
        ] {
            assert_eq!(year(&head(&[], sheet, file)), Some(of), "{sheet} {file}");
        }
        assert_eq!(year(&head(&[], "第17年", "参合20.csv")), None);
    }

    proptest! {
        #[test]
        fn total(line in "\\PC{0,30}|[0-9年月 .-]{0,30}", file in "\\PC{0,30}") {
            let head = head(&[&line], &line, &file);
            let _ = (data_date(&head), month(&head), year(&head));
        }
    }
}
