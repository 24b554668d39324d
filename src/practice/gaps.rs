//! What goes wrong in the county's coverage, month by month: each kind of gap at its rate, and never fewer than a few, so that
//! every rule has something to find even in a small county.

use super::county::{Attribute, County, Relation};
use super::random::{NEW_EACH_MONTH, Random, STILL_OPEN};
use super::welfare::{Dibao, PREMIUM_FEN, State, entitled};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GapKind {
    TwoNoneUncovered,
    TwoNoneMemberUncovered,
    FloorBelow,
    TekunUncovered,
    TekunBelow,
    DibaoAndTekun,
    DibaoAttributeWithoutDibao,
    GeneralAttributeWithDibao,
    LivingMissed,
    LivingBelow,
    NotEnrolled,
    NotSubsidised,
    NursingMissed,
    NursingBelow,
    NursingIneligible,
    NursingWithoutCertificate,
}

/// Kind, share of those it could befall, and how many at the least. Scarce populations choose first: a household has one gap
/// of those that stand before `NotEnrolled`, so that none hides another.
const PLAN: [(GapKind, f64, usize); 16] = [
    (GapKind::TwoNoneUncovered, 0.06, 2),
    (GapKind::TwoNoneMemberUncovered, 0.08, 2),
    (GapKind::FloorBelow, 0.06, 2),
    (GapKind::TekunUncovered, 0.06, 1),
    (GapKind::TekunBelow, 0.06, 1),
    (GapKind::DibaoAndTekun, 0.05, 1),
    (GapKind::LivingMissed, 0.08, 1),
    (GapKind::LivingBelow, 0.06, 1),
    (GapKind::DibaoAttributeWithoutDibao, 0.04, 1),
    (GapKind::GeneralAttributeWithDibao, 0.015, 2),
    (GapKind::NotEnrolled, 0.008, 3),
    (GapKind::NotSubsidised, 0.012, 3),
    (GapKind::NursingMissed, 0.05, 2),
    (GapKind::NursingBelow, 0.03, 1),
    (GapKind::NursingIneligible, 0.02, 1),
    (GapKind::NursingWithoutCertificate, 0.0003, 2),
];

/// One gap; the subject is a household or a person, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) kind: GapKind,
    pub(super) subject: u32,
}

/// The gaps open in `month` (0 = the first), given those of the month before.
pub(super) fn open(county: &County, month: u32, before: &[Gap]) -> Vec<Gap> {
    let state = entitled(county, month);
    let mut busy_households = vec![false; county.households.len()];
    let mut busy_people = vec![false; county.people.len()];
    let mut gaps: Vec<Gap> = Vec::new();
    for gap in before {
        let key = [31, u64::from(month), gap.kind as u64, u64::from(gap.subject)];
        if Random::keyed(county.seed, &key).chance(STILL_OPEN) && concerned(county, &state, gap.kind, gap.subject) {
            occupy(county, *gap, &mut busy_households, &mut busy_people);
            gaps.push(*gap);
        }
    }
    for (kind, share, least) in PLAN {
        let subjects = if of_household(kind) { county.households.len() } else { county.people.len() };
        let candidates: Vec<u32> = (0..u32::try_from(subjects).unwrap_or(u32::MAX))
            .filter(|&subject| {
                let hid = if of_household(kind) { subject } else { county.person(subject).household };
                let free = if alone_in_household(kind) { !busy_households[hid as usize] } else { !busy_people[subject as usize] };
                free && concerned(county, &state, kind, subject)
            })
            .collect();
        let share = if month == 0 { share } else { share * NEW_EACH_MONTH };
        let least = if month == 0 { least } else { 1 };
        let mut random = Random::keyed(county.seed, &[32, u64::from(month), kind as u64]);
        let count = candidates.iter().filter(|_| random.chance(share)).count().max(least);
        for subject in random.sample(candidates, count) {
            let gap = Gap { kind, subject };
            // Two candidates of one household: the first one keeps it.
            let hid = if of_household(kind) { subject } else { county.person(subject).household };
            if !(alone_in_household(kind) && busy_households[hid as usize]) {
                occupy(county, gap, &mut busy_households, &mut busy_people);
                gaps.push(gap);
            }
        }
    }
    gaps
}

fn of_household(kind: GapKind) -> bool {
    matches!(
        kind,
        GapKind::TwoNoneUncovered
            | GapKind::FloorBelow
            | GapKind::DibaoAttributeWithoutDibao
            | GapKind::GeneralAttributeWithDibao
    )
}

fn alone_in_household(kind: GapKind) -> bool {
    PLAN.iter().take(10).any(|plan| plan.0 == kind)
}

fn occupy(county: &County, gap: Gap, households: &mut [bool], people: &mut [bool]) {
    if alone_in_household(gap.kind) {
        let hid = if of_household(gap.kind) { gap.subject } else { county.person(gap.subject).household };
        households[hid as usize] = true;
    } else {
        people[gap.subject as usize] = true;
    }
}

/// Whether the gap can befall the subject.
fn concerned(county: &County, state: &State, kind: GapKind, subject: u32) -> bool {
    if of_household(kind) {
        let household = county.household(subject);
        return match kind {
            GapKind::TwoNoneUncovered | GapKind::FloorBelow => county.two_none(household),
            GapKind::DibaoAttributeWithoutDibao => household.attribute == Attribute::Dibao && !county.two_none(household),
            _ => household.poor && household.attribute == Attribute::General && state.covered(county, subject) == 0,
        };
    }
    let (person, welfare, household) = (county.person(subject), state.of(subject), county.household_of(subject));
    let valid = person.certificate.filter(|certificate| !certificate.revoked);
    match kind {
        GapKind::TwoNoneMemberUncovered => {
            county.two_none(household) && person.relation != Relation::Head && !welfare.dead && household.size > 1
        }
        GapKind::TekunUncovered | GapKind::DibaoAndTekun => household.poor && household.tekun && !welfare.dead,
        GapKind::TekunBelow => household.tekun && !welfare.dead,
        GapKind::LivingMissed | GapKind::LivingBelow => welfare.covered() && valid.is_some(),
        GapKind::NotEnrolled | GapKind::NotSubsidised => household.poor && !welfare.dead,
        GapKind::NursingMissed | GapKind::NursingBelow => {
            valid.is_some_and(|certificate| certificate.grade <= 2) && !welfare.dead
        }
        GapKind::NursingIneligible => person.certificate.is_some() && welfare.nursing == 0,
        _ => person.certificate.is_none() && !welfare.dead && person.age() > 30,
    }
}

/// Breaks what should be, gap by gap.
pub(super) fn apply(county: &County, state: &mut State, gaps: &[Gap]) {
    for gap in gaps {
        let subject = gap.subject;
        let mut random = Random::keyed(county.seed, &[23, gap.kind as u64, u64::from(subject)]);
        match gap.kind {
            GapKind::TwoNoneUncovered | GapKind::DibaoAttributeWithoutDibao => {
                for pid in county.household(subject).members() {
                    leave_dibao(state, pid, Dibao::Absent);
                }
                state.dibao[subject as usize] = 0;
            }
            GapKind::TwoNoneMemberUncovered => {
                let hid = county.person(subject).household;
                let share = state.dibao[hid as usize] / state.covered(county, hid).max(1);
                leave_dibao(state, subject, random.pick(&[Dibao::Absent, Dibao::Member]));
                state.dibao[hid as usize] -= share;
            }
            GapKind::FloorBelow => {
                let covered = state.covered(county, subject);
                state.dibao[subject as usize] = covered * i64::from(random.between(150, 275)) * 100;
                turn_into_living_subsidy(county, state, subject);
            }
            GapKind::TekunUncovered => state.edit(subject).tekun = 0,
            GapKind::TekunBelow => state.edit(subject).tekun = random.pick(&[60_300, 64_200, 70_000, 74_000]),
            GapKind::GeneralAttributeWithDibao => {
                for pid in county.household(subject).members() {
                    join_dibao(county, state, pid);
                }
                state.dibao[subject as usize] = 20_000 * state.covered(county, subject);
            }
            GapKind::DibaoAndTekun => {
                join_dibao(county, state, subject);
                state.dibao[county.person(subject).household as usize] = 30_000;
            }
            GapKind::NotEnrolled => {
                let welfare = state.edit(subject);
                (welfare.enrolled, welfare.own, welfare.subsidy) = (false, 0, 0);
            }
            GapKind::NotSubsidised => {
                let own = random.pick(&[PREMIUM_FEN, PREMIUM_FEN, 6_000, 3_000]);
                let welfare = state.edit(subject);
                (welfare.own, welfare.subsidy) = (own, PREMIUM_FEN - own);
            }
            GapKind::NursingMissed => state.edit(subject).nursing = 0,
            GapKind::NursingBelow => state.edit(subject).nursing = random.pick(&[2_000, 3_000, 3_500]),
            GapKind::NursingIneligible | GapKind::NursingWithoutCertificate => {
                state.edit(subject).nursing = random.pick(&[4_000, 5_000]);
            }
            GapKind::LivingMissed | GapKind::LivingBelow => {
                turn_into_living_subsidy(county, state, county.person(subject).household);
                state.edit(subject).living =
                    if gap.kind == GapKind::LivingMissed { 0 } else { random.pick(&[2_000, 2_500, 3_000]) };
            }
        }
    }
}

fn leave_dibao(state: &mut State, pid: u32, to: Dibao) {
    let welfare = state.edit(pid);
    (welfare.dibao, welfare.class_aid, welfare.living) = (to, 0, 0);
}

fn join_dibao(county: &County, state: &mut State, pid: u32) {
    let certified = county.person(pid).certificate.is_some_and(|certificate| !certificate.revoked);
    let welfare = state.edit(pid);
    welfare.dibao = if welfare.dead { Dibao::Member } else { Dibao::Covered };
    if certified && welfare.covered() {
        welfare.living = 5_000;
    }
}

/// The payment list sums 分类施保金 over the household: without it, what a gap takes from one person shows.
fn turn_into_living_subsidy(county: &County, state: &mut State, hid: u32) {
    for pid in county.household(hid).members() {
        let welfare = state.edit(pid);
        if welfare.class_aid > 0 {
            (welfare.living, welfare.class_aid) = (welfare.class_aid, 0);
        }
    }
}
