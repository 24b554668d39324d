//! Who truly receives what in a month: first as it should be, then with the gaps planned for the month.

use super::county::{Attribute, County, Person, Relation};
use super::random::{Random, befalls};

/// 3535 yuan a year, by month (issue: living.floor_below).
pub(super) const FLOOR_FEN: i64 = 353_500 / 12;
/// 3876 yuan a year, by month (living.line_below).
pub(super) const LINE_FEN: i64 = 387_600 / 12;
pub(super) const TEKUN_FEN: i64 = 74_100;
/// Ten per cent of the rural standard of 3876 yuan a year.
pub(super) const LIVING_FEN: i64 = 3_230;
/// Thirty per cent of it.
pub(super) const LIVING_MOST_FEN: i64 = 9_690;
pub(super) const PREMIUM_FEN: i64 = 18_000;
/// More a head than the standard with the largest supplement: 130 % of 3876 yuan, by month, is 419.90.
const ABOVE_FEN: i64 = 45_000;
pub(super) const MOST_FEN: i64 = 387_600 * 13 / 120;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Dibao {
    #[default]
    Absent,
    /// On the household's list, but not 保障对象.
    Member,
    Covered,
}

/// What one person receives; amounts in fen a month, 0 = nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Welfare {
    pub(super) dead: bool,
    pub(super) dibao: Dibao,
    pub(super) class_aid: i64,
    pub(super) tekun: i64,
    pub(super) enrolled: bool,
    /// Premium paid by the person and by the departments, for the year.
    pub(super) own: i64,
    pub(super) subsidy: i64,
    pub(super) nursing: i64,
    pub(super) living: i64,
}

impl Welfare {
    pub(super) fn covered(&self) -> bool {
        self.dibao == Dibao::Covered
    }
}

/// A month's truth. `dibao` is the monthly amount of each household.
pub(super) struct State {
    pub(super) people: Vec<Welfare>,
    pub(super) dibao: Vec<i64>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "State({} people)", self.people.len())
    }
}

impl State {
    pub(super) fn of(&self, pid: u32) -> &Welfare {
        &self.people[pid as usize]
    }

    pub(super) fn covered(&self, county: &County, hid: u32) -> i64 {
        i64::try_from(county.household(hid).members().filter(|&pid| self.of(pid).covered()).count()).unwrap_or(0)
    }

    pub(super) fn edit(&mut self, pid: u32) -> &mut Welfare {
        &mut self.people[pid as usize]
    }
}

/// As it should be: everyone entitled receives, at the standard.
pub(super) fn entitled(county: &County, month: u32) -> State {
    let mut state = State { people: vec![Welfare::default(); county.people.len()], dibao: vec![0; county.households.len()] };
    for (hid, household) in (0u32..).zip(&county.households) {
        let mut random = Random::keyed(county.seed, &[21, u64::from(hid)]);
        for pid in household.members() {
            state.edit(pid).dead = county.person(pid).dies.is_some_and(|dies| dies <= month);
        }
        enter_dibao(county, &mut state, hid, &mut random);
        for pid in household.members() {
            let mut random = Random::keyed(county.seed, &[22, u64::from(pid)]);
            let person = county.person(pid);
            let welfare = state.edit(pid);
            if household.tekun && !welfare.dead {
                // Those who can care for themselves get nothing on top.
                let alone = tekun_entry(county, month, pid).able;
                let more = if alone { befalls(county.seed, month, 99, pid, 0.06) } else { random.chance(0.2) };
                welfare.tekun = if more { 80_000 } else { TEKUN_FEN };
            }
            insure(person, household.poor, welfare, &mut random);
            support_disabled(person, welfare, &mut random);
        }
        state.dibao[hid as usize] *= state.covered(county, hid);
    }
    state
}

fn enter_dibao(county: &County, state: &mut State, hid: u32, random: &mut Random) {
    let household = county.household(hid);
    let two_none = county.two_none(household);
    state.dibao[hid as usize] = if two_none {
        random.weighted(&[(32_300, 60), (33_000, 10), (31_000, 15), (29_500, 15)])
    } else {
        random.pick(&[12_000, 16_000, 20_000, 26_000, 32_300])
    };
    let whole = if household.poor { household.attribute == Attribute::Dibao } else { !household.tekun && random.chance(0.012) };
    for (position, pid) in household.members().enumerate() {
        let person = county.person(pid);
        let dead = state.of(pid).dead;
        let covered = match household.attribute {
            Attribute::DibaoPart => position == 0 || (!person.can_work() && !dead),
            // A severely disabled adult may be supported as a household of one (单人户).
            Attribute::General if household.poor => {
                household.size > 1
                    && person.severe()
                    && (18..60).contains(&person.age())
                    && person.relation != Relation::Head
                    && random.chance(0.3)
            }
            _ => whole && (two_none || position == 0 || !random.chance(0.04)),
        };
        let listed = whole || household.attribute == Attribute::DibaoPart;
        state.edit(pid).dibao = match (covered && !dead, listed) {
            (true, _) => Dibao::Covered,
            (false, true) => Dibao::Member,
            (false, false) => Dibao::Absent,
        };
        if !listed && state.of(pid).covered() {
            return;
        }
    }
}

fn insure(person: &Person, poor: bool, welfare: &mut Welfare, random: &mut Random) {
    let entitled = poor || welfare.covered() || welfare.tekun > 0 || person.severe();
    // Others may be insured as employees instead.
    welfare.enrolled = entitled || !(18..60).contains(&person.age()) || !random.chance(0.05);
    if welfare.enrolled {
        (welfare.own, welfare.subsidy) = if entitled { (0, PREMIUM_FEN) } else { (PREMIUM_FEN, 0) };
    }
}

fn support_disabled(person: &Person, welfare: &mut Welfare, random: &mut Random) {
    let Some(certificate) = person.certificate.filter(|certificate| !certificate.revoked && !welfare.dead) else { return };
    welfare.nursing = nursing_standard(certificate.grade);
    if welfare.covered() {
        let amount = random.pick(&[3_300, 5_000, 6_460, 9_690]);
        if random.chance(0.65) { welfare.living = amount } else { welfare.class_aid = amount.max(6_460) }
    }
}

/// 50 yuan for grade 1, 40 for grade 2, nothing for others.
pub(super) fn nursing_standard(grade: u8) -> i64 {
    match grade {
        1 => 5_000,
        2 => 4_000,
        _ => 0,
    }
}

/// On the lists of 低保 or 特困.
pub(super) fn needy(state: &State, pid: u32) -> bool {
    let welfare = state.of(pid);
    welfare.dibao != Dibao::Absent && !welfare.dead || welfare.tekun > 0
}

/// In the poverty registry, or [`needy`].
pub(super) fn hardship(county: &County, state: &State, pid: u32) -> bool {
    county.household_of(pid).poor || needy(state, pid)
}

/// Paid too much, or to the wrong people: premiums for people of no category, subsidies above the standard, to the dead.
pub(super) fn overpay(county: &County, state: &mut State, month: u32) {
    for (hid, household) in (0u32..).zip(&county.households) {
        let above = !county.two_none(household) && befalls(county.seed, month, 143, household.first, 0.03);
        let covered = state.covered(county, hid);
        let nothing = !county.two_none(household) && befalls(county.seed, month, 147, household.first, 0.02);
        if above && covered > 0 {
            state.dibao[hid as usize] = ABOVE_FEN * covered;
        } else if nothing && covered > 0 {
            state.dibao[hid as usize] = 0;
        }
    }
    for pid in 0..u32::try_from(county.people.len()).unwrap_or(u32::MAX) {
        let entitled = hardship(county, state, pid) || county.person(pid).severe();
        if !entitled && state.of(pid).enrolled && befalls(county.seed, month, 80, pid, 0.0008) {
            let welfare = state.edit(pid);
            (welfare.own, welfare.subsidy) = (0, PREMIUM_FEN);
        }
        let open = |kind, share| befalls(county.seed, month, kind, pid, share);
        let revoked = county.person(pid).certificate.is_some_and(|certificate| certificate.revoked);
        if revoked && !state.of(pid).dead && open(144, 0.12) {
            state.edit(pid).living = 5_000;
        }
        let certificate = county.person(pid).certificate.filter(|certificate| !certificate.revoked);
        let standard = certificate.map_or(0, |certificate| nursing_standard(certificate.grade));
        let welfare = state.edit(pid);
        if standard > 0 && welfare.nursing == standard && open(100, 0.03) {
            welfare.nursing = if standard == 4_000 { 5_000 } else { 6_000 };
        }
        if welfare.living >= LIVING_FEN && open(101, 0.05) {
            welfare.living = 12_000;
        }
        if welfare.dead && certificate.is_some() && open(102, 0.4) {
            welfare.nursing = 4_000;
        }
    }
}

/// On the 特困 roster without need: healthy, of working age, alone and on no other list.
pub(super) fn support_healthy(county: &County, state: &mut State, month: u32) {
    for household in county.households.iter().filter(|household| household.poor && household.size == 1) {
        let pid = household.first;
        let (person, welfare) = (county.person(pid), state.of(pid));
        let healthy = !person.ill && person.certificate.is_none() && (20..60).contains(&person.age());
        let elsewhere = welfare.dead || welfare.dibao != Dibao::Absent || welfare.tekun > 0;
        if healthy && !elsewhere && befalls(county.seed, month, 153, pid, 0.06) {
            state.edit(pid).tekun = TEKUN_FEN;
        }
    }
}

/// How somebody is supported as 特困.
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the roster")]
#[derive(Clone, Copy, Debug)]
pub(super) struct Support {
    /// In a home for the old, by the column that says so.
    pub(super) housed: bool,
    /// A home is named.
    pub(super) institution: bool,
    pub(super) guardian: bool,
    /// Can care for himself.
    pub(super) able: bool,
    /// As assessed; empty where nobody came.
    pub(super) self_care: &'static str,
}

pub(super) fn tekun_entry(county: &County, month: u32, pid: u32) -> Support {
    let open = |kind, share| befalls(county.seed, month, kind, pid, share);
    let housed = pid.is_multiple_of(3);
    let levels = ["有", "部分", "无"];
    let self_care = if open(103, 0.06) { "" } else { levels.get((pid / 3 % 3) as usize).copied().unwrap_or("有") };
    Support { housed, institution: housed != open(104, 0.04), guardian: !open(105, 0.07), able: self_care == "有", self_care }
}
