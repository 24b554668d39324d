//! Kinds of repair, and small sets of them. What goes into the column `repairs` is `field:kind`.

/// What was done to a value, or why it could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repair {
    /// Full-width or compatibility characters replaced by the plain ones.
    Width,
    /// Spaces, invisible characters or quotes taken out.
    Space,
    /// `x`, `×`, Cyrillic `Х` or `*` in the last place of a number became `X`.
    CheckLetter,
    /// `O`, `l`, `I`, `S`, `B` became digits; checksum and birth date prove it.
    LetterForDigit,
    /// A 15-digit number was upgraded.
    FifteenToEighteen,
    /// The number stood there twice.
    TypedTwice,
    /// The digits of a disability certificate were split from the number.
    DisabilitySuffix,
    /// The `G` of a school-roll number was taken off.
    SchoolPrefix,
    /// A title in brackets was taken off a name: `张三(户主)`.
    Title,
    /// Other brackets were taken off a name: `张三(曾用名李四)`.
    Bracket,
    /// The dot of a minority name was made `·`.
    Dot,
    /// `+86` was taken off a phone.
    CountryCode,
    /// A cell held several values, the first (for grades the most severe) was taken.
    Several,
    /// Blank here, taken from the disability certificate number.
    FromDisabilityNumber,
    /// Blank here, taken from the data date of the sheet.
    FromDataDate,
    /// The rows name no town; the title, sheet or file name does.
    TownFromSheet,
    /// The town cannot be read; only one town has a village of the name written.
    TownFromVillage,
    /// A town or village is not on the list; the only one that sounds so was taken.
    Sound,
    /// The only one that looks so.
    Shape,
    /// The only one that one slip of the pen explains.
    Slip,
    /// The village named belongs to another town than the one named; it is null.
    OtherTown,
    /// The rows name no village; the title, sheet or file name, or a line above them does.
    VillageFromSheet,
    /// Kind and grade stood in one cell.
    Combined,
    /// Not in the code table; the column is null.
    UnknownCode,
    /// Not a date, amount, count or phone; the column is null.
    Unreadable,
    /// The valid number says otherwise and wins.
    DiffersFromNumber,
    /// A code of 16 digits and more went through a float and lost its end; the column is null.
    Float,
    /// Longer than any real value; cut.
    Cut,
    /// What the value is called stood before it: `身份证号：`, `ID:`.
    Label,
    /// Words stood behind or in brackets: `（已故）`.
    Remark,
    /// Hyphens, dots, underscores between the groups of a number were taken out.
    Punctuation,
    /// The `.0` that a program leaves behind a number was taken off.
    Decimal,
    /// Signs or a running number round a name or a number were taken off.
    Ornament,
    /// Of the two centuries that fifteen digits leave open, age or the birth column chose.
    Century,
    /// The year was written with two digits.
    TwoDigitYear,
    /// A clock just before midnight, or in another zone: the day is the one that was meant in China.
    Clock,
    /// `1.38E+10`: what is left of the number says nothing; the column is null.
    Scientific,
    /// Words, or too few digits for a number; the column is null.
    NoNumber,
    /// Parts are hidden by the sender.
    Masked,
    /// The number is another person's: a relative's, the head's, the guardian's.
    Borrowed,
    /// The amount is for several months; the column, which is for one, is null.
    SeveralMonths,
    /// The row slipped against its header and was read as it was meant.
    Shifted,
    /// Name and number stood in each other's columns.
    Exchanged,
    /// A phone or another number stood beside the number in its cell.
    Beside,
    /// An old number and the one that takes its place stood in the cell.
    Corrected,
    /// Two numbers stood in the cell, and nothing says which is meant; neither is taken.
    TwoNumbers,
    /// Blank here, taken from the first row of the household above.
    FromAbove,
    /// The amount is, wholly or in part, for months gone by, or takes some back; amounts of the month are null.
    BackPayment,
    /// The amount is counted in another time than the column is of, or in a unit that cannot be read; the column is null.
    OtherUnit,
    /// Other money is in the amount, nobody knows how much; the column is null.
    OtherMoney,
    /// A household's and not each of its members', or nobody knows which; the column is null.
    Owner,
    /// Below zero: a correction, no payment; the column is null.
    BelowZero,
    /// Zero in a column of zeros that nobody filled in; null.
    Unfilled,
    /// Most rows show that the column and another stand under each other's headers; both are null.
    Contradicted,
    /// Blank, or contradicted by head or certificate, by which the row's household is known.
    ByHead,
    /// Contradicted by head, certificate or the persons counted: which household the row is of cannot be told.
    NoHousehold,
    /// What the row says of its own standing is not understood, or ends it in passing.
    Status,
    /// The row takes money back from the person, or is of somebody from whom money was taken back: whether it was paid cannot be told.
    TakenBack,
    /// Below a line that is not understood or says otherwise, or among many contradictions: what rests on the row is to be checked.
    Unsure,
}

/// How [`Repair::TakenBack`] is written.
pub(super) const TAKEN_BACK: &str = "taken_back";

impl Repair {
    const ALL: [Self; 59] = [
        Self::Width,
        Self::Space,
        Self::CheckLetter,
        Self::LetterForDigit,
        Self::FifteenToEighteen,
        Self::TypedTwice,
        Self::DisabilitySuffix,
        Self::SchoolPrefix,
        Self::Title,
        Self::Bracket,
        Self::Dot,
        Self::CountryCode,
        Self::Several,
        Self::FromDisabilityNumber,
        Self::FromDataDate,
        Self::TownFromSheet,
        Self::TownFromVillage,
        Self::Sound,
        Self::Shape,
        Self::Slip,
        Self::OtherTown,
        Self::VillageFromSheet,
        Self::Combined,
        Self::UnknownCode,
        Self::Unreadable,
        Self::DiffersFromNumber,
        Self::Float,
        Self::Cut,
        Self::Label,
        Self::Remark,
        Self::Punctuation,
        Self::Decimal,
        Self::Ornament,
        Self::Century,
        Self::TwoDigitYear,
        Self::Clock,
        Self::Scientific,
        Self::NoNumber,
        Self::Masked,
        Self::Borrowed,
        Self::SeveralMonths,
        Self::Shifted,
        Self::Exchanged,
        Self::Beside,
        Self::Corrected,
        Self::TwoNumbers,
        Self::FromAbove,
        Self::BackPayment,
        Self::OtherUnit,
        Self::OtherMoney,
        Self::Owner,
        Self::BelowZero,
        Self::Unfilled,
        Self::Contradicted,
        Self::ByHead,
        Self::NoHousehold,
        Self::Status,
        Self::TakenBack,
        Self::Unsure,
    ];

    /// The kind as written after `field:`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Width => "width",
            Self::Space => "space",
            Self::CheckLetter => "check_letter",
            Self::LetterForDigit => "letter_for_digit",
            Self::FifteenToEighteen => "15_to_18",
            Self::TypedTwice => "typed_twice",
            Self::DisabilitySuffix => "disability_suffix",
            Self::SchoolPrefix => "school_prefix",
            Self::Title => "title",
            Self::Bracket => "bracket",
            Self::Dot => "dot",
            Self::CountryCode => "country_code",
            Self::Several => "several",
            Self::FromDisabilityNumber => "from_disability_no",
            Self::FromDataDate => "from_data_date",
            Self::TownFromSheet => "town_from_sheet",
            Self::TownFromVillage => "town_from_village",
            Self::Sound => "sound",
            Self::Shape => "shape",
            Self::Slip => "slip",
            Self::OtherTown => "other_town",
            Self::VillageFromSheet => "village_from_sheet",
            Self::Combined => "combined",
            Self::UnknownCode => "unknown_code",
            Self::Unreadable => "unreadable",
            Self::DiffersFromNumber => "differs_from_number",
            Self::Float => "float",
            Self::Cut => "cut",
            Self::Label => "label",
            Self::Remark => "remark",
            Self::Punctuation => "punctuation",
            Self::Decimal => "decimal",
            Self::Ornament => "ornament",
            Self::Century => "century",
            Self::TwoDigitYear => "two_digit_year",
            Self::Clock => "clock",
            Self::Scientific => "scientific",
            Self::NoNumber => "no_number",
            Self::Masked => "masked",
            Self::Borrowed => "borrowed",
            Self::SeveralMonths => "several_months",
            Self::Shifted => "shifted",
            Self::Exchanged => "exchanged",
            Self::Beside => "beside",
            Self::Corrected => "corrected",
            Self::TwoNumbers => "two_numbers",
            Self::FromAbove => "from_above",
            Self::BackPayment => "back_payment",
            Self::OtherUnit => "other_unit",
            Self::OtherMoney => "other_money",
            Self::Owner => "owner",
            Self::BelowZero => "below_zero",
            Self::Unfilled => "unfilled",
            Self::Contradicted => "contradicted",
            Self::ByHead => "by_head",
            Self::NoHousehold => "no_household",
            Self::Status => "standing",
            Self::TakenBack => TAKEN_BACK,
            Self::Unsure => crate::model::columns::UNSURE,
        }
    }
}

/// A set of repairs, without allocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repairs(u64);

impl Repairs {
    /// Adds a repair.
    pub fn insert(&mut self, repair: Repair) {
        self.0 |= 1 << repair as u32;
    }

    /// The set with `repair` added.
    #[must_use]
    pub fn with(mut self, repair: Repair) -> Self {
        self.insert(repair);
        self
    }

    /// Whether `repair` is in the set.
    #[must_use]
    pub fn contains(self, repair: Repair) -> bool {
        self.0 & (1 << repair as u32) != 0
    }

    /// Whether nothing was done.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The repairs, in the order of declaration.
    pub fn iter(self) -> impl Iterator<Item = Repair> {
        Repair::ALL.into_iter().filter(move |&repair| self.contains(repair))
    }
}

/// Repairs of a sheet: position among the kept rows, position of the field, kind.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Rows kept before the chunk at hand.
    pub(super) base: u32,
    pub(super) entries: Vec<(u32, u16, Repair)>,
}

/// Where repairs of one field are written down.
pub(super) struct Notes<'l> {
    pub(super) log: &'l mut Log,
    pub(super) order: u16,
}

impl Notes<'_> {
    pub(super) fn one(&mut self, at: u32, repair: Repair) {
        self.log.entries.push((self.log.base + at, self.order, repair));
    }

    pub(super) fn unless(&mut self, fine: bool, at: u32, repair: Repair) {
        if !fine {
            self.one(at, repair);
        }
    }

    pub(super) fn all(&mut self, at: u32, repairs: Repairs) {
        if !repairs.is_empty() {
            repairs.iter().for_each(|repair| self.one(at, repair));
        }
    }
}
