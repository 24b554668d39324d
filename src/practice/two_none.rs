//! “两无” as the poverty registry's column has it: from the third month on the county exports 是否两无户 for every town, wrong for a few
//! households; and what a perfect tool would find in it.
//!
//! Only households that are covered whole and paid in full are marked wrongly, so that no other finding follows from the mark.

use super::county::County;
use super::findings::{Key, TrueFindings};
use super::offices::Offices;
use super::poverty_facts;
use super::random::befalls;
use super::welfare::{LINE_FEN, State};

/// 3535 yuan a head and year.
const FLOOR_YEAR_FEN: i64 = 353_500;

/// Whether the registry of every town has the column.
pub(super) fn has_column(month: u32) -> bool {
    month >= 2
}

/// The mark in the column, right or not.
pub(super) fn marked(county: &County, state: &State, month: u32, hid: u32) -> bool {
    let household = county.household(hid);
    let truly = county.two_none(household);
    let works = household.members().any(|pid| county.person(pid).can_work());
    let open = |kind, share| befalls(county.seed, month, kind, household.first, share);
    let wrong = has_column(month)
        && household.poor
        && provided_for(county, state, hid)
        && (truly && open(151, 0.3) || works && open(152, 0.3));
    truly != wrong
}

/// Every living member is on 低保, at the standard or above.
fn provided_for(county: &County, state: &State, hid: u32) -> bool {
    let covered = state.covered(county, hid);
    let all = county.household(hid).members().all(|pid| state.of(pid).dead || state.of(pid).covered());
    all && covered > 0 && state.dibao[hid as usize] >= covered * LINE_FEN
}

/// What a perfect tool would find.
pub(super) fn findings(offices: &Offices<'_>, found: &mut TrueFindings) {
    let (county, state, month) = (offices.county, offices.state, offices.month_index);
    for (hid, household) in (0u32..).zip(&county.households).filter(|(_, household)| household.poor) {
        let (truly, marked) = (county.two_none(household), marked(county, state, month, hid));
        let supported = marked && state.covered(county, hid) > 0;
        let rules = [
            (marked && !truly, "conflict.two_none_labour"),
            (truly && !marked, "conflict.two_none_unflagged"),
            (supported && poverty_facts::income(county, state, month, hid) < FLOOR_YEAR_FEN, "living.floor_income"),
        ];
        found.extend(rules.into_iter().filter(|(holds, _)| *holds).map(|(_, rule)| (rule, Key::Household(hid))));
    }
}
