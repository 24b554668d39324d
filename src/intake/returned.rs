//! A returned list as it comes → its rows by field.
//!
//! Each file is parsed in the capped child; then its header is found and its columns named with the code that reads registries, and the
//! county's dictionary of returned lists ([`row`]). What people do to lists on the way is met here: a header row that is gone (the list's own order of
//! columns stands in), a header cell that is gone, several lists one below the other in a sheet, a subtotal that is none. Guarantee: every row
//! below a header becomes one [`ReturnedRow`]; a sheet that cannot be read is a refusal. Holds one file at a time.

mod beside;
mod row;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::config::layout::{self, ListField};
use crate::config::registry::fold_header;
use crate::config::returns::Returns;
use crate::ingest::grid::{Merge, Oddity, RowBlock};
use crate::ingest::header::Vocabulary;
use crate::ingest::limits::Limits;
use crate::ingest::mapping::letters;
use crate::ingest::recognise::recognise;
use crate::intake::definitions::Definitions;
use crate::intake::file::{Beside, HeldSheet, HeldTable, NEVER, Opener, SheetRow, Sheets};
use crate::intake::inputs::InputFile;
use crate::ledger::{ReturnedFile, ReturnedRow, Said};
use crate::model::date::Month;
use crate::model::intake::{IntakeFile, IntakeSheet};
use crate::model::personal::Personal;
use crate::model::raw::{CellKind, RawTable, Refusal, Reject, RejectReason, SheetName, TableHead};
use crate::normalise::data_date;
use row::Row;

/// What is to be said of a row of which nothing is left.
const COVERED: (&str, &str) = ("被合并单元格盖住的行", "，里面的内容已经没有了，没有收到回复；请取消合并，一条写一行后再交");
/// Of a row of which nothing but its key is left.
const BENEATH: &str = "这一行别的格子被上面的合并单元格盖住，没有采用那里的回复；请取消合并，一条写一行后再交";
/// Characters quoted of a row that is no list row.
const QUOTED: usize = 120;

/// Reads returned files.
pub(crate) struct Reader<'a> {
    returns: &'a Returns,
    vocabulary: Vocabulary,
    executable: &'a Path,
    /// Folded rule titles → rule ids.
    titles: BTreeMap<String, String>,
    /// Folded sheet names and titles of identity corrections → rule ids.
    identity_sheets: BTreeMap<String, String>,
    /// Sheets that are no lists: indexes, choices.
    others: BTreeSet<String>,
    /// The headers of every kind of list in their own order, with the places of key and finding numbers.
    forms: Vec<Form>,
}

/// The columns of a list as it was sent out.
struct Form {
    titles: Vec<String>,
    key: Option<u32>,
    finding_ids: Option<u32>,
}

/// Optional columns that are tried in and out; more than a list has.
const TRIED: usize = 8;

impl Form {
    /// A list with all its columns, then with any of the optional ones left out, the last ones first.
    fn all(table: &layout::Table<ListField>) -> Vec<Self> {
        let optional: Vec<usize> = (0..table.columns.len()).rev().filter(|at| table.columns[*at].optional).take(TRIED).collect();
        let without = |left_out: usize| {
            let shown = |at: &usize| optional.iter().position(|other| other == at).is_none_or(|bit| left_out & (1 << bit) == 0);
            let columns: Vec<_> = (0..table.columns.len()).filter(shown).map(|at| &table.columns[at]).collect();
            let place = |wanted: ListField| (0..).zip(&columns).find(|(_, column)| column.source == wanted).map(|(at, _)| at);
            Self {
                key: place(ListField::RowKey),
                finding_ids: place(ListField::FindingIds),
                titles: columns.iter().map(|column| column.title.clone()).collect(),
            }
        };
        (0..1 << optional.len()).map(without).collect()
    }
}

/// Reads the sheets of one file.
struct Lists<'r, 'a> {
    reader: &'r Reader<'a>,
    sheet: HeldSheet,
    /// Whether it is hidden.
    hidden: bool,
    /// By the path of their file.
    rows: BTreeMap<String, Vec<ReturnedRow>>,
}

impl Sheets for Lists<'_, '_> {
    fn begin(&mut self, name: SheetName, merges: Vec<Merge>) {
        self.sheet = HeldSheet::new(name, merges);
    }

    fn rows(&mut self, block: &RowBlock) {
        self.sheet.push(block);
    }

    fn end(&mut self, beside: Beside, file: &mut IntakeFile) {
        (self.sheet.marks, self.hidden) = (beside.marks, beside.oddities.hidden);
        for Reject { row, reason, .. } in &beside.aside {
            let refusal = Refusal {
                name: self.sheet.name.clone(),
                code: "torn-text".into(),
                what: format!("第 {row} 行没有读入：{}", reason.plain()),
                hint: "请改正这一行后重新交来".to_owned(),
            };
            let sheet = refusal.name.sheet.clone();
            file.sheets.push(IntakeSheet { sheet, refusal: Some(refusal), ..IntakeSheet::default() });
        }
        self.reader.sheet(&std::mem::take(&mut self.sheet), self.hidden, file, &mut self.rows);
    }
}

impl<'a> Reader<'a> {
    pub(crate) fn new(definitions: &Definitions, returns: &'a Returns, executable: &'a Path) -> Self {
        let layouts = &definitions.layouts;
        let rules = &definitions.policy.rules;
        let titles = rules.iter().map(|rule| (fold_header(&rule.card.title), rule.card.id.clone())).collect();
        let mut identity_sheets = BTreeMap::new();
        for sheet in &layouts.identity.sheets {
            identity_sheets.insert(fold_header(&sheet.sheet), sheet.rule.clone());
        }
        let tables = [&layouts.town.list, &layouts.department.list]
            .into_iter()
            .cloned()
            .chain(layouts.identity.sheets.iter().map(|sheet| layouts.identity.table(sheet)));
        let forms = tables.flat_map(|table| Form::all(&table));
        let indexes = [&layouts.town.index.sheet, &layouts.department.index.sheet, &layouts.identity.index.sheet];
        let others = indexes.into_iter().map(|name| fold_header(name)).chain([fold_header("下拉选项")]).collect();
        Self {
            returns,
            vocabulary: Vocabulary::new(&returns.dictionary),
            executable,
            titles,
            identity_sheets,
            others,
            forms: forms.collect(),
        }
    }

    /// Reads a file; a zip gives one per member.
    pub(crate) fn read(&self, file: &InputFile) -> Vec<ReturnedFile> {
        let opener =
            Opener { executable: self.executable, interrupted: &NEVER, limits: Limits { marks: true, ..Limits::default() } };
        let lists = Lists { reader: self, sheet: HeldSheet::default(), hidden: false, rows: BTreeMap::new() };
        let (files, lists) = opener.read(file, lists);
        let mut rows = lists.map(|lists| lists.rows).unwrap_or_default();
        let returned = |file: IntakeFile| {
            let is_whole = file.refusal.is_none();
            let refusals = file.sheets.into_iter().filter_map(|sheet| sheet.refusal).chain(file.refusal);
            let rows = rows.remove(&file.path).unwrap_or_default();
            let mut returned =
                ReturnedFile { refusals: refusals.collect(), sha256: file.sha256, broken: None, rows, file: file.path.into() };
            if is_whole && returned.rows.is_empty() && returned.refusals.is_empty() {
                returned.refusals.push(Refusal {
                    name: SheetName { file: returned.file.expose().to_owned(), sheet: String::new() },
                    code: "no-list".into(),
                    what: "里面没有疑点清单".to_owned(),
                    hint: "请交回填好的清单本身；汇总页不用交".to_owned(),
                });
            }
            returned
        };
        files.into_iter().map(returned).collect()
    }

    /// Every table of a sheet, one below the other or side by side.
    fn sheet(&self, sheet: &HeldSheet, hidden: bool, file: &mut IntakeFile, found: &mut BTreeMap<String, Vec<ReturnedRow>>) {
        let mut rows: Vec<SheetRow> = sheet.rows.clone();
        let mut above: Option<Month> = None;
        let mut refusals = Vec::new();
        let mut take = |rows: Result<Vec<ReturnedRow>, Refusal>| match rows {
            Ok(rows) => found.entry(sheet.name.file.clone()).or_default().extend(rows),
            Err(refusal) => refusals.push(refusal),
        };
        while !rows.is_empty() {
            let table = self.table(sheet, &mut rows);
            let next = table.next;
            let head = table.head.as_ref();
            let header = head.map_or(0, |head| head.header_row);
            let lists = head.map_or_else(Vec::new, |head| beside::lists(head, &self.returns.dictionary));
            if lists.is_empty() {
                take(self.rows(sheet, (&sheet.name.sheet, hidden), &rows, table, &mut above));
            }
            for (which, list) in lists.iter().enumerate() {
                let mut own = beside::rows_of(&rows, header, &lists, which, next);
                let table = self.table(sheet, &mut own);
                // Rows of two lists have one number: the second says where it begins.
                let name = &sheet.name.sheet;
                let name = if which == 0 { name.clone() } else { format!("{name}（{} 列起）", letters(list.start)) };
                take(self.rows(sheet, (&name, hidden), &own, table, &mut above));
            }
            // Without a further table all rows of this one have been told.
            let Some(next) = next else { break };
            rows.retain(|(row, _)| *row >= next);
        }
        refusals.extend(without_values(sheet));
        if self.others.contains(&fold_header(&sheet.name.sheet)) {
            return;
        }
        for mut refusal in refusals {
            if refusal.code == "no-header" {
                "请交回系统生成的清单，不要改它的表头；这一页不是清单的，可以删去再交".clone_into(&mut refusal.hint);
            }
            let sheet = refusal.name.sheet.clone();
            file.sheets.push(IntakeSheet { sheet, refusal: Some(refusal), ..IntakeSheet::default() });
        }
    }

    /// The first table of `rows`; where its header is gone, or cells of it, these are put back into `rows`.
    fn table(&self, sheet: &HeldSheet, rows: &mut Vec<SheetRow>) -> HeldTable {
        let mut table = sheet.lay_out(rows, &self.vocabulary);
        let recognised =
            |table: &HeldTable| table.head.as_ref().is_some_and(|head| recognise(head, &self.returns.dictionary, &[]).is_ok());
        if !recognised(&table)
            && let Some(form) = self.form_of(rows)
        {
            let header = (0..).zip(&form.titles).map(|(column, title)| (column, CellKind::Text, title.clone()));
            rows.insert(0, (0, header.collect()));
            let again = sheet.lay_out(rows, &self.vocabulary);
            // A header of other fields may stand right below: under the one put back there would be nothing, over and over.
            let has_rows = again.next.is_none_or(|next| rows.get(1).is_some_and(|(first, _)| *first < next));
            if recognised(&again) && has_rows {
                table = again;
            } else {
                rows.remove(0);
            }
        }
        if let Some(head) = &table.head
            && self.head_columns(head, rows)
        {
            table = sheet.lay_out(rows, &self.vocabulary);
        }
        table
    }

    /// The form in whose places keys or finding numbers stand; the one that explains most rows.
    fn form_of(&self, rows: &[SheetRow]) -> Option<&Form> {
        let stands = |place: Option<u32>| {
            let there = |(column, _, text): &(u32, CellKind, String)| Some(*column) == place && names_findings(text);
            rows.iter().filter(|(_, cells)| cells.iter().any(there)).count()
        };
        // Finding numbers stand in the same place in most lists; keys tell them apart.
        let explained = |form: &Form| (stands(form.key), stands(form.finding_ids));
        let best = self.forms.iter().rev().map(|form| (explained(form), form)).max_by_key(|(counts, _)| *counts)?;
        (best.0 > (0, 0)).then_some(best.1)
    }

    /// Puts headers over columns that have cells and none; says whether there were any.
    fn head_columns(&self, head: &TableHead, rows: &mut [SheetRow]) -> bool {
        let headed: BTreeSet<u32> = head.columns.iter().map(|column| column.index).collect();
        let mut bare: BTreeMap<u32, bool> = BTreeMap::new();
        for (column, _, text) in rows.iter().filter(|(row, _)| *row > head.header_row).flat_map(|(_, cells)| cells) {
            if !headed.contains(column) && !text.trim().is_empty() {
                *bare.entry(*column).or_default() |= text.contains(['@', '＠']) && names_findings(text);
            }
        }
        let titles: BTreeMap<u32, String> =
            bare.iter().map(|(column, keys)| (*column, self.missing_title(*column, *keys, head))).collect();
        let Some((_, cells)) = rows.iter_mut().find(|(row, _)| *row == head.header_row).filter(|_| !titles.is_empty()) else {
            return false;
        };
        cells.retain(|(column, ..)| !titles.contains_key(column));
        cells.extend(titles.into_iter().map(|(column, title)| (column, CellKind::Text, title)));
        cells.sort_by_key(|(column, ..)| *column);
        true
    }

    /// The header of a column that lost it: by its keys, by the columns beside it, else by its letter.
    fn missing_title(&self, column: u32, keys: bool, head: &TableHead) -> String {
        if keys && let Some(definition) = self.returns.dictionary.fields.get("row_key") {
            return definition.title.clone();
        }
        let text = |at: Option<u32>| {
            let at = at?;
            head.columns.iter().find(|column| column.index == at).map(|column| fold_header(&column.text))
        };
        let (left, right) = (text(column.checked_sub(1)), text(column.checked_add(1)));
        let between = |form: &Form| {
            let place = |title: &Option<String>| form.titles.iter().position(|known| Some(fold_header(known)) == *title);
            let (before, after) = (place(&left)?, place(&right)?);
            (before + 2 == after).then(|| form.titles.get(before + 1).cloned()).flatten()
        };
        self.forms.iter().find_map(between).unwrap_or_else(|| format!("{} 列（没有表头）", letters(column)))
    }

    /// The rows of a table by field; `told` is what the sheet is called and whether it is hidden.
    fn rows(
        &self,
        sheet: &HeldSheet,
        (called, hidden): (&str, bool),
        rows: &[SheetRow],
        table: HeldTable,
        above: &mut Option<Month>,
    ) -> Result<Vec<ReturnedRow>, Refusal> {
        let called_so = |mut refusal: Refusal| {
            called.clone_into(&mut refusal.name.sheet);
            refusal
        };
        if let Some(refusal) = table.refusal {
            return Err(called_so(refusal));
        }
        let Some(head) = table.head else { return Ok(Vec::new()) };
        let (_, mapping) = recognise(&head, &self.returns.dictionary, &[]).map_err(called_so)?;
        // A list pasted below another without its title is of the same month.
        let list = data_date::month(&head).or(*above);
        *above = list;
        let named = self.rules_of_sheet(&head);
        let cells = |row: u32| {
            rows.binary_search_by_key(&row, |(at, _)| *at).ok().and_then(|at| rows.get(at)).map_or(&[][..], |(_, cells)| cells)
        };
        let said = |number: u32, laid: Option<(&RawTable, usize)>| {
            let row = Row { head: &head, mapping: &mapping, marks: &sheet.marks, hidden, number, cells: cells(number), laid };
            row.read(self.returns, &self.titles, list, &named)
        };
        let mut found: Vec<ReturnedRow> = Vec::new();
        let row = |row: u32, said: Said| ReturnedRow { sheet: called.into(), row, said };
        for part in &table.parts {
            for (at, number) in part.rows.iter().enumerate() {
                found.push(row(*number, Said::Cells(said(*number, Some((part, at))))));
            }
        }
        for reject in &table.rejects {
            let words = words(cells(reject.row));
            let header = reject.reason == RejectReason::RepeatedHeader;
            // A row with a key is a row of the list, whatever it looks like.
            found.push(if !header && names_findings(&words) {
                let mut cells = said(reject.row, None);
                if sheet.merges.iter().any(|merge| merge.first_row < reject.row && reject.row <= merge.last_row) {
                    cells.told.push(BENEATH.to_owned());
                    cells.answer_unread = true;
                }
                row(reject.row, Said::Cells(cells))
            } else {
                row(reject.row, Said::Aside { reason: reject.reason.plain().to_owned(), quote: quoted(&words) })
            });
        }
        found.sort_by_key(|row| row.row);
        Ok(with_blank_rows(found, called, &sheet.merges))
    }

    /// Rules that title or name of a sheet speak of.
    fn rules_of_sheet(&self, head: &TableHead) -> Vec<String> {
        let texts: Vec<String> = head.preamble.iter().chain([&head.name.sheet]).map(|text| fold_header(text)).collect();
        let long = |title: &str| title.chars().count() >= 4;
        let mut rules: Vec<String> = Vec::new();
        for (title, rule) in self.titles.iter().chain(&self.identity_sheets) {
            // Sheet names end after 31 characters.
            if long(title) && texts.iter().any(|text| text.contains(title) || (long(text) && title.starts_with(text.as_str()))) {
                rules.push(rule.clone());
            }
        }
        rules
    }
}

/// What stands in a row, left to right.
fn words(row: &[(u32, CellKind, String)]) -> String {
    let texts: Vec<&str> = row.iter().map(|(.., text)| text.trim()).filter(|text| !text.is_empty()).collect();
    texts.join(" ")
}

/// The beginning of the words of a row that is no list row.
fn quoted(words: &str) -> Personal {
    words.chars().take(QUOTED).collect::<String>().into()
}

/// Whether a text holds a whole finding number.
fn names_findings(text: &str) -> bool {
    let mut run = 0;
    text.bytes().map(|byte| byte.to_ascii_lowercase()).any(|byte| {
        run = match byte {
            b'0'..=b'9' | b'a'..=b'e' if run > 0 => run + 1,
            b'f' => run + 1,
            _ => 0,
        };
        run >= 17
    })
}

/// Rows that have nothing but formulas without what they come to: nobody knows what they say.
fn without_values(sheet: &HeldSheet) -> Option<Refusal> {
    let odd = sheet.marks.0.iter().filter(|mark| matches!(mark.oddity, Oddity::Unsolved | Oddity::Error));
    let lost = odd.map(|mark| mark.row).filter(|row| sheet.rows.binary_search_by_key(row, |(row, _)| *row).is_err());
    let lost: BTreeSet<u32> = lost.collect();
    let first = lost.first()?;
    Some(Refusal {
        name: sheet.name.clone(),
        code: "unsolved-formulas".into(),
        what: format!("有 {} 行只有公式，没有保存计算结果（首处第 {first} 行），没有读", lost.len()),
        hint: "请用 WPS 或 Excel 打开、保存后再交来".to_owned(),
    })
}

/// The rows, and what is blank above list rows or was covered by merging cells.
fn with_blank_rows(rows: Vec<ReturnedRow>, sheet: &str, merges: &[Merge]) -> Vec<ReturnedRow> {
    let mut all: Vec<ReturnedRow> = Vec::with_capacity(rows.len());
    let aside = |first: u32, last: u32, what: &str, why: &str| {
        let rows = if first == last { String::new() } else { format!("（第 {first} 到 {last} 行）") };
        let said = Said::Aside { reason: format!("{what}{rows}{why}"), quote: Personal::default() };
        ReturnedRow { sheet: sheet.into(), row: first, said }
    };
    // The first and the last of these rows that lie below the first row of a merged area.
    let covered = |first: u32, last: u32| {
        let parts = merges.iter().map(|merge| (first.max(merge.first_row + 1), last.min(merge.last_row)));
        let parts = parts.filter(|(from, to)| from <= to);
        parts.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
    };
    for row in rows {
        let first = all.last().map_or(row.row, |before| before.row + 1);
        let listed = matches!(&row.said, Said::Cells(cells) if !(cells.key.is_empty() && cells.finding_ids.is_empty()));
        if first < row.row {
            match covered(first, row.row - 1) {
                Some((from, to)) => all.push(aside(from, to, COVERED.0, COVERED.1)),
                None if listed => all.push(aside(first, row.row - 1, "空白行", "")),
                None => {}
            }
        }
        all.push(row);
    }
    let after = all.last().map_or(u32::MAX, |last| last.row.saturating_add(1));
    let of_last = |merge: &&Merge| merge.first_row < after && after <= merge.last_row;
    if let Some(last) = merges.iter().filter(of_last).map(|merge| merge.last_row).max() {
        all.push(aside(after, last, COVERED.0, COVERED.1));
    }
    all
}
