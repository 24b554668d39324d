//! What the poverty registry says of households and their members, which is not always so: work, school, income, the cause of poverty.

use super::county::{Attribute, County, Person};
use super::random::befalls;
use super::welfare::State;

/// As the registry has it: wrong for a few, and without school for some of those that have left it.
pub(super) fn school_state_of(county: &County, month: u32, pid: u32) -> &'static str {
    let person = county.person(pid);
    let left = (7..=15).contains(&person.age()) && !pid.is_multiple_of(3) && off_the_roll(county, month, pid);
    match too_young(county, month, pid) {
        true => "高中一年级",
        false if left => "非在校生",
        false => school_state(person),
    }
}

pub(super) fn school_state(person: &Person) -> &'static str {
    match person.age() {
        4..=6 => "学前教育",
        7..=12 => "小学",
        13 => "七年级",
        14 => "八年级",
        15 => "九年级",
        16..=18 if !person.can_work() => "高中一年级",
        _ => "非在校生",
    }
}

/// What the registry gives as the reason of poverty: one that the household bears out, but for a few.
pub(super) fn cause(county: &County, month: u32, hid: u32) -> &'static str {
    let household = county.household(hid);
    let any = |wanted: &dyn Fn(&Person) -> bool| household.members().any(|pid| wanted(county.person(pid)));
    // A child of school age, and for no conflict at all nobody who could still be at school.
    let (pupil, young) = (any(&|person| (7..=15).contains(&person.age())), any(&|person| person.age() < 23));
    let disabled = any(&|person| person.certificate.is_some());
    let ill = disabled || any(&|person| person.ill);
    let borne_out = [("因学", pupil, young), ("因病", ill, ill), ("因残", disabled, disabled)];
    if befalls(county.seed, month, 96, household.first, 0.02)
        && let Some((cause, ..)) = borne_out.iter().cycle().skip((hid % 3) as usize).take(3).find(|(.., thinkable)| !thinkable)
    {
        return cause;
    }
    match household.attribute {
        Attribute::Tekun => "缺劳力",
        _ => match ["缺资金", "缺技术", "因病", "因学", "缺劳力", "因残"][(hid % 6) as usize] {
            cause if borne_out.iter().any(|(name, holds, _)| *name == cause && !holds) => "缺资金",
            cause => cause,
        },
    }
}

/// Net income a head, fen a year: below the line where the household is on 低保, but for a few.
pub(super) fn income(county: &County, state: &State, month: u32, hid: u32) -> i64 {
    let household = county.household(hid);
    let step = i64::from(hid % 7) * 10_000;
    let open = |kind, share| befalls(county.seed, month, kind, household.first, share);
    match (state.covered(county, hid) > 0, household.poverty_status) {
        (true, _) if open(114, 0.05) => 620_000 + step,
        (true, _) => 250_000 + step,
        (false, "未脱贫" | "返贫") if open(115, 0.04) => 280_000 + step,
        _ => 400_000 + step,
    }
}

/// Off 低保 step by step: marked on its roster in a third of the households whose income has grown.
pub(super) fn gradual_exit(county: &County, state: &State, month: u32, hid: u32) -> bool {
    county.household(hid).poor && hid.is_multiple_of(3) && income(county, state, month, hid) > 600_000
}

/// The head's relation is not written as such.
pub(super) fn headless(county: &County, month: u32, pid: u32) -> bool {
    county.household_of(pid).first == pid && befalls(county.seed, month, 98, pid, 0.004)
}

/// Whether the registry says that the person works, rightly or not.
pub(super) fn works(county: &County, month: u32, pid: u32) -> bool {
    let person = county.person(pid);
    person.can_work() && !pid.is_multiple_of(3)
        || person.age() > 10 && !person.can_work() && befalls(county.seed, month, 97, pid, 0.006)
}

/// Whether the child of a poor household is missing from the roll.
pub(super) fn off_the_roll(county: &County, month: u32, pid: u32) -> bool {
    befalls(county.seed, month, 62, pid, 0.025)
}

/// A child at primary school, written as at high school.
fn too_young(county: &County, month: u32, pid: u32) -> bool {
    (7..=12).contains(&county.person(pid).age()) && befalls(county.seed, month, 132, pid, 0.01)
}
