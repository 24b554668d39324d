//! `--decisions FILE`: people's answers about pairs of rows, from workbooks that came back.
//!
//! Takes files in any format that inputs may have ([`crate::intake::file`]), re-saved by whatever program, rows sorted and columns moved: columns
//! are found by their titles in the layouts. Gives every answer with the place it was read from; what looks like an answer and cannot
//! be read is told. A file without such a list is refused, as the command line named it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::config::layout::{ReviewBook, ReviewField};
use crate::config::registry::fold_header;
use crate::ingest::grid::{Merge, Oddity, RowBlock};
use crate::ingest::header::Vocabulary;
use crate::ingest::limits::Limits;
use crate::intake::file::{Beside, HeldSheet, HeldTable, NEVER, Opener, SheetRow, Sheets};
use crate::intake::inputs::InputFile;
use crate::model::decision::{Decision, PairKey, Verdict};
use crate::model::intake::IntakeFile;
use crate::model::personal::Personal;
use crate::model::raw::{HeaderColumn, Reject, SheetName, TableHead};
use crate::model::system_error::plain;
use crate::store::disk;
use crate::store::manifest::DecisionFileEntry;

/// All answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answered {
    /// Files in the order given.
    pub(crate) files: Vec<DecisionFileEntry>,
    /// Answers in the order read.
    pub(crate) decisions: Vec<Decision>,
    /// The sample's layers, by position in `decisions`; empty text for lists that are no sample.
    pub(crate) strata: Vec<String>,
    /// What looks like an answer and cannot be read, one sentence each.
    pub(crate) problems: Vec<String>,
}

/// How answers are asked for: what the file is called, the option, the workbook that it is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    file: &'static str,
    option: &'static str,
    book: &'static str,
}

/// Answers to pairs.
pub(crate) const PAIRS: Asked = Asked { file: "答复文件", option: "--decisions", book: "是否同一人待核对" };
/// Links that somebody has looked at.
pub(crate) const SAMPLE: Asked = Asked { file: "抽查表", option: "--sample", book: "对人抽查" };

/// A file that gives no answers.
#[derive(Debug, thiserror::Error)]
#[error("读不出{file} {}：{what}", path.display())]
pub struct AnswersError {
    /// What the command line calls it.
    file: &'static str,
    path: PathBuf,
    /// Why, and what to do.
    what: String,
}

/// Reads the files.
pub(crate) fn read(files: &[PathBuf], asked: Asked, layout: &ReviewBook, executable: &Path) -> Result<Answered, AnswersError> {
    let Asked { file: called, option, book } = asked;
    let mut answered = Answered::default();
    for path in files {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let unreadable = |what: String| AnswersError { file: called, path: path.clone(), what };
        if path.is_dir() {
            return Err(unreadable(format!("它是文件夹。请指定填好的那个工作簿，几个就写几次 {option}")));
        }
        let (bytes, sha256) =
            disk::hash(path).map_err(|error| unreadable(format!("{}。请检查路径，写填好的那个工作簿", plain(&error))))?;
        let file = InputFile { path: path.clone(), name: name.clone(), bytes, sha256: sha256.clone(), unreadable: None };
        let reader = Reader::new(layout, &name);
        let (read, reader) =
            Opener { executable, interrupted: &NEVER, limits: Limits { marks: true, ..Limits::default() } }.read(&file, reader);
        let mut refusals =
            read.into_iter().flat_map(|file| file.sheets.into_iter().filter_map(|sheet| sheet.refusal).chain(file.refusal));
        let refused = refusals.next_back().map(|refusal| format!("{}。{}", refusal.what, refusal.hint));
        let found = match reader {
            Some(reader) if reader.lists > 0 => reader.answered,
            reader => return Err(unreadable(refused.unwrap_or_else(|| match reader.and_then(|reader| reader.keyless) {
                Some(place) => format!(
                    "{place}有“核对结果”，但没有隐藏的“对标识”列，不知道答复的是哪一对。请交回系统生成的原工作簿，不要只复制看得见的格子"
                ),
                None => format!("里面没有“核对结果”和“对标识”两列。请用系统生成的“{book}”工作簿"),
            }))),
        };
        answered.files.push(DecisionFileEntry { file: name, sha256, answers: found.decisions.len() as u64 });
        answered.decisions.extend(found.decisions);
        answered.strata.extend(found.strata);
        answered.problems.extend(found.problems);
    }
    Ok(answered)
}

/// Positions in the table of what is read back.
type Columns = BTreeMap<usize, ReviewField>;

/// The lists of one file.
struct Reader<'a> {
    layout: &'a ReviewBook,
    name: &'a str,
    /// Folded titles.
    titles: BTreeMap<String, ReviewField>,
    vocabulary: Vocabulary,
    sheet: HeldSheet,
    lists: u32,
    keyless: Option<String>,
    answered: Answered,
}

impl Sheets for Reader<'_> {
    fn begin(&mut self, name: SheetName, merges: Vec<Merge>) {
        self.sheet = HeldSheet::new(name, merges);
    }

    fn rows(&mut self, block: &RowBlock) {
        self.sheet.push(block);
    }

    /// Every list of the sheet, one below the other.
    fn end(&mut self, beside: Beside, _: &mut IntakeFile) {
        let mut sheet = std::mem::take(&mut self.sheet);
        sheet.marks = beside.marks;
        for Reject { row, reason, .. } in &beside.aside {
            let what = format!("{} 第 {row} 行没有读入：{}。请改正后再交", self.name, reason.plain());
            self.answered.problems.push(what);
        }
        let mut rows = sheet.rows.clone();
        while !rows.is_empty() {
            let table = sheet.lay_out(&rows, &self.vocabulary);
            if let Some(head) = &table.head {
                self.list(&sheet, head, &table, &rows);
            }
            let Some(next) = table.next else { break };
            rows.retain(|(row, _)| *row >= next);
        }
    }
}

impl<'a> Reader<'a> {
    fn new(layout: &'a ReviewBook, name: &'a str) -> Self {
        let lists = [&layout.sample.list, &layout.decided, &layout.pending];
        let columns = lists.into_iter().flat_map(|list| &list.columns);
        let titles: BTreeMap<String, ReviewField> = columns.map(|column| (fold_header(&column.title), column.source)).collect();
        let vocabulary = Vocabulary::of_fields(titles.keys().map(|title| (title.as_str(), title.as_str())));
        Self {
            layout,
            name,
            titles,
            vocabulary,
            sheet: HeldSheet::default(),
            lists: 0,
            keyless: None,
            answered: Answered::default(),
        }
    }

    /// A list has the titles of the answer and of the key.
    fn list(&mut self, sheet: &HeldSheet, head: &TableHead, table: &HeldTable, rows: &[SheetRow]) {
        let source = |column: &HeaderColumn| self.titles.get(&fold_header(&column.text)).copied();
        let columns: Columns = head.columns.iter().enumerate().filter_map(|(at, column)| Some((at, source(column)?))).collect();
        let has = |field: ReviewField| columns.values().any(|known| *known == field);
        if !has(ReviewField::PairKey) {
            if has(ReviewField::Answer) {
                self.keyless = Some(sheet.name.sheet.clone());
            }
            return;
        }
        if !has(ReviewField::Answer) {
            return;
        }
        self.lists += 1;
        let called = &sheet.name.sheet;
        if columns.values().filter(|known| **known == ReviewField::PairKey).count() > 1 {
            let what = format!("{}（{called}）里有几份清单左右并排，都没有读。请上下排成一份再交", self.name);
            self.answered.problems.push(what);
            return;
        }
        let below = |row: &u32| *row > head.header_row && table.next.is_none_or(|next| *row < next);
        for (row, cells) in rows.iter().filter(|(row, _)| below(row)) {
            // As laid out, merged cells filled; a row or cell that means nothing there, as it stands.
            let laid = table.parts.iter().find_map(|part| Some((part, part.rows.binary_search(row).ok()?)));
            let index = |at: &usize| head.columns.get(*at).map(|column| column.index);
            let own = |at: &usize| {
                let own = cells.iter().find(|(column, ..)| Some(*column) == index(at));
                own.map_or("", |(.., text)| text.trim())
            };
            let of = |field: ReviewField| {
                let text = |(at, _): (&usize, &ReviewField)| {
                    let filled = laid.and_then(|(part, row)| Some(part.columns.get(*at)?.get(row).1)).unwrap_or("").trim();
                    // Which pair a row is about, and what is said of it, stands in the row itself.
                    let alone = matches!(field, ReviewField::PairKey | ReviewField::Answer);
                    [if alone { "" } else { filled }, own(at)].into_iter().find(|text| !text.is_empty())
                };
                columns.iter().filter(|(_, known)| **known == field).find_map(text).unwrap_or("")
            };
            let answers = || columns.iter().filter(|(_, known)| **known == ReviewField::Answer).map(|(at, _)| at);
            let odd = |oddity| answers().filter_map(index).any(|column| sheet.marks.has(*row, column, oddity));
            let merged = || {
                let filled = |at: &usize| {
                    laid.is_some_and(|(part, row)| {
                        part.columns.get(*at).is_some_and(|column| !column.get(row).1.trim().is_empty())
                    })
                };
                answers().any(|at| own(at).is_empty() && filled(at))
            };
            let why = if odd(Oddity::Struck) {
                Some("划了删除线")
            } else if odd(Oddity::Unsolved) || odd(Oddity::Error) {
                Some("是没有保存计算结果的公式或错误值")
            } else if merged() {
                Some("是从上面合并下来的一格")
            } else {
                None
            };
            match why.filter(|_| !of(ReviewField::PairKey).is_empty()) {
                Some(why) => {
                    let what = format!("{}（{called}）第{row}行的答复{why}，未采用。请逐行写明", self.name);
                    self.answered.problems.push(what);
                }
                None => self.row(called, *row, &of),
            }
        }
    }

    fn row<'c>(&mut self, sheet: &str, row: u32, of: &impl Fn(ReviewField) -> &'c str) {
        let (answer, key) = (of(ReviewField::Answer), of(ReviewField::PairKey));
        if answer.is_empty() {
            return;
        }
        let sheet = if sheet.is_empty() { String::new() } else { format!("（{sheet}）") };
        let place = format!("{}{sheet}第{row}行", self.name);
        let verdict = self.layout.answers.read(answer);
        let pair = PairKey::parse(key);
        match (verdict, pair) {
            (Some(verdict), Some(pair)) => self.keep(pair, verdict, place.into(), of),
            // A signature line below the list is no answer.
            (None, None) => {}
            (None, Some(_)) => {
                let words = [Verdict::Same, Verdict::Different, Verdict::Unsure].map(|verdict| self.layout.answers.word(verdict));
                self.answered.problems.push(format!("{place}的答复不在选项里，未采用（应为 {}）", words.join("、")));
            }
            (Some(_), None) => self.answered.problems.push(format!("{place}有答复，但“对标识”是空的或被改过，不知道是哪一对")),
        }
    }

    fn keep<'c>(&mut self, pair: PairKey, verdict: Verdict, place: Personal, of: &impl Fn(ReviewField) -> &'c str) {
        let text = |field| Personal::new(of(field));
        let (by, on, remark) = (text(ReviewField::By), text(ReviewField::On), text(ReviewField::Remark));
        self.answered.decisions.push(Decision { pair, verdict, place, by, on, remark });
        self.answered.strata.push(of(ReviewField::Stratum).to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::layout::Layouts;
    use crate::model::raw::CellKind;

    /// Rows of one sheet through the reader.
    fn read_rows(rows: &[(u32, &[(u32, &str)])]) -> Answered {
        read_merged(rows, Vec::new())
    }

    fn read_merged(rows: &[(u32, &[(u32, &str)])], merges: Vec<Merge>) -> Answered {
        let layouts = Layouts::shipped().expect("sound");
        let mut reader = Reader::new(&layouts.review, "回.xlsx");
        reader.begin(SheetName { file: "回.xlsx".to_owned(), sheet: "待核对".to_owned() }, merges);
        let mut block = RowBlock::default();
        for (row, cells) in rows {
            block.begin_row(*row);
            for (column, text) in *cells {
                block.push_cell(*column, CellKind::Text, text);
            }
        }
        reader.rows(&block);
        reader.end(Beside::default(), &mut IntakeFile::default());
        reader.answered
    }

    const KEY: &str = "R0000000000000001~R0000000000000002";

    #[test]
    fn columns_may_move_and_rows_may_be_sorted() {
        let answered = read_rows(&[
            (1, &[(0, "正安县是否同一人待核对清单")]),
            (3, &[(0, "对标识"), (2, "备注"), (5, "核对 结果"), (6, "核对人")]),
            (4, &[(0, KEY), (5, " 是同一人 "), (6, "王二")]),
            (5, &[(0, "R0000000000000003~R0000000000000002"), (5, "不是")]),
            (6, &[(0, "R0000000000000003~R0000000000000004")]),
            (8, &[(0, "核对人："), (5, "审核人：")]),
        ]);
        let told: Vec<(Verdict, &str, &str)> =
            answered.decisions.iter().map(|decision| (decision.verdict, decision.place.expose(), decision.by.expose())).collect();
        assert_eq!(told, [(Verdict::Same, "回.xlsx（待核对）第4行", "王二"), (Verdict::Different, "回.xlsx（待核对）第5行", "")]);
        assert!(answered.problems.is_empty(), "{:?}", answered.problems);
    }

    #[test]
    fn a_merged_key_or_answer_says_nothing_of_the_rows_below() {
        let other = "R0000000000000003~R0000000000000002";
        let rows: &[(u32, &[(u32, &str)])] = &[
            (1, &[(0, "对标识"), (1, "核对结果"), (2, "备注")]),
            (2, &[(0, KEY), (1, "是同一人")]),
            (3, &[(1, "不是"), (2, "x")]),
            (4, &[(0, other), (2, "x")]),
        ];
        let merge = |column, first_row| Merge { first_row, first_column: column, last_row: first_row + 1, last_column: column };
        let answered = read_merged(rows, vec![merge(0, 2), merge(1, 3)]);
        assert_eq!(answered.decisions.iter().map(|decision| decision.verdict).collect::<Vec<_>>(), [Verdict::Same]);
        assert!(answered.problems.len() == 2 && answered.problems[1].contains("合并"), "{:?}", answered.problems);
    }

    #[test]
    fn answers_that_cannot_be_read_are_told() {
        let answered = read_rows(&[
            (1, &[(0, "对标识"), (1, "核对结果")]),
            (2, &[(0, KEY), (1, "也许吧")]),
            (3, &[(0, "R1~R2"), (1, "不是")]),
            (4, &[(1, "是同一人")]),
        ]);
        assert!(answered.decisions.is_empty());
        for row in ["第2行", "第3行", "第4行"] {
            assert!(answered.problems.iter().any(|problem| problem.contains(row)), "{row}: {:?}", answered.problems);
        }
        assert!(!answered.problems.iter().any(|problem| problem.contains("也许吧")), "cells may hold names");
    }
}
