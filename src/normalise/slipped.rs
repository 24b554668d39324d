//! Rows that slipped against their header, read as they were meant.
//!
//! Takes chunks of rows and what each column holds; gives a chunk anew where rows of it slipped, and which. A row is looked at where no number
//! stands under the number's column and either the name is none or something else stands there. It has slipped where one or two cells lost (or
//! inserted blank) at some place make every cell fit its field, name and number among them; where several places fit equally well, cells in
//! which they differ are left blank. Name and number exchanged, and a number one or two columns beside its own, are put right too. A row that
//! cannot be read so is set aside ([`Slips::is_off`]), as is one into which a cell came that is no part of it ([`Slips::pushed`]: a comma in an
//! address that nobody quoted): what it pushed off may be lost. [`Slips::reason`] tells a row without name and number from a row about nobody.
//! Cost: a look at three cells a row and at which are blank; a row that may have slipped costs the square of its width in additions.

use std::collections::HashMap;

use super::id_number;
use super::vocabulary::{CodeTable, yes_no};
use super::{kinship, money, name, person, phone};
use crate::config::registry::Dictionary;
use crate::model::columns::{IdState, SEX};
use crate::model::date::Day;
use crate::model::field::FieldKind;
use crate::model::raw::{CellKind, Mapping, RawTable, RejectReason};
use crate::model::sorts::{Sorts, sort};

use super::repair::Repair;
use super::unit::Unit;

/// A row slips by no more columns.
const FARTHEST: usize = 2;
/// What a cell that cannot belong to its column counts against one that only may not.
const WRONG: u32 = 1000;

/// What a column holds, as far as a cell shows it.
#[derive(Debug)]
enum Shape<'a> {
    Name,
    /// The person's own number.
    Number,
    /// A number of another person, or a certificate's.
    OtherNumber,
    YesNo,
    Relation,
    Sex(CodeTable<'a>),
    Code(CodeTable<'a>),
    Amount,
    Day,
    Place,
    Phone,
    /// Nothing that could be told from other texts.
    Any,
}

/// How a cell goes with a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Fits,
    /// Blank, or nothing can be said.
    Open,
    /// Not what usually stands there.
    Odd,
    /// Not of this column.
    Wrong,
}

impl Fit {
    fn cost(self) -> u32 {
        match self {
            Self::Fits | Self::Open => 0,
            Self::Odd => 1,
            Self::Wrong => WRONG,
        }
    }
}

type Cell<'t> = (CellKind, &'t str);

/// Which cell of the row as written stands in each column.
type Sources = Vec<Option<usize>>;

/// The columns of a sheet of people. No `Debug`: it would print cells.
pub(super) struct Slips<'a> {
    shapes: Vec<Shape<'a>>,
    as_of: Day,
    known: Known,
}

/// What was found of long texts: a row that may have slipped asks for each of its cells again and again, and one text may stand in many cells.
#[derive(Default)]
struct Known {
    states: HashMap<(CellKind, String), IdState>,
    fits: HashMap<(usize, CellKind, String), Fit>,
    bytes: usize,
}

impl Known {
    /// A shorter text is read faster than it is looked up.
    const LONG: usize = 64;
    /// Bytes of text held at most.
    const MOST: usize = 1 << 20;

    fn make_room(&mut self, text: &str) {
        if self.bytes + text.len() > Self::MOST {
            *self = Self::default();
        }
        self.bytes += text.len();
    }
}

impl<'a> Slips<'a> {
    /// `own` are the columns of the row's own name and number.
    pub(super) fn new(width: usize, dictionary: &'a Dictionary, mapping: &Mapping, own: [&[usize]; 2], as_of: Day) -> Self {
        let mut shapes: Vec<Shape<'a>> = (0..width).map(|_| Shape::Any).collect();
        for (field, position) in &mapping.fields {
            let (Some(shape), Some(field)) = (shapes.get_mut(*position), dictionary.fields.get(field)) else { continue };
            let codes = || CodeTable::new(field.codes.iter().map(|(spelling, value)| (spelling.as_str(), value.as_str())));
            *shape = match field.kind {
                _ if own[0].contains(position) => Shape::Name,
                _ if own[1].contains(position) => Shape::Number,
                FieldKind::Name => Shape::Name,
                FieldKind::IdNumber | FieldKind::DisabilityNumber => Shape::OtherNumber,
                FieldKind::Relation => Shape::Relation,
                FieldKind::YesNo => Shape::YesNo,
                FieldKind::Code if field.name == SEX => Shape::Sex(codes()),
                FieldKind::Code => Shape::Code(codes()),
                FieldKind::Money | FieldKind::Count => Shape::Amount,
                FieldKind::Date => Shape::Day,
                FieldKind::Place => Shape::Place,
                FieldKind::Phone => Shape::Phone,
                _ => Shape::Any,
            };
        }
        Self { shapes, as_of, known: Known::default() }
    }

    /// The chunk with the rows that slipped put right, and these with what was done; `None` where none did.
    pub(super) fn right(&mut self, table: &RawTable, own: [&[usize]; 2]) -> Option<(RawTable, Vec<(usize, Repair)>)> {
        let mut slipped: Vec<(usize, Repair, Sources)> = Vec::new();
        for row in 0..table.rows.len() {
            if let Some((repair, sources)) = self.meant(table, row, own) {
                slipped.push((row, repair, sources));
            }
        }
        if slipped.is_empty() {
            return None;
        }
        let mut righted =
            RawTable { rows: table.rows.clone(), sections: table.sections.clone(), ..RawTable::of_width(table.columns.len()) };
        let mut next = slipped.iter().peekable();
        for row in 0..table.rows.len() {
            let sources = next.next_if(|(at, ..)| *at == row).map(|(.., sources)| sources);
            for (position, column) in righted.columns.iter_mut().enumerate() {
                let from = sources.map_or(Some(position), |sources| sources.get(position).copied().flatten());
                let (kind, text) =
                    from.and_then(|from| table.columns.get(from)).map_or((CellKind::Empty, ""), |from| from.get(row));
                column.push(kind, text);
            }
        }
        Some((righted, slipped.into_iter().map(|(row, repair, _)| (row, repair)).collect()))
    }

    /// Why a row without name and number is set aside: it may be somebody's all the same.
    pub(super) fn reason(&mut self, table: &RawTable, row: usize) -> RejectReason {
        let width = self.shapes.len();
        let is_misplaced = |position: usize| {
            !matches!(self.shapes[position], Shape::Number | Shape::OtherNumber) && self.is_number(cell_of(table, position, row))
        };
        if (0..width).any(is_misplaced) {
            return RejectReason::Shifted;
        }
        let of_person = |shape: &Shape<'_>| matches!(shape, Shape::Sex(_) | Shape::Relation | Shape::Day | Shape::Phone);
        let positions: Vec<usize> = (0..self.shapes.len()).filter(|&position| of_person(&self.shapes[position])).collect();
        let told =
            positions.into_iter().filter(|&position| self.fit(position, cell_of(table, position, row)) == Fit::Fits).count();
        if told >= 2 { RejectReason::Nameless } else { RejectReason::NoIdentity }
    }

    /// Whether a row that was not put right has its name and number under other columns than their own.
    pub(super) fn is_off(&mut self, table: &RawTable, row: usize, [names, numbers]: [&[usize]; 2]) -> bool {
        let cell = |position: usize| cell_of(table, position, row);
        let width = self.shapes.len();
        let is_known = |slips: &mut Self, positions: &[usize], fit: Fit| {
            positions.iter().any(|&position| slips.fit(position, cell(position)) == fit)
        };
        let is_plain = |&position: &usize| {
            let (_, text) = cell(position);
            text.len() == 18 && text.bytes().take(17).all(|byte| byte.is_ascii_digit())
        };
        let is_apart = !numbers.iter().any(is_plain) && is_known(self, names, Fit::Wrong) && !is_known(self, numbers, Fit::Fits);
        let is_misplaced = |position: usize| {
            let may_belong = numbers.contains(&position) || matches!(self.shapes[position], Shape::OtherNumber | Shape::Any);
            !may_belong && self.is_number(cell(position))
        };
        is_apart && (0..width).any(is_misplaced)
    }

    /// Rows of a chunk into which a cell came that is no part of them: what stands behind it is of another sort than what the columns hold in the
    /// other rows, and fits one column to the left.
    pub(super) fn pushed(&mut self, table: &RawTable) -> Vec<usize> {
        /// Of fewer rows nothing is known of the columns.
        const LEAST: usize = 10;
        let (rows, width) = (table.rows.len(), self.shapes.len());
        if rows < LEAST {
            return Vec::new();
        }
        let is_filled = |position: usize, row: usize| cell_of(table, position, row).0 != CellKind::Empty;
        let seldom: Vec<bool> = (0..width).map(|at| (0..rows).filter(|row| is_filled(at, *row)).count() * 10 <= rows).collect();
        // The last cell of a row is off wherever it slipped: it stands where hardly anything does, or does not fit.
        let mut is_suspect = |row: usize| {
            let Some(last) = (0..width).rev().find(|at| is_filled(*at, row)) else { return false };
            seldom[last] || matches!(self.fit(last, cell_of(table, last, row)), Fit::Odd | Fit::Wrong)
        };
        let suspects: Vec<usize> = (0..rows).filter(|row| is_suspect(*row)).collect();
        if suspects.is_empty() {
            return suspects;
        }
        let mut sorts = Sorts::of_width(width);
        for at in 0..width {
            (0..rows).for_each(|row| sorts.count(at, cell_of(table, at, row).1));
        }
        let is_off = |row: &usize| {
            let cells: Vec<Option<usize>> = (0..width).map(|at| sort(cell_of(table, at, *row).1)).collect();
            let (still, without) = sorts.strange(&cells, true);
            without + 2 <= still
        };
        suspects.into_iter().filter(is_off).collect()
    }

    fn is_number(&mut self, cell: Cell<'_>) -> bool {
        let is_long = cell.1.len() >= 15 && cell.1.bytes().filter(u8::is_ascii_digit).count() >= 14;
        is_long && matches!(self.state(cell), IdState::Valid | IdState::Invalid | IdState::Float)
    }

    fn state(&mut self, (kind, text): Cell<'_>) -> IdState {
        let read = || id_number::clean(kind, text, self.as_of).state;
        if text.len() < Known::LONG {
            return read();
        }
        let key = (kind, text.to_owned());
        if let Some(state) = self.known.states.get(&key) {
            return *state;
        }
        let state = read();
        self.known.make_room(text);
        self.known.states.insert(key, state);
        state
    }

    fn fit(&mut self, position: usize, cell: Cell<'_>) -> Fit {
        let (kind, text) = cell;
        let text = text.trim();
        if kind == CellKind::Empty || text.is_empty() {
            return Fit::Open;
        }
        if text.len() < Known::LONG {
            return self.fit_of(position, cell, text);
        }
        let key = (position, kind, text.to_owned());
        if let Some(fit) = self.known.fits.get(&key) {
            return *fit;
        }
        let fit = self.fit_of(position, cell, text);
        self.known.make_room(text);
        self.known.fits.insert(key, fit);
        fit
    }

    fn fit_of(&mut self, position: usize, cell: Cell<'_>, text: &str) -> Fit {
        let is_number = self.is_number(cell);
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let state = matches!(self.shapes.get(position), Some(Shape::Number)).then(|| self.state((cell.0, text)));
        let Some(shape) = self.shapes.get_mut(position) else { return Fit::Open };
        let known = |known: bool, otherwise: Fit| if known { Fit::Fits } else { otherwise };
        match shape {
            Shape::Number if is_number => Fit::Fits,
            Shape::Number => match state {
                Some(IdState::Masked) => Fit::Fits,
                Some(IdState::NoNumber | IdState::OtherDocument | IdState::Placeholder | IdState::Missing) if digits == 0 => {
                    Fit::Odd
                }
                _ => Fit::Wrong,
            },
            Shape::OtherNumber => known(digits >= 15, Fit::Odd),
            Shape::Any => known(false, if is_number { Fit::Odd } else { Fit::Open }),
            Shape::Place if digits >= 6 && text.is_ascii() => Fit::Wrong,
            Shape::Place => known(text.ends_with(['县', '镇', '乡', '村', '组', '区', '号', '会', '道']), Fit::Open),
            _ if is_number => Fit::Wrong,
            Shape::Name if !name::has_shape(text) || !text.contains(char::is_alphabetic) || digits >= 3 => Fit::Wrong,
            Shape::Name if kinship::relation(text).is_some() => Fit::Wrong,
            Shape::Name => known(!["镇", "村", "社区", "居委会"].iter().any(|end| text.ends_with(end)), Fit::Odd),
            Shape::Relation if digits >= 4 => Fit::Wrong,
            Shape::Relation => known(kinship::relation(text).is_some() || kinship::code(text).is_some(), Fit::Odd),
            Shape::Sex(codes) => known(codes.get(text).is_some(), Fit::Wrong),
            Shape::Code(codes) => known(codes.get(text).is_some(), Fit::Odd),
            Shape::YesNo => known(yes_no(text).is_some(), Fit::Odd),
            Shape::Amount if digits >= 11 => Fit::Wrong,
            Shape::Amount => known(digits > 0 && money::read(text, Unit::YUAN).is_some(), Fit::Odd),
            Shape::Day if person::stated_alone(cell).is_some() => Fit::Fits,
            Shape::Day => {
                if digits == 0 && kinship::relation(text).is_some() {
                    Fit::Wrong
                } else {
                    Fit::Odd
                }
            }
            Shape::Phone => known(phone::clean(text).is_ok(), Fit::Odd),
        }
    }

    /// Which cells of a row that slipped stand where; `None` where the row stands as it should or nothing better fits.
    fn meant(&mut self, table: &RawTable, row: usize, [names, numbers]: [&[usize]; 2]) -> Option<(Repair, Sources)> {
        let cell = |position: usize| cell_of(table, position, row);
        let is_plain = |&position: &usize| {
            let (_, text) = cell(position);
            text.len() == 18 && text.bytes().take(17).all(|byte| byte.is_ascii_digit())
        };
        if names.is_empty() || numbers.iter().any(is_plain) {
            return None;
        }
        let of_number: Vec<Fit> = numbers.iter().map(|&position| self.fit(position, cell(position))).collect();
        if of_number.contains(&Fit::Fits) {
            return None;
        }
        let of_name: Vec<Fit> = names.iter().map(|&position| self.fit(position, cell(position))).collect();
        // As many digits as a number has are a number miswritten.
        let is_miswritten = |&position: &usize| cell(position).1.bytes().filter(u8::is_ascii_digit).count() >= 15;
        let is_named = of_name.contains(&Fit::Fits);
        let is_wrong = of_number.contains(&Fit::Wrong) && !numbers.iter().any(is_miswritten);
        let width = self.shapes.len();
        let own: Sources = (0..width).map(Some).collect();
        if let ([name], [number]) = (names, numbers)
            && self.is_number(cell(*name))
            && self.fit(*name, cell(*number)) == Fit::Fits
            && (0..width).all(|at| at == *name || at == *number || self.fit(at, cell(at)) != Fit::Wrong)
        {
            let mut exchanged = own;
            exchanged.swap(*name, *number);
            return Some((Repair::Exchanged, exchanged));
        }
        if is_named && numbers.iter().any(is_miswritten) {
            return None;
        }
        let near = |&position: &usize| position.saturating_sub(FARTHEST)..width.min(position + FARTHEST + 1);
        let beside: Vec<usize> = numbers.iter().flat_map(near).filter(|at| !numbers.contains(at)).collect();
        let has_number_beside = beside.iter().any(|&at| self.is_number(cell(at)));
        if !has_number_beside && (is_named || of_name.iter().all(|fit| *fit == Fit::Open)) {
            return None;
        }
        // Where the number's column is taken by something else, the cell there slipped as well.
        if !is_named || is_wrong || of_number.contains(&Fit::Odd) {
            for by in 1..=FARTHEST {
                if let Some(sources) = self.slipped(table, row, by, [names, numbers]) {
                    return Some((Repair::Shifted, sources));
                }
            }
        }
        // Only the number stands in another column, where it cannot belong.
        let mut misplaced = beside.into_iter().filter(|&at| self.is_number(cell(at)));
        let (Some(at), None, [number], true, false) = (misplaced.next(), misplaced.next(), numbers, is_named, is_wrong) else {
            return None;
        };
        if self.fit(at, cell(at)) != Fit::Wrong {
            return None;
        }
        let mut moved = own;
        (moved[*number], moved[at]) = (Some(at), None);
        Some((Repair::Shifted, moved))
    }

    /// The row with `by` cells lost, or `by` blank ones inserted, at the place that fits best.
    fn slipped(&mut self, table: &RawTable, row: usize, by: usize, [names, numbers]: [&[usize]; 2]) -> Option<Sources> {
        let width = self.shapes.len();
        let cell = |position: usize| cell_of(table, position, row);
        let is_blank = |position: usize| cell(position).0 == CellKind::Empty;
        let fits = |slips: &mut Self, from: &dyn Fn(usize) -> Option<usize>| -> Vec<Fit> {
            (0..width).map(|at| from(at).map_or(Fit::Open, |from| slips.fit(at, cell(from)))).collect()
        };
        let (still, lost, inserted) =
            (fits(self, &|at| Some(at)), fits(self, &|at| at.checked_sub(by)), fits(self, &|at| Some(at + by)));
        let cost = |fits: &[Fit]| fits.iter().map(|fit| fit.cost()).sum::<u32>();
        let mut best: Option<((u32, usize), Vec<Sources>)> = None;
        // Of whom else a row speaks is not whom it is about.
        let others: Vec<bool> = self.shapes.iter().map(|shape| matches!(shape, Shape::OtherNumber)).collect();
        let other_names: Vec<bool> =
            (0..width).map(|at| matches!(self.shapes[at], Shape::Name) && !names.contains(&at)).collect();
        let mut consider = |fits: &dyn Fn(usize) -> Fit, sources: Sources, total: u32| {
            let of = |positions: &[usize], others: &[bool]| {
                positions
                    .iter()
                    .any(|&at| fits(at) == Fit::Fits && sources[at].is_some_and(|from| others.get(from) != Some(&true)))
            };
            let count = (0..width).filter(|&at| fits(at) == Fit::Fits).count();
            // Without a number more must fit than the name.
            let numbered = of(numbers, &others);
            let enough = if numbered { of(names, &[]) && count > by } else { of(names, &other_names) && count > 1 + by };
            if total >= WRONG || !enough {
                return;
            }
            let rank = (total, width - count);
            match &mut best {
                Some((known, all)) if *known == rank => all.push(sources),
                Some((known, _)) if *known < rank => {}
                _ => best = Some((rank, vec![sources])),
            }
        };
        let can_be_lost = by < width && (width - by..width).all(is_blank);
        for place in 0..width {
            if can_be_lost {
                let behind = place + by;
                let total = cost(&still[..place]) + lost.get(behind..).map_or(0, cost);
                let sources = (0..width).map(|at| match at {
                    at if at < place => Some(at),
                    at if at < behind => None,
                    at => Some(at - by),
                });
                let fits = |at: usize| {
                    if at < place {
                        still[at]
                    } else if at < behind {
                        Fit::Open
                    } else {
                        lost[at]
                    }
                };
                consider(&fits, sources.collect(), total);
            }
            if place + by <= width && (place..place + by).all(is_blank) {
                let total = cost(&still[..place]) + cost(&inserted[place..]);
                let sources = (0..width).map(|at| if at < place { Some(at) } else { Some(at + by).filter(|from| *from < width) });
                let fits = |at: usize| if at < place { still[at] } else { inserted[at] };
                consider(&fits, sources.collect(), total);
            }
        }
        let (_, all) = best?;
        let first = all.first()?;
        let agree = |at: &usize| all.iter().all(|other| other[*at].map(cell) == first[*at].map(cell));
        let blank = |at: usize| first[at].is_none_or(is_blank);
        let shown = [names, numbers].iter().all(|own| own.iter().all(agree));
        // A row that reads the same as before did not slip.
        let changed = (0..width).any(|at| first[at] != Some(at) && !(blank(at) && is_blank(at)));
        (shown && changed).then(|| (0..width).map(|at| if agree(&at) { first[at] } else { None }).collect())
    }
}

fn cell_of(table: &RawTable, position: usize, row: usize) -> Cell<'_> {
    table.columns.get(position).map_or((CellKind::Empty, ""), |column| column.get(row))
}
