//! The stage tables whose columns are the same in every run, in the order of the stages; `records`, `people`, `links` and `facts_*` have the columns
//! of the definitions in force. Other programs read them: the columns are a contract, and reports/README.md has them all.

use std::fmt::Write as _;

use arrow::array::{BooleanArray, Date32Array, Float32Array, Int64Array, StringArray, UInt32Array, UInt64Array};
use arrow::datatypes::DataType;

use super::table::{Declared, Filled, Items, Table, WordLists, said, table};
use crate::model::link::WeightPart;

table! {
    /// A row of a file that was set aside.
    Rejects = "rejects" {
        file: StringArray, Maybe, "the file";
        sheet: StringArray, Maybe, "its sheet";
        row: UInt32Array, Maybe, "the row in it, from 1";
        reason: StringArray, Maybe, "why";
        value: StringArray, Maybe, "what stood there, masked";
    }

    /// A blocking rule of the linkage in one register.
    Blocking = "blocking" {
        registry: StringArray, Always, "the register";
        rule: StringArray, Always, "the rule";
        predicted: UInt64Array, Always, "pairs that equal keys make";
        pairs: UInt64Array, Always, "pairs that were compared";
        split: UInt64Array, Always, "keys that were split by what else agrees";
        skipped: UInt64Array, Always, "look-ups left out as too large";
        heaviest: UInt64Array, Always, "records behind one key";
        value: StringArray, Always, "that key, masked";
    }

    /// Two rows of which a human must say whether they are one person.
    Review = "review" {
        left_registry: StringArray, Maybe, "register of the one row";
        left_file: StringArray, Maybe, "its file";
        left_sheet: StringArray, Maybe, "its sheet";
        left_row: UInt32Array, Maybe, "its row";
        right_registry: StringArray, Maybe, "register of the other row";
        right_file: StringArray, Maybe, "its file";
        right_sheet: StringArray, Maybe, "its sheet";
        right_row: UInt32Array, Maybe, "its row";
        weight: Float32Array, Maybe, "bits; null where the absence guard made the pair; such pairs come last";
        probability: Float32Array, Maybe, "that they are one, null likewise";
        reason: StringArray, Maybe, "why it is open";
        parts: Items<Bars>, Maybe, "what makes the weight, in sum";
        holds: WordLists, Later, "rules whose finding waits for the answer";
    }

    /// A part of a weight.
    Bars = "bar" {
        comparison: StringArray, Maybe, "what was compared";
        level: StringArray, Maybe, "how it agrees";
        weight: Float32Array, Maybe, "bits";
    }

    /// Two rows that contradict each other in who somebody is.
    Suspicions = "suspicions" {
        kind: StringArray, Maybe, "`two_names` one number, `duplicate` one person twice, `damaged` a number";
        left_registry: StringArray, Maybe, "register of the one row, of `damaged` the one to correct";
        left_file: StringArray, Maybe, "its file";
        left_sheet: StringArray, Maybe, "its sheet";
        left_row: UInt32Array, Maybe, "its row";
        right_registry: StringArray, Maybe, "register of the other row, of `damaged` the proof";
        right_file: StringArray, Maybe, "its file";
        right_sheet: StringArray, Maybe, "its sheet";
        right_row: UInt32Array, Maybe, "its row";
        suggestion: StringArray, Maybe, "of `damaged`: the number as it should be";
    }

    /// What people answered about a pair of rows, and what became of it; only with answers.
    Decisions = "decisions" {
        one: StringArray, Always, "record key of the one row";
        other: StringArray, Always, "record key of the other";
        verdict: StringArray, Always, "the answer";
        state: StringArray, Always, "what became of it";
        place: StringArray, Always, "where it was given";
        by: StringArray, Always, "who gave it";
        on: StringArray, Always, "when";
        remark: StringArray, Always, "with what remark";
        one_row: UInt32Array, Maybe, "position of the one row in `links`";
        other_row: UInt32Array, Maybe, "of the other";
    }

    /// A number that a returned list proposed, and what became of it; only with proposals.
    Proposals = "proposals" {
        finding_id: StringArray, Maybe, "the finding on whose line it stood";
        person_id: StringArray, Maybe, "of whom";
        household_code: StringArray, Maybe, "in which household";
        name: StringArray, Maybe, "the name on the line";
        before: StringArray, Maybe, "the number until now";
        suggested: StringArray, Maybe, "the number proposed";
        by: StringArray, Maybe, "who answered";
        on: StringArray, Maybe, "when";
        list: StringArray, Maybe, "the month of the list";
        state: StringArray, Maybe, "what became of it";
        reason: StringArray, Maybe, "why it was not followed";
        row: UInt32Array, Maybe, "position in `links` of the row it corrects";
        proof: UInt32Array, Maybe, "of the row that proves it";
    }

    /// What became of an id since the run that `--previous` names; only with one.
    IdentityChanges = "identity_changes" {
        scope: StringArray, Always, "person or household";
        kind: StringArray, Always, "what became of it";
        id: StringArray, Always, "the id";
        other: StringArray, Always, "the other id concerned";
    }

    /// A household whose code has changed since the first of the runs that `--previous` leads to; only with one.
    Households = "households" {
        household: StringArray, Always, "its code now";
        first_household: StringArray, Always, "its first code";
    }

    /// A person, a household or a place that a rule names, and what it rests on.
    Findings = "findings" {
        finding_id: StringArray, Maybe, "the same over months";
        rule: StringArray, Maybe, "the rule";
        kind: StringArray, Maybe, "its kind";
        scope: StringArray, Maybe, "person, household or place";
        clause: StringArray, Maybe, "the clause it quotes";
        basis: StringArray, Later, "what it rests on where the document does not say it";
        person_id: StringArray, Maybe, "the person";
        household_code: StringArray, Maybe, "the household";
        name: StringArray, Maybe, "the name";
        id_number: StringArray, Maybe, "the number, whole";
        town: StringArray, Maybe, "the town";
        village: StringArray, Maybe, "the village";
        time_base: StringArray, Later, "what amounts are for: month, semester, year, once";
        due_fen: Int64Array, Maybe, "due, in fen";
        paid_fen: Int64Array, Maybe, "paid, in fen";
        gap_fen: Int64Array, Maybe, "the difference, in fen";
        confidence: StringArray, Maybe, "certain, likely, check";
        sentence: StringArray, Maybe, "what it says";
        evidence: Items<Cells>, Maybe, "cells that it rests on";
    }

    /// A cell of a source.
    Cells = "cell" {
        registry: StringArray, Maybe, "the register";
        file: StringArray, Maybe, "its file";
        sheet: StringArray, Maybe, "its sheet";
        row: UInt32Array, Maybe, "its row";
        column: StringArray, Maybe, "what the column is called";
        value: StringArray, Maybe, "what it says";
    }

    /// A rate of a rule in a unit.
    Rates = "rates" {
        rule: StringArray, Maybe, "the rule";
        unit: StringArray, Maybe, "town, school or county";
        numerator: Int64Array, Maybe, "how many reach it";
        denominator: Int64Array, Maybe, "of how many";
        target: Int64Array, Maybe, "the target, in basis points";
        met: BooleanArray, Maybe, "whether it is met";
        by: Date32Array, Maybe, "the day by which";
    }

    /// A finding of this month, or open before it, and where the ledger says it stands; only with a ledger.
    Standings = "standings" {
        finding_id: StringArray, Maybe, "the finding";
        rule: StringArray, Maybe, "its rule";
        town: StringArray, Maybe, "the town";
        village: StringArray, Maybe, "the village";
        time_base: StringArray, Later, "what the amount is for";
        gap_fen: Int64Array, Maybe, "the amount, in fen";
        state: StringArray, Maybe, "where it stands";
        reason: StringArray, Maybe, "why";
        first: StringArray, Maybe, "the first month";
        last: StringArray, Maybe, "the last month";
        months: UInt32Array, Maybe, "how many";
        asked: UInt32Array, Maybe, "how often it was sent out";
        answer: StringArray, Maybe, "the last answer";
        answered_list: StringArray, Maybe, "on the list of which month";
    }

    /// Of tables: a person with more than one row.
    Clusters = "clusters" {
        person_id: StringArray, Always, "the person";
        rows: UInt32Array, Always, "its rows";
        pairs: UInt32Array, Always, "accepted pairs among them";
        weakest_weight: Float32Array, Maybe, "weight of the lightest pair";
        weakest_probability: Float32Array, Maybe, "its probability";
    }
}

/// All of them as a page: name, what a row is, columns with type and meaning. `?` is a column that may be null.
pub(crate) fn reference() -> String {
    let tables = [
        described::<Rejects>(),
        described::<Blocking>(),
        described::<Review>(),
        described::<Suspicions>(),
        described::<Decisions>(),
        described::<Proposals>(),
        described::<IdentityChanges>(),
        described::<Households>(),
        described::<Findings>(),
        described::<Rates>(),
        described::<Standings>(),
        described::<Clusters>(),
    ];
    tables.join("\n")
}

fn described<T: Table>() -> String {
    let mut text = format!("### `{}.parquet`\n\n{}\n\n| column | type | holds |\n|---|---|---|\n", T::NAME, T::ROW.trim());
    lines(&T::columns(), "", &mut text);
    text
}

fn lines(columns: &[Declared], above: &str, text: &mut String) {
    for column in columns {
        let kind = match &column.data_type {
            DataType::Utf8 => "text",
            DataType::Boolean => "yes or no",
            DataType::Date32 => "day",
            DataType::Float32 => "float",
            DataType::List(_) => "list",
            _ => "integer",
        };
        let mark = if column.filled == Filled::Always { "" } else { "?" };
        let name = format!("{above}{}", column.name);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| `{name}` | {kind}{mark} | {} |", column.holds);
        lines(&column.items, &format!("{name}."), text);
    }
}

/// Register, file, sheet, row.
pub(crate) type Place<'a> = (&'a str, &'a str, &'a str, u32);

fn place<'t>(
    registry: &'t StringArray,
    file: &'t StringArray,
    sheet: &'t StringArray,
    row: &UInt32Array,
    at: usize,
) -> Option<Place<'t>> {
    Some((said(registry, at)?, said(file, at)?, said(sheet, at)?, row.value(at)))
}

/// Where the two rows of each row of a table stand.
macro_rules! places {
    ($($name:ident),+) => { $(
        impl $name {
            /// Of every row the left and the right.
            pub(crate) fn places(&self) -> impl Iterator<Item = [Option<Place<'_>>; 2]> {
                (0..self.left_row.len()).map(|at| {
                    [
                        place(&self.left_registry, &self.left_file, &self.left_sheet, &self.left_row, at),
                        place(&self.right_registry, &self.right_file, &self.right_sheet, &self.right_row, at),
                    ]
                })
            }
        }
    )+ };
}

places!(Review, Suspicions);

impl Bars {
    /// One a row.
    pub(crate) fn parts(&self) -> Vec<WeightPart> {
        let part = |at: usize| WeightPart {
            comparison: self.comparison.value(at).to_owned(),
            level: self.level.value(at).to_owned(),
            weight: self.weight.value(at),
        };
        (0..self.weight.len()).map(part).collect()
    }
}
