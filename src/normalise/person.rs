//! Who the rows of a sheet are about: number, birth, sex. Cells are taken row by row; what they mean is settled when the whole sheet is known.
//!
//! A valid number gives birth and sex, unless it is another person's: the guardian's or the head's that stands on the same row under another
//! name, an adult's on the row of a small child, or one whose birth date is not at all the one stated, or whose birth and sex both are not. Then it is [`IdState::Borrowed`], stays to be
//! seen, and gives nothing. Where a sheet shows that its numbers went through a spreadsheet, those that pass the checksum by chance are told
//! [`IdState::Float`] with the others. O(rows); holds about fifty bytes a row beside the text.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Date32Array, StringArray, StringBuilder};
use unicode_normalization::UnicodeNormalization;

use super::cells::{append, append_raw, first_cell};
use super::days::Days;
use super::repair::Repair;
use super::sex_codes::SexCodes;
use super::{date, id_number};
use crate::model::columns::IdState;
use crate::model::date::Day;
use crate::model::identity::id::{self, Number};
use crate::model::identity::name::{FoldedName, NameLevel, compare};
use crate::model::raw::{CellKind, RawTable};

/// Births so many years apart, in another month or on another day, are two persons'.
const YEARS_APART: i32 = 10;
/// A guardian or head of household is hardly younger.
const ADULT: i32 = 16;
/// A pupil of a primary or middle school is younger.
const PUPIL_UNTIL: i32 = 22;
/// So many rows show whether a birth column can be relied upon.
const ENOUGH: usize = 20;
/// Days that programs write where there is none.
const NO_DAYS: [(i32, u32, u32); 4] = [(1900, 1, 1), (1970, 1, 1), (1899, 12, 30), (1899, 12, 31)];
/// Stages and grades of children.
const CHILDREN: [&str; 14] = [
    "小学",
    "幼儿",
    "学前",
    "初中",
    "小班",
    "中班",
    "大班",
    "七年级",
    "八年级",
    "九年级",
    "一年级",
    "二年级",
    "三年级",
    "六年级",
];
/// What makes a grade no child's.
const GROWN: [&str; 7] = ["高", "大专", "大学", "职", "本科", "成人", "研究"];

/// Columns that say of whom else a row speaks.
#[derive(Debug, Default)]
pub(super) struct Others {
    /// Name and number of the head, unless the row itself is the head's.
    pub(super) head: [Vec<usize>; 2],
    /// Name and number of the guardian.
    pub(super) guardian: [Vec<usize>; 2],
    /// Name and number of the spouse.
    pub(super) spouse: [Vec<usize>; 2],
    /// The row's own name.
    pub(super) name: Vec<usize>,
    /// Stage and grade of a pupil.
    pub(super) school: Vec<usize>,
}

/// What a cell of a sex column says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SexCell {
    Nothing,
    /// A word that is none.
    Unknown,
    /// A digit, whose meaning the column shows.
    Code(u8),
    Male,
    Female,
}

impl SexCell {
    /// A text that is no word for a sex: a digit by itself may be a code.
    pub(super) fn of_unknown(text: &str) -> Self {
        let mut signs = text.trim().nfkc();
        match (signs.next().and_then(|sign| sign.to_digit(10)), signs.next()) {
            (Some(digit), None) => u8::try_from(digit).map_or(Self::Unknown, Self::Code),
            _ => Self::Unknown,
        }
    }

    fn word(self) -> Option<&'static str> {
        match self {
            Self::Nothing | Self::Unknown | Self::Code(_) => None,
            Self::Male => Some("男"),
            Self::Female => Some("女"),
        }
    }
}

/// What the row states beside its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) birth: Option<Day>,
    /// `男` 1, `女` 2, unknown 0.
    pub(super) sex: u8,
}

/// The rows so far. No `Debug`: it would print numbers.
#[derive(Default)]
pub(super) struct Persons {
    texts: StringBuilder,
    raws: StringBuilder,
    states: Vec<IdState>,
    /// Number in the cell, valid or not; packed, 0 for none.
    numbers: Vec<u64>,
    /// Whether the row shows that the number is a relative's.
    relatives: Vec<bool>,
    births: Days,
    unreadable: Vec<bool>,
    sexes: Vec<SexCell>,
}

/// What the rows came to.
pub(super) struct Settled {
    pub(super) id: [ArrayRef; 3],
    pub(super) birth: ArrayRef,
    pub(super) sex: ArrayRef,
    pub(super) stated: Vec<Stated>,
    /// Rows whose numbers the whole column shows to be cut or covered, ascending.
    pub(super) masked: Vec<u32>,
    /// Rows whose birth is not that of their number, ascending.
    pub(super) differing: Vec<u32>,
    /// What is to be told of the sex column.
    pub(super) told: Option<String>,
}

/// How a sender cuts or covers all numbers of a column alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cut {
    /// The last digits alone: `143114`.
    Last(usize),
    /// Region and birth alone.
    Birth,
    /// The last four replaced by one digit: `520324200802149999`.
    Covered(u8),
}

impl Cut {
    fn of(written: &str) -> Option<Self> {
        let bytes = written.as_bytes();
        let (last, digits) = bytes.split_last()?;
        if !digits.iter().all(u8::is_ascii_digit) || !matches!(last, b'0'..=b'9' | b'X' | b'x') {
            return None;
        }
        match bytes {
            [_, _, _, _] | [_, _, _, _, _, _] => Some(Self::Last(bytes.len())),
            [.., last] if bytes.len() == 14 && last.is_ascii_digit() => Some(Self::Birth),
            [.., a, b, c, d] if bytes.len() == 18 && a == b && b == c && c == d && *d != b'0' => Some(Self::Covered(*d)),
            _ => None,
        }
    }

    /// What the cell shows.
    fn shown(self, written: &str) -> String {
        match self {
            Self::Last(length) => format!("{}{}", "*".repeat(18 - length), written.to_uppercase()),
            Self::Birth => format!("{written}****"),
            Self::Covered(_) => format!("{}****", written.get(..14).unwrap_or_default()),
        }
    }
}

impl Persons {
    /// Takes the number of a row as it was read, and its birth cell.
    pub(super) fn push(&mut self, written: &str, text: &str, state: IdState, birth: (CellKind, &str)) {
        append(&mut self.texts, text);
        append_raw(&mut self.raws, written, text);
        self.states.push(state);
        self.numbers.push(Number::parse(text).map_or(0, Number::packed));
        let readable = self.births.push(birth.0, birth.1);
        self.unreadable.push(!readable);
    }

    /// Takes the sex cell.
    pub(super) fn push_sex(&mut self, sex: SexCell) {
        self.sexes.push(sex);
    }

    /// Takes whether the other columns of the row show that its number is somebody else's.
    pub(super) fn push_others(&mut self, table: &RawTable, row: usize, others: &Others, as_of: Day) {
        let at = self.relatives.len();
        let number = self.numbers.get(at).copied().filter(|number| *number != 0 && self.states.get(at) == Some(&IdState::Valid));
        let is_relatives = number.is_some_and(|number| is_another_s(table, row, Number::from_packed(number), others, as_of));
        self.relatives.push(is_relatives);
    }

    /// Where most numbers of the column are cut, or covered with one digit, in one way, they are masked; which.
    fn tell_cut(&mut self) -> Vec<u32> {
        const LEAST: usize = 3;
        let is_wrong = |state: IdState| matches!(state, IdState::NoNumber | IdState::Malformed | IdState::Invalid);
        let written = self.states.iter().filter(|state| **state != IdState::Missing).count();
        let wrong = self.states.iter().filter(|state| is_wrong(**state)).count();
        if wrong < LEAST || wrong * 2 <= written {
            return Vec::new();
        }
        let (texts, raws) = (self.texts.finish(), self.raws.finish());
        let cell = |at: usize| {
            if raws.is_valid(at) {
                raws.value(at).trim()
            } else if texts.is_valid(at) {
                texts.value(at)
            } else {
                ""
            }
        };
        let cuts: Vec<Option<Cut>> = (0..self.states.len())
            .map(|at| Cut::of(cell(at)).filter(|cut| is_wrong(self.states[at]) || matches!(cut, Cut::Covered(_))))
            .collect();
        let of = |cut: Cut| -> Vec<&str> { (0..cuts.len()).filter(|at| cuts[*at] == Some(cut)).map(cell).collect() };
        let found: BTreeSet<Cut> = cuts.iter().flatten().copied().collect();
        // Words that all rows say alike are the region, or nothing.
        let tells = |cut: &Cut| {
            let count = of(*cut).len();
            count >= LEAST && count * 2 > written && of(*cut).into_iter().collect::<BTreeSet<&str>>().len() * 2 > count
        };
        let cut = found.into_iter().find(tells);
        let mut masked = Vec::new();
        for (at, own) in cuts.iter().enumerate() {
            let text = match cut.filter(|cut| *own == Some(*cut)) {
                Some(cut) => {
                    (self.states[at], self.numbers[at]) = (IdState::Masked, 0);
                    masked.extend(u32::try_from(at));
                    cut.shown(cell(at))
                }
                None if texts.is_valid(at) => texts.value(at).to_owned(),
                None => String::new(),
            };
            append_raw(&mut self.raws, cell(at), &text);
            append(&mut self.texts, &text);
        }
        masked
    }

    /// Settles all rows; `order` holds the places of number, birth and sex in the order of repairs, with which `note` is called.
    pub(super) fn finish(mut self, as_of: Day, order: [u16; 3], note: &mut dyn FnMut(u16, u32, Repair)) -> Settled {
        let [id_order, birth_order, sex_order] = order;
        self.tell_floats();
        let masked = self.tell_cut();
        let (stated, day_repairs) = std::mem::take(&mut self.births).finish(as_of);
        let told = self.tell_sexes();
        self.tell_borrowed(&stated);
        let number = |at: usize| self.number(at);
        let rows = self.states.len();
        let of_number = |at: usize| number(at).and_then(Number::birth);
        for (at, repair) in day_repairs {
            if of_number(at as usize).is_none() {
                note(birth_order, at, repair);
            }
        }
        // Also where the number is taken for another's: a column that slipped speaks of others throughout.
        let differs = |at: &usize| {
            let number = Some(self.numbers[*at]).filter(|number| *number != 0).map(Number::from_packed);
            number.and_then(Number::birth).zip(stated[*at]).is_some_and(|(birth, day)| birth != day)
        };
        let differing = (0..rows).filter(differs).filter_map(|at| u32::try_from(at).ok()).collect();
        let (mut births, mut sexes) = (Vec::with_capacity(rows), StringBuilder::new());
        let mut said = Vec::with_capacity(rows);
        for (at, row) in (0..rows).zip(0_u32..) {
            if self.states[at] == IdState::Borrowed {
                note(id_order, row, Repair::Borrowed);
            }
            match (of_number(at), stated[at]) {
                (Some(birth), Some(day)) if birth != day => note(birth_order, row, Repair::DiffersFromNumber),
                (None, None) if self.unreadable[at] => note(birth_order, row, Repair::Unreadable),
                _ => {}
            }
            births.push(of_number(at).or(stated[at]).map(|day| day.0));
            let of_number = number(at).map(|number| if number.is_male() { "男" } else { "女" });
            let column = self.sexes[at].word();
            match (of_number, column) {
                (Some(sex), Some(column)) if sex != column => note(sex_order, row, Repair::DiffersFromNumber),
                (None, None) if self.sexes[at] == SexCell::Unknown => note(sex_order, row, Repair::UnknownCode),
                _ => {}
            }
            sexes.append_option(of_number.or(column));
            let sex = column.map_or(0, |sex| if sex == "男" { 1 } else { 2 });
            said.push(Stated { birth: stated[at], sex });
        }
        let known: StringArray = self.states.iter().map(|state| Some(state.as_str())).collect();
        Settled {
            id: [Arc::new(self.texts.finish()), Arc::new(known), Arc::new(self.raws.finish())],
            birth: Arc::new(Date32Array::from(births)),
            sex: Arc::new(sexes.finish()),
            masked,
            differing,
            told,
            stated: said,
        }
    }

    /// Numbers of a column that went through a double, and pass the checksum all the same.
    fn tell_floats(&mut self) {
        let written =
            |at: &usize| self.numbers[*at] != 0 && matches!(self.states[*at], IdState::Valid | IdState::Invalid | IdState::Float);
        let whole: Vec<(usize, Number)> = (0..self.states.len())
            .filter(written)
            .map(|at| (at, Number::from_packed(self.numbers[at])))
            .filter(|(_, number)| number.as_integer().is_some())
            .collect();
        let floats = whole.iter().filter(|(at, _)| self.states[*at] == IdState::Float).count();
        let doubles = whole.iter().filter(|(_, number)| id::is_double(*number)).count();
        let all_doubles = whole.len() >= 5 && doubles * 20 >= whole.len() * 19;
        // One number in a thousand ends so by itself, one float in eleven passes the checksum: below this share the former is likelier.
        let many_floats = floats >= 2 && floats * 10 > whole.len();
        if !all_doubles && !many_floats {
            return;
        }
        let mut texts = self.texts.finish();
        let mut changed: Vec<Option<String>> = vec![None; if many_floats { self.states.len() } else { 0 }];
        for (at, number) in whole {
            let thousand = id::rounded_twice(number);
            let is_cut = number.as_integer().is_some_and(|whole| whole % 1000 == 0);
            if (all_doubles && id::is_double(number)) || (many_floats && (is_cut || thousand.is_some())) {
                self.states[at] = IdState::Float;
                if let (Some(thousand), Some(changed)) = (thousand, changed.get_mut(at)) {
                    self.numbers[at] = thousand.packed();
                    *changed = Some(thousand.text());
                }
            }
        }
        if changed.iter().any(Option::is_some) {
            let kept = |at: usize| texts.is_valid(at).then(|| texts.value(at).to_owned());
            let mended: StringArray = changed.into_iter().enumerate().map(|(at, text)| text.or_else(|| kept(at))).collect();
            texts = mended;
        }
        for text in &texts {
            self.texts.append_option(text);
        }
    }

    /// Codes of the sex column become what they mean; what is to be told of it.
    fn tell_sexes(&mut self) -> Option<String> {
        let mut codes = SexCodes::default();
        for (at, cell) in self.sexes.iter().enumerate() {
            if let SexCell::Code(code) = cell {
                codes.push(*code, self.number(at).map(Number::is_male));
            }
        }
        let meanings = codes.meanings();
        for cell in &mut self.sexes {
            if let SexCell::Code(code) = cell {
                *cell = match meanings.get(usize::from(*code)).copied().flatten() {
                    Some(true) => SexCell::Male,
                    Some(false) => SexCell::Female,
                    None => SexCell::Unknown,
                };
            }
        }
        codes.told()
    }

    /// The number of a row that has a valid one.
    fn number(&self, at: usize) -> Option<Number> {
        (self.states[at] == IdState::Valid && self.numbers[at] != 0).then(|| Number::from_packed(self.numbers[at]))
    }

    /// Whether the sex column says otherwise than the number.
    fn is_other_sex(&self, at: usize) -> bool {
        let stated = self.sexes.get(at).and_then(|cell| cell.word());
        stated.is_some_and(|sex| (sex == "男") != Number::from_packed(self.numbers[at]).is_male())
    }

    /// Numbers that the row itself shows to be another's.
    fn tell_borrowed(&mut self, stated: &[Option<Day>]) {
        let mut both = 0;
        let mut apart = Vec::new();
        for (at, stated) in stated.iter().enumerate() {
            let (Some(birth), Some(stated)) = (self.number(at).and_then(Number::birth), *stated) else { continue };
            both += 1;
            if birth == stated {
                // Whatever else the row says, the number is of somebody born that day.
                self.relatives[at] = false;
            } else if are_apart(birth, stated) || (differing_parts(birth, stated) >= 2 && self.is_other_sex(at)) {
                apart.push(at);
            }
        }
        // A birth column that is wrong everywhere has slipped against the numbers.
        if both < ENOUGH || apart.len() * 2 <= both {
            for at in apart {
                self.relatives[at] = true;
            }
        }
        for (state, _) in self.states.iter_mut().zip(&self.relatives).filter(|(_, relative)| **relative) {
            *state = IdState::Borrowed;
        }
    }
}

/// Whether two births are no slip of the pen but two persons'.
fn are_apart(one: Day, other: Day) -> bool {
    let ((year, month, day), (years, months, days)) = (one.ymd(), other.ymd());
    (year - years).abs() >= YEARS_APART && (month, day) != (months, days) && !NO_DAYS.contains(&(years, months, days))
}

/// How many of year, month and day differ.
pub(super) fn differing_parts(one: Day, other: Day) -> u8 {
    let ((year, month, day), (years, months, days)) = (one.ymd(), other.ymd());
    u8::from(year != years) + u8::from(month != months) + u8::from(day != days)
}

/// Whether a valid number on a row is the head's, the guardian's, the spouse's, or no child's on the row of a child.
fn is_another_s(table: &RawTable, row: usize, number: Number, others: &Others, as_of: Day) -> bool {
    let Some(age) = number.birth().map(|birth| birth.age_on(as_of)) else { return false };
    let own = first_cell(table, &others.name, row).1;
    let bears_it = |[names, numbers]: &[Vec<usize>; 2]| {
        let (kind, written) = first_cell(table, numbers, row);
        if written.is_empty() || own.is_empty() {
            return false;
        }
        let name = first_cell(table, names, row).1;
        !name.is_empty() && id_number::clean(kind, written, as_of).text == number.text() && are_two(own, name)
    };
    let school = || others.school.iter().filter_map(|position| table.columns.get(*position)).map(|column| column.get(row).1);
    let is_child = || {
        let says = |words: &[&str]| school().any(|text| words.iter().any(|word| text.contains(word)));
        says(&CHILDREN) && !says(&GROWN)
    };
    (age >= ADULT && [&others.head, &others.guardian, &others.spouse].into_iter().any(bears_it))
        || (age >= PUPIL_UNTIL && !others.school.is_empty() && is_child())
}

/// Whether two names are two persons'.
pub(super) fn are_two(one: &str, other: &str) -> bool {
    match (FoldedName::new(one), FoldedName::new(other)) {
        (Some(one), Some(other)) => compare(&one, &other) > NameLevel::SameSound,
        _ => false,
    }
}

/// The birth date a cell states by itself, to read fifteen digits by.
pub(super) fn stated_alone((kind, written): (CellKind, &str)) -> Option<Day> {
    if written.is_empty() { None } else { date::read(kind, written).alone() }
}
