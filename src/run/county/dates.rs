//! Whether a run is for the month that its registers speak of. A slip in `--period` gives lists that look right, and in the ledger a month
//! that never was.
//!
//! Takes what was taken in; a sheet speaks for the month of its data date, or for the one before where it was printed in the first days of
//! a month. One that names no month says nothing.

use std::collections::BTreeMap;

use crate::config::registry::Dictionary;
use crate::intake::inputs;
use crate::model::columns::MONTH;
use crate::model::date::{Day, Month};
use crate::model::intake::IntakeFile;
use crate::model::record::RecordSet;
use crate::model::registry::RegistryId;
use crate::run::{Request, RunError};

/// A list of a month is printed so many days after it at most.
const PRINTED_LATE_DAYS: i32 = 10;
/// One list alone may be an old one.
const ENOUGH: usize = 2;

/// Months that sheets name, with how many do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dates {
    months: BTreeMap<Month, usize>,
    period: Month,
}

impl Dates {
    /// Of the sheets with rows.
    pub(super) fn of(intake: &[IntakeFile], period: Month) -> Self {
        let sheets = intake.iter().flat_map(|file| &file.sheets).filter(|sheet| sheet.registry.is_some() && sheet.read > 0);
        let mut months = BTreeMap::new();
        for day in sheets.filter_map(|sheet| sheet.data_date) {
            *months.entry(spoken_for(day, period)).or_default() += 1;
        }
        Self { months, period }
    }

    fn count(&self, wanted: impl Fn(&Month) -> bool) -> usize {
        self.months.iter().filter(|(month, _)| wanted(month)).map(|(_, count)| count).sum()
    }

    /// Whether every one of them speaks for another month.
    fn all_say_otherwise(&self) -> bool {
        !self.months.contains_key(&self.period) && self.count(|_| true) >= ENOUGH
    }

    fn told(&self) -> String {
        let named: Vec<String> = self.months.iter().map(|(month, count)| format!("{month} 的 {count} 张")).collect();
        format!("比对月份是 {}，写了月份的表却是：{}", self.period, named.join("、"))
    }

    /// What is to be told: that nothing, or less than half, is of the month itself and the rest comes after it.
    pub(super) fn warning(&self) -> Option<String> {
        let (own, later) = (self.count(|month| *month == self.period), self.count(|month| *month > self.period));
        let advice = "！！！请先核对 --period（没有写时是输入文件夹名字里的月份）：月份错了，结果全错";
        (self.all_say_otherwise() || later > own).then(|| format!("！！！{}\n{advice}", self.told()))
    }

    /// Such a month is not written into a ledger.
    pub(super) fn refused(&self) -> Result<(), RunError> {
        if !self.all_say_otherwise() {
            return Ok(());
        }
        Err(RunError::Usage(format!(
            "{}，没有一张是 {} 的。月份多半写错了：没有出结果，也没有记入台账。请改正 --period（或输入文件夹的名字）；\
             表上的月份写错了，就先改表；只是试算，就不加 --ledger",
            self.told(),
            self.period
        )))
    }
}

/// The month that a list of this day is of, as a run for `period` takes it.
fn spoken_for(day: Day, period: Month) -> Month {
    let late = day.0 - period.last_day().0;
    if (1..=PRINTED_LATE_DAYS).contains(&late) { period } else { day.month() }
}

/// Monthly registers of which every sheet is dated, the last of them two months before the period or more, and no row of a later month: who has
/// come on the list since is not on it. With the month of the last.
pub(super) fn outdated(
    intake: &[IntakeFile],
    records: &RecordSet,
    dictionary: &Dictionary,
    period: Month,
) -> Vec<(RegistryId, Month)> {
    let is_monthly = |registry: &RegistryId| {
        let definition = dictionary.registry(registry.as_str());
        definition.is_some_and(|definition| definition.fields.iter().any(|used| used.field == MONTH))
    };
    let mut last: BTreeMap<&RegistryId, Option<Month>> = BTreeMap::new();
    for sheet in intake.iter().flat_map(|file| &file.sheets).filter(|sheet| sheet.read > 0) {
        let Some(registry) = sheet.registry.as_ref().filter(|registry| is_monthly(registry)) else { continue };
        let month = sheet.data_date.map(|day| spoken_for(day, period));
        let known = last.entry(registry).or_insert(month);
        *known = known.zip(month).map(|(known, month)| known.max(month));
    }
    let since =
        |month: Month| period.year() * 12 - month.year() * 12 + period.month().cast_signed() - month.month().cast_signed();
    // A sheet with a title for each of its months is dated by the first.
    let of_rows = |registry: &RegistryId| {
        let months = records.registry(registry.as_str()).and_then(|(_, rows)| rows.int32(MONTH)?.iter().flatten().max());
        months.and_then(|month| Month::new(month / 100, (month % 100).unsigned_abs()))
    };
    let old = last.into_iter().filter_map(|(registry, month)| {
        let month = month.max(of_rows(registry).filter(|_| month.is_some()));
        Some((registry.clone(), month.filter(|month| since(*month) >= 2)?))
    });
    old.collect()
}

/// What is to be told where `--period` is not the month that the input's name says.
pub(super) fn named_otherwise(request: &Request) -> Option<String> {
    let (asked, named) = (request.period?, inputs::period_of(&request.inputs)?);
    (asked != named).then(|| format!("！！！--period 是 {asked}，输入文件夹的名字却是 {named}：请核对，月份错了，结果全错"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::intake::IntakeSheet;

    fn dates(period: &str, days: &[&str]) -> Dates {
        let sheet = |day: &&str| IntakeSheet {
            registry: Some("dibao".into()),
            read: 1,
            data_date: day.parse().ok(),
            ..IntakeSheet::default()
        };
        let file = IntakeFile { sheets: days.iter().map(sheet).collect(), ..IntakeFile::default() };
        Dates::of(&[file], period.parse().expect("a month"))
    }

    #[test]
    fn a_month_that_no_register_speaks_of_is_told_and_refused_and_others_are_not() {
        for (period, days) in [
            ("2018-05", &["2018-06-30", "2018-06-30"][..]),
            ("2019-06", &["2018-06-30", "2018-05-31", ""]),
            ("2018-05", &["2018-06-11", "2018-07-01"]),
        ] {
            let dates = dates(period, days);
            assert!(dates.warning().is_some_and(|told| told.contains(period)), "{days:?}");
            assert!(dates.refused().is_err(), "{days:?}");
        }
        for (period, days) in [
            ("2018-06", &["2018-06-30", "2018-03-31", "2018-01-31"][..]),
            ("2018-06", &["2018-07-03", "2018-01-31"]),
            ("2018-06", &["", "", ""]),
            ("2018-06", &["2018-03-31", ""]),
        ] {
            let dates = dates(period, days);
            assert_eq!(dates.warning(), None, "{days:?}");
            assert!(dates.refused().is_ok(), "{days:?}");
        }
        let some = dates("2018-05", &["2018-06-30", "2018-05-31", "2018-06-30"]);
        assert!(some.warning().is_some() && some.refused().is_ok());
        let one = dates("2018-05", &["2018-06-30"]);
        assert!(one.warning().is_some() && one.refused().is_ok());
    }
}
