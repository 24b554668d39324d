//! For whom something is written, and what of a person may stand there: the one place that every writer passes.
//!
//! An [`Audience`] shows a number, a name, a birth or a text as it may be seen there, by what it means (the header of its column) and by
//! pattern (any run that could be a number, wherever it stands). A [`Row`] also knows what stands beside it: a birth date that a number of the
//! row holds is hidden in every text of the row, in whatever words. Guarantees, but for [`Audience::Department`], who needs whole numbers: beside
//! a masked number stands the age at most, on one day, which leaves thirty numbers and more that it could be, and of who was born in this century,
//! whose age a rule may halve again, a thousand; and in what is posted publicly nothing tells of anybody's health. Pure; linear in the text.

mod birth;
mod pattern;

use std::collections::BTreeSet;

use super::date::Day;
use super::numeral::is_digit;
use super::personal::{Personal, mask_middle, mask_number};
use birth::{starred, without_ages, without_births};
use pattern::{birth_in, dates, is_code};

pub use pattern::mask_text;

/// What stands for a value that is left out.
pub const LEFT_OUT: &str = "（略）";
/// What the age is called that stands for a birth.
pub const AGE: &str = "年龄";

/// What a column's header promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// A number that identifies a person, however damaged: ID, certificate, phone, account.
    Number,
    /// A birth date.
    Birth,
    /// A name.
    Name,
    /// Something else.
    Other,
}

/// Headers whose whole value is a number to hide.
const NUMBERS: [&str; 15] = [
    "证号",
    "证件号",
    "身份证",
    "残疾证",
    "残疾人证",
    "号码",
    "电话",
    "手机",
    "联系方式",
    "账号",
    "帐号",
    "卡号",
    "存折",
    "证编号",
    "学籍号",
];
/// Headers of births.
const BIRTHS: [&str; 4] = ["出生", "生日", "生年月", "出身"];
/// Of these, what is none.
const NO_BIRTHS: [&str; 4] = ["出生地", "出生医学", "出生证", "出生缺陷"];
/// Headers of names.
const NAMES: [&str; 6] = ["姓名", "名字", "户主", "监护人", "户名", "申请人"];
/// What tells of somebody's health, in a header or in any text.
const HEALTH: [&str; 25] = [
    "残",
    "病",
    "住院",
    "门诊",
    "诊断",
    "诊疗",
    "精神",
    "康复",
    "护理",
    "健康",
    "失能",
    "医疗",
    "丧失劳动",
    "聋",
    "盲",
    "肢体",
    "智力",
    "瘫",
    "孕",
    "癌",
    "透析",
    "手术",
    "患",
    "用药",
    "救治",
];

impl Meaning {
    fn of(header: &str) -> Self {
        // As clerks space it out.
        let header: String = header.chars().filter(|c| !c.is_whitespace()).collect();
        let says = |words: &[&str]| words.iter().any(|word| header.contains(word));
        if says(&NUMBERS) {
            Self::Number
        } else if says(&BIRTHS) && !says(&NO_BIRTHS) {
            Self::Birth
        } else if says(&NAMES) {
            Self::Name
        } else {
            Self::Other
        }
    }
}

/// Whether a column's header promises a number that identifies a person.
#[must_use]
pub fn is_number_header(header: &str) -> bool {
    Meaning::of(header) == Meaning::Number
}

/// Whether a text tells, or a header promises to tell, of somebody's illness or disability.
#[must_use]
pub fn tells_health(text: &str) -> bool {
    HEALTH.iter().any(|word| text.contains(word))
}

/// Whether a rule's id says that it is about health or disability.
#[must_use]
pub fn tells_health_id(rule: &str) -> bool {
    rule.starts_with("health.") || rule.contains("disab")
}

/// Who sees what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Whoever corrects registers: lists of departments, identity corrections, pairs of rows to be decided. Everything stands whole.
    Department,
    /// Villages, and whoever looks over a shoulder: village lists, dossiers, pages, the terminal, logs, names of files and sheets.
    Village,
    /// Everybody: what is posted, or goes out of the house. Nothing of health.
    Public {
        /// Whether names keep family name and last character only.
        names: bool,
    },
}

impl Audience {
    /// Of a list that goes to `otherwise` unless it is to be posted.
    #[must_use]
    pub fn of(posted: Option<Self>, otherwise: Self) -> Self {
        posted.unwrap_or(otherwise)
    }

    /// Whether numbers stand whole.
    #[must_use]
    pub fn sees_numbers(self) -> bool {
        self == Self::Department
    }

    /// Whether it is posted publicly.
    #[must_use]
    pub fn is_public(self) -> bool {
        matches!(self, Self::Public { .. })
    }

    /// An ID, certificate or account number, or a phone.
    #[must_use]
    pub fn number(self, number: &str) -> String {
        if self.sees_numbers() || !number.chars().any(is_digit) { number.to_owned() } else { mask_number(number) }
    }

    /// A name; a number in its place is hidden.
    #[must_use]
    pub fn name(self, name: &str) -> String {
        match self {
            Self::Department => name.to_owned(),
            Self::Public { names: true } => mask_middle(name),
            _ => mask_text(name),
        }
    }

    /// A birth: the day, or the age, so that no rule about ages tells more than stands there.
    #[must_use]
    pub fn birth(self, birth: Day, as_of: Day) -> String {
        if self.sees_numbers() { birth.to_string() } else { format!("{}岁", birth.age_on(as_of)) }
    }

    /// A text beside which nothing stands: a place, a code, the name of a file or sheet, a remark.
    #[must_use]
    pub fn text(self, text: &str) -> String {
        if self.sees_numbers() { text.to_owned() } else { without_births(&mask_text(text), &BTreeSet::new()) }
    }

    /// A household's code: however long, it is no secret, but somebody's number may stand in its place, or within.
    #[must_use]
    pub fn code(self, code: &str) -> String {
        if self.sees_numbers() || is_code(code) { code.to_owned() } else { mask_text(code) }
    }

    /// What somebody wrote about a person in his own words: left out of what is posted where it tells of health.
    #[must_use]
    pub fn remark(self, text: &str) -> String {
        if self.is_public() && tells_health(text) { LEFT_OUT.to_owned() } else { self.text(text) }
    }

    /// A row, about which nothing is known yet.
    #[must_use]
    pub fn row(self, as_of: Day) -> Row {
        Row { audience: self, as_of, births: BTreeSet::new(), secrets: BTreeSet::new(), names: BTreeSet::new(), ages: true }
    }
}

/// What stands together in one row of a list, or in one block of a page.
#[derive(Clone, Debug)]
pub struct Row {
    audience: Audience,
    as_of: Day,
    births: BTreeSet<Day>,
    /// Values to be hidden in texts, with what is shown for them.
    secrets: BTreeSet<(Personal, String)>,
    names: BTreeSet<Personal>,
    /// Whether ages may stand there.
    ages: bool,
}

impl Row {
    /// It was said on another day than what stands elsewhere in the workbook: two ages of one person tell the month of birth.
    pub fn is_of_another_day(&mut self) {
        self.ages = false;
    }

    /// A number stands there, masked: its birth date must not.
    pub fn knows_number(&mut self, number: &str) {
        if !self.audience.sees_numbers() {
            self.births.extend(birth_in(number));
        }
    }

    /// Somebody there is born on this day.
    pub fn knows_birth(&mut self, birth: Day) {
        self.births.insert(birth);
    }

    /// Somebody there is called so.
    pub fn knows_name(&mut self, name: &str) {
        if self.audience == (Audience::Public { names: true }) && name.chars().count() > 1 {
            self.names.insert(name.trim().into());
        }
    }

    /// The texts there rest on this cell.
    pub fn knows_cell(&mut self, header: &str, value: &str) {
        if self.audience.sees_numbers() || value.is_empty() {
            return;
        }
        match Meaning::of(header) {
            Meaning::Number => {
                self.births.extend(birth_in(value));
                if value.chars().filter(|c| is_digit(*c)).count() >= 6 {
                    self.secrets.insert((value.into(), mask_number(value)));
                }
            }
            Meaning::Birth => self.births.extend(dates(value).into_iter().flatten()),
            Meaning::Name => self.knows_name(value),
            Meaning::Other => self.births.extend(birth_in(value)),
        }
        if self.audience.is_public() && tells_health(header) {
            // Several in one cell may be told one by one.
            let parts = value.split([',', '，', '、', ';', '；']).map(str::trim).chain([value]);
            self.secrets.extend(parts.filter(|part| !part.is_empty()).map(|part| (part.into(), LEFT_OUT.to_owned())));
        }
    }

    /// A text of the row.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        if self.audience.sees_numbers() {
            return text.to_owned();
        }
        let mut shown = text.to_owned();
        // Longer ones first, lest a part of one be left over.
        let mut secrets: Vec<(&str, &str)> =
            self.secrets.iter().map(|(value, instead)| (value.expose(), instead.as_str())).collect();
        secrets.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        for (value, instead) in secrets {
            if shown.contains(value) {
                shown = shown.replace(value, instead);
            }
        }
        for name in &self.names {
            shown = shown.replace(name.expose(), &mask_middle(name.expose()));
        }
        let shown = without_births(&mask_text(&shown), &self.births);
        if self.ages { shown } else { without_ages(&shown) }
    }

    /// A cell of the row: what stands under this header.
    #[must_use]
    pub fn cell(&self, header: &str, value: &str) -> String {
        if self.audience.sees_numbers() || value.is_empty() {
            return value.to_owned();
        }
        let meaning = Meaning::of(header);
        if self.audience.is_public() && (tells_health(header) || meaning == Meaning::Other && tells_health(value)) {
            return LEFT_OUT.to_owned();
        }
        match meaning {
            Meaning::Number if value.chars().any(is_digit) => mask_number(value),
            Meaning::Birth => self.birth(value),
            Meaning::Name => self.audience.name(value),
            _ => self.text(value),
        }
    }

    /// The same with what it is called: `残疾等级`, and for a birth instead of which the age stands there, [`AGE`].
    #[must_use]
    pub fn labelled<'h>(&self, header: &'h str, value: &str) -> (&'h str, String) {
        let shown = self.cell(header, value);
        let is_age = shown != value && Meaning::of(header) == Meaning::Birth && shown.ends_with('岁');
        (if is_age { AGE } else { header }, shown)
    }

    /// The same in one text: `残疾等级=一级`, `年龄=44岁`.
    #[must_use]
    pub fn said(&self, header: &str, value: &str) -> String {
        let (label, shown) = self.labelled(header, value);
        format!("{label}={shown}")
    }

    /// What a birth column says: the age, or no digit at all.
    fn birth(&self, value: &str) -> String {
        match dates(value).first() {
            Some(Some(day)) => self.audience.birth(*day, self.as_of),
            _ => value.chars().map(starred).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::identity::id::Number;

    const NUMBER: &str = "520324199003071234";

    fn as_of() -> Day {
        Day::new(2018, 6, 30).expect("a day")
    }

    fn row(audience: Audience, cells: &[(&str, &str)]) -> Row {
        let mut row = audience.row(as_of());
        row.knows_number(NUMBER);
        for (header, value) in cells {
            row.knows_cell(header, value);
        }
        row
    }

    #[test]
    fn an_age_beside_a_masked_number_leaves_twenty_numbers_and_more() {
        // Everything that six and four digits and an age leave open, with the check digit and on any day of counting.
        let mut least = usize::MAX;
        for (year, month) in (2017..=2026).flat_map(|year| (1..=12).map(move |month| (year, month))) {
            let as_of = crate::model::date::Month::new(year, month).expect("a month").last_day();
            for age in (0..100).step_by(7) {
                let mut fitting = [0; 11];
                for day in (0..366 * 2).map(|back| Day(as_of.0 - (age + 1) * 365 - (age + 1) / 4 - 366 + back)) {
                    if day.age_on(as_of) != age {
                        continue;
                    }
                    let (y, m, d) = day.ymd();
                    let text = format!("520324{y:04}{m:02}{d:02}123");
                    let digits: [u8; 17] = text.as_bytes().try_into().expect("seventeen");
                    let number = Number::completed(&digits).expect("a number");
                    fitting[usize::from(number.digits()[17])] += 1;
                }
                least = least.min(fitting.into_iter().min().unwrap_or(0));
            }
        }
        assert!((20..40).contains(&least), "{least}");
    }

    #[test]
    fn a_birth_date_stands_nowhere_beside_the_number_that_holds_it() {
        let row = row(Audience::Village, &[("出生日期", "1990-03-08"), ("证件号码", "520324 1990 0307 1234")]);
        assert_eq!(row.cell("出生日期", "1990-03-07"), "28岁");
        assert_eq!(row.cell("出 生\n日 期", "1990-04-01"), "28岁");
        assert_eq!(row.said("出 生\n日 期", "1990-04-01"), "年龄=28岁");
        assert_eq!(row.said("出生日期", "不详"), "出生日期=不详");
        assert_eq!(row.said("出生日期", "1990年13月"), "出生日期=****年**月");
        assert_eq!(row.said("残疾等级", "一级"), "残疾等级=一级");
        assert_eq!(row.cell("出生年月", "1990-03"), "****-**");
        assert_eq!(
            row.text("两表同名同村同生日（1990年3月7日、19900308），发放日期2018-05-01"),
            "两表同名同村同生日（****年*月*日、********），发放日期2018-05-01"
        );
        assert_eq!(row.text("2018年5月2日出生，生于2017.4.3"), "****年*月*日出生，生于****.*.*");
        assert_eq!(row.cell("备注", "号520324199003071234，生日90.3.7"), "号520324********1234，生日**.*.*");
        assert_eq!(row.cell("证件号码", "未查到"), "未查到");
        for code in ["5200057613", "5203241010010000024", "户外:5203241010010000024"] {
            assert_eq!(Audience::Village.code(code), code);
        }
        for (code, shown) in
            [(NUMBER, "520324********1234"), ("520324900307123", "520*********123"), ("13885211234", "13*******34")]
        {
            assert_eq!(Audience::Village.code(code), shown);
        }
        assert_eq!(row.cell("姓名", "张小明"), "张小明");
        let whole = Audience::Department.row(as_of());
        assert_eq!(whole.cell("出生日期", "1990-03-07"), "1990-03-07");
        assert_eq!(whole.text(NUMBER), NUMBER);
    }

    #[test]
    fn of_the_young_the_region_stands_and_ages_are_of_one_day() {
        let mut row = Audience::Village.row(as_of());
        row.knows_number("520324201407150311");
        assert_eq!(Audience::Village.number("520324201407150311"), "520324************");
        assert_eq!(row.text("号520324 20140715 0311，3岁，2014年7月应发"), "号520324************，3岁，2014年7月应发");
        assert_eq!(row.text("20140715 0311"), "******** ****");
        row.is_of_another_day();
        assert_eq!(row.text("甲3岁，未满16周岁，第3次"), "甲**岁，未满**周岁，第3次");
    }

    #[test]
    fn what_is_posted_tells_nothing_of_health_and_names_by_choice() {
        let cells = [("病种", "高血压,糖尿病"), ("联系电话", "0851-26421234"), ("残疾等级", "一级"), ("户主姓名", "王小明")];
        let posted = row(Audience::Public { names: true }, &cells);
        assert_eq!(posted.cell("慢病病种", "高血压"), LEFT_OUT);
        assert_eq!(posted.cell("致贫原因", "因病"), LEFT_OUT);
        assert_eq!(posted.cell("医药总费用", "1200.00"), "1200.00");
        assert_eq!(posted.cell("姓名", "王小明"), "王*明");
        assert_eq!(
            posted.text("王小明报高血压、糖尿病，一级，电话0851-26421234，应发50元"),
            "王*明报（略）、（略），（略），电话085******234，应发50元"
        );
        assert_eq!(row(Audience::Public { names: false }, &cells).cell("姓名", "王小明"), "王小明");
        assert!(tells_health("重度残疾人未享受护理补贴") && !tells_health("“两无”户未纳入低保或特困"));
        assert_eq!(Audience::Public { names: false }.remark("重病住院"), LEFT_OUT);
    }
}
