//! What a parser found odd about a sheet, judged once its columns are known: told, or reason enough to refuse it.
//!
//! A workbook that a program wrote may hold formulas without what they come to: nobody has opened it yet. Where these stand in for
//! what says who a row is, the sheet is refused with what to do; elsewhere they are told. A hidden sheet is read and told; one that is no
//! table is told and no more.

use crate::ingest::grid::Unsolved;
use crate::ingest::limits::LeaveOut;
use crate::model::intake::IntakeSheet;
use crate::model::raw::{Refusal, SheetName};

/// What a parser says of a sheet beside its rows.
#[derive(Debug, Default)]
pub(crate) struct Oddities {
    /// Whether the sheet is hidden.
    pub(crate) hidden: bool,
    /// Whether any row of it came.
    pub(crate) seen: bool,
    /// Sentences.
    pub(crate) notes: Vec<String>,
    /// Formulas without a result, by column.
    pub(crate) unsolved: Vec<Unsolved>,
    /// Columns with error values.
    pub(crate) errors: Vec<u32>,
}

/// Refusals of a sheet that say that it is no list: no news of a sheet that nobody is shown.
const NO_LIST: [&str; 3] = ["no-header", "cross-tab", "unknown-registry"];

/// Whether a sheet is refused as it is no list, whatever it is.
pub(crate) fn is_no_list(refusal: &Refusal) -> bool {
    NO_LIST.contains(&refusal.code.as_ref())
}

const OPEN_AND_SAVE: &str = "请在 Excel/WPS 中打开、保存后重新报送";

impl Oddities {
    /// Whether formulas without results make the sheet unreadable: they fill half of a column that says who a row is, or all there is.
    /// `identity` are those columns of the sheet, none where no table was found; `read` is how many rows there are.
    pub(crate) fn unsolved(&self, name: &SheetName, identity: Option<&[(u32, &str)]>, read: u64) -> Option<Refusal> {
        let all: u64 = self.unsolved.iter().map(|column| column.formulas).sum();
        let (place, first_row) = match identity {
            None => (String::new(), self.unsolved.iter().map(|column| column.first_row).min()?),
            Some(identity) => self.unsolved.iter().find_map(|column| {
                let (_, header) = identity.iter().find(|(index, _)| *index == column.column)?;
                (column.formulas * 2 >= read).then(|| (format!("“{header}”列的 {} 格，", column.formulas), column.first_row))
            })?,
        };
        Some(Refusal {
            name: name.clone(),
            code: "unsolved-formulas".into(),
            what: format!("有 {all} 格公式没有保存计算结果（{place}首处第 {first_row} 行）：生成它的程序没有算，读不出值"),
            hint: OPEN_AND_SAVE.to_owned(),
        })
    }

    /// Whether a cell of the columns that say who a row is could not be read: a row without a name and number may be anybody's.
    pub(crate) fn hides(&self, identity: &[(u32, &str)]) -> bool {
        let odd = self.unsolved.iter().map(|unsolved| unsolved.column).chain(self.errors.iter().copied());
        odd.into_iter().any(|column| identity.iter().any(|(index, _)| *index == column))
    }

    /// Puts what is to be told into `entry`, whose refusal is taken out of it where the sheet is hidden and no list. `columns` are those
    /// of the table by sheet column; `rows` how many were read.
    pub(crate) fn tell(self, entry: &mut IntakeSheet, columns: &[(u32, &str)], leave_out: LeaveOut) {
        if self.hidden {
            let skipped = entry.refusal.take_if(|refusal| is_no_list(refusal)).is_some();
            if leave_out.hidden_sheets {
                entry.notes.push("工作表是隐藏的，已按流程文件不读".to_owned());
            } else if skipped {
                entry.notes.push("工作表是隐藏的，不是名册，没有读".to_owned());
            } else if entry.refusal.is_none() && self.seen {
                entry
                    .notes
                    .push(format!("工作表是隐藏的，照常读入 {} 行；不该算的请从文件里删去，或在流程文件里设为不读", entry.read));
            }
        }
        entry.notes.extend(self.notes);
        for Unsolved { column, formulas, first_row } in self.unsolved {
            if let Some((_, header)) = columns.iter().find(|(index, _)| *index == column) {
                entry.notes.push(format!(
                    "“{header}”列有 {formulas} 格公式没有保存计算结果（首处第 {first_row} 行），按空处理；{OPEN_AND_SAVE}"
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oddities(formulas: u64) -> Oddities {
        Oddities { seen: true, unsolved: vec![Unsolved { column: 4, formulas, first_row: 2 }], ..Oddities::default() }
    }

    #[test]
    fn formulas_without_results_refuse_a_sheet_only_where_they_say_who_a_row_is() {
        let name = SheetName::default();
        let identity = [(4, "身份证号码")];
        assert!(oddities(50).unsolved(&name, Some(&identity), 100).is_some_and(|refusal| refusal.hint.contains("打开、保存")));
        assert!(oddities(49).unsolved(&name, Some(&identity), 100).is_none());
        assert!(oddities(100).unsolved(&name, Some(&[(5, "金额")]), 100).is_none());
        assert!(oddities(1).hides(&identity) && !oddities(1).hides(&[(5, "金额")]));
        assert!(oddities(1).unsolved(&name, None, 0).is_some());
        assert!(Oddities::default().unsolved(&name, None, 0).is_none());
        let mut entry = IntakeSheet::default();
        oddities(10).tell(&mut entry, &identity, LeaveOut::default());
        assert!(entry.notes[0].contains("“身份证号码”列有 10 格公式"), "{:?}", entry.notes);
    }

    #[test]
    fn a_hidden_sheet_that_is_no_list_is_told_and_not_refused() {
        let hidden = || Oddities { hidden: true, seen: true, ..Oddities::default() };
        let refusal = |code: &'static str| {
            Some(Refusal { name: SheetName::default(), code: code.into(), what: String::new(), hint: String::new() })
        };
        for (code, refused) in [("no-header", false), ("unknown-registry", false), ("damaged-file", true)] {
            let mut entry = IntakeSheet { refusal: refusal(code), ..IntakeSheet::default() };
            hidden().tell(&mut entry, &[], LeaveOut::default());
            assert_eq!((entry.refusal.is_some(), entry.notes.len()), (refused, usize::from(!refused)), "{code}");
        }
        let mut entry = IntakeSheet { read: 6, ..IntakeSheet::default() };
        hidden().tell(&mut entry, &[], LeaveOut::default());
        assert!(entry.notes[0].contains("照常读入 6 行"));
    }
}
