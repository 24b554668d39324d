//! Layouts from text: each file read on its own, then checked against what only the program knows.

use super::{
    Answer, ChangesBook, Choices, ClauseBook, DossierBook, IdentityBook, Layouts, LedgerBook, ListBook, ReceiptBook, ReviewBook,
    ReviewField, StatesBook, Style, SummaryBook, Table,
};
use crate::config::document::Document;
use crate::config::error::Problems;
use crate::config::parse::parse;

/// Placeholders that titles, sub-titles and file names may use.
const PLACEHOLDERS: [&str; 10] =
    ["county", "town", "village", "department", "title", "period", "month", "as_of", "tool", "legend"];

/// The layouts shipped with the program: file, text.
const SHIPPED: [(&str, &str); 12] = [
    ("style.toml", include_str!("../../../reports/style.toml")),
    ("town.toml", include_str!("../../../reports/town.toml")),
    ("department.toml", include_str!("../../../reports/department.toml")),
    ("identity.toml", include_str!("../../../reports/identity.toml")),
    ("summary.toml", include_str!("../../../reports/summary.toml")),
    ("clauses.toml", include_str!("../../../reports/clauses.toml")),
    ("ledger.toml", include_str!("../../../reports/ledger.toml")),
    ("receipt.toml", include_str!("../../../reports/receipt.toml")),
    ("review.toml", include_str!("../../../reports/review.toml")),
    ("dossier.toml", include_str!("../../../reports/dossier.toml")),
    ("changes.toml", include_str!("../../../reports/changes.toml")),
    ("states.toml", include_str!("../../../reports/states.toml")),
];

impl Layouts {
    /// The layouts shipped with the program.
    pub fn shipped() -> Result<Self, Problems> {
        Self::resolve(&SHIPPED.map(|(file, text)| Document { path: format!("reports/{file}"), text: text.to_owned() }))
    }

    /// Layouts from the documents of a folder; every mistake of every file at once.
    pub fn resolve(documents: &[Document]) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let layouts = Self::collect(documents, &mut problems);
        problems.into_whole(layouts)
    }

    /// The same with mistakes reported beside what can be read all the same; `None` where a file is missing or nothing of it can be read.
    #[must_use]
    pub fn collect(documents: &[Document], problems: &mut Problems) -> Option<Self> {
        let mut folder = Folder { documents, missing: Vec::new(), problems };
        let style = folder.read("style.toml", |_: &Style, _| ());
        let town = folder.read("town.toml", list_book);
        let department = folder.read("department.toml", list_book);
        let identity = folder.read("identity.toml", identity_book);
        let summary = folder.read("summary.toml", summary_book);
        let clauses = folder.read("clauses.toml", |book: &ClauseBook, check| {
            check.template(&book.file);
            check.table(&book.table);
        });
        let ledger = folder.read("ledger.toml", ledger_book);
        let receipt = folder.read("receipt.toml", receipt_book);
        let review = folder.read("review.toml", review_book);
        let dossier = folder.read("dossier.toml", |book: &DossierBook, check| {
            check.template(&book.file);
            check.table(&book.index);
            check.table(&book.list);
            check.table(&book.not_evaluated);
        });
        let changes = folder.read("changes.toml", |book: &ChangesBook, check| {
            check.table(&book.rules);
            check.table(&book.towns);
            check.table(&book.villages);
            check.table(&book.list);
        });
        let states = folder.read("states.toml", |book: &StatesBook, check| {
            check.table(&book.rules);
            check.table(&book.towns);
            check.table(&book.villages);
        });
        folder.tell_missing();
        Some(Self {
            style: style?,
            town: town?,
            department: department?,
            identity: identity?,
            summary: summary?,
            clauses: clauses?,
            ledger: ledger?,
            receipt: receipt?,
            review: review?,
            dossier: dossier?,
            changes: changes?,
            states: states?,
        })
    }
}

/// A layout folder being read.
struct Folder<'a> {
    documents: &'a [Document],
    missing: Vec<&'static str>,
    problems: &'a mut Problems,
}

impl Folder<'_> {
    /// One file of the folder, checked.
    fn read<T: Checked>(&mut self, file: &'static str, check: impl FnOnce(&T, &mut Check<'_>)) -> Option<T> {
        let Some(document) = self.documents.iter().find(|document| document.path.ends_with(file)) else {
            self.missing.push(file);
            return None;
        };
        let book = parse::<T>(document, self.problems)?;
        let choices = book.choices().cloned().unwrap_or_default();
        check(&book, &mut Check { document, choices: &choices, problems: self.problems });
        Some(book)
    }

    fn tell_missing(self) {
        if !self.missing.is_empty() {
            let folder = self.documents.first().and_then(|document| document.path.rsplit_once('/'));
            let path = folder.map_or("版式文件夹", |(folder, _)| folder).to_owned();
            let nowhere = Document { path, text: String::new() };
            let hint = "从程序自带的 reports 文件夹里拷贝过来；文件名要一字不差";
            self.problems.add_with_hint(&nowhere, 0..0, format!("缺少版式文件 {}", self.missing.join("、")), "", hint);
        }
    }
}

/// A layout file: how it is written, and its drop-down lists if it has any.
trait Checked: serde::de::DeserializeOwned {
    fn choices(&self) -> Option<&Choices> {
        None
    }
}

impl Checked for Style {}
impl Checked for SummaryBook {}
impl Checked for ClauseBook {}
impl Checked for ReceiptBook {}
impl Checked for DossierBook {}
impl Checked for ChangesBook {}
impl Checked for StatesBook {}

impl Checked for ListBook {
    fn choices(&self) -> Option<&Choices> {
        Some(&self.choices)
    }
}

impl Checked for LedgerBook {
    fn choices(&self) -> Option<&Choices> {
        Some(&self.choices)
    }
}

impl Checked for IdentityBook {
    fn choices(&self) -> Option<&Choices> {
        Some(&self.choices)
    }
}

impl Checked for ReviewBook {
    fn choices(&self) -> Option<&Choices> {
        Some(&self.choices)
    }
}

fn list_book(book: &ListBook, check: &mut Check<'_>) {
    check.template(&book.file);
    check.table(&book.index);
    check.table(&book.list);
    check.choices();
}

fn identity_book(book: &IdentityBook, check: &mut Check<'_>) {
    check.template(&book.file);
    check.table(&book.index);
    book.sheets.iter().for_each(|sheet| check.table(&book.table(sheet)));
    check.choices();
    if book.sheets.is_empty() {
        check.mistake("sheets", "至少要有一张 [[sheets]]".to_owned());
    }
}

fn ledger_book(book: &LedgerBook, check: &mut Check<'_>) {
    check.template(&book.file);
    for table in [&book.rules, &book.towns, &book.villages, &book.departments] {
        check.table(table);
    }
    for table in [&book.open, &book.settled, &book.sample.table] {
        check.table(table);
    }
    check.choices();
    if book.sample.share > 10_000 {
        check.mistake("share", format!("抽查比例 {} 超过万分之一万", book.sample.share));
    }
}

fn receipt_book(book: &ReceiptBook, check: &mut Check<'_>) {
    check.template(&book.file);
    check.table(&book.index);
    check.table(&book.refusals);
    check.table(&book.attention);
    check.table(&book.rows);
}

fn summary_book(book: &SummaryBook, check: &mut Check<'_>) {
    check.template(&book.file);
    check.table(&book.overview);
    check.table(&book.cross);
    check.table(&book.intake);
    check.table(&book.notes);
    check.table(&book.exemptions);
    check.table(&book.rates);
    check.table(&book.clauses);
    book.reading.iter().chain([&book.readings, &book.short]).for_each(|paragraph| check.template(paragraph));
}

fn review_book(book: &ReviewBook, check: &mut Check<'_>) {
    check.template(&book.file);
    check.template(&book.sample.file);
    for table in [&book.pending, &book.decided, &book.sample.list] {
        check.review(table);
    }
    check.table(&book.suspended);
    check.choices();
}

struct Check<'a> {
    document: &'a Document,
    choices: &'a Choices,
    problems: &'a mut Problems,
}

impl Check<'_> {
    /// A mistake where `word` is first written.
    fn mistake(&mut self, word: &str, what: String) {
        let start = self.document.text.find(word).unwrap_or(0);
        let end = if self.document.text.contains(word) { start + word.len() } else { start };
        self.problems.add(self.document, start..end, what, "这里");
    }

    fn table<F>(&mut self, table: &Table<F>) {
        self.template(&table.title);
        table.subtitle.iter().chain(&table.signature).for_each(|text| self.template(text));
        if table.columns.is_empty() && !self.problems.is_suspect("column") {
            self.mistake(&table.title, format!("“{}”没有列", table.title));
        }
        for column in &table.columns {
            if !(1.0..=255.0).contains(&column.width) {
                self.mistake(&column.title, format!("“{}”列的宽度 {} 应在 1 到 255 之间", column.title, column.width));
            }
            if column.part == 0 {
                self.mistake(&column.title, format!("“{}”列的 part 从 1 数起", column.title));
            }
            if column.hint.as_ref().is_some_and(|hint| hint.encode_utf16().count() > 255) {
                self.mistake(&column.title, format!("“{}”列的 hint 超过 255 个字符", column.title));
            }
            if let Some(Answer::Choice(list)) = &column.answer
                && !self.choices.contains_key(list)
                && !self.problems.is_suspect(list)
            {
                self.mistake(&column.title, format!("“{}”列的下拉选项“{list}”在 [choices] 中没有", column.title));
            }
        }
    }

    /// A list of pairs can only be read back with its key and its answer.
    fn review(&mut self, table: &Table<ReviewField>) {
        self.table(table);
        for (field, word) in [(ReviewField::PairKey, "pair_key"), (ReviewField::Answer, "answer")] {
            if table.columns.iter().filter(|column| column.source == field).count() != 1 && !self.problems.is_suspect(word) {
                self.mistake(&table.title, format!("“{}”应有且只有一列 source = \"{word}\"，否则读不回答复", table.title));
            }
        }
    }

    fn choices(&mut self) {
        let empty: Vec<&String> = self.choices.iter().filter(|(_, list)| list.is_empty()).map(|(name, _)| name).collect();
        for name in empty {
            self.mistake(name, format!("下拉选项“{name}”是空的"));
        }
    }

    fn template(&mut self, text: &str) {
        for opened in text.split('{').skip(1) {
            match opened.split_once('}') {
                Some((name, _)) if PLACEHOLDERS.contains(&name) => {}
                _ => self.mistake(text, format!("“{text}”中的占位符应是 {} 之一", PLACEHOLDERS.join("、"))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOWN: &str = include_str!("../../../reports/town.toml");

    fn mistakes_in_town(town: &str) -> Problems {
        let documents = SHIPPED.map(|(file, text)| {
            let text = if file == "town.toml" { town } else { text };
            Document { path: file.to_owned(), text: text.to_owned() }
        });
        Layouts::resolve(&documents).expect_err("a mistake")
    }

    #[test]
    fn shipped_layouts_are_sound() {
        assert_eq!(Layouts::shipped().err(), None);
    }

    #[test]
    fn town_list_has_the_columns_the_county_agreed_on() {
        let layouts = Layouts::shipped().expect("layouts");
        let titles: Vec<&str> = layouts.town.list.columns.iter().map(|column| column.title.as_str()).collect();
        let agreed = "序号 疑点编号 乡镇 村 组 户编号 户主姓名 姓名 身份证号(脱敏) 与户主关系 疑点类型 政策条款 疑点说明 依据一 依据二 \
                      数据截止日期 可信度 状态 上次核查 核查结果 现实情况 未纳入原因 处理意见 更正后身份证号 核查方式 核查人 核查时间 驻村干部/第一书记签字 \
                      村支书签字 乡镇审核人 乡镇审核意见 行标识";
        assert_eq!(titles, agreed.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn an_unknown_source_is_reported_with_its_line() {
        let text = TOWN.replace("source = \"finding_ids\"", "source = \"finding_id\"");
        let line = text.lines().position(|line| line.contains("\"finding_id\"")).expect("the line") + 1;
        let mistakes = mistakes_in_town(&text);
        assert!(mistakes.render(false).contains(&format!("town.toml:{line}:")), "{}", mistakes.render(false));
        assert!(mistakes.render(false).contains("是不是“finding_ids”"));
    }

    #[test]
    fn mistakes_are_reported_together() {
        let text = TOWN
            .replace("choice = \"核查结果\"", "choice = \"没有的\"")
            .replace("填报单位：{town}{village}", "填报单位：{town}{vilage}");
        let mistakes = mistakes_in_town(&text);
        assert_eq!(mistakes.as_slice().len(), 2, "{}", mistakes.render(false));
    }
}
