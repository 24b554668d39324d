//! Relocation, relief, deaths, posting and inspections (domain: 1.2.6, 1.2.7, 1.7); and what a perfect tool would find in them and
//! in the poverty registry's own columns. Amounts are fen.

use crate::model::date::{Day, Month};

use super::county::{Attribute, County, Person};
use super::divisions::Spelling;
use super::findings::{IdentityEvents, Key, TrueFindings};
use super::health::Health;
use super::offices::{Entry, Habit, Offices, columns};
use super::poverty_facts;
use super::random::{Random, befalls};
use super::table::{Cell, Row, Table, headers};
use super::welfare::{LIVING_MOST_FEN, MOST_FEN, State, TEKUN_FEN, nursing_standard, tekun_entry};

/// Relief of one relocated person.
const PER_PERSON: i64 = 150_000;

/// Relocation of one household.
#[derive(Clone, Copy, Debug)]
struct Move {
    poor: bool,
    persons: i64,
    /// Relief paid to the household.
    paid: i64,
}

/// Relocation and deaths of one month.
#[derive(Debug)]
pub(super) struct Relief<'a> {
    county: &'a County,
    state: &'a State,
    month: Month,
    month_index: u32,
    first_month: Month,
    moves: Vec<Option<Move>>,
}

impl<'a> Relief<'a> {
    pub(super) fn new(offices: &Offices<'a>) -> Self {
        let (county, state, month, month_index) = (offices.county, offices.state, offices.month, offices.month_index);
        let first_month = Month(month.0 - i32::try_from(month_index).unwrap_or(0));
        let mut relief = Self { county, state, month, month_index, first_month, moves: Vec::new() };
        for hid in 0..u32::try_from(county.households.len()).unwrap_or(u32::MAX) {
            relief.moves.push(relief.moved(hid));
        }
        relief
    }

    fn moved(&self, hid: u32) -> Option<Move> {
        let household = self.county.household(hid);
        let mut random = Random::keyed(self.county.seed, &[54, u64::from(hid)]);
        let open = |kind, share| befalls(self.county.seed, self.month_index, kind, household.first, share);
        let persons = household.members().filter(|&pid| !self.state.of(pid).dead).count();
        let persons = i64::try_from(persons).unwrap_or(0);
        if !random.chance(if household.poor { 0.12 } else { 0.03 }) {
            // A few are paid who never moved.
            return open(110, 0.0015).then_some(Move { poor: false, persons: 0, paid: PER_PERSON });
        }
        let due = if household.poor { persons * PER_PERSON } else { 0 };
        let paid = if !household.poor || open(111, 0.06) {
            0
        } else if persons > 1 && open(112, 0.06) {
            due - PER_PERSON
        } else if open(113, 0.05) {
            due * 2
        } else {
            due
        };
        Some(Move { poor: household.poor, persons, paid })
    }

    fn move_of(&self, pid: u32) -> Option<Move> {
        self.moves[self.county.person(pid).household as usize].filter(|moved| moved.persons > 0)
    }

    /// The day of moving in: this year for every second household, before for the others.
    fn moved_on(&self, hid: u32) -> Day {
        let first = self.first_month;
        let (year, month) = if hid.is_multiple_of(2) { (first.year() - 1, 12) } else { (first.year(), first.month()) };
        Day::new(year, 1 + hid % month, 15).unwrap_or(Day(0))
    }

    /// Whether the person's poor household stands on the relocation ledger.
    pub(super) fn relocated(&self, pid: u32) -> bool {
        self.move_of(pid).is_some_and(|moved| moved.poor)
    }

    fn relief_of(&self, pid: u32) -> i64 {
        let hid = self.county.person(pid).household;
        let amount = self.moves[hid as usize].map_or(0, |moved| moved.paid);
        if self.county.household(hid).first == pid { amount } else { 0 }
    }

    fn death_date(&self, pid: u32) -> Option<Day> {
        let dies = self.county.person(pid).dies.filter(|dies| *dies <= self.month_index)?;
        let month = match i32::try_from(dies).unwrap_or(0) {
            0 => Month(self.first_month.0 - 3),
            later => Month(self.first_month.0 + later),
        };
        Day::new(month.year(), month.month(), 1 + pid % 28)
    }

    /// Relief of May for somebody who died before it.
    fn aided_after_death(&self, pid: u32) -> bool {
        let may = Day::new(self.month.year(), 5, 1);
        self.death_date(pid).is_some_and(|died| may.is_some_and(|may| died < may))
            && befalls(self.county.seed, self.month_index, 142, pid, 0.12)
    }

    /// What a perfect tool would find.
    pub(super) fn findings(&self, found: &mut TrueFindings) {
        for (hid, household) in (0u32..).zip(&self.county.households) {
            let mut add = |rule| {
                found.insert((rule, Key::Household(hid)));
            };
            if household.poor {
                self.of_poor_household(hid, &mut add);
            }
            if let Some(moved) = self.moves[hid as usize] {
                let due = moved.persons * PER_PERSON;
                match moved.paid {
                    _ if !moved.poor => {}
                    // Of an earlier year the list of this one does not tell.
                    0 if self.moved_on(hid).month().year() < self.month.year() => {}
                    0 => add("living.relocation_aid_missed"),
                    paid if paid < due => add("living.relocation_aid_below"),
                    paid if paid > due => add("living.relocation_aid_above"),
                    _ => {}
                }
                if moved.paid > 0 && !moved.poor {
                    found.insert(("living.relocation_aid_ineligible", Key::Person(household.first)));
                }
            }
        }
        for (pid, person) in (0u32..).zip(&self.county.people) {
            let mut add = |rule| {
                found.insert((rule, Key::Person(pid)));
            };
            self.of_person(pid, person, &mut add);
        }
    }

    fn of_poor_household(&self, hid: u32, add: &mut impl FnMut(&'static str)) {
        let (county, state) = (self.county, self.state);
        let household = county.household(hid);
        let member = |wanted: &dyn Fn(u32) -> bool| household.members().any(wanted);
        let covered = member(&|pid| state.of(pid).covered());
        let helped = member(&|pid| !state.of(pid).dead && (state.of(pid).covered() || state.of(pid).tekun > 0));
        let income = poverty_facts::income(county, state, self.month_index, hid);
        let poor_still = ["未脱贫", "返贫"].contains(&household.poverty_status);
        if poor_still && !county.two_none(household) && income < 387_600 && !helped {
            add("living.poor_uncovered");
        }
        if covered && state.dibao[hid as usize] > state.covered(county, hid) * MOST_FEN {
            add("living.line_above");
        }
        if covered && !county.two_none(household) && state.dibao[hid as usize] == 0 {
            add("living.dibao_unpaid");
        }
        if covered && income > 581_400 && !poverty_facts::gradual_exit(county, state, self.month_index, hid) {
            add("living.income_above");
        }
        match poverty_facts::cause(county, self.month_index, hid) {
            "因学" if !member(&|pid| county.person(pid).age() < 23) => add("conflict.cause_study"),
            "因病" if !member(&|pid| county.person(pid).ill || county.person(pid).certificate.is_some()) => {
                add("conflict.cause_illness");
            }
            "因残" if !member(&|pid| county.person(pid).certificate.is_some()) => add("conflict.cause_disability"),
            _ => {}
        }
        let labourer = |pid: u32| {
            let person = county.person(pid);
            person.can_work() && (16..66).contains(&person.birth.age_on(self.month.last_day()))
        };
        if household.attribute == Attribute::Tekun && member(&labourer) {
            add("conflict.tekun_labour");
        }
        if poverty_facts::headless(county, self.month_index, household.first) {
            add("conflict.no_head");
        }
    }

    fn of_person(&self, pid: u32, person: &Person, add: &mut impl FnMut(&'static str)) {
        let welfare = self.state.of(pid);
        let age = person.birth.age_on(self.month.last_day());
        if self.county.household_of(pid).poor {
            let works = poverty_facts::works(self.county, self.month_index, pid);
            if works && !person.can_work() {
                add("conflict.no_labour_working");
            }
            if works && age < 16 {
                add("conflict.child_working");
            }
            let healthy = !person.ill && person.certificate.is_none();
            let pupil = poverty_facts::school_state(person) != "非在校生";
            if welfare.tekun > 0 && !welfare.dead && (18..=60).contains(&age) && healthy && !pupil {
                add("conflict.tekun_healthy");
            }
            if person.labour == "丧失劳动力" && (16..60).contains(&age) && healthy {
                add("conflict.healthy_no_labour");
            }
        }
        let receives = welfare.nursing > 0 || welfare.living > 0 || self.aided_after_death(pid);
        if self.death_date(pid).is_some_and(|day| day < self.month.first_day()) && receives {
            add("living.paid_after_death");
        }
        if welfare.living > 0 && !welfare.dead && person.certificate.is_some_and(|certificate| certificate.revoked) {
            add("living.disability_living_ineligible");
        }
        let valid = person.certificate.filter(|certificate| !certificate.revoked && !welfare.dead);
        let standard = valid.map_or(0, |certificate| nursing_standard(certificate.grade));
        if standard > 0 && welfare.nursing > standard {
            add("living.nursing_above_standard");
        }
        if welfare.living > 0 && !welfare.dead && welfare.living + welfare.class_aid > LIVING_MOST_FEN {
            add("living.disability_living_above");
        }
        if welfare.tekun > 0 {
            let entry = tekun_entry(self.county, self.month_index, pid);
            let contradicts = entry.housed != entry.institution;
            let rules = [
                (welfare.covered(), "living.dibao_and_tekun"),
                (entry.self_care.is_empty(), "living.tekun_not_assessed"),
                (entry.self_care == "有" && welfare.tekun > TEKUN_FEN, "living.tekun_above_standard"),
                (contradicts, "living.tekun_mode_conflict"),
                (!entry.housed && !entry.guardian, "living.tekun_no_guardian"),
            ];
            rules.into_iter().filter(|(holds, _)| *holds).for_each(|(_, rule)| add(rule));
        }
    }
}

impl Offices<'_> {
    pub(super) fn relocation(&self, relief: &Relief<'_>, events: &mut IdentityEvents) -> Table {
        let habit = Habit { stream: 19, spelling: Spelling::Short, broken: "焉", knows_moves: false, repeats: false };
        let listed = |pid: u32| relief.move_of(pid).filter(|_| !self.state.of(pid).dead);
        let (headers, cells) = columns!(|entry| {
            let Some(moved) = listed(entry.pid) else { return Vec::new() };
        } {
            "乡镇" => entry.town.as_str(),
            "村" => entry.village.as_str(),
            "户主姓名" => entry.head.name.as_str(),
            "姓名" => entry.name(),
            "身份证号" => entry.number(),
            "与户主关系" => entry.person.relation.plain(),
            "家庭人口数" => Cell::Number(moved.persons),
            "搬迁类型" => if moved.poor { "建档立卡" } else { "同步搬迁" },
            "安置点名称" => "正安县-瑞濠安置点",
            "入住日期" => relief.moved_on(entry.person.household).to_string(),
        });
        self.table_of(&headers, habit, events, |pid| listed(pid).is_some(), cells).named(
            "relocation",
            "正安县移民服务中心",
            "正安县易地扶贫搬迁人口台账",
        )
    }

    /// Relief of the civil affairs bureau: after stays in hospital, and for relocated households, to the head.
    pub(super) fn temporary_aid(&self, health: &Health<'_>, relief: &Relief<'_>, events: &mut IdentityEvents) -> Table {
        let habit = Habit { stream: 18, spelling: Spelling::Short, broken: "焉", knows_moves: true, repeats: false };
        let (headers, cells) = columns!(|entry, kind: &str, amount: i64| {
            let day = 1 + entry.pid % 20;
        } {
            "乡镇" => entry.town.as_str(),
            "村" => entry.village.as_str(),
            "姓名" => entry.name(),
            "身份证号" => entry.number(),
            "家庭人口" => Cell::Number(i64::from(entry.household.size)),
            "救助类型" => kind,
            "申请日期" => format!("{}-04-{day:02}", self.month.year()),
            "发放日期" => format!("{}-05-{day:02}", self.month.year()),
            "救助金额（元）" => Cell::Money(amount),
        });
        let ill = |entry: &Entry<'_>| cells(entry, "支出型", health.relief(entry.pid));
        let moved = |entry: &Entry<'_>| cells(entry, "易地扶贫搬迁一次性临时救助", relief.relief_of(entry.pid));
        let mut table = self.table_of(&headers, habit, events, |pid| health.relief(pid) > 0, ill);
        let mut more = self.table_of(&headers, habit, events, |pid| relief.relief_of(pid) > 0, moved);
        let late = |entry: &Entry<'_>| cells(entry, "支出型", 100_000);
        let mut late = self.table_of(&headers, habit, events, |pid| relief.aided_after_death(pid), late);
        table.rows.append(&mut more.rows);
        table.rows.append(&mut late.rows);
        table.named("temporary_aid", "正安县民政局", format!("{}年临时救助发放台账", self.month.year()))
    }

    pub(super) fn death(&self, relief: &Relief<'_>, events: &mut IdentityEvents) -> Table {
        let habit = Habit { stream: 20, spelling: Spelling::Short, broken: "焉", knows_moves: false, repeats: false };
        let (headers, cells) = columns!(|entry| {} {
            "姓名" => entry.name(),
            "性别" => entry.sex(),
            "身份证号" => entry.number(),
            "出生日期" => entry.birth(),
            "家庭住址" => entry.address(),
            "火化时间" => relief.death_date(entry.pid).map_or(Cell::Empty, Cell::Date),
            "火化单位" => "正安县殡仪馆",
        });
        self.table_of(&headers, habit, events, |pid| relief.death_date(pid).is_some(), cells).named(
            "death",
            "正安县民政局",
            "正安县火化人员名单",
        )
    }

    /// Inspections of the month: two, as they should be, but one in every third month.
    pub(super) fn inspection(&self) -> Table {
        let days: &[u32] = if self.month_index.is_multiple_of(3) { &[12] } else { &[6, 21] };
        let rows = days.iter().map(|day| {
            let date = format!("{}-{day:02}", self.month);
            Row::nobody(0, [date.as_str(), "综合督查", "瑞溪镇、安场镇", "县民生保障组"].map(Cell::from).to_vec())
        });
        Table {
            registry: "inspection",
            title: "民生保障督查台账".to_owned(),
            office: "正安县民生保障组",
            headers: headers(&["督查日期", "督查类别", "督查范围", "督查单位"]),
            rows: rows.collect(),
        }
    }
}
