//! A status column while it is being filled, and what all that a sheet says of its rows' status comes to.
//!
//! [`StatusColumn`] takes words of the field's code table as they are, other words by what they mean ([`super::status_words`]), what is not
//! understood as blank and the row as unclear. [`conclude`] puts it together with dates of an end, columns of an outcome and remarks. Nothing is
//! guessed: what contradicts the status, or nothing can hold, leaves the row open. O(cells); each spelling is read once.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use super::cells::first_said;
use super::outcome::Outcomes;
use super::remarks::Remarks;
use super::status_words::{DIED, RowStatus, any, ending_words, read, words};
use super::vocabulary::{CodeTable, yes_no};
use super::word_counts::{counted, not_understood, shown};
use crate::config::registry::{Ending, StandingValues, fold_header};
use crate::model::date::Day;
use crate::model::raw::{RawTable, TableHead};

/// A status column while it is being filled.
pub(super) struct StatusColumn<'a> {
    values: &'a StandingValues,
    header: String,
    asks_for_end: bool,
    /// What a yes comes to where it asks for the end of a life: `是否死亡`.
    asks_for_death: bool,
    /// Per row: what it says, and the word of the code table where it is one.
    rows: Vec<Option<(RowStatus, Option<&'a str>)>>,
    met: HashMap<String, Option<(RowStatus, Option<&'a str>)>>,
    /// What was not understood, and what the register has no value for.
    words: BTreeMap<String, u32>,
    valueless: BTreeMap<String, u32>,
    /// Whether anything but a bare yes stands there.
    has_other: bool,
}

impl<'a> StatusColumn<'a> {
    /// A column called `title` where no column of the table is it, and only lines or titles say it.
    pub(super) fn new(values: &'a StandingValues, positions: &[usize], head: &TableHead, title: &str) -> Self {
        let header = positions.first().and_then(|at| head.columns.get(*at)).map_or(title, |column| &column.text).to_owned();
        let folded = fold_header(&header);
        let asks = ["标志", "标识", "标记", "是否"].iter().any(|word| folded.contains(word));
        let asks_for_end = asks && (ending_words().any(|end| folded.contains(end)) || folded.contains('停'));
        let other_end = || ending_words().any(|end| folded.contains(end) && !words(DIED).any(|died| died == end));
        Self {
            values,
            asks_for_death: asks_for_end && any(&folded, DIED) && !other_end(),
            header,
            asks_for_end,
            rows: Vec::new(),
            met: HashMap::new(),
            words: BTreeMap::new(),
            valueless: BTreeMap::new(),
            has_other: false,
        }
    }

    pub(super) fn push(&mut self, table: &RawTable, positions: &[usize], kept: &[usize], codes: &mut CodeTable<'a>, as_of: Day) {
        for &row in kept {
            let (_, written) = first_said(table, positions, row, true);
            if written.is_empty() {
                self.rows.push(None);
                continue;
            }
            let (asks, of_death) = (self.asks_for_end, self.asks_for_death);
            let has_other = &mut self.has_other;
            let read = *self.met.entry(written.to_owned()).or_insert_with(|| {
                *has_other |= yes_no(written) != Some(true);
                let known = codes.get(written);
                let meant = || match read(written, asks, as_of) {
                    Some(RowStatus::Ended) if of_death => Some(RowStatus::Died),
                    meant => meant,
                };
                match known {
                    Some(value) => Some((RowStatus::Live, Some(value))),
                    None => meant().map(|status| (status, None)),
                }
            });
            if let Some((status, None)) = read
                && status.value(self.values).is_none()
            {
                let words = if status == RowStatus::Unclear { &mut self.words } else { &mut self.valueless };
                *words.entry(written.to_owned()).or_default() += 1;
            }
            self.rows.push(read);
        }
        // Of texts that never come again nothing need be remembered.
        if self.met.len() > 4096 {
            self.met.clear();
        }
    }

    /// Whether there is nothing but bare noes: nobody makes a register of those who are not on it.
    fn says_nothing(&self) -> bool {
        let mut said = self.rows.iter().flatten();
        said.clone().count() > 1 && said.all(|(status, _)| *status == RowStatus::Denied)
    }

    /// Whether rows are only marked (`√`, `是`, `1`) where something is so: of one without a mark nobody knows whether it is not so, or was passed over.
    fn is_of_marks(&self) -> bool {
        !self.asks_for_end && !self.has_other && self.rows.iter().any(Option::is_some)
    }
}

/// What the rows of a sheet come to.
#[derive(Default)]
pub(super) struct Concluded {
    /// Value of the status column, per row; `None` without one.
    pub(super) values: Option<Vec<Option<String>>>,
    /// Rows of which nobody knows how they stand.
    pub(super) unclear: Vec<bool>,
    /// Sentences for whoever sent it.
    pub(super) notes: Vec<String>,
}

/// A column of dates at which something ended: its header, and where each lies from the month of the run.
pub(super) type EndDates<'a> = (&'a str, Ending, Vec<Option<Ordering>>);

/// What says the status of rows beside the status column.
pub(super) struct StatusSources<'s, 'a> {
    pub(super) dates: &'s [EndDates<'s>],
    pub(super) outcomes: &'s Outcomes<'a>,
    pub(super) remarks: &'s Remarks<'a>,
}

/// Puts together what the status column, dates of an end, columns of an outcome and remarks say.
pub(super) fn conclude(
    status: Option<&StatusColumn<'_>>,
    values: Option<&StandingValues>,
    beside: &StatusSources<'_, '_>,
    rows: usize,
) -> Concluded {
    let StatusSources { dates, outcomes, remarks } = beside;
    let mut concluded = Concluded { unclear: vec![false; rows], ..Concluded::default() };
    let nothing = status.is_some_and(StatusColumn::says_nothing);
    let mut column: Vec<Option<String>> = vec![None; rows];
    let mut is_live = vec![true; rows];
    for (at, said) in status.into_iter().flat_map(|status| status.rows.iter().map(move |said| (status, said))).enumerate() {
        let (status, Some((said, word))) = said else { continue };
        let meant = match said {
            _ if word.is_some() => word.map(str::to_owned),
            RowStatus::Unclear => None,
            RowStatus::Denied if nothing => None,
            meant => meant.value(status.values),
        };
        concluded.unclear[at] = meant.is_none();
        is_live[at] = meant.is_none() || meant.as_deref() == Some(status.values.live.as_str());
        column[at] = meant;
    }
    if let Some(status) = status.filter(|status| status.is_of_marks()) {
        let blank: Vec<usize> = (0..rows).filter(|row| status.rows.get(*row).is_none_or(Option::is_none)).collect();
        for row in &blank {
            concluded.unclear[*row] = true;
        }
        if !blank.is_empty() {
            concluded.notes.push(format!(
                "“{}”只在是的行上打了勾（是、1 也一样），没有一行写否；空着的 {} 行是不是，看不准：既不据以认定已享受，也不据以追究",
                status.header,
                blank.len()
            ));
        }
    }
    if let Some(status) = status {
        let unknown: u32 = status.words.values().sum();
        if unknown > 0 {
            concluded.notes.push(not_understood(&status.header, unknown, &status.words));
        }
        if !status.valueless.is_empty() && !nothing {
            let (rows, named) = (status.valueless.values().sum::<u32>(), shown(&status.valueless));
            concluded.notes.push(format!(
                "“{}”有 {rows} 格说的是已停、已退、未成一类{named}：算不算数看不准，既不据以认定已享受，也不据以追究",
                status.header
            ));
        }
        if nothing {
            let said = status.rows.iter().flatten().count();
            concluded.notes.push(format!(
                "“{}”的 {said} 格写的都是否定的意思，等于没有填：算不算数看不准，既不据以认定已享受，也不据以追究",
                status.header
            ));
        }
    }
    for (header, ending, days) in *dates {
        let at = |row: usize| days.get(row).copied().flatten();
        // What ends only later was in force in the month.
        let mut later = 0_usize;
        for row in 0..rows {
            // What has ended otherwise was valid for longer on paper.
            if is_live[row] || at(row) != Some(Ordering::Greater) || *ending == Ending::Expired {
                continue;
            }
            let own = values.filter(|values| column[row] == RowStatus::from(*ending).value(values));
            concluded.unclear[row] |= own.is_none();
            if let Some(values) = own {
                column[row] = Some(values.live.clone());
                is_live[row] = true;
            }
            later += 1;
        }
        if later > 0 {
            concluded.notes.push(format!("“{header}”有 {later} 行在本月之后：本月还算在册，不按已结束追究"));
        }
        let past: Vec<usize> = (0..rows).filter(|row| at(*row).is_some_and(Ordering::is_le)).collect();
        if past.is_empty() {
            continue;
        }
        // Where most rows have one, it is hardly when the standing ended.
        let is_clear = past.len() < 3 || past.len() * 2 <= rows;
        let mut doubted = 0_usize;
        for &row in &past {
            let own = values.and_then(|values| RowStatus::from(*ending).value(values));
            match own {
                Some(value)
                    if is_clear && at(row) == Some(Ordering::Less) && column[row].is_none() && !concluded.unclear[row] =>
                {
                    column[row] = Some(value);
                }
                _ if is_live[row] => {
                    concluded.unclear[row] = true;
                    doubted += 1;
                }
                _ => {}
            }
        }
        let all = past.len();
        let doubted = if doubted > 0 {
            format!("；其中 {doubted} 行与状态栏不一致或看不准，只作先核对")
        } else {
            String::new()
        };
        concluded.notes.push(format!("“{header}”有 {all} 行已到期，按到那时为止计{doubted}"));
    }
    for (row, outcome) in outcomes.rows.iter().enumerate() {
        let Some(outcome) = outcome.as_ref().filter(|_| is_live[row]) else { continue };
        match values.and_then(|values| outcome.value(values)) {
            Some(value) if column[row].is_none() && !concluded.unclear[row] => {
                column[row] = Some(value);
                is_live[row] = false;
            }
            // It contradicts the status, or nothing can hold it.
            _ => concluded.unclear[row] = true,
        }
    }
    let mut words: BTreeMap<&str, u32> = BTreeMap::new();
    for (row, word) in remarks.rows.iter().enumerate().filter(|(row, _)| is_live.get(*row) == Some(&true)) {
        if let Some(word) = word
            && column[row].as_deref().is_none_or(|value| values.is_some_and(|values| values.live == value))
        {
            concluded.unclear[row] = true;
            *words.entry(word).or_default() += 1;
        }
    }
    if !words.is_empty() {
        let all: u32 = words.values().sum();
        let header = &remarks.header;
        concluded.notes.push(format!(
            "“{header}”有 {all} 行写着{}：算不算数看不准，既不据以认定已享受，也不据以追究；请在状态栏写明",
            counted(&words)
        ));
    }
    concluded.values = (status.is_some() || column.iter().any(Option::is_some)).then_some(column);
    concluded
}
