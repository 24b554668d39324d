//! The labour bureau's lists (domain: 1.6): training, employment ledger, service cards, start-up subsidies, students sent east; and
//! what a perfect tool would find in them. Amounts are fen.

use crate::model::date::{Day, Month};

use super::county::{County, Person};
use super::divisions::Spelling;
use super::education::{Education, poor_village};
use super::findings::{IdentityEvents, Key, TrueFindings};
use super::offices::{Entry, Habit, Offices};
use super::poverty_facts;
use super::random::{Random, befalls};
use super::relief::Relief;
use super::table::{self, Cell, Row, Table};
use super::welfare::State;

#[derive(Clone, Copy, Debug)]
struct Card {
    trains: bool,
    /// Whether the question of training was left open.
    blank: bool,
    works: bool,
    recommended: i64,
}

/// What the labour bureau has of one person.
#[derive(Debug, Default)]
struct Worker {
    /// Number of courses this year.
    courses: usize,
    /// Region in the ledger, where listed.
    region: Option<&'static str>,
    card: Option<Card>,
    start_ups: usize,
    east: bool,
}

/// The labour bureau's month.
#[derive(Debug)]
pub(super) struct Work<'a> {
    county: &'a County,
    state: &'a State,
    month: Month,
    month_index: u32,
    workers: Vec<Worker>,
}

impl<'a> Work<'a> {
    pub(super) fn new(offices: &Offices<'a>) -> Self {
        let (county, state, month, month_index) = (offices.county, offices.state, offices.month, offices.month_index);
        let mut work = Self { county, state, month, month_index, workers: Vec::new() };
        for pid in 0..u32::try_from(county.people.len()).unwrap_or(u32::MAX) {
            work.workers.push(work.worker(pid));
        }
        work
    }

    fn age(&self, person: &Person) -> i32 {
        person.birth.age_on(self.month.last_day())
    }

    fn poor_labourer(&self, pid: u32) -> bool {
        let person = self.county.person(pid);
        let alive = !self.state.of(pid).dead;
        alive && self.county.household_of(pid).poor && person.can_work() && (16..60).contains(&self.age(person))
    }

    fn pupil(&self, pid: u32) -> bool {
        let poor = self.county.household_of(pid).poor;
        poor && poverty_facts::school_state_of(self.county, self.month_index, pid) != "非在校生"
    }

    /// Whoever is at school is no labour force, whatever he is registered as.
    fn due_work(&self, pid: u32, education: &Education<'_>) -> bool {
        self.poor_labourer(pid) && !self.pupil(pid) && !education.enrolled(pid)
    }

    /// Whether somebody was of working age when his courses began.
    fn of_age_when_trained(&self, pid: u32) -> bool {
        let person = self.county.person(pid);
        let starts = COURSE_MONTHS.iter().take(self.workers[pid as usize].courses);
        let mut days = starts.filter_map(|month| Day::new(self.month.year(), *month, course_day(pid)));
        days.all(|day| (16..60).contains(&person.birth.age_on(day)))
    }

    fn worker(&self, pid: u32) -> Worker {
        let (person, household) = (self.county.person(pid), self.county.household_of(pid));
        let mut random = Random::keyed(self.county.seed, &[55, u64::from(pid)]);
        let open = |kind, share| befalls(self.county.seed, self.month_index, kind, pid, share);
        let mut worker = Worker::default();
        // A few who are supported as 特困 stand on the ledger of the employed.
        if self.state.of(pid).tekun > 0 && open(137, 0.04) {
            worker.region = Some("县内");
        }
        if !household.poor || self.state.of(pid).dead {
            worker.east = (15..18).contains(&person.age()) && open(126, 0.002);
            return worker;
        }
        let labourer = self.poor_labourer(pid);
        let away = person.can_work() && poverty_facts::works(self.county, self.month_index, pid);
        if away && !open(120, 0.02) {
            worker.region = Some(if open(121, 0.02) { "县内" } else { "省外" });
        } else if labourer && !away && open(122, 0.02) {
            worker.region = Some("县内");
        }
        if labourer {
            worker.courses = usize::from(random.chance(0.5));
            if worker.courses > 0 && open(127, 0.03) {
                worker.courses = 2;
            }
            let mut card = Card {
                trains: random.chance(0.4),
                blank: false,
                works: random.chance(0.9),
                recommended: i64::from(random.between(0, 4)),
            };
            card.blank = !card.trains && open(145, 0.02);
            worker.card = (!open(123, 0.04)).then_some(card);
            let still_poor = ["未脱贫", "返贫"].contains(&household.poverty_status);
            if if still_poor { random.chance(0.03) } else { open(124, 0.003) } {
                worker.start_ups = if open(125, 0.1) { 2 } else { 1 };
            }
        } else if self.age(person) >= 60 && open(128, 0.004) {
            worker.courses = 1;
        }
        worker.east = (15..18).contains(&person.age()) && random.chance(0.06);
        worker
    }

    /// What a perfect tool would find.
    pub(super) fn findings(&self, relief: &Relief<'_>, education: &Education<'_>, found: &mut TrueFindings) {
        for (hid, household) in (0u32..).zip(&self.county.households).filter(|(_, household)| household.poor) {
            let any = |wanted: &dyn Fn(u32) -> bool| household.members().any(wanted);
            let of = |pid: u32| &self.workers[pid as usize];
            let willing = |pid: u32| self.due_work(pid, education) && of(pid).card.is_some_and(|card| card.trains);
            // The poverty registry has heard of moves, and it says where a household lives.
            if poor_village(household.village_in(self.month_index)) && any(&willing) && !any(&|pid| of(pid).courses > 0) {
                found.insert(("work.household_not_trained", Key::Household(hid)));
            }
            let moved = relief.relocated(household.first);
            if moved && any(&|pid| self.due_work(pid, education)) && !any(&|pid| of(pid).region.is_some()) {
                found.insert(("work.relocated_no_job", Key::Household(hid)));
            }
        }
        for (pid, person) in (0u32..).zip(&self.county.people) {
            let mut add = |rule| {
                found.insert((rule, Key::Person(pid)));
            };
            self.of_person(pid, person, education, &mut add);
        }
    }

    fn of_person(&self, pid: u32, person: &Person, education: &Education<'_>, add: &mut impl FnMut(&'static str)) {
        let (worker, household) = (&self.workers[pid as usize], self.county.household_of(pid));
        let of_age = (16..60).contains(&self.age(person));
        if worker.region.is_some() && self.state.of(pid).tekun > 0 {
            add("conflict.tekun_working");
        }
        let alive = !self.state.of(pid).dead;
        if household.poor && alive && worker.region.is_some() && ["无劳动力", "丧失劳动力"].contains(&person.labour) {
            add("conflict.employed_no_labour");
        }
        let listed = worker.region.is_some() || worker.card.is_some();
        let pupil = self.pupil(pid) || education.enrolled(pid);
        if self.state.of(pid).covered() && person.can_work() && of_age && !listed && !pupil {
            add("work.dibao_not_listed");
        }
        if self.due_work(pid, education) && worker.card.is_some_and(|card| card.blank) {
            add("work.card_blank");
        }
        if worker.courses > 1 {
            add("work.training_twice");
        }
        if household.poor
            && worker.courses > 0
            && (!self.of_age_when_trained(pid) || ["无劳动力", "丧失劳动力"].contains(&person.labour))
        {
            add("work.training_ineligible");
        }
        if self.due_work(pid, education) {
            let works = poverty_facts::works(self.county, self.month_index, pid);
            // The poverty registry knows work in other provinces only.
            let agrees = if works { worker.region == Some("省外") } else { worker.region.is_none() };
            if !agrees {
                add("work.state_conflict");
            }
            if worker.card.is_none() {
                add("work.card_missing");
            }
            // Three posts a year: what is short shows when the year is over.
            let wants_work = worker.region.is_none() && worker.card.is_some_and(|card| card.works && card.recommended < 3);
            if wants_work && self.month.month() == 12 {
                add("work.recommendations");
            }
        }
        if worker.start_ups > 0 && !(household.poor && household.poverty_status != "已脱贫") {
            add("work.start_up_ineligible");
        }
        if worker.start_ups > 1 {
            add("work.start_up_twice");
        }
        if worker.east && !household.poor {
            add("work.east_not_poor");
        }
    }
}

/// Months in which the first and the second course begin.
const COURSE_MONTHS: [u32; 2] = [3, 5];

fn course_day(pid: u32) -> u32 {
    1 + pid % 27
}

const PLACE: [&str; 4] = ["乡镇", "村", "姓名", "身份证号码"];

fn place(entry: &Entry<'_>) -> Vec<Cell> {
    vec![Cell::from(entry.town.as_str()), Cell::from(entry.village.as_str()), entry.name(), entry.number()]
}

impl Offices<'_> {
    /// The bureau's lists of people: training, employment, cards, start-ups, students sent east.
    pub(super) fn work(&self, work: &Work<'_>, events: &mut IdentityEvents) -> Vec<Table> {
        let of = |pid: u32| &work.workers[pid as usize];
        let habit = |stream| Habit { stream, spelling: Spelling::Short, broken: "焉", knows_moves: false, repeats: false };
        let headers = |more: &[&'static str]| [&PLACE[..], more].concat();
        let year = self.month.year();
        let with = |entry: &Entry<'_>, more: &[Cell]| [&place(entry)[..], more].concat();

        let course = |entry: &Entry<'_>, from: u32| {
            let day = course_day(entry.pid);
            let [start, end] = [from, from + 1].map(|month| Cell::from(format!("{year}-{month:02}-{day:02}")));
            with(entry, &[Cell::from(if entry.pid.is_multiple_of(5) { "家政服务" } else { "电焊工" }), start, end])
        };
        let names = headers(&["培训工种", "培训起始日期", "培训终止日期"]);
        let mut training =
            self.table_of(&names, habit(21), events, |pid| of(pid).courses > 0, |entry| course(entry, COURSE_MONTHS[0]));
        let mut again =
            self.table_of(&names, habit(21), events, |pid| of(pid).courses > 1, |entry| course(entry, COURSE_MONTHS[1]));
        training.rows.append(&mut again.rows);
        let training = training.named("training", "正安县人社局", format!("{year}年农村劳动力培训名册"));

        let names = headers(&["就业渠道", "就业地域", "就业地址", "就业单位"]);
        let employment = self.table_of(
            &names,
            habit(22),
            events,
            |pid| of(pid).region.is_some(),
            |entry| {
                let region = of(entry.pid).region.unwrap_or("");
                let (place, employer) = match (region, entry.pid % 20) {
                    ("县内", _) => ("正安县", "正安县经开区"),
                    (_, 0 | 1) => ("上海市", "上海某电子厂"),
                    _ => ("浙江省", "浙江某制衣厂"),
                };
                with(entry, &[Cell::from("自主就业"), Cell::from(region), Cell::from(place), Cell::from(employer)])
            },
        );
        let employment = employment.named("employment", "正安县人社局", format!("{}贫困劳动力就业台账", self.month));

        let names = headers(&["是否有培训意愿", "是否有就业意愿", "推荐岗位次数"]);
        let yes_no = |yes: bool| Cell::from(if yes { "是" } else { "否" });
        let cards = self.table_of(
            &names,
            habit(23),
            events,
            |pid| of(pid).card.is_some(),
            |entry| {
                let card = of(entry.pid).card.unwrap_or(Card { trains: false, blank: true, works: false, recommended: 0 });
                let trains = if card.blank { Cell::Empty } else { yes_no(card.trains) };
                with(entry, &[trains, yes_no(card.works), Cell::Number(card.recommended)])
            },
        );
        let cards = cards.named("service_card", "正安县人社局", format!("{year}年贫困劳动力全程服务卡"));

        let names = headers(&["创业项目", "创业补贴金额"]);
        let started = |entry: &Entry<'_>| with(entry, &[Cell::from("养殖"), Cell::Money(500_000)]);
        let mut start_up = self.table_of(&names, habit(24), events, |pid| of(pid).start_ups > 0, started);
        let mut again = self.table_of(&names, habit(24), events, |pid| of(pid).start_ups > 1, started);
        start_up.rows.append(&mut again.rows);
        let start_up = start_up.named("start_up", "正安县人社局", format!("{year}年一次性创业补贴台账"));

        let names = headers(&["东部职业学校"]);
        let school = |entry: &Entry<'_>| with(entry, &[Cell::from("上海市某职业技术学校")]);
        let east = self.table_of(&names, habit(25), events, |pid| of(pid).east, school).named(
            "east_school",
            "正安县教育局",
            format!("{year}年赴东部就读职业学校学生名单"),
        );
        vec![training, employment, cards, start_up, east]
    }

    /// Posts and fairs, of nobody.
    pub(super) fn work_events(&self) -> [Table; 2] {
        let row = |cells| Row::nobody(0, cells);
        let rows = |cells: Vec<Vec<Cell>>| cells.into_iter().map(row).collect();
        let post = |name: &str, day: u32| {
            vec![Cell::from("正安县经开区"), Cell::from(name), Cell::from(format!("{}-{day:02}", self.month))]
        };
        let fair =
            |month: u32| vec![Cell::from(format!("{}-{month:02}-18", self.month.year())), Cell::from("东西部劳务协作现场招聘会")];
        let bank = Table {
            registry: "job_bank",
            title: "用工岗位信息库".to_owned(),
            office: "正安县人社局",
            headers: table::headers(&["用工单位", "岗位名称", "更新日期"]),
            rows: rows(vec![post("缝纫工", 3), post("吉他装配工", 17)]),
        };
        let fairs = Table {
            registry: "job_fair",
            title: "劳务协作招聘会台账".to_owned(),
            office: "正安县人社局",
            headers: table::headers(&["招聘会日期", "招聘会名称"]),
            rows: rows(vec![fair(3)]),
        };
        [bank, fairs]
    }
}
