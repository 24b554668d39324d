//! The truth beside the files: which row is whom, what a perfect tool would find, who lives where.

// Writing to a String cannot fail, so the results of writeln! are dropped.
use std::fmt::Write;

use super::county::County;
use super::findings::{Key, TrueFindings};
use super::sheet::Sheet;

/// `rows.csv`, gathered while files are laid out.
pub(super) struct RowTruth {
    csv: String,
    parts: bool,
}

impl RowTruth {
    /// `parts`: with a column that tells apart whom one line names, 0 for the leftmost.
    pub(super) fn new(parts: bool) -> Self {
        Self { csv: format!("file,sheet,row,pid{}\n", if parts { ",part" } else { "" }), parts }
    }

    /// Every line of the sheet that stands for a person, or several.
    pub(super) fn sheet(&mut self, file: &str, sheet: &Sheet) {
        for (line, content) in sheet.lines.iter().enumerate() {
            for (part, pid) in content.pid.iter().chain(&content.more).enumerate() {
                _ = write!(self.csv, "{file},{},{},{}", sheet.name, line + 1, person_key(*pid));
                _ = if self.parts { writeln!(self.csv, ",{part}") } else { writeln!(self.csv) };
            }
        }
    }

    pub(super) fn into_csv(self) -> String {
        self.csv
    }
}

/// `findings.csv`.
pub(super) fn findings(found: &TrueFindings) -> String {
    let mut out = "rule,scope,key\n".to_owned();
    for (rule, key) in found {
        let (scope, key) = match *key {
            Key::Person(pid) => ("p", person_key(pid)),
            Key::Household(hid) => ("h", household_key(hid)),
        };
        _ = writeln!(out, "{rule},{scope},{key}");
    }
    out
}

/// `persons.csv`.
pub(super) fn persons(county: &County) -> String {
    let mut out = "pid,hid,name,id,town,village,poor\n".to_owned();
    for (pid, person) in (0u32..).zip(&county.people) {
        let household = county.household(person.household);
        let village = &county.villages[household.village as usize];
        _ = writeln!(
            out,
            "{},{},{},{},{},{},{}",
            person_key(pid),
            household_key(person.household),
            person.name,
            person.number,
            village.town,
            village.short(),
            u8::from(household.poor)
        );
    }
    out
}

fn person_key(pid: u32) -> String {
    format!("p{:07}", pid + 1)
}

fn household_key(hid: u32) -> String {
    format!("h{:06}", hid + 1)
}
