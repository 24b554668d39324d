//! Each office's registry of a month, in the columns of its real export (domain: 1.1-1.4), with that office's own mistakes.

use super::conflicts;
use super::county::{Person, Relation};
use super::divisions::Spelling;
use super::findings::IdentityEvents;
use super::offices::{Entry, Habit, Offices};
use super::poverty_facts::gradual_exit;
use super::table::{Cell, Table};
use super::welfare::{Dibao, Welfare, tekun_entry};

/// Stream of chance of the premium subsidy list, whose double entries are two departments' claims.
pub(super) const PREMIUM_STREAM: u64 = 6;

/// The head's number, of which most sheets are made without.
pub(super) const HEAD_NUMBER: &str = "户主号码";

impl Offices<'_> {
    pub(super) fn dibao(&self, events: &mut IdentityEvents) -> Table {
        const HEADERS: [&str; 24] = [
            "地区",
            "家庭主键",
            "姓名",
            "性别",
            "年龄",
            "民族",
            "身份证号",
            "与户主关系",
            "人员状态",
            "是否保障对象",
            "年收入（元）",
            "低保证号",
            "起始保障年月",
            "户月保障金额（元）",
            "分类施保金（元）",
            "户主姓名",
            "家庭住址",
            "联系电话",
            "健康状况",
            "劳动能力",
            "残疾类别",
            "残疾等级",
            "是否渐退",
            HEAD_NUMBER,
        ];
        let habit = Habit { stream: 1, spelling: Spelling::Short, broken: "焉", knows_moves: true, repeats: true };
        let cells = |entry: &Entry<'_>| {
            let hid = entry.hid;
            let guest = hid != entry.person.household;
            let first = entry.household.members().find(|&pid| self.state.of(pid).dibao != Dibao::Absent).unwrap_or(entry.pid);
            let relation = if first == entry.pid { Relation::Head } else { entry.person.relation };
            vec![
                Cell::from(format!("{}{}", entry.town, entry.village)),
                entry.code(3_100_000_000, hid),
                entry.name(),
                entry.sex(),
                entry.age(),
                Cell::from("汉族"),
                entry.number(),
                Cell::from(if guest { "其他" } else { relation.plain() }),
                Cell::from(if entry.welfare.dead { "死亡" } else { "正常" }),
                Cell::from(if entry.welfare.covered() && !guest { "是" } else { "否" }),
                Cell::Empty,
                Cell::from(format!("黔NB{hid:09}")),
                Cell::from(format!("{}{:02}", 2010 + hid % 8, 1 + hid % 12)),
                Cell::Money(self.state.dibao[hid as usize]),
                if entry.welfare.class_aid > 0 { Cell::Money(entry.welfare.class_aid) } else { Cell::Empty },
                Cell::from(self.county.person(first).name.as_str()),
                entry.address(),
                entry.phone(),
                Cell::from(if entry.person.ill { "一般或较弱" } else { "健康或良好" }),
                Cell::from(if entry.person.can_work() { "有" } else { "无劳动力" }),
                Cell::from(entry.disability_kind()),
                Cell::from(entry.disability_grade()),
                Cell::from(if gradual_exit(self.county, self.state, self.month_index, hid) { "是" } else { "否" }),
                Cell::from(self.county.person(first).number.as_str()),
            ]
        };
        let mut table = self.table(&HEADERS, habit, events, |_, welfare| welfare.dibao != Dibao::Absent, cells);
        for (pid, hid) in conflicts::in_two_towns(self) {
            table.rows.push(self.guest(hid, pid, habit, events, cells));
        }
        (table.registry, table.office) = ("dibao", "正安县民政局");
        table.title = format!("{}农村低保人员信息", self.month);
        table
    }

    /// One row per household; name and number are the head's, who need not be covered.
    pub(super) fn dibao_payment(&self, events: &mut IdentityEvents) -> Table {
        const HEADERS: [&str; 10] = [
            "属地",
            "姓名",
            "身份证号",
            "保障人数",
            "保障金（元）",
            "分类施保金（元）",
            "发放合计（元）",
            "账户名称",
            "开户银行",
            "账号",
        ];
        let habit = Habit { stream: 2, spelling: Spelling::Short, broken: "焉", knows_moves: true, repeats: false };
        let is_receiver = |person: &Person, _: &Welfare| {
            self.receiver(person.household).is_some_and(|pid| std::ptr::eq(self.county.person(pid), person))
        };
        let accounts = conflicts::accounts(self);
        let mut table = self.table(&HEADERS, habit, events, is_receiver, |entry| {
            let hid = entry.person.household;
            let account = &accounts[hid as usize];
            let class_aid: i64 = entry.household.members().map(|pid| self.state.of(pid).class_aid).sum();
            let amount = self.state.dibao[hid as usize];
            vec![
                Cell::from(format!("{}{}", entry.town, entry.village)),
                entry.name(),
                entry.number(),
                Cell::Number(self.state.covered(self.county, hid)),
                Cell::Money(amount),
                Cell::Money(class_aid),
                Cell::Money(amount + class_aid),
                Cell::from(account.name.map_or(entry.written.name.as_str(), |owner| self.county.person(owner).name.as_str())),
                Cell::from("正安县农村信用联社"),
                Cell::from(format!("6217{:015}", u64::from(account.of) * 7_919)),
            ]
        });
        (table.registry, table.office) = ("dibao_payment", "正安县民政局");
        table.title = format!("{}农村低保发放明细", self.month);
        table
    }

    pub(super) fn tekun(&self, events: &mut IdentityEvents) -> Table {
        const HEADERS: [&str; 20] = [
            "地区",
            "姓名",
            "性别",
            "年龄",
            "身份证号",
            "与户主关系",
            "人员状态",
            "是否供养对象",
            "特困证号",
            "起始保障年月",
            "供养方式",
            "生活自理能力",
            "月供养金（元）",
            "户主姓名",
            "家庭住址",
            "联系电话",
            "供养机构",
            "入住敬老院日期",
            "监护责任人",
            "是否签订协议",
        ];
        let habit = Habit { stream: 3, spelling: Spelling::Office, broken: "\u{E000}", knows_moves: false, repeats: true };
        let mut table = self.table(
            &HEADERS,
            habit,
            events,
            |_, welfare| welfare.tekun > 0,
            |entry| {
                let hid = entry.person.household;
                let support = tekun_entry(self.county, self.month_index, entry.pid);
                vec![
                    Cell::from(format!("{}{}", entry.town, entry.village)),
                    entry.name(),
                    entry.sex(),
                    entry.age(),
                    entry.number(),
                    Cell::from(entry.person.relation.plain()),
                    Cell::from("正常"),
                    Cell::from("是"),
                    Cell::from(format!("黔NT{:09}{}", entry.pid, if entry.again { "B" } else { "" })),
                    Cell::from(format!("{}{:02}", 2012 + hid % 6, 1 + hid % 12)),
                    Cell::from(if support.housed { "集中供养" } else { "分散供养" }),
                    Cell::from(support.self_care),
                    Cell::Money(entry.welfare.tekun),
                    Cell::from(entry.head.name.as_str()),
                    entry.address(),
                    entry.phone(),
                    Cell::from(if support.institution { "瑞溪敬老院" } else { "" }),
                    Cell::from(if support.housed { "2018-04-10" } else { "" }),
                    Cell::from(if support.guardian { "村民小组长" } else { "" }),
                    Cell::from(if support.housed { "" } else { "是" }),
                ]
            },
        );
        (table.registry, table.office) = ("tekun", "正安县民政局");
        table.title = format!("{}年正安县特困供养人员花名册", self.month.year());
        table
    }

    pub(super) fn tekun_payment(&self, events: &mut IdentityEvents) -> Table {
        const HEADERS: [&str; 7] = ["属地", "姓名", "身份证号", "供养方式", "发放月份", "发放金额（元）", "账号"];
        let habit = Habit { stream: 4, spelling: Spelling::Office, broken: "□", knows_moves: false, repeats: true };
        let mut table = self.table_of(
            &HEADERS,
            habit,
            events,
            |pid| self.state.of(pid).tekun > 0 && !conflicts::unpaid(self.county, self.month_index, pid),
            |entry| {
                vec![
                    Cell::from(format!("{}{}", entry.town, entry.village)),
                    entry.name(),
                    entry.number(),
                    Cell::from(if entry.pid.is_multiple_of(3) { "集中供养" } else { "分散供养" }),
                    Cell::from(self.month.yyyymm().to_string()),
                    Cell::Money(entry.welfare.tekun),
                    entry.code(6_217_000_000_000_000_000, entry.pid),
                ]
            },
        );
        (table.registry, table.office) = ("tekun_payment", "正安县民政局");
        table.title = format!("{}特困供养金发放明细", self.month);
        table
    }

    pub(super) fn insurance(&self, events: &mut IdentityEvents) -> Table {
        const HEADERS: [&str; 18] = [
            "乡镇",
            "村组",
            "家庭编号",
            "户主姓名",
            "个人编号",
            "姓名",
            "性别",
            "身份证号码",
            "出生日期",
            "与户主关系",
            "参合属性",
            "参合年度",
            "缴费金额",
            "个人缴费",
            "财政资助金额",
            "资助部门",
            "联系电话",
            "死亡/注销标志",
        ];
        let habit = Habit { stream: 5, spelling: Spelling::Short, broken: "?", knows_moves: false, repeats: true };
        let mut table = self.table(
            &HEADERS,
            habit,
            events,
            |_, welfare| welfare.enrolled,
            |entry| {
                let (category, department) = premium_category(entry);
                vec![
                    Cell::from(entry.town.as_str()),
                    Cell::from(format!("{}{}", entry.village, entry.household.group)),
                    entry.code(5_203_240_000, entry.person.household),
                    Cell::from(entry.head.name.as_str()),
                    entry.code(5_203_240_000_000, entry.pid),
                    entry.name(),
                    entry.sex(),
                    entry.number(),
                    entry.birth(),
                    Cell::from(entry.person.relation.plain()),
                    Cell::from(category),
                    self.year(),
                    Cell::Money(entry.welfare.own + entry.welfare.subsidy),
                    Cell::Money(entry.welfare.own),
                    Cell::Money(entry.welfare.subsidy),
                    Cell::from(department),
                    entry.phone(),
                    Cell::from(if entry.welfare.dead { "死亡" } else { "" }),
                ]
            },
        );
        (table.registry, table.office) = ("insurance", "正安县合医局");
        table.title = format!("{}年度城乡居民参合人员名册", self.month.year());
        table
    }

    pub(super) fn premium_subsidy(&self, events: &mut IdentityEvents) -> Table {
        const HEADERS: [&str; 10] =
            ["序号", "乡镇", "村", "姓名", "身份证号", "资助类别", "资助标准(元/人)", "资助部门", "个人缴费", "备注"];
        let habit = Habit { stream: PREMIUM_STREAM, spelling: Spelling::Bare, broken: "", knows_moves: false, repeats: true };
        let serial = std::cell::Cell::new(0);
        let mut table = self.table(
            &HEADERS,
            habit,
            events,
            |_, welfare| welfare.enrolled && welfare.subsidy > 0,
            |entry| {
                let (category, department) = premium_category(entry);
                serial.set(serial.get() + 1);
                vec![
                    Cell::Number(serial.get()),
                    Cell::from(entry.town.as_str()),
                    Cell::from(entry.village.as_str()),
                    entry.name(),
                    entry.number(),
                    Cell::from(category),
                    Cell::Money(entry.welfare.subsidy),
                    Cell::from(if entry.again { "残联" } else { department }),
                    Cell::Money(entry.welfare.own),
                    Cell::Empty,
                ]
            },
        );
        (table.registry, table.office) = ("premium_subsidy", "正安县卫计局");
        table.title = format!("{}年度资助参合人员名单", self.month.year());
        table
    }
}

fn premium_category(entry: &Entry<'_>) -> (&'static str, &'static str) {
    if entry.welfare.subsidy == 0 {
        ("一般农民", "")
    } else if entry.welfare.tekun > 0 {
        ("特困供养", "民政")
    } else if entry.welfare.covered() {
        ("农村低保", "民政")
    } else if entry.household.poor {
        ("建档立卡", "扶贫")
    } else {
        ("重度残疾", "残联")
    }
}
