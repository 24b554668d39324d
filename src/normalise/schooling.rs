//! Stage and grade of a pupil's row, each read with the other.
//!
//! A grade may be the year of entry (`2016级`) or of leaving (`2018届`), a number (`7`, `五(1)班`, `501班`, `初2`), or count within its stage (`一年级`
//! of a middle school): takes the row's stage and the school year, gives the grade. A stage may be no stage at all (`九年一贯制`): the grade says it. What neither says stays unread. Cost: a
//! few comparisons per cell.

use super::cells::first_cell;
use super::vocabulary::{self, CodeTable};
use crate::model::date::Month;
use crate::model::raw::RawTable;
use crate::model::school::stage_of;

/// Month in which school years begin.
const BEGINS: u32 = 9;
const GRADES: [&str; 9] = ["一年级", "二年级", "三年级", "四年级", "五年级", "六年级", "七年级", "八年级", "九年级"];
const SENIOR: [&str; 3] = ["高一", "高二", "高三"];
const VOCATIONAL: [&str; 3] = ["中职一年级", "中职二年级", "中职三年级"];

/// Where a sheet says stage and grade.
pub(super) struct Schooling<'a> {
    stage: Vec<usize>,
    grade: Vec<usize>,
    school: Vec<usize>,
    stages: CodeTable<'a>,
    grades: CodeTable<'a>,
    /// What the school in the title or in a name says.
    heading: Option<&'static str>,
    /// The year in which the school year began.
    year: i32,
}

impl<'a> Schooling<'a> {
    pub(super) fn new(
        [stage, grade, school]: [Vec<usize>; 3],
        [stages, grades]: [CodeTable<'a>; 2],
        heading: Option<&'static str>,
        period: Month,
    ) -> Self {
        let year = period.year() - i32::from(period.month() < BEGINS);
        Self { stage, grade, school, stages, grades, heading, year }
    }

    /// The grade that a cell says by a number, where the row's stage tells which; `None` where nobody can tell, or the cell says it in words.
    pub(super) fn grade(&mut self, table: &RawTable, row: usize, written: &str) -> Option<&'static str> {
        let Numbered { stage: own, count } = numbered(&vocabulary::fold(written))?;
        let stage = first_cell(table, &self.stage, row).1;
        let of_school = || stage_of(first_cell(table, &self.school, row).1).or(self.heading).filter(|_| stage.is_empty());
        let written = self.stages.get(stage);
        if own.is_some() && written.is_some_and(|written| Some(written) != own) {
            return None;
        }
        let known = own.or(written).or_else(of_school);
        let number = match count {
            Count::Entered(year) => self.year - year + 1,
            Count::Leaves(year) => (if known? == "小学" { 6 } else { 3 }) - (year - self.year - 1),
            Count::Grade(number) | Count::OfClass(number) => number,
        };
        let of_stage = matches!(count, Count::Entered(_) | Count::Leaves(_));
        let is_nine_years = stage.contains("九年") || stage.contains("义务教育");
        let within = |first: i32, last: i32| (first..=last).contains(&number);
        let named = |grades: &[&'static str], number: i32| grades.get(usize::try_from(number - 1).ok()?).copied();
        match known {
            Some("小学") if within(1, 6) => named(&GRADES, number),
            Some("初中") if within(1, 3) => named(&GRADES, number + 6),
            Some("初中") if within(7, 9) && !of_stage => named(&GRADES, number),
            Some("普通高中") => named(&SENIOR, number),
            Some("中职") => named(&VOCATIONAL, number),
            None if is_nine_years && !of_stage => named(&GRADES, number),
            // Only one stage has a fourth grade and those above it.
            None if within(4, 9) && matches!(count, Count::OfClass(_)) => named(&GRADES, number),
            _ => None,
        }
    }

    /// The stage that the row's grade says, where its own cell says none.
    pub(super) fn stage(&mut self, table: &RawTable, row: usize) -> Option<&'static str> {
        let written = first_cell(table, &self.grade, row).1;
        match self.grade(table, row, written).or_else(|| self.grades.get(written))? {
            "小班" | "中班" | "大班" => Some("学前教育"),
            grade if GRADES[..6].contains(&grade) => Some("小学"),
            grade if GRADES.contains(&grade) => Some("初中"),
            grade if SENIOR.contains(&grade) => Some("普通高中"),
            grade if grade.starts_with("中职") => Some("中职"),
            _ => None,
        }
    }
}

/// A grade said by a number.
struct Numbered {
    /// The stage before it: `初2`, `小学2015级`.
    stage: Option<&'static str>,
    count: Count,
}

enum Count {
    /// The year of entry: `2016级`.
    Entered(i32),
    /// The year of leaving: `2018届`.
    Leaves(i32),
    /// `7`, `7年级`, `七`, `一年级`.
    Grade(i32),
    /// Before a class: `五(1)班`, `七(3)`, `501班`.
    OfClass(i32),
}

/// What may stand before a number, the longest first.
const STAGES: [(&str, &str); 10] = [
    ("普通高中", "普通高中"),
    ("小学", "小学"),
    ("初中", "初中"),
    ("高中", "普通高中"),
    ("中职", "中职"),
    ("职高", "中职"),
    ("小", "小学"),
    ("初", "初中"),
    ("高", "普通高中"),
    ("职", "中职"),
];

fn numbered(folded: &str) -> Option<Numbered> {
    let stage = STAGES.iter().find_map(|(word, stage)| Some((*stage, folded.strip_prefix(word)?)));
    let (stage, rest) = stage.map_or((None, folded), |(stage, rest)| (Some(stage), rest));
    let count = in_year(rest, '级').map(Count::Entered).or_else(|| in_year(rest, '届').map(Count::Leaves));
    let of_class = || before_class(rest).and_then(grade_number).map(Count::OfClass);
    let count = count.or_else(of_class).or_else(|| grade_number(rest).map(Count::Grade))?;
    Some(Numbered { stage, count })
}

/// The year before a mark: `2016级`, `16级2班`.
fn in_year(text: &str, mark: char) -> Option<i32> {
    let (year, class) = text.split_once(mark)?;
    if class.contains(mark) || !year.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match (year.len(), year.parse::<i32>().ok()?) {
        (4, year) => Some(year),
        (2, year) => Some(2000 + year),
        _ => None,
    }
}

/// What stands before a class: of `五(1)班`, `七(3)` and `501班`, but not of `五班`, which is a class.
fn before_class(text: &str) -> Option<&str> {
    let bare = text.strip_suffix('班').unwrap_or(text);
    if let Some((grade, class)) = bare.strip_suffix(')').and_then(|bare| bare.split_once('(')) {
        let is_number = |sign: char| sign.is_ascii_digit() || "一二三四五六七八九十".contains(sign);
        return (!class.is_empty() && class.chars().all(is_number)).then_some(grade);
    }
    let is_three_digits = bare.len() == 3 && bare.bytes().all(|byte| byte.is_ascii_digit());
    let is_class = is_three_digits && bare.len() < text.len() && matches!(bare.as_bytes(), [_, b'0' | b'1', _]);
    bare.get(..1).filter(|_| is_class)
}

/// `7`, `7年级`, `七`, `一年级`.
fn grade_number(text: &str) -> Option<i32> {
    let bare = ["年级", "年"].iter().find_map(|word| text.strip_suffix(word)).unwrap_or(text);
    let number = GRADES.iter().zip(1..).find(|(grade, _)| grade.strip_suffix("年级") == Some(bare)).map(|(_, number)| number);
    number.or_else(|| bare.parse().ok().filter(|_| bare.len() == 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::raw::{CellKind, RawColumn};

    fn read(stage: &str, grade: &str) -> (Option<String>, Option<&'static str>) {
        let pairs = |words: &[&'static str]| words.iter().map(|word| (*word, *word)).collect::<Vec<_>>();
        let stages = CodeTable::new(pairs(&["小学", "初中", "普通高中", "中职"]).into_iter());
        let grades = CodeTable::new(pairs(&["一年级", "七年级", "高一"]).into_iter());
        let period = "2018-06".parse().expect("a month");
        let mut schooling = Schooling::new([vec![0], vec![1], vec![2]], [stages, grades], None, period);
        let mut table = RawTable { rows: vec![2], columns: vec![RawColumn::default(); 3], ..RawTable::default() };
        table.columns[0].push(CellKind::Text, stage);
        table.columns[1].push(CellKind::Text, grade);
        table.columns[2].push(CellKind::Text, if stage.is_empty() { "安场小学" } else { "安场学校" });
        (schooling.grade(&table, 0, grade).map(str::to_owned), schooling.stage(&table, 0))
    }

    #[test]
    fn years_of_entry_and_numbers_are_grades_of_their_stage() {
        for (stage, grade, is) in [
            ("小学", "2016级", "二年级"),
            ("初中", "2017级", "七年级"),
            ("初中", "2015级3班", "九年级"),
            ("普通高中", "2016级", "高二"),
            ("中职", "17级", "中职一年级"),
            ("九年一贯制", "7", "七年级"),
            ("九年一贯制", "3", "三年级"),
            ("初中", "一年级", "七年级"),
            ("初中", "8", "八年级"),
            ("普通高中", "二", "高二"),
            ("小学", "五(1)班", "五年级"),
            ("小学", "501班", "五年级"),
            ("小学", "小五", "五年级"),
            ("小学", "2018届", "六年级"),
            ("初中", "2019届2班", "八年级"),
            ("初中", "一(2)班", "七年级"),
            ("", "六(二)", "六年级"),
            ("完全中学", "初2", "八年级"),
            ("完全中学", "七(3)", "七年级"),
            ("完全中学", "初中2016级1班", "八年级"),
            ("完全中学", "高2017级", "高一"),
        ] {
            assert_eq!(read(stage, grade).0.as_deref(), Some(is), "{stage} {grade}");
        }
        assert_eq!(read("", "2016级").0.as_deref(), Some("二年级"), "the school says the stage");
        for (stage, grade) in [
            ("九年一贯制", "2016级"),
            ("小学", "2010级"),
            ("完全中学", "3"),
            ("初中", "高二"),
            ("初中", "4"),
            ("完全中学", "一(2)班"),
            ("完全中学", "2018届"),
            ("小学", "2017届"),
            ("小学", "三班"),
            ("普通高中", "初2"),
        ] {
            assert_eq!(read(stage, grade).0, None, "{stage} {grade}");
        }
        assert_eq!(read("九年一贯制", "8").1, Some("初中"));
        assert_eq!(read("完全中学", "高一").1, Some("普通高中"));
        assert_eq!(read("完全中学", "2016级").1, None);
    }
}
