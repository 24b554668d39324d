//! The health bureau's settlements and ledgers, and the disability federation's services (domain: 1.3, 1.4); and what a perfect
//! tool would find in them. Amounts are fen.

use crate::model::date::Month;

use super::county::County;
use super::damage;
use super::divisions::Spelling;
use super::findings::{IdentityEvents, Key, TrueFindings};
use super::offices::{Habit, Offices, columns};
use super::random::{Random, befalls};
use super::registers::PREMIUM_STREAM;
use super::table::{Cell, Row, Table, headers};
use super::welfare::{State, hardship};

const MAJOR: [&str; 4] = ["胃癌", "终末期肾病", "老年性白内障", "食管癌"];
const COMMON: [&str; 4] = ["肺炎", "阑尾炎", "高血压", "骨折"];

/// Of [`COMMON`], the one that stands on the county's list of chronic diseases.
const CHRONIC: &str = "高血压";

/// One stay in hospital.
#[derive(Debug)]
struct Stay {
    level: &'static str,
    disease: &'static str,
    total: i64,
    paid: i64,
}

#[derive(Debug)]
struct Treatment {
    disease: &'static str,
    state: &'static str,
    closed: bool,
    /// 诊疗方案 was left blank.
    no_plan: bool,
}

#[derive(Debug)]
struct Service {
    item: &'static str,
    state: &'static str,
    amount: i64,
}

/// Health of one person as the ledgers have it.
#[derive(Debug, Default)]
struct Patient {
    stays: Vec<Stay>,
    /// Visits of the family doctor, where signed.
    visits: Option<i64>,
    treatment: Option<Treatment>,
    services: Vec<Service>,
    relief: i64,
}

impl Patient {
    fn total(&self) -> i64 {
        self.stays.iter().map(|stay| stay.total).sum()
    }

    fn paid(&self) -> i64 {
        self.stays.iter().map(|stay| stay.paid).sum()
    }

    /// What stays for a chronic disease of the county's list left to pay.
    fn own(&self, level: &str) -> i64 {
        self.stays.iter().filter(|stay| stay.level == level && stay.disease == CHRONIC).map(|stay| stay.total - stay.paid).sum()
    }

    fn has_major(&self) -> bool {
        self.stays.iter().any(|stay| MAJOR.contains(&stay.disease))
    }

    fn service(&self, item: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.item == item)
    }
}

/// Everybody's health in one month.
#[derive(Debug)]
pub(super) struct Health<'a> {
    county: &'a County,
    state: &'a State,
    month: Month,
    noise: f64,
    patients: Vec<Patient>,
}

impl<'a> Health<'a> {
    pub(super) fn new(offices: &Offices<'a>) -> Self {
        let (county, state, month, noise) = (offices.county, offices.state, offices.month, offices.noise);
        let mut health = Self { county, state, month, noise, patients: Vec::new() };
        for pid in 0..u32::try_from(county.people.len()).unwrap_or(u32::MAX) {
            health.patients.push(health.patient(pid, offices.month_index));
        }
        health
    }

    fn patient(&self, pid: u32, month_index: u32) -> Patient {
        let county = self.county;
        let (person, poor) = (county.person(pid), county.household_of(pid).poor);
        let mut random = Random::keyed(county.seed, &[53, u64::from(pid)]);
        let open = |kind, share| befalls(county.seed, month_index, kind, pid, share);
        let mut patient = Patient::default();
        if self.state.of(pid).dead {
            return patient;
        }
        if random.chance(if person.ill { 0.2 } else { 0.04 }) {
            let heavy = random.chance(0.06);
            let stays = if random.chance(0.25) { 2 } else { 1 };
            let below = poor && open(81, 0.08);
            for _ in 0..stays {
                let total = i64::from(if heavy { random.between(60_000, 120_000) } else { random.between(2_000, 9_000) }) * 100;
                let share = match (poor, below) {
                    (true, false) => random.between(90, 96),
                    (true, true) => random.between(60, 85),
                    (false, _) => random.between(50, 75),
                };
                let disease = if random.chance(0.12) { random.pick(&MAJOR) } else { random.pick(&COMMON) };
                let level = random.weighted(&[("县级", 80), ("市级", 14), ("省级", 6)]);
                patient.stays.push(Stay { level, disease, total, paid: total * i64::from(share) / 100 });
            }
            let own = patient.total() - patient.paid();
            if poor && own > 500_000 && !open(82, 0.25) {
                patient.relief = 300_000;
            }
        }
        if poor && person.ill && !open(83, 0.05) {
            patient.visits = Some(if open(84, 0.05) { 0 } else { i64::from(random.between(2, 4)) });
        }
        if poor && patient.has_major() && !open(85, 0.1) {
            let state = random.weighted(&[("已救治", 82), ("在治", 9), ("未救治", 5), ("不符合救治条件", 4)]);
            let disease =
                patient.stays.iter().map(|stay| stay.disease).find(|disease| MAJOR.contains(disease)).unwrap_or(MAJOR[0]);
            patient.treatment = Some(Treatment { disease, state, closed: state == "已救治", no_plan: open(86, 0.08) });
        }
        self.serve(pid, &mut patient, &mut random, &open);
        patient
    }

    fn serve(&self, pid: u32, patient: &mut Patient, random: &mut Random, open: &impl Fn(u64, f64) -> bool) {
        let person = self.county.person(pid);
        let Some(certificate) = person.certificate.filter(|certificate| !certificate.revoked) else { return };
        let needy = hardship(self.county, self.state, pid);
        let mut add = |item, state, amount| patient.services.push(Service { item, state, amount });
        if certificate.kind == 6 && needy && !open(87, 0.08) {
            if random.chance(0.2) {
                add("精神病人住院补助", "享受中", if open(88, 0.1) { 20_000 } else { 30_000 });
                if open(89, 0.06) {
                    add("精神类药品", "已办", 80_000);
                }
            } else {
                // The year's account: 800 yuan, but where a delivery is missing when it closes.
                let short = self.month.month() == 12 && open(149, 0.4);
                add("精神类药品", "已办", if short { 60_000 } else { 80_000 });
            }
        }
        if random.chance(0.08) {
            add("辅助器具", if open(90, 0.15) { "待发放" } else { "已发放" }, 0);
        }
        if certificate.grade <= 2 && needy && random.chance(0.1) {
            add("无障碍改造", if open(91, 0.15) { "待办" } else { "已改造" }, 0);
        }
        if person.birth.age_on(self.month.last_day()) < 7 && needy && !open(92, 0.2) {
            add("儿童康复", "享受中", 0);
        }
    }

    /// What a perfect tool would find.
    pub(super) fn findings(&self, found: &mut TrueFindings) {
        for (pid, patient) in (0u32..).zip(&self.patients) {
            let mut add = |rule| {
                found.insert((rule, Key::Person(pid)));
            };
            self.of_premium(pid, &mut add);
            if self.state.of(pid).dead {
                continue;
            }
            if self.county.household_of(pid).poor {
                self.of_poor(pid, patient, &mut add);
            }
            self.of_services(pid, patient, &mut add);
        }
    }

    fn of_premium(&self, pid: u32, add: &mut impl FnMut(&'static str)) {
        let (person, welfare) = (self.county.person(pid), self.state.of(pid));
        if !welfare.enrolled || welfare.subsidy == 0 {
            return;
        }
        let severe = person.severe() && !welfare.dead;
        if !severe && !hardship(self.county, self.state, pid) {
            add("health.premium_ineligible");
        }
        if damage::identity(self.county, self.state, PREMIUM_STREAM, pid, self.noise).twice {
            add("health.premium_double");
        }
    }

    fn of_poor(&self, pid: u32, patient: &Patient, add: &mut impl FnMut(&'static str)) {
        let ill = self.county.person(pid).ill;
        if patient.paid() * 100 < patient.total() * 90 {
            add("health.inpatient_below");
        }
        if patient.total() - patient.paid() > 500_000 && patient.relief == 0 {
            add("health.residual_without_relief");
        }
        if ill && [("县级", 100_000), ("市级", 300_000), ("省级", 500_000)].iter().any(|(level, cap)| patient.own(level) > *cap)
        {
            add("health.chronic_self_pay");
        }
        // One visit each quarter.
        let visits_due = match self.month.yyyymm() % 100 {
            ..=3 => 0,
            4..=6 => 1,
            7..=9 => 2,
            10..=11 => 3,
            _ => 4,
        };
        match patient.visits {
            None if ill => add("health.chronic_not_signed"),
            Some(visits) if visits < visits_due => add("health.chronic_visits_short"),
            _ => {}
        }
        match &patient.treatment {
            None if patient.has_major() => add("health.major_not_listed"),
            Some(treatment) if treatment.state != "不符合救治条件" => {
                if treatment.no_plan {
                    add("health.major_four_fixed");
                }
                if !treatment.closed {
                    add("health.major_open_june");
                    add("health.major_open_july");
                }
            }
            _ => {}
        }
    }

    fn of_services(&self, pid: u32, patient: &Patient, add: &mut impl FnMut(&'static str)) {
        let person = self.county.person(pid);
        let Some(certificate) = person.certificate.filter(|certificate| !certificate.revoked) else { return };
        let needy = hardship(self.county, self.state, pid);
        let waiting = |item| patient.service(item).is_some_and(|service| ["待办", "待发放"].contains(&service.state));
        let (hospital, drugs) = (patient.service("精神病人住院补助"), patient.service("精神类药品"));
        if waiting("辅助器具") {
            add("health.device_waiting");
        }
        if waiting("无障碍改造") {
            add("health.barrier_waiting");
        }
        if hospital.is_some_and(|service| service.amount < 30_000) {
            add("health.psychiatric_hospital_below");
        }
        if hospital.is_some() && drugs.is_some() {
            add("health.psychiatric_double");
        }
        if self.month.month() == 12 && hospital.is_none() && drugs.is_some_and(|service| service.amount < 80_000) {
            add("health.psychiatric_drugs_below");
        }
        if certificate.kind == 6 && needy && hospital.is_none() && drugs.is_none() {
            add("health.psychiatric_drugs_missed");
        }
        let child = person.birth.age_on(self.month.last_day()) < 7;
        if child && needy && patient.service("儿童康复").is_none() {
            add("health.child_rehabilitation_missed");
        }
    }

    /// Relief paid for stays in hospital, fen.
    pub(super) fn relief(&self, pid: u32) -> i64 {
        self.patients[pid as usize].relief
    }
}

impl Offices<'_> {
    /// One row per stay.
    pub(super) fn inpatient(&self, health: &Health<'_>, events: &mut IdentityEvents) -> Table {
        let habit = Habit { stream: 14, spelling: Spelling::Short, broken: "?", knows_moves: false, repeats: false };
        let of = |pid: u32, turn: usize| health.patients[pid as usize].stays.get(turn);
        let (headers, cells) = columns!(|entry, turn: usize| {
            let Some(stay) = of(entry.pid, turn) else { return Vec::new() };
            let fund = stay.paid * 7 / 10;
            let serious = stay.paid / 10;
            let relief = stay.paid / 10;
        } {
            "成员姓名" => entry.name(),
            "性别" => entry.sex(),
            "身份证号码" => entry.number(),
            "家庭住址" => entry.address(),
            "就诊医院" => if stay.level == "县级" { "正安县人民医院" } else { "遵义医学院附属医院" },
            "医疗机构级别" => stay.level,
            "疾病名称" => stay.disease,
            "出院日期" => format!("{}-{:02}-{:02}", self.month.year(), 1 + entry.pid % 5, 1 + entry.pid % 28),
            "总费用" => Cell::Money(stay.total),
            "保内费用" => Cell::Money(stay.total * 95 / 100),
            "统筹补偿" => Cell::Money(fund),
            "本次大病保险补偿金额" => Cell::Money(serious),
            "民政城乡医疗救助" => Cell::Money(relief),
            "医疗扶助补偿" => Cell::Money(stay.paid - fund - serious - relief),
            "个人自付费用" => Cell::Money(stay.total - stay.paid),
            "联系电话" => entry.phone(),
        });
        let mut table = self.table_of(&headers, habit, events, |pid| of(pid, 0).is_some(), |entry| cells(entry, 0));
        let mut again = self.table_of(&headers, habit, events, |pid| of(pid, 1).is_some(), |entry| cells(entry, 1));
        table.rows.append(&mut again.rows);
        table.named("inpatient", "正安县合医局", format!("{}年住院补偿结算记录", self.month.year()))
    }

    pub(super) fn chronic(&self, health: &Health<'_>, events: &mut IdentityEvents) -> Table {
        let habit = Habit { stream: 15, spelling: Spelling::Bare, broken: "□", knows_moves: false, repeats: false };
        let visits = |pid: u32| health.patients[pid as usize].visits;
        let (headers, cells) = columns!(|entry| {} {
            "乡镇" => entry.town.as_str(),
            "村" => entry.village.as_str(),
            "姓名" => entry.name(),
            "身份证号" => entry.number(),
            "慢病病种" => CHRONIC,
            "签约医生" => "乡镇卫生院签约团队",
            "签约日期" => format!("{}-01-{:02}", self.month.year(), 1 + entry.pid % 28),
            "随访次数" => Cell::Number(visits(entry.pid).unwrap_or(0)),
        });
        self.table_of(&headers, habit, events, |pid| visits(pid).is_some(), cells).named(
            "chronic",
            "正安县卫计局",
            format!("{}年慢病签约随访台账", self.month.year()),
        )
    }

    pub(super) fn major_disease(&self, health: &Health<'_>, events: &mut IdentityEvents) -> Table {
        let habit = Habit { stream: 16, spelling: Spelling::Short, broken: "焉", knows_moves: false, repeats: false };
        let of = |pid: u32| health.patients[pid as usize].treatment.as_ref();
        let (headers, cells) = columns!(|entry| {
            let Some(treatment) = of(entry.pid) else { return Vec::new() };
        } {
            "乡镇" => entry.town.as_str(),
            "村" => entry.village.as_str(),
            "姓名" => entry.name(),
            "身份证号" => entry.number(),
            "病种" => treatment.disease,
            "定点医院" => "正安县人民医院",
            "诊疗方案" => if treatment.no_plan { "" } else { "手术治疗" },
            "单病种收费标准" => "按单病种",
            "联动报销比例" => "90%",
            "救治状态" => treatment.state,
            "是否销号" => if treatment.closed { "是" } else { "否" },
        });
        self.table_of(&headers, habit, events, |pid| of(pid).is_some(), cells).named(
            "major_disease",
            "正安县卫计局",
            format!("{}年大病专项救治台账", self.month.year()),
        )
    }

    /// One row per service.
    pub(super) fn disability_service(&self, health: &Health<'_>, events: &mut IdentityEvents) -> Table {
        let habit = Habit { stream: 17, spelling: Spelling::Office, broken: "焉", knows_moves: false, repeats: false };
        let of = |pid: u32, turn: usize| health.patients[pid as usize].services.get(turn);
        let most = health.patients.iter().map(|patient| patient.services.len()).max().unwrap_or(0);
        let (headers, cells) = columns!(|entry, turn: usize| {
            let Some(service) = of(entry.pid, turn) else { return Vec::new() };
        } {
            "街道" => entry.town.as_str(),
            "居委" => entry.village.as_str(),
            "姓名" => entry.name(),
            "证件号码" => entry.number(),
            "残疾人证号" => damage::certificate_number(entry.person),
            "服务项目" => service.item,
            "办理状态" => service.state,
            "补贴金额" => if service.amount > 0 { Cell::Money(service.amount) } else { Cell::Empty },
            "年度" => Cell::Number(i64::from(self.month.year())),
        });
        let mut whole = self.table_of(&headers, habit, events, |_| false, |_| Vec::new());
        for turn in 0..most {
            let mut table = self.table_of(&headers, habit, events, |pid| of(pid, turn).is_some(), |entry| cells(entry, turn));
            whole.rows.append(&mut table.rows);
        }
        whole.named("disability_service", "正安县残疾人联合会", format!("{}年残疾人康复服务台账", self.month.year()))
    }

    /// Projects and posts, of nobody.
    pub(super) fn staff() -> Table {
        let row = |project: &str, level: &str, done: &str| Row::nobody(0, [project, level, done].map(Cell::from).to_vec());
        let mut rows = vec![row("瑞濠卫生院", "乡镇卫生院", "否")];
        rows.extend((0..159).map(|number| row("医务室", "", if number < 150 { "是" } else { "否" })));
        rows.extend((0..120).map(|number| row("招考人员", if number % 2 == 0 { "乡镇卫生院" } else { "县级" }, "是")));
        rows.extend((0..17).map(|_| row("药品专柜", "乡镇卫生院", "是")));
        rows.extend((0..19).map(|_| row("镇级责任人", "", "是")));
        rows.extend((0..150).map(|_| row("村级责任人", "", "是")));
        Table {
            registry: "staff",
            title: "卫生项目和人员台账".to_owned(),
            office: "正安县卫计局",
            headers: headers(&["卫生项目类别", "工作单位级别", "是否完成"]),
            rows,
        }
    }
}
