//! What comparing a row with a person gives: one level per comparison, as positions in [`crate::config::link::COMPARISONS`], and which levels
//! suffice for a join without a human.

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
    pub(super) fn settles_birth(self) -> bool {
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
pub(super) const NEIGHBOURS_BESIDE: u8 = 1;
/// The household level of an equal head.
pub(super) const SAME_HEAD: u8 = 3;

/// The level of a person who is on the lists that most of the list at hand are on, and few others.
pub(super) const LIKE_MOST: u8 = 0;

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
            self.of(NAMESAKES) == 0 || (self.of(LISTS) == LIKE_MOST && self.of(NAME) == 0 && self.of(PLACE) == 0);
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
