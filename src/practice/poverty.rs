//! The poverty registry (建档立卡): the person export of 2017-18 (domain: 1.1.1) and the wide one of later (1.1.2).

use super::conflicts;
use super::county::{Person, Relation};
use super::divisions::Spelling;
use super::findings::IdentityEvents;
use super::offices::{Entry, Habit, Offices};
use super::poverty_facts::{cause, headless, income, school_state_of, works};
use super::table::{Cell, Table};
use super::two_none;

const HEADERS: [&str; 27] = [
    "序号",
    "县(市、区、旗)",
    "乡(镇)",
    "行政村",
    "自然村",
    "户编号",
    "人编号",
    "姓名",
    "证件号码",
    "人数",
    "与户主关系",
    "民族",
    "文化程度",
    "在校生状况",
    "健康状况",
    "劳动技能",
    "务工状况",
    "务工时间（月）",
    "参加大病医疗",
    "脱贫属性",
    "贫困户属性",
    "主要致贫原因",
    "危房户",
    "饮水安全",
    "饮水困难",
    "人均纯收入",
    "联系电话",
];

/// The 47 columns of the wide edition, and the three that a county adds when it exports them for a comparison.
const WIDE: [&str; 50] = [
    "省",
    "市",
    "县",
    "乡",
    "村",
    "户编号",
    "人口编号",
    "姓名",
    "性别",
    "出生日期",
    "证件类型",
    "证件号码",
    "民族",
    "户联系电话",
    "成员联系电话",
    "年度",
    "与户主关系",
    "文化程度",
    "在校生状况",
    "劳动技能",
    "务工时间（月）",
    "健康状况",
    "政治面貌",
    "务工企业名称",
    "是否享受低保",
    "是否参加城镇职工基本养老保险",
    "是否参加大病保险",
    "是否参加新型农村合作医疗（城乡居民基本医疗保险）",
    "是否参加城乡居民基本养老保险",
    "失学或辍学原因",
    "是否会讲普通话",
    "是否参加商业补充医疗保险",
    "是否国外务工",
    "产业分类",
    "是否接受大病医疗救助",
    "是否接受其他健康扶贫",
    "公益性岗位类型",
    "公益性岗位(月数)",
    "就业渠道",
    "残疾类别",
    "务工所在地",
    "户主姓名",
    "户主证件号码",
    "是否参加城镇职工基本医疗保险",
    "是否特困供养人员",
    "残疾证办证年度",
    "识别标准",
    "脱贫属性",
    "贫困户属性",
    TWO_NONE,
];

/// Added to the export of every town in later months.
const TWO_NONE: &str = "是否两无户";

const HABIT: Habit = Habit { stream: 0, spelling: Spelling::Short, broken: "㯊", knows_moves: true, repeats: true };

impl Offices<'_> {
    pub(super) fn poverty(&self, events: &mut IdentityEvents) -> Table {
        let serial = std::cell::Cell::new(0);
        let cells = |entry: &Entry<'_>| {
            serial.set(serial.get() + 1);
            self.cells(entry, serial.get())
        };
        let mut headers = HEADERS.to_vec();
        headers.extend(two_none::has_column(self.month_index).then_some(TWO_NONE));
        let mut table = self.table(&headers, HABIT, events, |person, _| self.is_poor(person), cells);
        for listing in conflicts::listed_twice(self) {
            table.rows.push(self.guest(listing.hid, listing.pid, HABIT, events, cells));
        }
        (table.registry, table.office) = ("poverty", "正安县扶贫开发办公室");
        table.title = format!("正安县{}建档立卡贫困人口信息", self.month);
        table
    }

    fn cells(&self, entry: &Entry<'_>, serial: i64) -> Vec<Cell> {
        let household = entry.household;
        let works = works(self.county, self.month_index, entry.pid);
        let mut cells = vec![
            Cell::Number(serial),
            Cell::from("正安县"),
            Cell::from(entry.town.as_str()),
            Cell::from(entry.village.as_str()),
            Cell::from(household.group),
            Cell::from(self.household_code(entry)),
            Cell::from(self.person_code(entry)),
            entry.name(),
            entry.number(),
            Cell::Number(i64::from(household.size)),
            Cell::from(self.relation(entry)),
            Cell::from(nationality(entry)),
            Cell::from(schooling(entry.person)),
            Cell::from(self.school_state(entry)),
            Cell::from(self.health(entry)),
            Cell::from(self.labour(entry)),
            Cell::from(match (works_away(entry), works) {
                (true, _) => "省外务工",
                (false, true) => "县内务工",
                _ => "",
            }),
            if works && !conflicts::no_months(self.county, self.month_index, entry.pid) {
                Cell::Number(i64::from(3 + entry.pid % 9))
            } else {
                Cell::Empty
            },
            Cell::from("是"),
            Cell::from(household.poverty_status),
            Cell::from(household.attribute.text()),
            Cell::from(cause(self.county, self.month_index, entry.hid)),
            Cell::from("否"),
            Cell::from("是"),
            Cell::from("否"),
            Cell::Money(income(self.county, self.state, self.month_index, entry.hid)),
            entry.phone(),
        ];
        cells.extend(two_none::has_column(self.month_index).then(|| self.two_none(entry)));
        cells
    }

    fn two_none(&self, entry: &Entry<'_>) -> Cell {
        let marked = two_none::marked(self.county, self.state, self.month_index, entry.hid);
        Cell::from(if marked { "是" } else { "否" })
    }

    fn relation(&self, entry: &Entry<'_>) -> &'static str {
        let (county, month) = (self.county, self.month_index);
        if entry.hid != entry.person.household {
            return if entry.person.relation == Relation::Spouse { "之女" } else { entry.person.relation.poverty() };
        }
        if headless(county, month, entry.pid) {
            return "其他";
        }
        conflicts::relation(county, month, entry.pid)
    }

    fn school_state(&self, entry: &Entry<'_>) -> &'static str {
        school_state_of(self.county, self.month_index, entry.pid)
    }

    fn labour(&self, entry: &Entry<'_>) -> &'static str {
        let claimed = conflicts::able_by_word(self.county, self.month_index, entry.pid);
        if claimed { "普通劳动力" } else { entry.person.labour }
    }

    fn health(&self, entry: &Entry<'_>) -> &'static str {
        let claimed = conflicts::disabled_by_word(self.county, self.month_index, entry.pid);
        if claimed { "长期慢性病,残疾" } else { health(entry.person) }
    }

    /// The same people as [`Offices::poverty`], in the wide edition; what happened to their numbers is the same too.
    pub(super) fn poverty_wide(&self) -> Table {
        let mut unheard = IdentityEvents::new(self.county.people.len());
        let cells = |entry: &Entry<'_>| self.wide_cells(entry);
        let mut table = self.table(&WIDE, HABIT, &mut unheard, |person, _| self.is_poor(person), cells);
        for listing in conflicts::listed_twice(self) {
            table.rows.push(self.guest(listing.hid, listing.pid, HABIT, &mut unheard, cells));
        }
        (table.registry, table.office) = ("poverty", "正安县扶贫开发办公室");
        table.title = format!("正安县{}建档立卡贫困人口信息（自定义）", self.month);
        table
    }

    fn wide_cells(&self, entry: &Entry<'_>) -> Vec<Cell> {
        let yes_no = |yes: bool| if yes { "是" } else { "否" };
        let value = |header: &str| match header {
            "省" => Cell::from("贵州省"),
            "市" => Cell::from("遵义市"),
            "县" => Cell::from("正安县"),
            "乡" => Cell::from(entry.town.as_str()),
            "村" => Cell::from(entry.village.as_str()),
            "户编号" => Cell::from(self.household_code(entry)),
            "人口编号" => Cell::from(self.person_code(entry)),
            "姓名" => entry.name(),
            "性别" => entry.sex(),
            "出生日期" => entry.birth(),
            "证件类型" => Cell::from("居民身份证"),
            "证件号码" => entry.number(),
            "民族" => Cell::from(nationality(entry)),
            "户联系电话" => entry.phone(),
            "年度" => Cell::Number(i64::from(self.month.year())),
            "与户主关系" => Cell::from(self.relation(entry)),
            "文化程度" => Cell::from(schooling(entry.person)),
            "在校生状况" => Cell::from(self.school_state(entry)),
            "劳动技能" => Cell::from(self.labour(entry)),
            "健康状况" => Cell::from(self.health(entry)),
            "是否享受低保" => Cell::from(yes_no(entry.welfare.covered())),
            "是否参加大病保险" | "是否会讲普通话" => Cell::from("是"),
            "残疾类别" => Cell::from(entry.disability_kind()),
            "户主姓名" => Cell::from(entry.head.name.as_str()),
            "户主证件号码" => Cell::from(entry.head.number.as_str()),
            "是否特困供养人员" => Cell::from(yes_no(entry.welfare.tekun > 0)),
            "识别标准" => Cell::from("国家标准"),
            "脱贫属性" => Cell::from(entry.household.poverty_status),
            "贫困户属性" => Cell::from(entry.household.attribute.text()),
            TWO_NONE => self.two_none(entry),
            _ => Cell::Empty,
        };
        WIDE.iter().map(|header| value(header)).collect()
    }

    fn is_poor(&self, person: &Person) -> bool {
        self.county.household(person.household).poor
    }

    /// 19 digits: the code of the village where the household was registered first, and a serial.
    fn household_code(&self, entry: &Entry<'_>) -> String {
        let village = &self.county.villages[entry.household.village as usize];
        format!("{}{:07}", village.code, entry.hid + 1)
    }

    fn person_code(&self, entry: &Entry<'_>) -> String {
        let position = match (entry.hid == entry.person.household, entry.again) {
            (true, false) => entry.pid - entry.household.first + 1,
            (true, true) => entry.pid - entry.household.first + 51,
            (false, _) => 91,
        };
        format!("{}{position:02}", self.household_code(entry))
    }
}

fn works_away(entry: &Entry<'_>) -> bool {
    entry.person.can_work() && !entry.pid.is_multiple_of(3)
}

fn nationality(entry: &Entry<'_>) -> &'static str {
    match entry.person.household % 11 {
        0..=6 => "汉族",
        7 | 8 => "仡佬族",
        _ => "苗族",
    }
}

fn schooling(person: &Person) -> &'static str {
    match person.age() {
        ..=6 => "学龄前儿童",
        7..=12 | 36..=64 => "小学",
        13..=35 => "初中",
        _ => "文盲或半文盲",
    }
}

fn health(person: &Person) -> &'static str {
    match (person.certificate.is_some(), person.ill) {
        (true, true) => "长期慢性病,残疾",
        (true, false) => "残疾",
        (false, true) => "长期慢性病",
        (false, false) => "健康",
    }
}
