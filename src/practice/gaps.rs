//! What goes wrong in the county's coverage, month by month: each kind of gap at its rate, and never fewer than a few, so that
//! every rule has something to find even in a small county.

use super::county::{Attribute, County, Relation};
use super::random::Random;
use super::welfare::{State, entitled};

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
/// Share of last month's gaps that are still open, and share of the plan that opens anew each month.
const STILL_OPEN: f64 = 0.65;
const NEW_EACH_MONTH: f64 = 0.3;

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

/// Whether a gap of this kind (a number of its own) is open for the person in `month`: it befalls a `share` of people in the
/// first month, fewer anew in later ones, and most of the open ones stay open.
pub(super) fn befalls(seed: u64, month: u32, kind: u64, pid: u32, share: f64) -> bool {
    (0..=month).fold(false, |open, at| {
        let mut random = Random::keyed(seed, &[33, kind, u64::from(pid), u64::from(at)]);
        let share = if at == 0 { share } else { share * NEW_EACH_MONTH };
        random.chance(if open { STILL_OPEN } else { share })
    })
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
