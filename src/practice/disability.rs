//! The disability federation's registries: certificates, and the two subsidies (domain: 1.4).

use super::damage;
use super::divisions::Spelling;
use super::findings::IdentityEvents;
use super::offices::{Habit, Offices, columns};
use super::table::{Cell, Table};
use super::welfare::Welfare;

impl Offices<'_> {
    pub(super) fn disability(&self, events: &mut IdentityEvents) -> Table {
        let habit = Habit { stream: 7, spelling: Spelling::Office, broken: "焉", knows_moves: false, repeats: true };
        let (headers, cells) = columns!(|entry| {
            let revoked = entry.person.certificate.is_some_and(|certificate| certificate.revoked);
            let status = match (entry.welfare.dead, revoked) {
                (true, _) => "死亡",
                (false, true) => "注销",
                (false, false) => "有效",
            };
        } {
            "姓名" => entry.name(),
            "证件号码" => entry.number(),
            "残疾证号" => damage::certificate_number(entry.person),
            "年龄" => entry.age(),
            "性别" => entry.sex(),
            "区县" => "正安县",
            "街道" => entry.town.as_str(),
            "居委" => entry.village.as_str(),
            "户籍类别" => "农业户口",
            "状态" => status,
            "残疾类别" => entry.disability_kind(),
            "残疾等级" => entry.disability_grade(),
            "户口地址" => entry.address(),
            "联系电话" => entry.phone(),
            "初次申领日期" => format!("{}-{:02}-{:02}", 2008 + entry.pid % 10, 1 + entry.pid % 12, 1 + entry.pid % 28),
            "监护人姓名" => if entry.person.age() < 18 { entry.head.name.as_str() } else { "" },
        });
        self.table(&headers, habit, events, |person, _| person.certificate.is_some(), cells).named(
            "disability",
            "正安县残疾人联合会",
            "正安县持证残疾人信息",
        )
    }

    /// 护理补贴 when `nursing`, else 生活补贴.
    pub(super) fn disability_subsidy(&self, nursing: bool, events: &mut IdentityEvents) -> Table {
        let stream = if nursing { 8 } else { 9 };
        let habit = Habit { stream, spelling: Spelling::Short, broken: "焉", knows_moves: false, repeats: true };
        let amount = |welfare: &Welfare| if nursing { welfare.nursing } else { welfare.living };
        let (headers, cells) = columns!(|entry| {
            let certified = entry.person.certificate.is_some();
            let number = match (certified, entry.pid.is_multiple_of(2)) {
                (true, _) => damage::certificate_number(entry.person),
                (false, true) => damage::invented_certificate_number(entry.person),
                (false, false) => String::new(),
            };
        } {
            "乡镇" => entry.town.as_str(),
            "村" => entry.village.as_str(),
            "姓名" => entry.name(),
            "身份证号码" => entry.number(),
            "残疾人证号" => number,
            "补贴类型" => if nursing { "重度残疾人护理补贴" } else { "困难残疾人生活补贴" },
            "补贴对象类型" => if entry.household.poor { "建档立卡" } else { "其他" },
            "补贴金额" => Cell::Money(amount(entry.welfare)),
            "发放月份" => self.month.yyyymm().to_string(),
            "享受补贴起始月份" => format!("{}{:02}", 2016 + entry.pid % 2, if entry.again { 12 } else { 1 + entry.pid % 11 }),
            "出生年月" => entry.birth(),
            "残疾类别" => if certified { entry.disability_kind() } else { "肢体残疾" },
            "残疾等级" => if certified { entry.disability_grade() } else { "二级" },
        });
        self.table(&headers, habit, events, |_, welfare| amount(welfare) > 0, cells).named(
            "disability_subsidy",
            "正安县残疾人联合会",
            format!("{}残疾人{}发放名单", self.month, if nursing { "护理补贴" } else { "生活补贴" }),
        )
    }
}
