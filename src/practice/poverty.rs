//! The poverty registry (建档立卡): the person export of 2017-18 (domain: 1.1.1) and the wide one of later (1.1.2).

use super::conflicts;
use super::county::{Person, Relation};
use super::divisions::Spelling;
use super::findings::IdentityEvents;
use super::offices::{Entry, Habit, Offices, columns};
use super::poverty_facts::{cause, headless, income, school_state_of, works};
use super::table::{Cell, Table};
use super::two_none;

/// Added to the export of every town in later months.
const TWO_NONE: &str = "是否两无户";

const HABIT: Habit = Habit { stream: 0, spelling: Spelling::Short, broken: "㯊", knows_moves: true, repeats: true };

impl Offices<'_> {
    pub(super) fn poverty(&self, events: &mut IdentityEvents) -> Table {
        let serial = std::cell::Cell::new(0);
        let (headers, cells) = columns!(|entry| {
            serial.set(serial.get() + 1);
            let (household, works) = (entry.household, works(self.county, self.month_index, entry.pid));
        } {
            "序号" => Cell::Number(serial.get()),
            "县(市、区、旗)" => "正安县",
            "乡(镇)" => entry.town.as_str(),
            "行政村" => entry.village.as_str(),
            "自然村" => household.group,
            "户编号" => self.household_code(entry),
            "人编号" => self.person_code(entry),
            "姓名" => entry.name(),
            "证件号码" => entry.number(),
            "人数" => Cell::Number(i64::from(household.size)),
            "与户主关系" => self.relation(entry),
            "民族" => nationality(entry),
            "文化程度" => schooling(entry.person),
            "在校生状况" => self.school_state(entry),
            "健康状况" => self.health(entry),
            "劳动技能" => self.labour(entry),
            "务工状况" => match (works_away(entry), works) {
                (true, _) => "省外务工",
                (false, true) => "县内务工",
                _ => "",
            },
            "务工时间（月）" => if works && !conflicts::no_months(self.county, self.month_index, entry.pid) {
                Cell::Number(i64::from(3 + entry.pid % 9))
            } else {
                Cell::Empty
            },
            "参加大病医疗" => "是",
            "脱贫属性" => household.poverty_status,
            "贫困户属性" => household.attribute.text(),
            "主要致贫原因" => cause(self.county, self.month_index, entry.hid),
            "危房户" => "否",
            "饮水安全" => "是",
            "饮水困难" => "否",
            "人均纯收入" => Cell::Money(income(self.county, self.state, self.month_index, entry.hid)),
            "联系电话" => entry.phone(),
        });
        let has_two_none = two_none::has_column(self.month_index);
        let cells = |entry: &Entry<'_>| {
            let mut cells = cells(entry);
            cells.extend(has_two_none.then(|| self.two_none(entry)));
            cells
        };
        let mut headers = headers.to_vec();
        headers.extend(has_two_none.then_some(TWO_NONE));
        let mut table = self.table(&headers, HABIT, events, |person, _| self.is_poor(person), cells);
        for listing in conflicts::listed_twice(self) {
            table.rows.push(self.guest(listing.hid, listing.pid, HABIT, events, cells));
        }
        table.named("poverty", "正安县扶贫开发办公室", format!("正安县{}建档立卡贫困人口信息", self.month))
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

    /// The same people as [`Offices::poverty`], in the 47 columns of the wide edition, and the three that a county adds when it exports them for a
    /// comparison; what happened to their numbers is the same too.
    pub(super) fn poverty_wide(&self) -> Table {
        let mut unheard = IdentityEvents::new(self.county.people.len());
        let (headers, cells) = columns!(|entry| {
            let yes_no = |yes: bool| if yes { "是" } else { "否" };
        } {
            "省" => "贵州省",
            "市" => "遵义市",
            "县" => "正安县",
            "乡" => entry.town.as_str(),
            "村" => entry.village.as_str(),
            "户编号" => self.household_code(entry),
            "人口编号" => self.person_code(entry),
            "姓名" => entry.name(),
            "性别" => entry.sex(),
            "出生日期" => entry.birth(),
            "证件类型" => "居民身份证",
            "证件号码" => entry.number(),
            "民族" => nationality(entry),
            "户联系电话" => entry.phone(),
            "成员联系电话" => Cell::Empty,
            "年度" => Cell::Number(i64::from(self.month.year())),
            "与户主关系" => self.relation(entry),
            "文化程度" => schooling(entry.person),
            "在校生状况" => self.school_state(entry),
            "劳动技能" => self.labour(entry),
            "务工时间（月）" => Cell::Empty,
            "健康状况" => self.health(entry),
            "政治面貌" => Cell::Empty,
            "务工企业名称" => Cell::Empty,
            "是否享受低保" => yes_no(entry.welfare.covered()),
            "是否参加城镇职工基本养老保险" => Cell::Empty,
            "是否参加大病保险" => "是",
            "是否参加新型农村合作医疗（城乡居民基本医疗保险）" => Cell::Empty,
            "是否参加城乡居民基本养老保险" => Cell::Empty,
            "失学或辍学原因" => Cell::Empty,
            "是否会讲普通话" => "是",
            "是否参加商业补充医疗保险" => Cell::Empty,
            "是否国外务工" => Cell::Empty,
            "产业分类" => Cell::Empty,
            "是否接受大病医疗救助" => Cell::Empty,
            "是否接受其他健康扶贫" => Cell::Empty,
            "公益性岗位类型" => Cell::Empty,
            "公益性岗位(月数)" => Cell::Empty,
            "就业渠道" => Cell::Empty,
            "残疾类别" => entry.disability_kind(),
            "务工所在地" => Cell::Empty,
            "户主姓名" => entry.head.name.as_str(),
            "户主证件号码" => entry.head.number.as_str(),
            "是否参加城镇职工基本医疗保险" => Cell::Empty,
            "是否特困供养人员" => yes_no(entry.welfare.tekun > 0),
            "残疾证办证年度" => Cell::Empty,
            "识别标准" => "国家标准",
            "脱贫属性" => entry.household.poverty_status,
            "贫困户属性" => entry.household.attribute.text(),
            TWO_NONE => self.two_none(entry),
        });
        let mut table = self.table(&headers, HABIT, &mut unheard, |person, _| self.is_poor(person), cells);
        for listing in conflicts::listed_twice(self) {
            table.rows.push(self.guest(listing.hid, listing.pid, HABIT, &mut unheard, cells));
        }
        table.named("poverty", "正安县扶贫开发办公室", format!("正安县{}建档立卡贫困人口信息（自定义）", self.month))
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
