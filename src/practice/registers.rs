//! Each office's registry of a month, in the columns of its real export (domain: 1.1-1.4), with that office's own mistakes.

use super::conflicts;
use super::county::{Person, Relation};
use super::divisions::Spelling;
use super::findings::IdentityEvents;
use super::offices::{Entry, Habit, Offices, columns};
use super::poverty_facts::gradual_exit;
use super::table::{Cell, Table};
use super::welfare::{Dibao, Welfare, tekun_entry};

/// Stream of chance of the premium subsidy list, whose double entries are two departments' claims.
pub(super) const PREMIUM_STREAM: u64 = 6;

/// The head's number, of which most sheets are made without.
pub(super) const HEAD_NUMBER: &str = "户主号码";

impl Offices<'_> {
    pub(super) fn dibao(&self, events: &mut IdentityEvents) -> Table {
        let habit = Habit { stream: 1, spelling: Spelling::Short, broken: "焉", knows_moves: true, repeats: true };
        let (headers, cells) = columns!(|entry| {
            let hid = entry.hid;
            let guest = hid != entry.person.household;
            let first = entry.household.members().find(|&pid| self.state.of(pid).dibao != Dibao::Absent).unwrap_or(entry.pid);
            let relation = if first == entry.pid { Relation::Head } else { entry.person.relation };
        } {
            "地区" => format!("{}{}", entry.town, entry.village),
            "家庭主键" => entry.code(3_100_000_000, hid),
            "姓名" => entry.name(),
            "性别" => entry.sex(),
            "年龄" => entry.age(),
            "民族" => "汉族",
            "身份证号" => entry.number(),
            "与户主关系" => if guest { "其他" } else { relation.plain() },
            "人员状态" => if entry.welfare.dead { "死亡" } else { "正常" },
            "是否保障对象" => if entry.welfare.covered() && !guest { "是" } else { "否" },
            "年收入（元）" => Cell::Empty,
            "低保证号" => format!("黔NB{hid:09}"),
            "起始保障年月" => format!("{}{:02}", 2010 + hid % 8, 1 + hid % 12),
            "户月保障金额（元）" => Cell::Money(self.state.dibao[hid as usize]),
            "分类施保金（元）" => if entry.welfare.class_aid > 0 { Cell::Money(entry.welfare.class_aid) } else { Cell::Empty },
            "户主姓名" => self.county.person(first).name.as_str(),
            "家庭住址" => entry.address(),
            "联系电话" => entry.phone(),
            "健康状况" => if entry.person.ill { "一般或较弱" } else { "健康或良好" },
            "劳动能力" => if entry.person.can_work() { "有" } else { "无劳动力" },
            "残疾类别" => entry.disability_kind(),
            "残疾等级" => entry.disability_grade(),
            "是否渐退" => if gradual_exit(self.county, self.state, self.month_index, hid) { "是" } else { "否" },
            HEAD_NUMBER => self.county.person(first).number.as_str(),
        });
        let mut table = self.table(&headers, habit, events, |_, welfare| welfare.dibao != Dibao::Absent, cells);
        for (pid, hid) in conflicts::in_two_towns(self) {
            table.rows.push(self.guest(hid, pid, habit, events, cells));
        }
        table.named("dibao", "正安县民政局", format!("{}农村低保人员信息", self.month))
    }

    /// One row per household; name and number are the head's, who need not be covered.
    pub(super) fn dibao_payment(&self, events: &mut IdentityEvents) -> Table {
        let habit = Habit { stream: 2, spelling: Spelling::Short, broken: "焉", knows_moves: true, repeats: false };
        let is_receiver = |person: &Person, _: &Welfare| {
            self.receiver(person.household).is_some_and(|pid| std::ptr::eq(self.county.person(pid), person))
        };
        let accounts = conflicts::accounts(self);
        let (headers, cells) = columns!(|entry| {
            let hid = entry.person.household;
            let account = &accounts[hid as usize];
            let class_aid: i64 = entry.household.members().map(|pid| self.state.of(pid).class_aid).sum();
            let amount = self.state.dibao[hid as usize];
        } {
            "属地" => format!("{}{}", entry.town, entry.village),
            "姓名" => entry.name(),
            "身份证号" => entry.number(),
            "保障人数" => Cell::Number(self.state.covered(self.county, hid)),
            "保障金（元）" => Cell::Money(amount),
            "分类施保金（元）" => Cell::Money(class_aid),
            "发放合计（元）" => Cell::Money(amount + class_aid),
            "账户名称" => account.name.map_or(entry.written.name.as_str(), |owner| self.county.person(owner).name.as_str()),
            "开户银行" => "正安县农村信用联社",
            "账号" => format!("6217{:015}", u64::from(account.of) * 7_919),
        });
        self.table(&headers, habit, events, is_receiver, cells).named(
            "dibao_payment",
            "正安县民政局",
            format!("{}农村低保发放明细", self.month),
        )
    }

    pub(super) fn tekun(&self, events: &mut IdentityEvents) -> Table {
        let habit = Habit { stream: 3, spelling: Spelling::Office, broken: "\u{E000}", knows_moves: false, repeats: true };
        let (headers, cells) = columns!(|entry| {
            let hid = entry.person.household;
            let support = tekun_entry(self.county, self.month_index, entry.pid);
        } {
            "地区" => format!("{}{}", entry.town, entry.village),
            "姓名" => entry.name(),
            "性别" => entry.sex(),
            "年龄" => entry.age(),
            "身份证号" => entry.number(),
            "与户主关系" => entry.person.relation.plain(),
            "人员状态" => "正常",
            "是否供养对象" => "是",
            "特困证号" => format!("黔NT{:09}{}", entry.pid, if entry.again { "B" } else { "" }),
            "起始保障年月" => format!("{}{:02}", 2012 + hid % 6, 1 + hid % 12),
            "供养方式" => if support.housed { "集中供养" } else { "分散供养" },
            "生活自理能力" => support.self_care,
            "月供养金（元）" => Cell::Money(entry.welfare.tekun),
            "户主姓名" => entry.head.name.as_str(),
            "家庭住址" => entry.address(),
            "联系电话" => entry.phone(),
            "供养机构" => if support.institution { "瑞溪敬老院" } else { "" },
            "入住敬老院日期" => if support.housed { "2018-04-10" } else { "" },
            "监护责任人" => if support.guardian { "村民小组长" } else { "" },
            "是否签订协议" => if support.housed { "" } else { "是" },
        });
        self.table(&headers, habit, events, |_, welfare| welfare.tekun > 0, cells).named(
            "tekun",
            "正安县民政局",
            format!("{}年正安县特困供养人员花名册", self.month.year()),
        )
    }

    pub(super) fn tekun_payment(&self, events: &mut IdentityEvents) -> Table {
        let habit = Habit { stream: 4, spelling: Spelling::Office, broken: "□", knows_moves: false, repeats: true };
        let (headers, cells) = columns!(|entry| {} {
            "属地" => format!("{}{}", entry.town, entry.village),
            "姓名" => entry.name(),
            "身份证号" => entry.number(),
            "供养方式" => if entry.pid.is_multiple_of(3) { "集中供养" } else { "分散供养" },
            "发放月份" => self.month.yyyymm().to_string(),
            "发放金额（元）" => Cell::Money(entry.welfare.tekun),
            "账号" => entry.code(6_217_000_000_000_000_000, entry.pid),
        });
        self.table_of(
            &headers,
            habit,
            events,
            |pid| self.state.of(pid).tekun > 0 && !conflicts::unpaid(self.county, self.month_index, pid),
            cells,
        )
        .named("tekun_payment", "正安县民政局", format!("{}特困供养金发放明细", self.month))
    }

    pub(super) fn insurance(&self, events: &mut IdentityEvents) -> Table {
        let habit = Habit { stream: 5, spelling: Spelling::Short, broken: "?", knows_moves: false, repeats: true };
        let (headers, cells) = columns!(|entry| {
            let (category, department) = premium_category(entry);
        } {
            "乡镇" => entry.town.as_str(),
            "村组" => format!("{}{}", entry.village, entry.household.group),
            "家庭编号" => entry.code(5_203_240_000, entry.person.household),
            "户主姓名" => entry.head.name.as_str(),
            "个人编号" => entry.code(5_203_240_000_000, entry.pid),
            "姓名" => entry.name(),
            "性别" => entry.sex(),
            "身份证号码" => entry.number(),
            "出生日期" => entry.birth(),
            "与户主关系" => entry.person.relation.plain(),
            "参合属性" => category,
            "参合年度" => self.year(),
            "缴费金额" => Cell::Money(entry.welfare.own + entry.welfare.subsidy),
            "个人缴费" => Cell::Money(entry.welfare.own),
            "财政资助金额" => Cell::Money(entry.welfare.subsidy),
            "资助部门" => department,
            "联系电话" => entry.phone(),
            "死亡/注销标志" => if entry.welfare.dead { "死亡" } else { "" },
        });
        self.table(&headers, habit, events, |_, welfare| welfare.enrolled, cells).named(
            "insurance",
            "正安县合医局",
            format!("{}年度城乡居民参合人员名册", self.month.year()),
        )
    }

    pub(super) fn premium_subsidy(&self, events: &mut IdentityEvents) -> Table {
        let habit = Habit { stream: PREMIUM_STREAM, spelling: Spelling::Bare, broken: "", knows_moves: false, repeats: true };
        let serial = std::cell::Cell::new(0);
        let (headers, cells) = columns!(|entry| {
            let (category, department) = premium_category(entry);
            serial.set(serial.get() + 1);
        } {
            "序号" => Cell::Number(serial.get()),
            "乡镇" => entry.town.as_str(),
            "村" => entry.village.as_str(),
            "姓名" => entry.name(),
            "身份证号" => entry.number(),
            "资助类别" => category,
            "资助标准(元/人)" => Cell::Money(entry.welfare.subsidy),
            "资助部门" => if entry.again { "残联" } else { department },
            "个人缴费" => Cell::Money(entry.welfare.own),
            "备注" => Cell::Empty,
        });
        self.table(&headers, habit, events, |_, welfare| welfare.enrolled && welfare.subsidy > 0, cells).named(
            "premium_subsidy",
            "正安县卫计局",
            format!("{}年度资助参合人员名单", self.month.year()),
        )
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
