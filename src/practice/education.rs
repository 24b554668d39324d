//! The education bureau's lists: school roll, student aid, loans (domain: 1.5); and what a perfect tool would find in them.
//!
//! Who attends which school, boards, and is paid what follows from the person alone; gaps open and close by
//! [`befalls`]. Amounts are fen.

use crate::model::date::{Day, Month};

use super::county::{County, Person};
use super::damage::NumberDamage;
use super::divisions::Spelling;
use super::findings::{IdentityEvents, Key, TrueFindings};
use super::offices::{Habit, Offices, columns};
use super::poverty_facts;
use super::random::{Random, befalls};
use super::table::{Cell, Row, Table, headers};
use super::welfare::{State, hardship, needy};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Preschool,
    Primary,
    Junior,
    High,
    Vocational,
}

impl Stage {
    fn text(self) -> &'static str {
        match self {
            Self::Preschool => "学前教育",
            Self::Primary => "小学",
            Self::Junior => "初中",
            Self::High => "普通高中",
            Self::Vocational => "中职",
        }
    }

    fn grade(self, year: i32) -> &'static str {
        let grades: &[&str] = match self {
            Self::Preschool => &["小班", "中班", "大班"],
            Self::Primary => &["一年级", "二年级", "三年级", "四年级", "五年级", "六年级"],
            Self::Junior => &["七年级", "八年级", "九年级"],
            Self::High => &["高一", "高二", "高三"],
            Self::Vocational => &["中职一年级", "中职二年级", "中职三年级"],
        };
        let last = grades.len() - 1;
        grades[usize::try_from(year).unwrap_or(0).min(last)]
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Project {
    Preschool,
    Boarding,
    HighPoor,
    HighFee,
    Grant,
    Fee,
    Poor,
    Books,
}

impl Project {
    const ALL: [Self; 8] =
        [Self::Preschool, Self::Boarding, Self::HighPoor, Self::HighFee, Self::Grant, Self::Fee, Self::Poor, Self::Books];

    fn text(self) -> &'static str {
        match self {
            Self::Preschool => "学前教育资助",
            Self::Boarding => "寄宿生生活补助",
            Self::HighPoor => "普高两助三免",
            Self::HighFee => "普高免学费",
            Self::Grant => "中职国家助学金",
            Self::Fee => "中职免学费",
            Self::Poor => "中职精准扶贫专项助学金",
            Self::Books => "中职免教科书费、住宿费",
        }
    }

    /// Rules that say missing, below, above; not every project has all.
    fn rules(self) -> [Option<&'static str>; 3] {
        match self {
            Self::Preschool => [Some("education.preschool_missed"), None, None],
            Self::Boarding => {
                [Some("education.boarding_missed"), Some("education.boarding_below"), Some("education.boarding_above")]
            }
            Self::HighPoor => [Some("education.high_missed"), Some("education.high_below"), Some("education.high_above")],
            Self::HighFee => [Some("education.high_fee_missed"), Some("education.high_fee_below"), None],
            Self::Grant => [Some("education.vocational_grant_missed"), Some("education.vocational_grant_below"), None],
            Self::Fee => [Some("education.vocational_fee_missed"), Some("education.vocational_fee_below"), None],
            Self::Poor => [Some("education.vocational_poor_missed"), Some("education.vocational_poor_below"), None],
            Self::Books => [Some("education.vocational_books_missed"), Some("education.vocational_books_below"), None],
        }
    }
}

/// Of a term.
const PRESCHOOL_FEN: i64 = 30_000;

#[expect(clippy::struct_excessive_bools, reason = "each is a column of the roll")]
#[derive(Debug)]
struct Pupil {
    stage: Stage,
    grade: &'static str,
    school: &'static str,
    boards: bool,
    rural: bool,
    major: &'static str,
    farming: bool,
    /// 普惠性公办, for kindergartens.
    public: bool,
    note: &'static str,
    in_roll: bool,
    /// Terms that should have been paid by now.
    halves: i64,
    /// One entry per payment.
    aid: Vec<(Project, i64)>,
}

impl Pupil {
    fn sum(&self, project: Project) -> i64 {
        self.aid.iter().filter(|(paid, _)| *paid == project).map(|(_, fen)| fen).sum()
    }
}

#[derive(Debug)]
struct Loan {
    graduate: bool,
    fen: i64,
    pending: bool,
}

/// Schooling of everybody in one month.
#[derive(Debug)]
pub(super) struct Education<'a> {
    county: &'a County,
    state: &'a State,
    month: Month,
    month_index: u32,
    pupils: Vec<Option<Pupil>>,
    loans: Vec<Option<Loan>>,
}

/// Whether the village stands on the list of 90 poor villages.
pub(super) fn poor_village(village: u32) -> bool {
    village % 5 < 3
}

impl<'a> Education<'a> {
    pub(super) fn new(county: &'a County, state: &'a State, month: Month, month_index: u32) -> Self {
        let mut education = Self { county, state, month, month_index, pupils: Vec::new(), loans: Vec::new() };
        for pid in 0..u32::try_from(county.people.len()).unwrap_or(u32::MAX) {
            education.pupils.push(education.pupil(pid, month_index));
            education.loans.push(loan(county, pid, month_index));
        }
        education
    }

    /// The 31 August before the school year that the month belongs to.
    fn enrolment_day(&self) -> Day {
        let year = self.month.year() - i32::from(self.month.yyyymm() % 100 < 9);
        Day::new(year, 8, 31).unwrap_or(Day(0))
    }

    fn pupil(&self, pid: u32, month_index: u32) -> Option<Pupil> {
        let county = self.county;
        let (person, household) = (county.person(pid), county.household_of(pid));
        let mut random = Random::keyed(county.seed, &[51, u64::from(pid)]);
        let age = person.birth.age_on(self.enrolment_day());
        let of_age = person.birth.age_on(self.month.last_day()) >= 16;
        let (stage, year) = match age {
            3..=5 => (Stage::Preschool, age - 3),
            6..=11 => (Stage::Primary, age - 6),
            12..=14 => (Stage::Junior, age - 12),
            15..=17 => match random.below(100) {
                0..=44 => (Stage::High, age - 15),
                45..=79 => (Stage::Vocational, age - 15),
                _ if of_age => return None,
                _ => (Stage::Vocational, age - 15),
            },
            _ => return None,
        };
        let grade = stage.grade(year);
        let school = match stage {
            Stage::Preschool => random.pick(&["瑞溪镇中心幼儿园", "安场镇第一幼儿园", "凤仪街道中心幼儿园"]),
            Stage::Primary => random.pick(&["瑞溪小学", "土坪小学", "流渡小学", "格林小学"]),
            Stage::Junior => random.pick(&["瑞溪中学", "土坪中学", "和溪中学"]),
            Stage::High => random.pick(&["正安一中", "正安县第一中学", "正安二中", "正安县第二中学", "正安县第八中学"]),
            Stage::Vocational => random.pick(&["正安县中等职业学校", "遵义市职业技术学校"]),
        };
        let performing = stage == Stage::Vocational && random.chance(0.05);
        let farming = random.chance(0.15);
        let majors = ["汽车运用与维修", "学前教育", "计算机应用", "电子商务"];
        let major = match stage {
            Stage::Vocational if performing => "舞蹈表演",
            Stage::Vocational if farming => "畜牧兽医",
            Stage::Vocational => random.pick(&majors),
            _ => "",
        };
        let boards = match stage {
            Stage::Preschool => false,
            Stage::Primary => random.chance(0.25),
            Stage::Junior => random.chance(0.6),
            Stage::High | Stage::Vocational => random.chance(0.9),
        };
        let autumn = self.month.yyyymm() % 100 >= 9;
        let first = ["小班", "一年级", "七年级", "高一", "中职一年级"].contains(&grade);
        let ended = match self.month.yyyymm() % 100 {
            ..=5 => 0,
            6..=11 => 1,
            _ => 2,
        };
        let mut pupil = Pupil {
            stage,
            grade,
            school,
            boards,
            rural: random.chance(0.95),
            major,
            farming: farming && !performing,
            public: random.chance(0.7),
            note: "",
            in_roll: true,
            halves: ended - i64::from(autumn && first),
            aid: Vec::new(),
        };
        let lost = |kind, share| household.poor && befalls(county.seed, month_index, kind, pid, share);
        match stage {
            Stage::Preschool => pupil.in_roll = !lost(61, 0.05),
            Stage::Primary | Stage::Junior if person.severe() => {
                pupil.in_roll = random.chance(0.7);
                pupil.note = "送教上门";
            }
            Stage::Primary | Stage::Junior => {
                pupil.in_roll = !household.poor || !poverty_facts::off_the_roll(county, month_index, pid);
            }
            Stage::High | Stage::Vocational => {}
        }
        if pupil.in_roll {
            self.pay(pid, &mut pupil, month_index);
        }
        Some(pupil)
    }

    /// Standard of a project up to now; `None` where the pupil is not entitled.
    fn standard(&self, pid: u32, pupil: &Pupil, project: Project) -> Option<i64> {
        let poor = self.county.household_of(pid).poor;
        let first = ["正安一中", "正安县第一中学"].contains(&pupil.school);
        let second = ["正安二中", "正安县第二中学"].contains(&pupil.school);
        let lower = matches!(pupil.stage, Stage::Primary | Stage::Junior);
        let (high, vocational) = (pupil.stage == Stage::High, pupil.stage == Stage::Vocational);
        let third = pupil.grade == "中职三年级";
        let by_school = |amounts: [i64; 3]| {
            if first {
                amounts[0]
            } else if second {
                amounts[1]
            } else {
                amounts[2]
            }
        };
        let half = match project {
            Project::Preschool if poor && pupil.stage == Stage::Preschool && pupil.public => {
                poor_village(self.home(pid)).then_some(PRESCHOOL_FEN)
            }
            Project::Boarding if lower && pupil.boards && hardship(self.county, self.state, pid) => {
                Some(if pupil.stage == Stage::Primary { 50_000 } else { 62_500 })
            }
            Project::HighPoor if high && poor => Some(by_school([285_000, 275_000, 233_000])),
            Project::HighFee if high && !poor && needy(self.state, pid) => Some(by_school([90_000, 80_000, 38_000])),
            Project::Grant if vocational && pupil.rural && !third => Some(100_000),
            // Of the county's own towns are those whose registration is not rural: of cities there are none.
            Project::Fee if vocational && pupil.major != "舞蹈表演" => Some(100_000),
            Project::Poor if vocational && poor => Some(50_000),
            Project::Books if vocational && poor => Some(45_000),
            _ => None,
        }?;
        (pupil.halves > 0).then_some(half * pupil.halves)
    }

    /// The village the poverty registry has, which hears of moves.
    fn home(&self, pid: u32) -> u32 {
        self.county.household_of(pid).village
    }

    fn pay(&self, pid: u32, pupil: &mut Pupil, month_index: u32) {
        let seed = self.county.seed;
        for (number, project) in (70_u64..).step_by(4).zip(Project::ALL) {
            let open = |kind: u64, share| befalls(seed, month_index, number + kind, pid, share);
            match self.standard(pid, pupil, project) {
                Some(_) if open(0, 0.06) => {}
                Some(standard) if open(1, 0.05) => pupil.aid.push((project, standard * 6 / 10)),
                Some(standard) => {
                    pupil.aid.push((project, standard));
                    if open(2, 0.03) && project.rules()[2].is_some() {
                        pupil.aid.push((project, standard));
                    }
                }
                None if pupil.halves > 0
                    && open(3, if project == Project::Fee { 0.1 } else { 0.004 })
                    && of_stage(project, pupil.stage) =>
                {
                    pupil.aid.push((project, 50_000));
                }
                None => {}
            }
        }
    }

    /// What a perfect tool would find.
    pub(super) fn findings(&self, found: &mut TrueFindings) {
        for (pid, person) in (0u32..).zip(&self.county.people) {
            let poor = self.county.household_of(pid).poor && !self.state.of(pid).dead;
            let mut add = |rule| {
                found.insert((rule, Key::Person(pid)));
            };
            let pupil = self.pupils[pid as usize].as_ref();
            if poor && pupil.is_none_or(|pupil| !pupil.in_roll) {
                self.not_in_roll(pid, person, &mut add);
            }
            if let Some(pupil) = pupil.filter(|pupil| pupil.in_roll) {
                self.of_pupil(pid, person, pupil, &mut add);
            }
            if let Some(loan) = &self.loans[pid as usize] {
                if loan.pending {
                    add("education.loan_pending");
                } else if loan.fen > if loan.graduate { 1_200_000 } else { 800_000 } {
                    add("education.loan_above");
                }
            }
        }
    }

    /// Whether the roll has the person.
    pub(super) fn enrolled(&self, pid: u32) -> bool {
        self.pupils[pid as usize].as_ref().is_some_and(|pupil| pupil.in_roll)
    }

    /// More than a year's money for boarding, or two payments for the spring, which is what all are for.
    fn boards_twice(&self, pupil: &Pupil) -> bool {
        let (half, year) = match (pupil.stage, pupil.grade) {
            (Stage::Primary, "一年级") if self.month.month() >= 9 => (50_000, 50_000),
            (Stage::Primary, _) => (50_000, 100_000),
            (_, "七年级") if self.month.month() >= 9 => (62_500, 112_500),
            _ => (62_500, 125_000),
        };
        let (sum, payments) = (pupil.sum(Project::Boarding), pupil.aid.iter().filter(|paid| paid.0 == Project::Boarding).count());
        sum > year || payments > 1 && sum > half
    }

    fn not_in_roll(&self, pid: u32, person: &Person, add: &mut impl FnMut(&'static str)) {
        let age = person.birth.age_on(self.enrolment_day());
        if age >= 6 && person.birth.age_on(self.month.last_day()) < 16 && !person.severe() {
            match poverty_facts::school_state_of(self.county, self.month_index, pid) {
                "非在校生" => add("education.compulsory_dropout"),
                "高中一年级" => {}
                _ => add("education.roll_elsewhere"),
            }
        } else if (3..6).contains(&age) {
            add("education.preschool_not_enrolled");
        }
    }

    fn of_pupil(&self, pid: u32, person: &Person, pupil: &Pupil, add: &mut impl FnMut(&'static str)) {
        for project in Project::ALL {
            // All that a poor pupil of a high school is paid counts together.
            if project == Project::HighPoor && pupil.sum(Project::HighPoor) > 0 && pupil.sum(Project::HighFee) > 0 {
                add("education.high_double");
            }
            let more = if project == Project::HighPoor { pupil.sum(Project::HighFee) } else { 0 };
            let (total, [missed, below, above]) = (pupil.sum(project) + more, project.rules());
            let rule = match self.standard(pid, pupil, project) {
                Some(_) if total == 0 => missed,
                Some(standard) if total < standard => below,
                Some(_) if project == Project::Boarding => above.filter(|_| self.boards_twice(pupil)),
                Some(standard) if total > standard => above,
                _ => None,
            };
            rule.into_iter().for_each(&mut *add);
        }
        let poor = self.county.household_of(pid).poor;
        let certified = person.certificate.is_some_and(|certificate| !certificate.revoked) && !self.state.of(pid).dead;
        let helped = hardship(self.county, self.state, pid) || certified;
        let has = |project| pupil.sum(project) > 0;
        // All payments are of the spring.
        if has(Project::Boarding) && !pupil.boards && self.month.month() < 9 {
            add("education.boarding_ineligible");
        }
        if has(Project::HighFee) && !helped {
            add("education.high_fee_ineligible");
        }
        if has(Project::Grant) && pupil.grade == "中职三年级" && self.month.yyyymm() % 100 < 9 {
            add("education.vocational_grant_ineligible");
        }
        if has(Project::Fee) && pupil.major == "舞蹈表演" {
            add("education.vocational_fee_ineligible");
        }
        if has(Project::Poor) && !poor {
            add("education.vocational_poor_ineligible");
        }
    }
}

/// Whether somebody at this stage could be paid the project by mistake; 普高两助三免 is no mistake that a rule could see.
fn of_stage(project: Project, stage: Stage) -> bool {
    match project {
        Project::Preschool => stage == Stage::Preschool,
        Project::Boarding => matches!(stage, Stage::Primary | Stage::Junior),
        Project::HighFee => stage == Stage::High,
        Project::Grant | Project::Fee | Project::Poor => stage == Stage::Vocational,
        Project::HighPoor | Project::Books => false,
    }
}

fn loan(county: &County, pid: u32, month_index: u32) -> Option<Loan> {
    let age = county.person(pid).age();
    let mut random = Random::keyed(county.seed, &[52, u64::from(pid)]);
    if !(19..=25).contains(&age) || !random.chance(0.2) {
        return None;
    }
    let graduate = age >= 23;
    let above = befalls(county.seed, month_index, 63, pid, 0.03);
    let fen = if above { if graduate { 1_300_000 } else { 900_000 } } else { random.pick(&[600_000, 700_000, 800_000]) };
    Some(Loan { graduate, fen, pending: befalls(county.seed, month_index, 64, pid, 0.05) })
}

impl Offices<'_> {
    pub(super) fn student(&self, education: &Education<'_>, events: &mut IdentityEvents) -> Table {
        let habit = Habit { stream: 11, spelling: Spelling::Short, broken: "焉", knows_moves: false, repeats: false };
        let pupil = |pid: u32| education.pupils[pid as usize].as_ref().filter(|pupil| pupil.in_roll);
        let (headers, cells) = columns!(|entry| {
            let Some(pupil) = pupil(entry.pid) else { return Vec::new() };
            let vocational = pupil.stage == Stage::Vocational;
            let number = &entry.written.number;
            // A child without a number of its own is given one of the roll's.
            let own = !matches!(entry.written.number_damage, Some(NumberDamage::Lent(_)));
        } {
            "学校" => pupil.school,
            "姓名" => entry.name(),
            "民族" => "汉族",
            "身份证件号" => entry.number(),
            "学籍号" => if own && number.len() == 18 { format!("G{number}") } else { format!("L52032400{:010}", entry.pid) },
            "出生日期" => entry.birth(),
            "性别" => entry.sex(),
            "学段" => pupil.stage.text(),
            "年级" => pupil.grade,
            "班级" => format!("{}班", 1 + entry.pid % 6),
            "就读方式" => if pupil.boards { "住校" } else { "走读" },
            "户口性质" => if pupil.rural { "农业户口" } else { "非农业户口" },
            "专业" => pupil.major,
            "是否涉农专业" => match (vocational, pupil.farming) {
                (true, true) => "是",
                (true, false) => "否",
                _ => "",
            },
            "幼儿园性质" => match (pupil.stage == Stage::Preschool, pupil.public) {
                (true, true) => "公办",
                (true, false) => "民办",
                _ => "",
            },
            "学籍备注" => pupil.note,
            "家庭地址" => entry.address(),
            "成员1身份证件号" => if entry.head.number == entry.person.number { "" } else { entry.head.number.as_str() },
        });
        self.table_of(&headers, habit, events, |pid| pupil(pid).is_some(), cells).named(
            "student",
            "正安县教育局",
            format!("{}年春季学期学籍名册", self.month.year()),
        )
    }

    /// One row per payment.
    pub(super) fn student_aid(&self, education: &Education<'_>, events: &mut IdentityEvents) -> Table {
        let habit = Habit { stream: 12, spelling: Spelling::Short, broken: "焉", knows_moves: false, repeats: false };
        let payments = |pid: u32| education.pupils[pid as usize].iter().flat_map(|pupil| &pupil.aid);
        let most = (0..self.county.people.len()).map(|pid| payments(u32::try_from(pid).unwrap_or(0)).count()).max().unwrap_or(0);
        let mut whole: Option<Table> = None;
        let (headers, cells) = columns!(|entry, turn: usize| {
            let (Some((project, fen)), Some(pupil)) =
                (payments(entry.pid).nth(turn), education.pupils[entry.pid as usize].as_ref())
            else {
                return Vec::new();
            };
        } {
            "资助年份" => Cell::Number(i64::from(self.month.year())),
            "学期" => "春季",
            "姓名" => entry.name(),
            "身份证号码" => entry.number(),
            "性别" => entry.sex(),
            "出生日期" => entry.birth(),
            "学校" => pupil.school,
            "年级" => pupil.grade,
            "项目名称" => project.text(),
            "资助金额" => Cell::Money(*fen),
            "乡镇" => entry.town.as_str(),
            "村（居委会）" => entry.village.as_str(),
        });
        for turn in 0..most {
            let mut table =
                self.table_of(&headers, habit, events, |pid| payments(pid).nth(turn).is_some(), |entry| cells(entry, turn));
            match &mut whole {
                None => whole = Some(table),
                Some(whole) => whole.rows.append(&mut table.rows),
            }
        }
        whole.unwrap_or_else(|| self.table_of(&headers, habit, events, |_| false, |_| Vec::new())).named(
            "student_aid",
            "正安县教育局",
            format!("{}年学生资助发放台账", self.month.year()),
        )
    }

    pub(super) fn student_loan(&self, education: &Education<'_>, events: &mut IdentityEvents) -> Table {
        let habit = Habit { stream: 13, spelling: Spelling::Short, broken: "焉", knows_moves: false, repeats: false };
        let (headers, cells) = columns!(|entry| {
            let Some(loan) = &education.loans[entry.pid as usize] else { return Vec::new() };
        } {
            "年度" => Cell::Number(i64::from(self.month.year())),
            "姓名" => entry.name(),
            "身份证号码" => entry.number(),
            "乡镇" => entry.town.as_str(),
            "村" => entry.village.as_str(),
            "就读高校" => "贵州大学",
            "学历层次" => if loan.graduate { "硕士研究生" } else { "本科" },
            "贷款金额（元）" => Cell::Money(loan.fen),
            "贷款状态" => if loan.pending { "待审批" } else { "已发放" },
        });
        self.table_of(&headers, habit, events, |pid| education.loans[pid as usize].is_some(), cells).named(
            "student_loan",
            "正安县教育局",
            format!("{}年生源地信用助学贷款台账", self.month.year()),
        )
    }

    /// One row per village, of nobody.
    pub(super) fn village_list(&self) -> Table {
        let villages = (0u32..).zip(&self.county.villages);
        let rows = villages.map(|(index, village)| {
            let poor = if poor_village(index) { "是" } else { "否" };
            Row::nobody(village.town_index, [village.town.as_str(), &village.short(), poor].map(Cell::from).to_vec())
        });
        Table {
            registry: "village_list",
            title: "正安县贫困村名单".to_owned(),
            office: "正安县扶贫开发办公室",
            headers: headers(&["乡镇", "行政村", "是否贫困村"]),
            rows: rows.collect(),
        }
    }
}
