//! Whether a file's column of numbers as a whole is masked, ruined by a spreadsheet or by hand, or filled with other people's.
//!
//! Takes the states of the numbers; gives the columns of which more than half are so (of other people's, a third). That is one thing to tell about a file and not one about
//! each of its persons; and of nobody can it be said that he is not in a register whose numbers are masked. Cost: one pass over the states.

use std::collections::BTreeMap;

use super::AssessInput;
use super::subjects::text_at;
use crate::model::columns::{ID_NUMBER, ID_STATE, IdState};
use crate::model::exemption::EXEMPTION;
use crate::model::finding::RuleNote;
use crate::model::record::{RecordSet, RowId};

/// What is the matter with most numbers of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ruin {
    Masked,
    /// 15 digits and zeros, or E+.
    Spreadsheet,
    /// Zeros and the like: the column is as good as blank.
    Blank,
    /// A digit too many or too few, or a wrong check digit, all over: somebody changed the column.
    Malformed,
    /// Other people's: the head's number on every member.
    Lent,
}

impl Ruin {
    const ALL: [Self; 5] = [Self::Masked, Self::Spreadsheet, Self::Blank, Self::Malformed, Self::Lent];

    /// Fewer of a column are told each by itself. Chosen.
    fn least(self) -> u64 {
        match self {
            Self::Masked | Self::Spreadsheet | Self::Blank => 3,
            Self::Malformed | Self::Lent => 10,
        }
    }

    /// More than one in so many of a column. The head's own number on the head's row is right. Chosen.
    fn share(self) -> u64 {
        if self == Self::Lent { 3 } else { 2 }
    }

    fn of(state: IdState) -> Option<Self> {
        match state {
            IdState::Masked => Some(Self::Masked),
            IdState::Float | IdState::Scientific => Some(Self::Spreadsheet),
            IdState::Placeholder => Some(Self::Blank),
            IdState::Invalid | IdState::Malformed => Some(Self::Malformed),
            IdState::Borrowed => Some(Self::Lent),
            IdState::Valid | IdState::NoNumber | IdState::OtherDocument | IdState::Missing => None,
        }
    }
}

/// Numbers of one column.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    written: u64,
    /// In the order of [`Ruin::ALL`].
    ruined: [u64; Ruin::ALL.len()],
}

impl Count {
    fn of(self, ruin: Ruin) -> u64 {
        Ruin::ALL.iter().position(|other| *other == ruin).map_or(0, |at| self.ruined[at])
    }

    fn add(&mut self, other: Self) {
        self.written += other.written;
        for (own, more) in self.ruined.iter_mut().zip(other.ruined) {
            *own += more;
        }
    }

    fn most(self) -> Option<Ruin> {
        let is_most = |ruin: &Ruin| self.of(*ruin) >= ruin.least() && self.of(*ruin) * ruin.share() > self.written;
        Ruin::ALL.into_iter().find(is_most)
    }

    /// How the column is ruined, which is told once: a sender who masks some numbers means to.
    fn ruin(self) -> Option<Ruin> {
        self.most().or_else(|| (self.of(Ruin::Masked) >= Ruin::Masked.least()).then_some(Ruin::Masked))
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
                if let Some(at) = Ruin::of(state).and_then(|ruin| Ruin::ALL.iter().position(|other| *other == ruin)) {
                    count.ruined[at] += 1;
                }
            }
            let mut files: BTreeMap<&str, Count> = BTreeMap::new();
            for (source, count) in records.sources.iter().zip(&sheets).filter(|(_, count)| count.written > 0) {
                files.entry(&source.name.file).or_default().add(*count);
            }
            let mut all = Count::default();
            for (file, count) in files {
                all.add(count);
                if let Some(ruin) = count.ruin() {
                    legible.ruined.insert((position, file.to_owned()), (ruin, count));
                }
            }
            if all.most() == Some(Ruin::Masked) {
                let rows = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
                legible.masked.insert(position, (rows(all.of(Ruin::Masked)), rows(all.written)));
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
            let rows = count.of(*ruin);
            let ruined = match ruin {
                Ruin::Masked => "打了码，只按露出的部分比对，凭它不能说谁不在册；请改报不打码的名册",
                Ruin::Spreadsheet => "被电子表格改成了数字，末几位已丢失，只按其余各项比对；请把该列设为文本后重新导出",
                Ruin::Blank => "是 0 一类的占位数字，等于没有填，按没有号码处理；请补上号码后重新报送",
                Ruin::Malformed => {
                    "多了位、少了位或校验位不对，多半是整列改坏的，只按相近的号码和其余各项比对；请从原系统重新导出"
                }
                Ruin::Lent => {
                    "是别人的号码（多半是户主的号码合并、下拉到全户，或整列错了行），不作本人的号码，只按其余各项比对；请填各人自己的号码"
                }
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
