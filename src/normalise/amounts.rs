//! A column of amounts: which of the cells that may hold it does, and whether it is one month's.
//!
//! Where a register says what its amounts are for ([`RegistryDefinition::amounts`](crate::config::registry::RegistryDefinition)), cells in another
//! time's unit are none and told; beside a total for several months (`发放月数`, or a total that is so many times the 月标准) the month's own amount
//! counts; below zero stands a correction, no payment. A household's amount is none of its members', and what a header says is another year's none of
//! the list's. O(cells).

use arrow::array::Int64Builder;

use super::cells::first_cell;
use super::data_date;
use super::mixed;
use super::money::{Reading, read_for};
use super::month_column::REMARKS;
use super::period::Named;
use super::repair::{Log, Notes, Repair};
use super::unit::{Unit, Whose};
use crate::config::registry::{RegistryDefinition, fold_header};
use crate::model::date::Month;
use crate::model::field::Per;
use crate::model::raw::{OF_SEVERAL, RawTable, TableHead};
use crate::model::registry::Grain;

/// Columns that say for how many months a total is.
const COUNTS: [&str; 9] =
    ["月数", "发放月数", "补贴月数", "享受月数", "发放月份数", "月份数", "补助月数", "保障月数", "补发月数"];
/// What a household gets, not each of its members.
pub(super) const HOUSEHOLD_AMOUNT: &str = "household_amount_fen";
/// A total for more months is none.
const MOST_MONTHS: i64 = 24;

/// What an amount stands for by its own header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stands {
    /// Whatever the row is for.
    Row,
    /// A month, whatever the row is for.
    Month,
    /// A month's standard, whatever else was paid.
    Standard,
}

/// The column while it is being filled.
#[derive(Debug)]
pub(super) struct Amounts {
    /// What they are for, where the register says so.
    pub(super) per: Option<Per>,
    may_be_negative: bool,
    /// Whose they are: by the person, or by the household, they are another amount.
    whose: Option<Whose>,
    /// Whether they are on the rows of a household's members, and no header says that they are the household's.
    pub(super) is_owner_unsaid: bool,
    columns: Vec<(usize, Unit)>,
    counts: Vec<usize>,
    /// Remarks that may speak of the amount.
    remarks: Vec<usize>,
    period: Month,
    /// Of each row read.
    pub(super) stands: Vec<Stands>,
    /// Rows whose amount is below zero and none.
    pub(super) corrections: Vec<usize>,
}

impl Amounts {
    /// Of the columns at `positions`, in their order.
    pub(super) fn new(
        field: &str,
        positions: &[usize],
        definition: &RegistryDefinition,
        head: &TableHead,
        period: Month,
    ) -> Self {
        let header = |position: usize| head.columns.get(position).map_or("", |column| column.text.as_str());
        let of_household = field == HOUSEHOLD_AMOUNT;
        let list_year = data_date::year(head).unwrap_or(period.year());
        let unit = |position: usize| {
            let unit = Unit::of(header(position), &head.preamble);
            Unit { is_unclear: unit.is_unclear || unit.year.is_some_and(|year| year != list_year), ..unit }
        };
        let columns: Vec<(usize, Unit)> = positions.iter().map(|&position| (position, unit(position))).collect();
        let is_said = |(at, unit): &(usize, Unit)| header(*at).contains(['户', '家']) || unit.whose.is_some();
        let called = |words: &[&str]| -> Vec<usize> {
            let is_one = |text: &str| words.contains(&fold_header(text).as_str());
            (0..).zip(&head.columns).filter(|(_, column)| is_one(&column.text)).map(|(at, _)| at).collect()
        };
        let (counts, remarks) = (called(&COUNTS), called(&REMARKS));
        let per = definition.amounts.get(field).copied();
        Self {
            per,
            may_be_negative: per.is_none() || definition.below_zero.iter().any(|known| known == field),
            whose: match definition.grain {
                _ if of_household => Some(Whose::Household),
                Grain::Person | Grain::PersonKind | Grain::PersonMonth => Some(Whose::Person),
                _ => None,
            },
            is_owner_unsaid: of_household && definition.grain == Grain::Person && !columns.iter().any(is_said),
            columns,
            counts,
            remarks,
            period,
            stands: Vec::new(),
            corrections: Vec::new(),
        }
    }

    /// The months that a header names (`4-6月补贴金额`).
    pub(super) fn months_named(&self) -> Option<Named> {
        self.columns.first().and_then(|(_, unit)| unit.months).filter(|_| self.per == Some(Per::Month))
    }

    pub(super) fn push(&mut self, table: &RawTable, kept: &[usize], values: &mut Int64Builder, log: &mut Log, order: u16) {
        let mut note = Notes { log, order };
        for (&row, at) in kept.iter().zip(0..) {
            let (Reading { fen, why }, stands) = self.read(table, row);
            if let Some(why) = why {
                note.one(at, why);
            }
            if why == Some(Repair::BelowZero) {
                self.corrections.push(self.stands.len());
            }
            values.append_option(fen);
            self.stands.push(stands);
        }
    }

    fn read(&self, table: &RawTable, row: usize) -> (Reading, Stands) {
        let said = || {
            let cells = self.columns.iter().map(|(position, unit)| (first_cell(table, &[*position], row).1, unit));
            cells.filter(|(written, _)| !written.is_empty())
        };
        let Some((written, unit)) = said().next() else { return (Reading::default(), Stands::Row) };
        let is_household = || unit.whose.or_else(|| Whose::of(written)) == Some(Whose::Household);
        if self.whose != Some(Whose::Household) && written.ends_with(OF_SEVERAL)
            || self.whose == Some(Whose::Person) && is_household()
        {
            return (Reading { fen: None, why: Some(Repair::Owner) }, Stands::Row);
        }
        if self.whose == Some(Whose::Household) && unit.whose.or_else(|| Whose::of(written)) == Some(Whose::Person) {
            return (Reading { fen: None, why: Some(Repair::OtherUnit) }, Stands::Row);
        }
        let first = (read_for(written, unit, self.per), self.stands_for(unit));
        let chosen = if self.per == Some(Per::Month) { self.of_month(table, row, first, said()) } else { first };
        let of_month = self.per == Some(Per::Month) && chosen.0.fen.is_some() && chosen.1 != Stands::Standard;
        let remark = || mixed::why_not_whole(first_cell(table, &self.remarks, row).1, self.period);
        if let Some(why) = of_month.then(remark).flatten() {
            return (Reading { fen: None, why: Some(why) }, chosen.1);
        }
        match chosen {
            (Reading { fen: Some(..0), .. }, stands) if !self.may_be_negative => {
                (Reading { fen: None, why: Some(Repair::BelowZero) }, stands)
            }
            chosen => chosen,
        }
    }

    /// The month's own amount where the first is for several, or for another time.
    fn of_month<'c>(
        &self,
        table: &RawTable,
        row: usize,
        first: (Reading, Stands),
        said: impl Iterator<Item = (&'c str, &'c Unit)>,
    ) -> (Reading, Stands) {
        if first.1 != Stands::Row {
            return first;
        }
        let monthly = said.skip(1).map(|(written, unit)| (read_for(written, unit, self.per), self.stands_for(unit)));
        let monthly = monthly.into_iter().find(|(reading, stands)| *stands != Stands::Row && reading.fen.is_some());
        let counted: Option<i64> = first_cell(table, &self.counts, row).1.trim().trim_end_matches(['月', '个']).parse().ok();
        let is_several = counted.is_some_and(|months| months != 1);
        let times = |total: i64, month: i64| month > 0 && total % month == 0 && (2..=MOST_MONTHS).contains(&(total / month));
        match (first.0.fen, monthly) {
            (None, Some(monthly)) => monthly,
            (Some(total), Some(monthly)) if is_several || monthly.0.fen.is_some_and(|month| times(total, month)) => monthly,
            (Some(_), None) if is_several => (Reading { fen: None, why: Some(Repair::SeveralMonths) }, Stands::Row),
            _ => first,
        }
    }

    fn stands_for(&self, unit: &Unit) -> Stands {
        match unit.per {
            _ if self.per != Some(Per::Month) => Stands::Row,
            None | Some(Per::Month) if unit.is_standard => Stands::Standard,
            Some(Per::Month) => Stands::Month,
            _ => Stands::Row,
        }
    }
}
