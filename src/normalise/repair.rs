//! Kinds of repair, and small sets of them. What goes into the column `repairs` is `field:kind`.

use crate::model::words::words;

words! {
    /// What was done to a value, or why it could not be used. Its word stands after `field:`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Repair {
        /// Full-width or compatibility characters replaced by the plain ones.
        Width = "width";
        /// Spaces, invisible characters or quotes taken out.
        Space = "space";
        /// `x`, `×`, Cyrillic `Х` or `*` in the last place of a number became `X`.
        CheckLetter = "check_letter";
        /// `O`, `l`, `I`, `S`, `B` became digits; checksum and birth date prove it.
        LetterForDigit = "letter_for_digit";
        /// A 15-digit number was upgraded.
        FifteenToEighteen = "15_to_18";
        /// The number stood there twice.
        TypedTwice = "typed_twice";
        /// The digits of a disability certificate were split from the number.
        DisabilitySuffix = "disability_suffix";
        /// The `G` of a school-roll number was taken off.
        SchoolPrefix = "school_prefix";
        /// A title in brackets was taken off a name: `张三(户主)`.
        Title = "title";
        /// Other brackets were taken off a name: `张三(曾用名李四)`.
        Bracket = "bracket";
        /// The dot of a minority name was made `·`.
        Dot = "dot";
        /// `+86` was taken off a phone.
        CountryCode = "country_code";
        /// A cell held several values, the first (for grades the most severe) was taken.
        Several = "several";
        /// Blank here, taken from the disability certificate number.
        FromDisabilityNumber = "from_disability_no";
        /// Blank here, taken from the data date of the sheet.
        FromDataDate = "from_data_date";
        /// The rows name no town; the title, sheet or file name does.
        TownFromSheet = "town_from_sheet";
        /// The town cannot be read; only one town has a village of the name written.
        TownFromVillage = "town_from_village";
        /// A town or village is not on the list; the only one that sounds so was taken.
        Sound = "sound";
        /// The only one that looks so.
        Shape = "shape";
        /// The only one that one slip of the pen explains.
        Slip = "slip";
        /// The village named belongs to another town than the one named; it is null.
        OtherTown = "other_town";
        /// The rows name no village; the title, sheet or file name, or a line above them does.
        VillageFromSheet = "village_from_sheet";
        /// Kind and grade stood in one cell.
        Combined = "combined";
        /// Not in the code table; the column is null.
        UnknownCode = "unknown_code";
        /// Not a date, amount, count or phone; the column is null.
        Unreadable = "unreadable";
        /// The valid number says otherwise and wins.
        DiffersFromNumber = "differs_from_number";
        /// A code of 16 digits and more went through a float and lost its end; the column is null.
        Float = "float";
        /// Longer than any real value; cut.
        Cut = "cut";
        /// What the value is called stood before it: `身份证号：`, `ID:`.
        Label = "label";
        /// Words stood behind or in brackets: `（已故）`.
        Remark = "remark";
        /// Hyphens, dots, underscores between the groups of a number were taken out.
        Punctuation = "punctuation";
        /// The `.0` that a program leaves behind a number was taken off.
        Decimal = "decimal";
        /// Signs or a running number round a name or a number were taken off.
        Ornament = "ornament";
        /// Of the two centuries that fifteen digits leave open, age or the birth column chose.
        Century = "century";
        /// The year was written with two digits.
        TwoDigitYear = "two_digit_year";
        /// A clock just before midnight, or in another zone: the day is the one that was meant in China.
        Clock = "clock";
        /// `1.38E+10`: what is left of the number says nothing; the column is null.
        Scientific = "scientific";
        /// Words, or too few digits for a number; the column is null.
        NoNumber = "no_number";
        /// Parts are hidden by the sender.
        Masked = "masked";
        /// The number is another person's: a relative's, the head's, the guardian's.
        Borrowed = "borrowed";
        /// The amount is for several months; the column, which is for one, is null.
        SeveralMonths = "several_months";
        /// The row slipped against its header and was read as it was meant.
        Shifted = "shifted";
        /// Name and number stood in each other's columns.
        Exchanged = "exchanged";
        /// A phone or another number stood beside the number in its cell.
        Beside = "beside";
        /// An old number and the one that takes its place stood in the cell.
        Corrected = "corrected";
        /// Two numbers stood in the cell, and nothing says which is meant; neither is taken.
        TwoNumbers = "two_numbers";
        /// Blank here, taken from the first row of the household above.
        FromAbove = "from_above";
        /// The amount is, wholly or in part, for months gone by, or takes some back; amounts of the month are null.
        BackPayment = "back_payment";
        /// The amount is counted in another time than the column is of, or in a unit that cannot be read; the column is null.
        OtherUnit = "other_unit";
        /// Other money is in the amount, nobody knows how much; the column is null.
        OtherMoney = "other_money";
        /// A household's and not each of its members', or nobody knows which; the column is null.
        Owner = "owner";
        /// Below zero: a correction, no payment; the column is null.
        BelowZero = "below_zero";
        /// Zero in a column of zeros that nobody filled in; null.
        Unfilled = "unfilled";
        /// Most rows show that the column and another stand under each other's headers; both are null.
        Contradicted = "contradicted";
        /// Blank, or contradicted by head or certificate, by which the row's household is known.
        ByHead = "by_head";
        /// Contradicted by head, certificate or the persons counted: which household the row is of cannot be told.
        NoHousehold = "no_household";
        /// What the row says of its own standing is not understood, or ends it in passing.
        Status = "standing";
        /// The row takes money back from the person, or is of somebody from whom money was taken back: whether it was paid cannot be told.
        TakenBack = TAKEN_BACK;
        /// Below a line that is not understood or says otherwise, or among many contradictions: what rests on the row is to be checked.
        Unsure = crate::model::columns::UNSURE;
    }
}

/// How [`Repair::TakenBack`] is written.
pub(super) const TAKEN_BACK: &str = "taken_back";

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
