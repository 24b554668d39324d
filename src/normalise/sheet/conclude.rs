//! How the rows of a sheet stand, once all its columns have been read.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, StringArray};
use arrow::datatypes::{Date32Type, Int32Type};

use super::{Normaliser, position_of};
use crate::config::registry::Ending;
use crate::model::date::Day;
use crate::model::field::FieldKind;
use crate::normalise::amount_columns::Column;
use crate::normalise::outcome::{Outcomes, is_of_dead};
use crate::normalise::remarks::Remarks;
use crate::normalise::repair::{Log, Notes, Repair};
use crate::normalise::row_status::{self, StatusColumn, StatusSources};

impl<'a> Normaliser<'a> {
    /// How the rows stand: fills the columns that say it, gives the rows of which nobody knows and what is to be said.
    pub(super) fn conclude(
        &self,
        read: &mut Vec<Column<'a>>,
        statuses: &[(usize, StatusColumn<'a>)],
        log: &mut Log,
    ) -> (Vec<bool>, Vec<String>) {
        let (rows, as_of) = (self.rows.len(), self.context.as_of);
        let (mut unclear, mut notes) = (vec![false; rows], Vec::new());
        if self.status.is_none() && self.definition.remarks.is_empty() {
            return (unclear, notes);
        }
        if let Some(said) = self.void.as_ref().filter(|_| rows > 0) {
            unclear.fill(true);
            let order = position_of(&self.order, "place");
            (0..).take(rows).for_each(|at| Notes { log, order }.one(at, Repair::Status));
            notes.push(format!("{said}下面的 {rows} 行不像还算数：既不据以认定已享受，也不据以追究"));
        }
        let name = self.status.map_or("", |status| status.name.as_str());
        let own = statuses.iter().find(|(at, _)| read.get(*at).is_some_and(|(field, ..)| *field == name));
        let header = |field: &str| self.headers.iter().find(|(of, _)| of == field).map_or("", |(_, header)| header.as_str());
        let fields = &self.context.dictionary.fields;
        let is_of_dead = is_of_dead(self.definition);
        let ends = |field: &str| fields.get(field).and_then(|field| field.ends).filter(|_| !is_of_dead);
        let dates = read.iter().filter_map(|(field, _, arrays)| {
            let (array, ends) = (arrays.first()?, ends(field)?);
            let month = |yyyymm: i32| yyyymm.cmp(&self.context.period.yyyymm());
            // On whatever day of the month somebody died, nobody is alive at its end.
            let day = |day: i32| match ends {
                Ending::Expired => Day(day).month().cmp(&self.context.period),
                _ if day <= as_of.0 => Ordering::Less,
                _ => Ordering::Greater,
            };
            let at: Vec<Option<Ordering>> = match array.as_primitive_opt::<Int32Type>() {
                Some(months) => months.iter().map(|at| at.map(month)).collect(),
                None => array.as_primitive_opt::<Date32Type>()?.iter().map(|at| at.map(day)).collect(),
            };
            Some((header(field), ends, at))
        });
        let dates: Vec<_> = dates.collect();
        // That something stands where the day of an end would says more than nothing does.
        for (field, ..) in read.iter().filter(|(field, ..)| ends(field).is_some()) {
            let order = position_of(&self.order, field);
            let unread = |entry: &&(u32, u16, Repair)| entry.1 == order && entry.2 == Repair::Unreadable;
            let at: Vec<u32> = log.entries.iter().filter(unread).map(|(at, ..)| *at).collect();
            if at.is_empty() || at.len() > 2 && at.len() * 2 > rows {
                continue;
            }
            notes.push(format!(
                "“{}”有 {} 格读不懂：是不是已经结束看不准，既不据以认定已享受，也不据以追究",
                header(field),
                at.len()
            ));
            for at in at {
                unclear[at as usize] = true;
                Notes { log, order }.one(at, Repair::Status);
            }
        }
        let beside = StatusSources { dates: &dates, outcomes: &self.outcomes, remarks: &self.remarks };
        let values = self.status.and_then(|status| status.standing.as_ref());
        let concluded = row_status::conclude(own.map(|(_, own)| own), values, &beside, rows);
        let others = statuses.iter().filter(|(at, _)| own.is_none_or(|(own, _)| own != at));
        let nothing = StatusSources { dates: &[], outcomes: &Outcomes::default(), remarks: &Remarks::default() };
        let others: Vec<_> = others.map(|(at, of)| (Some(*at), row_status::conclude(Some(of), None, &nothing, rows))).collect();
        for (at, concluded) in std::iter::once((own.map(|(at, _)| *at), concluded)).chain(others) {
            let stated = (name, self.status.map_or(FieldKind::Code, |status| status.kind));
            let (field, kind) = at.and_then(|at| read.get(at)).map_or(stated, |(field, kind, _)| (field, *kind));
            let order = position_of(&self.order, if self.order.contains(&field) { field } else { "place" });
            for ((row, at), known) in concluded.unclear.iter().zip(0..).zip(&mut unclear).filter(|((row, _), _)| **row) {
                *known = *row;
                Notes { log, order }.one(at, Repair::Status);
            }
            notes.extend(concluded.notes);
            let Some(values) = concluded.values else { continue };
            let array: ArrayRef = match kind {
                FieldKind::YesNo => {
                    Arc::new(values.iter().map(|value| value.as_deref().map(|value| value == "是")).collect::<BooleanArray>())
                }
                _ => Arc::new(values.into_iter().collect::<StringArray>()),
            };
            match at.and_then(|at| read.get_mut(at)) {
                Some((_, _, arrays)) => arrays.push(array),
                None => read.extend(self.status.map(|status| (status.name.as_str(), kind, vec![array]))),
            }
        }
        (unclear, notes)
    }
}
