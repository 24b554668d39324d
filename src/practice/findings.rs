//! The findings a perfect tool would make of a month: the rule table read off the true state, plus the identity
//! findings that the damage makes true.

use std::collections::{BTreeMap, BTreeSet};

use super::county::{Attribute, County, Relation, START_YEAR};
use super::damage::{Identity, NumberDamage};
use super::welfare::{Dibao, FLOOR_FEN, LINE_FEN, LIVING_FEN, State, TEKUN_FEN, nursing_standard};

/// Whom a key of `findings.csv` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Person(u32),
    Household(u32),
}

pub(super) type TrueFindings = BTreeSet<(&'static str, Key)>;

/// What the county does with the rules that speak of money, entitlement and status.
pub(super) fn of_state(county: &County, state: &State) -> TrueFindings {
    let mut found = TrueFindings::new();
    for (hid, household) in (0u32..).zip(&county.households) {
        if household.poor {
            of_poor_household(county, state, hid, &mut found);
        }
    }
    for (pid, person) in (0u32..).zip(&county.people) {
        let welfare = state.of(pid);
        let mut add = |rule| found.insert((rule, Key::Person(pid)));
        if (1..TEKUN_FEN).contains(&welfare.tekun) {
            add("living.tekun_below_standard");
        }
        let valid = person.certificate.filter(|certificate| !certificate.revoked && !welfare.dead);
        let nursing = valid.map_or(0, |certificate| nursing_standard(certificate.grade));
        // Of the two subsidies nobody supported as 特困 gets any.
        if welfare.tekun > 0 && !welfare.dead && (welfare.nursing > 0 || welfare.living > 0) {
            add("living.tekun_two_subsidies");
        }
        if nursing > 0 && welfare.nursing == 0 && welfare.tekun > 0 {
        } else if nursing > 0 && welfare.nursing == 0 {
            add("living.nursing_missed");
        } else if nursing > 0 && welfare.nursing < nursing {
            add("living.nursing_below_standard");
        } else if nursing == 0 && welfare.nursing > 0 {
            add(if person.certificate.is_some() { "living.nursing_ineligible" } else { "living.nursing_no_certificate" });
        }
        if welfare.covered() && valid.is_some() {
            match welfare.living + welfare.class_aid {
                0 => add("living.disability_living_missed"),
                1..LIVING_FEN => add("living.disability_living_below_standard"),
                _ => false,
            };
        }
    }
    found
}

fn of_poor_household(county: &County, state: &State, hid: u32, found: &mut TrueFindings) {
    let household = county.household(hid);
    let two_none = county.two_none(household);
    let living = || household.members().filter(|&pid| !state.of(pid).dead);
    let helped = |pid: u32| state.of(pid).covered() || state.of(pid).tekun > 0;
    let covered = state.covered(county, hid);
    if two_none && !living().any(helped) {
        found.insert(("living.two_none_uncovered", Key::Household(hid)));
    } else if two_none {
        for pid in living().filter(|&pid| !helped(pid)) {
            found.insert(("living.two_none_member_uncovered", Key::Person(pid)));
        }
    }
    let paid = state.dibao[hid as usize];
    if two_none && paid < covered * FLOOR_FEN {
        found.insert(("living.floor_below", Key::Household(hid)));
    } else if two_none && paid < covered * LINE_FEN {
        found.insert(("living.line_below", Key::Household(hid)));
    }
    let both = household.members().any(|pid| state.of(pid).covered() && state.of(pid).tekun > 0);
    // One severely disabled member alone on the list is a household of one (单人户), which the attribute need not follow.
    let single = covered == 1 && household.size > 1 && household.members().all(|pid| state.of(pid).dibao != Dibao::Member);
    let conflict = match household.attribute {
        Attribute::Dibao => covered == 0,
        Attribute::General => covered > 0 && !single,
        Attribute::DibaoPart | Attribute::Tekun => false,
    };
    if conflict || both {
        found.insert(("living.attribute_conflict", Key::Household(hid)));
    }
    for pid in living() {
        let welfare = state.of(pid);
        if household.attribute == Attribute::Tekun && !helped(pid) && !of_helped_elder(county, state, pid) {
            found.insert(("living.tekun_uncovered", Key::Person(pid)));
        }
        // Born this year, one is insured with the mother.
        let newborn = county.person(pid).birth.ymd().0 == START_YEAR;
        if !welfare.enrolled && !newborn {
            found.insert(("health.not_enrolled", Key::Person(pid)));
        } else if welfare.enrolled && welfare.own > 0 && welfare.subsidy == 0 {
            found.insert(("health.premium_not_subsidised", Key::Person(pid)));
        }
    }
}

/// Whether somebody of the household's elders is supported, so that this child or grandchild need not be.
fn of_helped_elder(county: &County, state: &State, pid: u32) -> bool {
    let relation = county.person(pid).relation;
    county.household_of(pid).members().filter(|&other| !state.of(other).dead && state.of(other).tekun > 0).any(|other| {
        match county.person(other).relation {
            Relation::Head | Relation::Spouse => {
                matches!(relation, Relation::Son | Relation::Daughter | Relation::Grandson | Relation::Granddaughter)
            }
            Relation::Father | Relation::Mother => !matches!(relation, Relation::Father | Relation::Mother),
            _ => false,
        }
    })
}

/// What happened to the numbers and rows of a month, all registries.
#[derive(Default)]
pub(super) struct IdentityEvents {
    /// Rows per person that bear the right number, however spaced.
    right: Vec<u16>,
    damaged: Vec<(u32, NumberDamage)>,
    /// Rows of a person that bear the right number under a name with nothing but the surname in common.
    renamed: BTreeMap<u32, u16>,
    duplicated: Vec<u32>,
}

impl IdentityEvents {
    pub(super) fn new(people: usize) -> Self {
        Self { right: vec![0; people], ..Self::default() }
    }

    pub(super) fn row(&mut self, pid: u32, written: &Identity) {
        if written.renamed {
            *self.renamed.entry(pid).or_default() += 1;
        }
        match written.number_damage {
            Some(damage) if !damage.is_harmless() => self.damaged.push((pid, damage)),
            _ => self.right[pid as usize] = self.right[pid as usize].saturating_add(1),
        }
    }

    pub(super) fn duplicate(&mut self, pid: u32) {
        self.duplicated.push(pid);
    }

    /// `number_damaged` where a row elsewhere has the right number, else `number_invalid`; another person's number is a
    /// conflict of the person whose row bears it, once a row under the owner's name bears it too, and so is another name
    /// under one's own number; a number that is missing is neither.
    pub(super) fn add_to(&self, found: &mut TrueFindings) {
        for &(pid, damage) in &self.damaged {
            let rule = match damage {
                NumberDamage::Placeholder => "identity.number_invalid",
                NumberDamage::AnothersNumber(owner) | NumberDamage::Lent(owner) if self.right[owner as usize] > 0 => {
                    "identity.conflict"
                }
                // Age tells the century of fifteen digits.
                NumberDamage::Missing
                | NumberDamage::Word
                | NumberDamage::YoungFifteen
                | NumberDamage::AnothersNumber(_)
                | NumberDamage::Lent(_) => continue,
                _ if self.right[pid as usize] > 0 => "identity.number_damaged",
                // Nothing shows that it is not the person's.
                NumberDamage::Second => continue,
                _ => "identity.number_invalid",
            };
            found.insert((rule, Key::Person(pid)));
        }
        let renamed = self.renamed.iter().filter(|(pid, rows)| self.right[**pid as usize] > **rows);
        found.extend(renamed.map(|(pid, _)| ("identity.conflict", Key::Person(*pid))));
        found.extend(self.duplicated.iter().map(|&pid| ("identity.duplicate", Key::Person(pid))));
    }
}
