//! How the rows of a sheet stand, once all its columns have been read.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, StringArray};
use arrow::datatypes::{Date32Type, Int32Type};

use super::{Column, Normaliser, position_of};
use crate::model::field::FieldKind;
use crate::normalise::field_column::{Log, Notes};
use crate::normalise::repair::Repair;
use crate::normalise::standing::{self, Remarks, StandingColumn};

impl<'a> Normaliser<'a> {
    /// How the rows stand: fills the columns that say it, gives the rows of which nobody knows and what is to be said.
    pub(super) fn conclude(
        &self,
        read: &mut Vec<Column<'a>>,
        standings: &[(usize, StandingColumn<'a>)],
        log: &mut Log,
    ) -> (Vec<bool>, Vec<String>) {
        let (rows, as_of) = (self.rows.len(), self.context.as_of);
        let (mut unclear, mut told) = (vec![false; rows], Vec::new());
        let Some(status) = self.status else { return (unclear, told) };
        let own = standings.iter().find(|(at, _)| read.get(*at).is_some_and(|(field, ..)| *field == status.name));
        let header = |field: &str| self.headers.iter().find(|(of, _)| of == field).map_or("", |(_, header)| header.as_str());
        let ends = |field: &str| self.context.dictionary.fields.get(field).and_then(|field| field.ends);
        let dates = read.iter().filter_map(|(field, _, arrays)| {
            let (array, ends) = (arrays.first()?, ends(field)?);
            let month = |yyyymm: i32| yyyymm.cmp(&self.context.period.yyyymm());
            // On whatever day of the month somebody died, nobody is alive at its end.
            let day = |day: i32| if day <= as_of.0 { Ordering::Less } else { Ordering::Greater };
            let at: Vec<Option<Ordering>> = match array.as_primitive_opt::<Int32Type>() {
                Some(months) => months.iter().map(|at| at.map(month)).collect(),
                None => array.as_primitive_opt::<Date32Type>()?.iter().map(|at| at.map(day)).collect(),
            };
            Some((header(field), ends, at))
        });
        let dates: Vec<_> = dates.collect();
        let concluded = standing::conclude(own.map(|(_, own)| own), status.standing.as_ref(), &dates, &self.remarks, rows);
        let others = standings.iter().filter(|(at, _)| own.is_none_or(|(own, _)| own != at));
        let others: Vec<_> =
            others.map(|(at, of)| (Some(*at), standing::conclude(Some(of), None, &[], &Remarks::default(), rows))).collect();
        for (at, concluded) in std::iter::once((own.map(|(at, _)| *at), concluded)).chain(others) {
            let (field, kind) =
                at.and_then(|at| read.get(at)).map_or((status.name.as_str(), status.kind), |(field, kind, _)| (field, *kind));
            let order = position_of(&self.order, if self.order.contains(&field) { field } else { "place" });
            for ((row, at), known) in concluded.unclear.iter().zip(0..).zip(&mut unclear).filter(|((row, _), _)| **row) {
                *known = *row;
                Notes { log, order }.one(at, Repair::Standing);
            }
            told.extend(concluded.told);
            let Some(values) = concluded.values else { continue };
            let array: ArrayRef = match kind {
                FieldKind::YesNo => {
                    Arc::new(values.iter().map(|value| value.as_deref().map(|value| value == "是")).collect::<BooleanArray>())
                }
                _ => Arc::new(values.into_iter().collect::<StringArray>()),
            };
            match at.and_then(|at| read.get_mut(at)) {
                Some((_, _, arrays)) => arrays.push(array),
                None => read.push((&status.name, kind, vec![array])),
            }
        }
        (unclear, told)
    }
}
