//! Whether a file's column of numbers as a whole is masked, or ruined by a spreadsheet.
//!
//! Takes the states of the numbers; gives the columns of which more than half are so. That is one thing to tell about a file and not one about
//! each of its persons; and of nobody can it be said that he is not in a register whose numbers are masked. Cost: one pass over the states.

use std::collections::BTreeMap;

use super::AssessInput;
use super::subjects::text_at;
use crate::model::columns::{ID_NUMBER, ID_STATE, IdState};
use crate::model::exemption::EXEMPTION;
use crate::model::finding::RuleNote;
use crate::model::record::{RecordSet, RowId};

/// A column with fewer numbers is no column: each is told by itself. Chosen.
const LEAST: u64 = 3;

/// What is the matter with most numbers of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ruin {
    Masked,
    /// 15 digits and zeros, or E+.
    Spreadsheet,
    /// Zeros and the like: the column is as good as blank.
    Blank,
}

impl Ruin {
    fn of(state: IdState) -> Option<Self> {
        match state {
            IdState::Masked => Some(Self::Masked),
            IdState::Float | IdState::Scientific => Some(Self::Spreadsheet),
            IdState::Placeholder => Some(Self::Blank),
            _ => None,
        }
    }
}

/// Numbers of one column.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    written: u64,
    masked: u64,
    spreadsheet: u64,
    blank: u64,
}

impl Count {
    fn most(self) -> Option<(Ruin, u64)> {
        let ruins = [(Ruin::Masked, self.masked), (Ruin::Spreadsheet, self.spreadsheet), (Ruin::Blank, self.blank)];
        ruins.into_iter().find(|(_, count)| *count >= LEAST && count * 2 > self.written)
    }

    /// How the column is ruined, which is told once: a sender who masks some numbers means to.
    fn ruin(self) -> Option<Ruin> {
        self.most().map(|(ruin, _)| ruin).or_else(|| (self.masked >= LEAST).then_some(Ruin::Masked))
    }
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct Legible {
    /// By registry position and source sheet's file: what most of its numbers are, how many, of how many.
    ruined: BTreeMap<(usize, String), (Ruin, Count)>,
    /// By registry position: numbers masked, of numbers written.
    masked: BTreeMap<usize, (i64, i64)>,
}

impl Legible {
    pub(crate) fn new(records: &RecordSet) -> Self {
        let mut legible = Self::default();
        for (position, registry) in records.registries.iter().enumerate() {
            let Some(states) = registry.text(ID_STATE).filter(|_| registry.registry.as_str() != EXEMPTION) else { continue };
            let mut sheets = vec![Count::default(); records.sources.len()];
            for row in 0..registry.len() {
                let state = text_at(Some(states), row).and_then(IdState::parse).unwrap_or(IdState::Missing);
                let sheet = registry.sheets.get(row).and_then(|sheet| sheets.get_mut(*sheet as usize));
                let Some(count) = sheet.filter(|_| state != IdState::Missing) else { continue };
                count.written += 1;
                match Ruin::of(state) {
                    Some(Ruin::Masked) => count.masked += 1,
                    Some(Ruin::Spreadsheet) => count.spreadsheet += 1,
                    Some(Ruin::Blank) => count.blank += 1,
                    None => {}
                }
            }
            let mut files: BTreeMap<&str, Count> = BTreeMap::new();
            for (source, count) in records.sources.iter().zip(&sheets).filter(|(_, count)| count.written > 0) {
                let file = files.entry(&source.name.file).or_default();
                file.written += count.written;
                file.masked += count.masked;
                file.spreadsheet += count.spreadsheet;
                file.blank += count.blank;
            }
            let mut all = Count::default();
            for (file, count) in files {
                all.written += count.written;
                all.masked += count.masked;
                if let Some(ruin) = count.ruin() {
                    legible.ruined.insert((position, file.to_owned()), (ruin, count));
                }
            }
            if let Some((Ruin::Masked, _)) = all.most() {
                let rows = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
                legible.masked.insert(position, (rows(all.masked), rows(all.written)));
            }
        }
        legible
    }

    /// Numbers masked and written in the registry at `position`, where most are masked.
    pub(crate) fn masked(&self, position: usize) -> Option<(i64, i64)> {
        self.masked.get(&position).copied()
    }

    /// Whether the row's number is like most of its column, which is told once.
    pub(crate) fn is_ruined(&self, records: &RecordSet, row: RowId) -> bool {
        let found = || {
            let (position, at) = records.locate(row)?;
            let state = IdState::parse(records.registries.get(position)?.text_at(ID_STATE, at)?)?;
            let (sheet, _) = records.origin(position, at)?;
            let (ruin, _) = self.ruined.get(&(position, sheet.name.file.clone()))?;
            Some(Ruin::of(state) == Some(*ruin))
        };
        !self.ruined.is_empty() && found() == Some(true)
    }

    /// One note per file and column, under the rule that would tell of each number.
    pub(crate) fn notes(&self, input: &AssessInput<'_>, rule: &str) -> Vec<RuleNote> {
        let column = input.field_title(ID_NUMBER);
        let note = |((position, file), (ruin, count)): (&(usize, String), &(Ruin, Count))| {
            let title = input.records.registries.get(*position).map(|known| input.registry_title(known.registry.as_str()));
            let (rows, ruined) = match ruin {
                Ruin::Masked => (count.masked, "打了码，只按露出的部分比对，凭它不能说谁不在册；请改报不打码的名册"),
                Ruin::Spreadsheet => {
                    (count.spreadsheet, "被电子表格改成了数字，末几位已丢失，只按其余各项比对；请把该列设为文本后重新导出")
                }
                Ruin::Blank => (count.blank, "是 0 一类的占位数字，等于没有填，按没有号码处理；请补上号码后重新报送"),
            };
            let (title, written) = (title.unwrap_or_default(), count.written);
            let all = if rows * 2 > written { "整列如此，" } else { "" };
            let note = format!("{title}（{file}）的“{column}”{written} 个中有 {rows} 个{ruined}。{all}不逐人列为疑点");
            let concerned = i64::try_from(rows).unwrap_or(i64::MAX);
            RuleNote { rule: rule.to_owned(), town: None, note, held: false, concerned, short: None }
        };
        self.ruined.iter().map(note).collect()
    }
}
