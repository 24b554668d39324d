//! The disability federation's registries: certificates, and the two subsidies (domain: 1.4).

use super::damage;
use super::divisions::Spelling;
use super::findings::IdentityEvents;
use super::offices::{Habit, Offices};
use super::table::{Cell, Table};
use super::welfare::Welfare;

impl Offices<'_> {
    pub(super) fn disability(&self, events: &mut IdentityEvents) -> Table {
        const HEADERS: [&str; 16] = [
            "姓名",
            "证件号码",
            "残疾证号",
            "年龄",
            "性别",
            "区县",
            "街道",
            "居委",
            "户籍类别",
            "状态",
            "残疾类别",
            "残疾等级",
            "户口地址",
            "联系电话",
            "初次申领日期",
            "监护人姓名",
        ];
        let habit = Habit { stream: 7, spelling: Spelling::Office, broken: "焉", knows_moves: false, repeats: true };
        let mut table = self.table(
            &HEADERS,
            habit,
            events,
            |person, _| person.certificate.is_some(),
            |entry| {
                let revoked = entry.person.certificate.is_some_and(|certificate| certificate.revoked);
                let status = match (entry.welfare.dead, revoked) {
                    (true, _) => "死亡",
                    (false, true) => "注销",
                    (false, false) => "有效",
                };
                vec![
                    entry.name(),
                    entry.number(),
                    Cell::from(damage::certificate_number(entry.person)),
                    entry.age(),
                    entry.sex(),
                    Cell::from("正安县"),
                    Cell::from(entry.town.as_str()),
                    Cell::from(entry.village.as_str()),
                    Cell::from("农业户口"),
                    Cell::from(status),
                    Cell::from(entry.disability_kind()),
                    Cell::from(entry.disability_grade()),
                    entry.address(),
                    entry.phone(),
                    Cell::from(format!("{}-{:02}-{:02}", 2008 + entry.pid % 10, 1 + entry.pid % 12, 1 + entry.pid % 28)),
                    Cell::from(if entry.person.age() < 18 { entry.head.name.as_str() } else { "" }),
                ]
            },
        );
        (table.registry, table.office) = ("disability", "正安县残疾人联合会");
        table.title = String::from("正安县持证残疾人信息");
        table
    }

    /// 护理补贴 when `nursing`, else 生活补贴.
    pub(super) fn disability_subsidy(&self, nursing: bool, events: &mut IdentityEvents) -> Table {
        const HEADERS: [&str; 13] = [
            "乡镇",
            "村",
            "姓名",
            "身份证号码",
            "残疾人证号",
            "补贴类型",
            "补贴对象类型",
            "补贴金额",
            "发放月份",
            "享受补贴起始月份",
            "出生年月",
            "残疾类别",
            "残疾等级",
        ];
        let stream = if nursing { 8 } else { 9 };
        let habit = Habit { stream, spelling: Spelling::Short, broken: "焉", knows_moves: false, repeats: true };
        let amount = |welfare: &Welfare| if nursing { welfare.nursing } else { welfare.living };
        let mut table = self.table(
            &HEADERS,
            habit,
            events,
            |_, welfare| amount(welfare) > 0,
            |entry| {
                let certified = entry.person.certificate.is_some();
                let number = match (certified, entry.pid.is_multiple_of(2)) {
                    (true, _) => damage::certificate_number(entry.person),
                    (false, true) => damage::invented_certificate_number(entry.person),
                    (false, false) => String::new(),
                };
                vec![
                    Cell::from(entry.town.as_str()),
                    Cell::from(entry.village.as_str()),
                    entry.name(),
                    entry.number(),
                    Cell::from(number),
                    Cell::from(if nursing { "重度残疾人护理补贴" } else { "困难残疾人生活补贴" }),
                    Cell::from(if entry.household.poor { "建档立卡" } else { "其他" }),
                    Cell::Money(amount(entry.welfare)),
                    Cell::from(self.month.yyyymm().to_string()),
                    Cell::from(format!("{}{:02}", 2016 + entry.pid % 2, if entry.again { 12 } else { 1 + entry.pid % 11 })),
                    entry.birth(),
                    Cell::from(if certified { entry.disability_kind() } else { "肢体残疾" }),
                    Cell::from(if certified { entry.disability_grade() } else { "二级" }),
                ]
            },
        );
        (table.registry, table.office) = ("disability_subsidy", "正安县残疾人联合会");
        table.title = format!("{}残疾人{}发放名单", self.month, if nursing { "护理补贴" } else { "生活补贴" });
        table
    }
}
