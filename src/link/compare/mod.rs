//! Comparisons: a row against a person, one level per field, missing first and the rest last.
//!
//! Evidence counts once: birth and sex are compared only where the number did not score them, the village and phone only where the household
//! did not. [`Levels`] is ten bytes; nothing is allocated.

pub(super) mod birth;
pub(super) mod household;
mod id;

use super::lists;
use super::roster::{NO_BIRTH, NONE, Record, Roster};
use super::spine::{self, Spine};
use crate::model::identity::name::NameLevel;

/// Positions of the comparisons that are asked for by themselves, in the order of [`crate::config::link::COMPARISONS`], whose
/// levels are the values in [`Levels`].
pub(super) const ID: usize = 0;
/// The name.
pub(super) const NAME: usize = 1;
/// The birth date; sex and place follow.
pub(super) const BIRTH: usize = 2;
/// The place.
pub(super) const PLACE: usize = 4;
/// The household.
pub(super) const HOUSEHOLD: usize = 5;
/// The phone.
pub(super) const PHONE: usize = 6;
/// The rows above and below.
pub(super) const NEIGHBOURS: usize = 7;
/// Others of the name in the village.
pub(super) const NAMESAKES: usize = 8;
/// Which other lists the person is on.
pub(super) const LISTS: usize = 9;
/// Number of comparisons.
pub(super) const COMPARISONS: usize = crate::config::link::COMPARISONS.len();
/// The level of a comparison without evidence.
pub(super) const MISSING: u8 = u8::MAX;

/// How two numbers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum IdLevel {
    Equal,
    Corrected,
    OneDigit,
    Swapped,
    MissingOrDoubled,
    FloatRounding,
    FloatStem,
    Masked,
    BirthAndSequence,
    TwoSlips,
    SameBirth,
    OtherMember,
    Contested,
    DamagedUnlike,
    Conflict,
}

impl IdLevel {
    /// Whether the level has scored birth and sex already, or has shown them wrong.
    fn settles_birth(self) -> bool {
        !matches!(self, Self::Corrected | Self::Masked | Self::OtherMember | Self::Contested | Self::DamagedUnlike)
    }
}

/// The level of names that differ in one character within one household.
pub(super) const NAME_KIN: u8 = 6;
/// The last name level that siblings do not share.
const NAME_SOUND: u8 = 2;
/// Names differ.
pub(super) const NAME_DIFFERENT: u8 = 7;
/// The last household level that says "same household".
pub(super) const HOUSEHOLD_LINKED: u8 = 2;
/// The last level of the rows above and below that says "beside the person's household".
const NEIGHBOURS_BESIDE: u8 = 1;
/// The household level of an equal head.
const SAME_HEAD: u8 = 3;

/// The level of every comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Levels(pub [u8; COMPARISONS]);

impl Levels {
    /// The level of one comparison.
    pub(super) fn of(self, comparison: usize) -> u8 {
        self.0[comparison]
    }

    /// Whether the number proves a repair: damage that has few explanations.
    pub(super) fn number_repaired(self) -> bool {
        self.of(ID) <= IdLevel::FloatStem as u8
    }

    /// Equal number, but pass 1 saw siblings or strangers in the names.
    pub(super) fn is_clash(self) -> bool {
        self.of(ID) == IdLevel::Equal as u8 && self.of(NAME) > NAME_SOUND
    }

    /// Whether a join on these levels may be made without a human: names agree, numbers do not contradict, and something beyond
    /// name and village speaks for it.
    pub(super) fn may_join(self) -> bool {
        let id = self.of(ID);
        let contradicts = id == IdLevel::Conflict as u8 || id == IdLevel::DamagedUnlike as u8;
        let number_speaks = id <= IdLevel::SameBirth as u8;
        let birth_speaks = self.of(BIRTH) == 0;
        let household_speaks = self.of(HOUSEHOLD) <= SAME_HEAD;
        let phone_speaks = self.of(PHONE) == 0;
        let neighbours_speak = self.of(NEIGHBOURS) <= NEIGHBOURS_BESIDE;
        // Nobody else can be meant, or nobody else belongs on this list.
        let others_excluded =
            self.of(NAMESAKES) == 0 || (self.of(LISTS) == lists::LIKE_MOST && self.of(NAME) == 0 && self.of(PLACE) == 0);
        // Whoever bears the number of a member of the household belongs to it.
        let member_speaks = id == IdLevel::OtherMember as u8 && self.of(NAME) <= NAME_SOUND;
        self.of(NAME) != NAME_DIFFERENT
            && self.of(NAME) != MISSING
            && !self.is_clash()
            && (!contradicts || (id == IdLevel::DamagedUnlike as u8 && household_speaks))
            && (number_speaks
                || member_speaks
                || birth_speaks
                || household_speaks
                || phone_speaks
                || neighbours_speak
                || others_excluded)
    }
}

/// What a row's and a person's company say of the two, whichever face is compared.
#[derive(Clone, Copy)]
pub(super) struct Company {
    household: u8,
    neighbours: u8,
    lists: u8,
}

impl Company {
    /// Looks at the row's household, or, where the list knows none, at the rows above and below and the relative it names.
    pub(super) fn of(roster: &Roster, spine: &Spine, row: u32, person: u32) -> Self {
        let lists = spine.lists.level(person);
        if has_household(roster.record(row)) {
            Self { household: household::linked_level(roster, spine, row, person), neighbours: MISSING, lists }
        } else {
            // Who stands above and below is often that relative: one of the two counts.
            match household::neighbours_level(roster, spine, row, person) {
                neighbours @ ..=NEIGHBOURS_BESIDE => Self { household: MISSING, neighbours, lists },
                neighbours => match household::kin_level(spine, roster.record(row), person) {
                    MISSING => Self { household: MISSING, neighbours, lists },
                    household => Self { household, neighbours: MISSING, lists },
                },
            }
        }
    }

    /// Whether the two households are one, by code or by members linked already.
    pub(super) fn is_linked(self) -> bool {
        self.household <= HOUSEHOLD_LINKED
    }
}

/// Compares a row with one face of a person; `company` is what [`Company::of`] gave for the two.
pub(super) fn compare(roster: &Roster, spine: &Spine, row: u32, person: u32, face: u32, company: Company) -> Levels {
    let (right, left) = (roster.record(row), roster.record(face));
    let id = id::compare(roster, spine, (row, right), (face, left), person);
    let household = if company.is_linked() {
        company.household
    } else {
        let head = household::head_level(roster, right, left);
        if head == SAME_HEAD || company.household == MISSING { head } else { company.household }
    };
    let beside = company.neighbours <= NEIGHBOURS_BESIDE;
    let same_household = household <= HOUSEHOLD_LINKED || beside;
    let name = match spine::name_level(roster, right, left) {
        None => MISSING,
        Some(NameLevel::Same) => 0,
        Some(NameLevel::Wildcard) => 1,
        Some(NameLevel::SameSound) => 2,
        Some(NameLevel::LookAlike | NameLevel::OneCharacter) if same_household => NAME_KIN,
        Some(NameLevel::LookAlike) => 3,
        Some(NameLevel::Dropped) => 4,
        Some(NameLevel::OneCharacter) => 5,
        Some(NameLevel::Different) => NAME_DIFFERENT,
    };
    // A contested number is perhaps another's, and so is the birth date inside it.
    let independent =
        |record: &Record| !(record.birth_from_number && (spine.is_contested(record.number) || id == Some(IdLevel::OtherMember)));
    let scored = id.is_some_and(IdLevel::settles_birth) || !independent(right) || !independent(left);
    let both_from_numbers = id.is_some() && right.birth_from_number && left.birth_from_number;
    let birth = if scored || both_from_numbers || right.birth == NO_BIRTH || left.birth == NO_BIRTH {
        MISSING
    } else {
        birth::compare(right.birth, left.birth)
    };
    let sex =
        if scored || both_from_numbers || right.sex == 0 || left.sex == 0 { MISSING } else { u8::from(right.sex != left.sex) };
    let place = if same_household { MISSING } else { place(right, left) };
    let phone = if same_household || right.phone == 0 || left.phone == 0 { MISSING } else { u8::from(right.phone != left.phone) };
    let silent = matches!(id, None | Some(IdLevel::Contested));
    let namesakes = if spine.is_census && silent && name == 0 && place == 0 && spine.is_only_namesake(roster, right, person) {
        0
    } else {
        MISSING
    };
    let id = id.map_or(MISSING, |level| level as u8);
    Levels([id, name, birth, sex, place, household, phone, company.neighbours, namesakes, company.lists])
}

fn place(right: &Record, left: &Record) -> u8 {
    match (right, left) {
        _ if right.village != 0 && right.village == left.village => 0,
        _ if right.town == 0 || left.town == 0 => MISSING,
        _ if right.town != left.town => 3,
        _ if right.village == 0 || left.village == 0 => 2,
        _ => 1,
    }
}

/// Whether two records are of one household or can be compared at all.
fn has_household(record: &Record) -> bool {
    record.household != NONE
}
