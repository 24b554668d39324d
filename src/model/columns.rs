//! Names of the record columns that the stages themselves rely on. Everything else is a field of the registry
//! definitions and known to the stages only by name from data.

use super::words::words;

/// Name as cleaned for output (`Utf8`).
pub const NAME: &str = "name";
/// The name as written, where it differs from [`NAME`] (`Utf8`).
pub const NAME_RAW: &str = "name_raw";
/// The person's own number: 18 characters when valid, else the cleaned text (`Utf8`).
pub const ID_NUMBER: &str = "id_number";
/// What is known of the number (`Utf8`, [`IdState`]).
pub const ID_STATE: &str = "id_number_state";
/// The number as written, where it differs from [`ID_NUMBER`] (`Utf8`).
pub const ID_RAW: &str = "id_number_raw";
/// Birth date, from a valid number, else from its column (`Date32`).
pub const BIRTH: &str = "birth";
/// `男` or `女`, from a valid number, else from its column (`Utf8`).
pub const SEX: &str = "sex";
/// Disability certificate number (`Utf8`).
pub const DISABILITY_NO: &str = "disability_no";
/// The registry's own household code (`Utf8`).
pub const HOUSEHOLD_CODE: &str = "household_code";
/// The registry's household that the row is of, as far as its code, head and certificate agree (`Utf8`); absent where the code, or the head of a
/// list without codes, is to be believed as it stands.
pub const HOUSEHOLD_KEY: &str = "household_key";
/// The registry's own person code (`Utf8`).
pub const PERSON_CODE: &str = "person_code";
/// Name of the head of household (`Utf8`).
pub const HEAD_NAME: &str = "head_name";
/// Number of the head of household (`Utf8`).
pub const HEAD_ID: &str = "head_id_number";
/// Number of a pupil's guardian (`Utf8`).
pub const GUARDIAN_ID: &str = "guardian_id_number";
/// Number of the spouse (`Utf8`).
pub const SPOUSE_ID: &str = "spouse_id_number";
/// Relation to the head, `户主` for the head (`Utf8`).
pub const RELATION: &str = "relation";
/// A pupil's number on the national roll: `G` and the own number, or `L` and digits (`Utf8`).
pub const STUDENT_NO: &str = "student_no";
/// A pupil's school (`Utf8`).
pub const SCHOOL: &str = "school";
/// The stage that a pupil is in (`Utf8`).
pub const STAGE: &str = "stage";
/// A pupil's grade (`Utf8`).
pub const GRADE: &str = "grade";
/// A pupil's class (`Utf8`).
pub const CLASS: &str = "class_no";
/// What is paid of several things that may be (`Utf8`).
pub const PAY_ITEM: &str = "pay_item";
/// Phone (`Utf8`).
pub const PHONE: &str = "phone";
/// What the row is about where a person may have several: subsidy kind, aid item (`Utf8`).
pub const KIND: &str = "kind";
/// The month the row is for, `yyyymm` (`Int32`); of several months that include the period's the period's.
pub const MONTH: &str = "month";
/// The year that a row is for (`Int32`).
pub const YEAR: &str = "year";
/// What tells payments of one month apart (`Utf8`).
pub const BATCH: &str = "batch";
/// The first month the row is for, where it is for one or several (`Int32`, `yyyymm`).
pub const MONTH_FROM: &str = "month_from";
/// The last month the row is for.
pub const MONTH_TO: &str = "month_to";
/// How many months the row is for, where it gives what was paid for several together (`Int64`).
pub const MONTHS_COVERED: &str = "months_covered";
/// What a month's amount was taken from, where the row is for several: the column of the amount, and that of the total (`Int64`).
pub const TOTALS: [(&str, &str); 2] =
    [("amount_fen", "amount_of_months_fen"), ("household_amount_fen", "household_amount_of_months_fen")];
/// What is known of the months beside (`Utf8`, [`MonthState`]), null where they are what they say; absent where no row has it.
pub const MONTH_STATE: &str = "month_state";
/// Whether the row still counts where nobody can tell (`Utf8`, [`UNCLEAR`]), null where it can be told; absent where no row has it.
pub const STANDING_STATE: &str = "standing_state";
/// Kinds of [`REPAIRS`] that leave a cell blank in which something stands.
pub const UNREAD: [&str; 2] = ["unreadable", "unknown_code"];
/// Value of [`STANDING_STATE`].
pub const UNCLEAR: &str = "unclear";
/// Value of [`STANDING_STATE`] where a row states nothing of what it is counted for; an amount of 0 was paid at any rate.
pub const UNPROVEN: &str = "unproven";
/// Repairs applied to this row, `field:repair` joined with `;` in column order (`Utf8`).
pub const REPAIRS: &str = "repairs";
/// In [`REPAIRS`], behind the colon: the row is read and not to be relied on (below a line that nobody understood, or that contradicts it; among
/// many whose numbers and births do): what rests on it is to be checked.
pub const UNSURE: &str = "unsure";

/// Place columns, in this order, all `Utf8`: short official town name and 9-digit code, short official village name and
/// 12-digit code (edition of the period), group, and the text as written where it did not resolve cleanly.
pub const PLACE: [&str; 6] = ["town", "town_code", "village", "village_code", "group", "place_raw"];
/// Town name of [`PLACE`].
pub const TOWN: &str = PLACE[0];
/// Where [`PLACE`] is none of this county: as written.
pub const PLACE_RAW: &str = PLACE[5];
/// Town code of [`PLACE`].
pub const TOWN_CODE: &str = PLACE[1];
/// Village name of [`PLACE`].
pub const VILLAGE: &str = PLACE[2];
/// Village code of [`PLACE`].
pub const VILLAGE_CODE: &str = PLACE[3];
/// Group of [`PLACE`].
pub const GROUP: &str = PLACE[4];

words! {
    /// What is known of an ID number after cleaning. Its word is the value in stage files and SQL conditions.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum IdState {
        /// Checksum, birth date and form are right (15-digit numbers are upgraded and then valid).
        Valid = "valid", "号码有效";
        /// 18 characters, but checksum or birth date is wrong.
        Invalid = "invalid", "号码的校验位或出生日期不对";
        /// Went through a float: only the first 15 digits are to be trusted.
        Float = "float", "号码被电子表格改成了数字，末三位不可信";
        /// `5.20324E+17`: nothing but the region is left.
        Scientific = "scientific", "号码被写成科学计数法，已无法辨认";
        /// Masked by the sender: `520324********1234`.
        Masked = "masked", "号码被遮盖";
        /// 17 digits, 19 and more, or letters among them.
        Malformed = "malformed", "号码位数或字符不对";
        /// `999999…`, all the same digit, 0 and the like: nobody's number. The column is null.
        Placeholder = "placeholder", "号码是占位数字";
        /// Words, or too few digits to be a number. The column is null.
        NoNumber = "no_number", "填的是文字，或位数太少，不是号码";
        /// A valid number that other columns show to be somebody else's: a grandparent's, the head's, the guardian's.
        Borrowed = "borrowed", "填的是另一个人的号码";
        /// An officer's card, a passport, a travel permit: not a resident number.
        OtherDocument = "other_document", "不是居民身份证";
        /// Nothing was written.
        Missing = "missing", "没有填号码";
    }
}

words! {
    /// What is known of the months that a row is for. Its word is the value in stage files.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum MonthState {
        /// What stands there cannot be told: the month is null, and no rule may take it for the period's or for another.
        Unclear = "unclear";
        /// The money is, wholly or in part, for months gone by: no month's standard.
        Back = "back";
        /// An amount below zero takes some of the month's back: how much was paid cannot be told.
        Correction = "correction";
    }
}
