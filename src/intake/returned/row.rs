//! One row of a returned list → its cells by field, and what a reader of the receipt must know of them.
//!
//! What says whom a row is about counts only where it stands in the row itself: a merged cell above may have covered somebody else's. An answer from
//! such a cell is everybody's and told; a corrected number is one person's and is not taken. What is struck through is no answer; what
//! cannot be read (a formula without its result, an error value, a comment) is told, so that the row is not taken for an empty one.

use std::collections::BTreeMap;

use crate::config::registry::fold_header;
use crate::config::returns::{PRINTED, Returns};
use crate::ingest::grid::Oddity;
use crate::ingest::mapping::letters;
use crate::intake::file::Marks;
use crate::intake::returned::{names_findings, quoted, words};
use crate::ledger::Cells;
use crate::model::columns::IdState;
use crate::model::date::{Day, Month};
use crate::model::personal::Personal;
use crate::model::raw::{CellKind, Mapping, RawTable, TableHead};
use crate::normalise::{answer_date, id_number};

/// Fields that say whom a row is about.
const WHO: [&str; 4] = ["row_key", "finding_ids", "name", "id_number"];
/// Fields that are one person's alone.
const PERSONAL: [&str; 2] = ["corrected_number", "corrected_name"];
/// Fields that answer.
const ANSWERS: [&str; 7] = ["verdict", "opinion", "reason", "reality", "remark", "corrected_number", "corrected_name"];
/// Characters of an answer that may stand in a column made for something else.
const MISPLACED: usize = 20;

/// A row and what it stands in.
pub(super) struct Row<'l> {
    pub(super) head: &'l TableHead,
    pub(super) mapping: &'l Mapping,
    pub(super) marks: &'l Marks,
    /// Whether the sheet is hidden.
    pub(super) hidden: bool,
    pub(super) number: u32,
    pub(super) cells: &'l [(u32, CellKind, String)],
    /// Where it stands in the table as laid out; none for a row that the layout set aside.
    pub(super) laid: Option<(&'l RawTable, usize)>,
}

/// A cell of it.
struct Cell {
    kind: CellKind,
    text: Personal,
    /// Its text is that of a merged cell above.
    filled: bool,
}

impl Row<'_> {
    /// The cells by field. `list` is the list's month as its title says it, `named` the rules that its title names.
    pub(super) fn read(
        &self,
        returns: &Returns,
        titles: &BTreeMap<String, String>,
        list: Option<Month>,
        named: &[String],
    ) -> Box<Cells> {
        let title = |field: &str| returns.dictionary.fields.get(field).map_or(field, |field| field.title.as_str()).to_owned();
        let mut cells = Cells { words: quoted(&words(self.cells)), rules: named.to_vec(), ..Cells::default() };
        let mut merged = Vec::new();
        let mut texts: Vec<(&str, usize, Cell)> = Vec::new();
        for (field, position) in &self.mapping.fields {
            let cell = self.at(*position);
            let (who, answers) = (WHO.contains(&field.as_str()), ANSWERS.contains(&field.as_str()));
            if cell.text.is_empty() {
                if let Some(oddity) = self.unread(*position).filter(|_| who || answers) {
                    cells.told.push(format!("{}是{oddity}，读不出来", title(field)));
                    (cells.who_unread, cells.answer_unread) = (cells.who_unread || who, cells.answer_unread || answers);
                }
            } else if answers && self.is(*position, Oddity::Struck) {
                cells.told.push(format!("{}划了删除线，没有采用", title(field)));
                cells.answer_unread = true;
            } else if cell.filled && who {
                merged.push(title(field));
            } else if cell.filled && PERSONAL.contains(&field.as_str()) {
                cells.told.push(format!("{}是从上面合并下来的，没有采用", title(field)));
                cells.answer_unread = true;
            } else {
                if cell.filled && answers {
                    cells.told.push(format!("{}是从上面合并下来的一格", title(field)));
                }
                texts.push((field, *position, cell));
            }
        }
        for (field, position, cell) in texts.iter().filter(|(field, ..)| *field == "row_key") {
            self.keep(&mut cells, (field, *position), cell, None);
        }
        // The month in the key is the list's, whatever title it was pasted under.
        cells.list = key_month(cells.key.expose()).or(list);
        for (field, position, Cell { kind, text, .. }) in &texts {
            let (position, list) = (*position, cells.list);
            match *field {
                "row_key" => {}
                "rules" => {
                    let words = text.expose().split(['；', ';', '\n']).map(fold_header);
                    let known: Vec<String> = words.filter_map(|word| titles.get(&word).cloned()).collect();
                    if !known.is_empty() {
                        cells.rules = known;
                    }
                }
                "checked_on" => {
                    if cells.checked_on.is_none() {
                        cells.checked_on = answer_date::read(*kind, text.expose(), list);
                        cells.checked.clone_from(text);
                    }
                }
                "corrected_number" | "suggested_number" => {
                    let reading = id_number::clean(*kind, text.expose(), day_after(list));
                    let number = (reading.state == IdState::Valid).then(|| reading.text.into_owned().into());
                    if *field == "corrected_number" {
                        (cells.corrected_number, cells.corrected) = (number, text.clone());
                    } else {
                        cells.suggested_number = number;
                    }
                }
                "signature" => {
                    let comma = if cells.signatures.is_empty() { "" } else { "、" };
                    cells.signatures = format!("{}{comma}{}", cells.signatures.expose(), text.expose()).into();
                }
                field => {
                    let cell = Cell { kind: *kind, text: text.clone(), filled: false };
                    self.keep(&mut cells, (field, position), &cell, Some(&title(field)));
                }
            }
        }
        for position in &self.mapping.left_over {
            let cell = self.at(*position);
            if self.is(*position, Oddity::Struck) && !cell.text.is_empty() {
                cells.told.push(format!("{} 列划了删除线，没有采用", letters(self.index(*position).unwrap_or(0))));
            } else if !cell.text.is_empty() {
                cells.extra.push((self.heading(*position), cell.text));
            }
        }
        // Beside a number of its own a row may well share a name.
        merged.retain(|title| {
            !["姓名", "身份证号"].contains(&title.as_str()) || cells.key.is_empty() && cells.finding_ids.is_empty()
        });
        if !merged.is_empty() {
            cells.told.push(format!("{}是从上面合并下来的，没有采用", merged.join("、")));
            cells.who_unread = true;
        }
        self.remark(&mut cells);
        Box::new(cells)
    }

    /// What is to be known of the row whatever stands in it.
    fn remark(&self, cells: &mut Cells) {
        if self.hidden {
            cells.told.push("工作表是隐藏的".to_owned());
        }
        let of_row = self.marks.of_row(self.number);
        if of_row.iter().any(|mark| mark.oddity == Oddity::Hidden) {
            cells.told.push("这一行是隐藏的".to_owned());
        }
        if of_row.iter().any(|mark| mark.oddity == Oddity::Comment) {
            cells.told.push("这一行有批注，批注没有读，要说的请写进格子".to_owned());
            cells.answer_unread = true;
        }
    }

    /// Puts a text where its field stands; of two that differ the second goes elsewhere.
    fn keep(&self, cells: &mut Cells, (field, position): (&str, usize), cell: &Cell, title: Option<&str>) {
        let text = &cell.text;
        let heading = self.heading(position);
        let whole = names_findings(text.expose());
        let misplaced = text.expose().chars().count() <= MISPLACED && !whole;
        if misplaced && (field == PRINTED || ["row_key", "finding_ids", "name", "town", "village"].contains(&field)) {
            cells.printed.push((heading.clone(), text.clone()));
        }
        let first = |place: &mut Personal| {
            if place.is_empty() {
                place.clone_from(text);
            }
            *place == *text
        };
        let again = (heading.clone(), text.clone());
        match field {
            "row_key" => cells.doubled |= !first(&mut cells.key) && whole,
            "finding_ids" => cells.doubled |= !first(&mut cells.finding_ids) && whole,
            "town" => _ = first(&mut cells.town),
            "village" => _ = first(&mut cells.village),
            "id_number" => _ = first(&mut cells.id_number),
            "name" if !first(&mut cells.name) => cells.extra.push(again),
            "verdict" if !first(&mut cells.verdict) => cells.free.push(again),
            "opinion" if !first(&mut cells.opinion) => cells.free.push(again),
            "reason" if !first(&mut cells.reason) => cells.free.push(again),
            "method" if !first(&mut cells.method) => cells.kept.push(again),
            "checkers" if !first(&mut cells.checkers) => cells.kept.push(again),
            "name" | "verdict" | "opinion" | "reason" | "method" | "checkers" | PRINTED => {}
            "reality" | "remark" => cells.free.push((title.unwrap_or_default().to_owned(), text.clone())),
            _ => cells.kept.push((title.unwrap_or_default().to_owned(), text.clone())),
        }
    }

    /// As laid out, merged cells filled; where that says nothing the cell itself (`同上` means nothing in a registry).
    fn at(&self, position: usize) -> Cell {
        let index = self.index(position);
        let own = self.cells.iter().find(|(column, _, text)| Some(*column) == index && !text.trim().is_empty());
        let laid = self.laid.and_then(|(part, at)| Some(part.columns.get(position)?.get(at)));
        if let Some((kind, text)) = laid.filter(|(kind, _)| *kind != CellKind::Empty) {
            return Cell { kind, text: text.trim().into(), filled: own.is_none() };
        }
        let own = own.filter(|(.., text)| self.laid.is_none() || means_the_row_above(text));
        let (kind, text) = own.map_or((CellKind::Empty, ""), |(_, kind, text)| (*kind, text.trim()));
        Cell { kind, text: text.into(), filled: false }
    }

    fn index(&self, position: usize) -> Option<u32> {
        self.head.columns.get(position).map(|column| column.index)
    }

    fn heading(&self, position: usize) -> String {
        self.head.columns.get(position).map(|column| column.text.clone()).unwrap_or_default()
    }

    fn is(&self, position: usize, oddity: Oddity) -> bool {
        self.index(position).is_some_and(|column| self.marks.has(self.number, column, oddity))
    }

    /// Why a cell without text may not be empty.
    fn unread(&self, position: usize) -> Option<&'static str> {
        let words = [(Oddity::Unsolved, "没有保存计算结果的公式"), (Oddity::Error, "错误值")];
        words.into_iter().find(|(oddity, _)| self.is(position, *oddity)).map(|(_, words)| words)
    }
}

/// What stands for the text of the row above.
fn means_the_row_above(text: &str) -> bool {
    matches!(text.trim(), "同上" | "〃" | "″")
}

/// The month that a key names.
fn key_month(key: &str) -> Option<Month> {
    key.split_once(['@', '＠']).and_then(|(_, month)| month.trim().parse().ok())
}

/// A day by which everybody on a list was born.
fn day_after(list: Option<Month>) -> Day {
    list.map_or(Day(i32::MAX), |list| Day(list.last_day().0 + 3660))
}
