//! What workbooks look like, as data: `reports/*.toml`.
//!
//! Takes the text of five files (`style.toml`, `town.toml`, `department.toml`, `identity.toml`, `summary.toml`), gives
//! [`Layouts`] or every mistake found, each with file and line. A [`Layouts`] that exists is sound: widths are positive,
//! every drop-down names a list, every placeholder is known.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Placeholders that titles, sub-titles and file names may use.
const PLACEHOLDERS: [&str; 9] = ["county", "town", "village", "department", "title", "period", "month", "as_of", "tool"];

/// Every layout.
#[derive(Clone, Debug)]
pub struct Layouts {
    /// Fonts, tints, paper.
    pub style: Style,
    /// One workbook per town.
    pub town: ListBook,
    /// One workbook per department.
    pub department: ListBook,
    /// Identity corrections.
    pub identity: IdentityBook,
    /// `汇总.xlsx`.
    pub summary: SummaryBook,
}

/// Fonts (names as Windows knows them), sizes in points, tints, margins in millimetres.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Style {
    /// Of the title row.
    pub title_font: String,
    /// Of the title row.
    pub title_size: f64,
    /// Of header rows and totals.
    pub header_font: String,
    /// Of everything else.
    pub body_font: String,
    /// Of everything below the title.
    pub body_size: f64,
    /// Fill of header rows.
    pub header_tint: Tint,
    /// Fill of columns to be answered.
    pub answer_tint: Tint,
    /// Left, right, top, bottom.
    pub margins_mm: [f64; 4],
    /// In Excel's codes: `&P` page, `&N` pages.
    pub footer: String,
}

/// A colour, written `"D9E1F2"`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Tint(pub u32);

impl TryFrom<String> for Tint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        u32::from_str_radix(&text, 16)
            .ok()
            .filter(|_| text.len() == 6)
            .map(Self)
            .ok_or_else(|| format!("颜色“{text}”应写成六位十六进制，如 D9E1F2"))
    }
}

/// Where text stands in its column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Align {
    /// Long text.
    #[default]
    Left,
    /// Short words and codes.
    Centre,
    /// Amounts and counts.
    Right,
}

/// What a village or department may write into a column.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Anything.
    Text,
    /// One entry of the named list.
    Choice(String),
    /// A date from 2000 on.
    Date,
    /// 18 characters.
    IdNumber,
}

/// One column; `F` says what may stand in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column<F> {
    /// Header; also what a returned workbook is read by.
    pub title: String,
    /// What stands in it.
    pub source: F,
    /// For sources that come in several parts, which one, from 1; the highest part of a table takes all that remain.
    #[serde(default = "first_part")]
    pub part: usize,
    /// In half-width characters.
    pub width: f64,
    /// Where text stands.
    #[serde(default)]
    pub align: Align,
    /// Present for programs, not shown or printed.
    #[serde(default)]
    pub hidden: bool,
    /// Whether a totals row adds it up.
    #[serde(default)]
    pub total: bool,
    /// For columns to be filled in: what is accepted.
    pub answer: Option<Answer>,
    /// Shown when a cell to be filled in is selected.
    pub hint: Option<String>,
}

fn first_part() -> usize {
    1
}

impl<F> Column<F> {
    /// The same column showing something else under another header.
    #[must_use]
    pub fn showing<G>(&self, source: G, title: &str) -> Column<G> {
        Column {
            title: title.to_owned(),
            source,
            part: self.part,
            width: self.width,
            align: self.align,
            hidden: self.hidden,
            total: self.total,
            answer: self.answer.clone(),
            hint: self.hint.clone(),
        }
    }
}

/// One table on one sheet.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table<F> {
    /// Sheet name where it is fixed; else empty.
    #[serde(default)]
    pub sheet: String,
    /// First row, merged across.
    pub title: String,
    /// Second row: left, centre, right.
    #[serde(default)]
    pub subtitle: Vec<String>,
    /// Columns that stay when scrolling sideways.
    #[serde(default)]
    pub freeze_columns: u16,
    /// Left to right.
    #[serde(rename = "column")]
    pub columns: Vec<Column<F>>,
    /// After the last row, side by side.
    #[serde(default)]
    pub signature: Vec<String>,
}

impl<F> Table<F> {
    /// The same table with other columns.
    #[must_use]
    pub fn with_columns<G>(&self, columns: Vec<Column<G>>) -> Table<G> {
        Table {
            sheet: self.sheet.clone(),
            title: self.title.clone(),
            subtitle: self.subtitle.clone(),
            freeze_columns: self.freeze_columns,
            columns,
            signature: self.signature.clone(),
        }
    }
}

/// Drop-down lists by name.
pub type Choices = BTreeMap<String, Vec<String>>;

/// A workbook of lists behind an index sheet.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListBook {
    /// File name without extension.
    pub file: String,
    /// What stands for a missing town, village or department.
    pub unplaced: String,
    /// The index sheet.
    pub index: Table<IndexField>,
    /// Each list.
    pub list: Table<ListField>,
    /// Drop-down lists by name.
    #[serde(default)]
    pub choices: Choices,
}

/// The workbook of identity corrections: a sheet per rule, all with the same columns at both ends.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityBook {
    /// File name without extension.
    pub file: String,
    /// What stands for a missing town or village.
    pub unplaced: String,
    /// The index sheet.
    pub index: Table<IndexField>,
    /// Second row of every sheet.
    pub subtitle: Vec<String>,
    /// Columns that stay when scrolling sideways.
    pub freeze_columns: u16,
    /// After the last row of every sheet.
    pub signature: Vec<String>,
    /// First columns of every sheet.
    pub before: Vec<Column<ListField>>,
    /// Last columns of every sheet.
    pub after: Vec<Column<ListField>>,
    /// One per rule; the last also takes identity rules that have no sheet of their own.
    pub sheets: Vec<IdentitySheet>,
    /// Drop-down lists by name.
    #[serde(default)]
    pub choices: Choices,
}

/// The sheet of one identity rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentitySheet {
    /// `identity.number_invalid`.
    pub rule: String,
    /// Sheet name.
    pub sheet: String,
    /// First row.
    pub title: String,
    /// Columns between those at both ends.
    #[serde(rename = "column")]
    pub columns: Vec<Column<ListField>>,
}

impl IdentityBook {
    /// The whole table of one sheet.
    #[must_use]
    pub fn table(&self, sheet: &IdentitySheet) -> Table<ListField> {
        Table {
            sheet: sheet.sheet.clone(),
            title: sheet.title.clone(),
            subtitle: self.subtitle.clone(),
            freeze_columns: self.freeze_columns,
            columns: [&self.before[..], &sheet.columns, &self.after].concat(),
            signature: self.signature.clone(),
        }
    }
}

/// `汇总.xlsx`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SummaryBook {
    /// File name without extension.
    pub file: String,
    /// Headline words, in order.
    pub headlines: Vec<Headline>,
    /// Rules with counts and money.
    pub overview: Table<RuleField>,
    /// Rules by towns; the town columns stand where [`CrossField::Towns`] does.
    pub cross: Table<CrossField>,
    /// What was taken in.
    pub intake: Table<IntakeField>,
    /// What was not evaluated, and banners.
    pub notes: Table<NoteField>,
    /// Coverage.
    pub rates: Table<RateField>,
    /// Clauses in their own words.
    pub clauses: Table<RuleField>,
    /// Paragraphs above the clauses.
    pub reading: Vec<String>,
}

/// One headline number and its caption.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Headline {
    /// Caption: `疑点总数（条）`.
    pub title: String,
    /// Which number.
    pub source: HeadlineField,
}

/// Numbers a director reads first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeadlineField {
    /// Findings of all rules but identity rules.
    Findings,
    /// Households in them.
    Households,
    /// People in them.
    People,
    /// Owed and not paid, a month.
    Owed,
    /// Paid and not owed, a month.
    Overpaid,
    /// Findings of identity rules.
    Identity,
    /// Rules held back, county-wide or in a town.
    Held,
    /// Files or sheets refused.
    Refused,
    /// Rows kept of all registries.
    Records,
}

/// What a list of findings can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListField {
    /// 1, 2, 3, …
    Serial,
    /// Finding ids, one a line.
    FindingIds,
    /// Town.
    Town,
    /// Village.
    Village,
    /// Village group.
    Group,
    /// Household code.
    HouseholdCode,
    /// Head of household.
    HeadName,
    /// Person, or the head for a household.
    Name,
    /// Their number.
    IdNumber,
    /// Relation to the head; `整户` for a household.
    Relation,
    /// Titles of the rules.
    Rules,
    /// Clauses.
    Clauses,
    /// The sentences; several are numbered, each with its confidence.
    Sentences,
    /// One source row per part: table, row, `column=value`.
    Evidence,
    /// As `Evidence`, with file and sheet.
    EvidenceFull,
    /// Where one source row stands: table, file, sheet, row.
    Place,
    /// What one source row says: `column=value`.
    Content,
    /// The number one source row gives.
    Number,
    /// The oldest data date among the registries it rests on.
    DataDate,
    /// The weakest confidence.
    Confidence,
    /// Owed, yuan.
    Due,
    /// Paid, yuan.
    Paid,
    /// Owed less paid, yuan.
    Gap,
    /// Finding ids and period, for reading the list back.
    RowKey,
    /// Nothing: to be filled in.
    Blank,
}

/// What an index sheet can show, a row per list sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndexField {
    /// 1, 2, 3, …
    Serial,
    /// Sheet, as a link.
    Sheet,
    /// Clause, where the sheet is one rule's.
    Clause,
    /// Rows of the list.
    Rows,
    /// Findings in them.
    Findings,
    /// Of these certain.
    Certain,
    /// Of these likely.
    Likely,
    /// Of these to be checked first.
    Check,
    /// Owed and not paid, yuan.
    Owed,
    /// Paid and not owed, yuan.
    Overpaid,
}

/// What a table of rules can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleField {
    /// 1, 2, 3, …
    Serial,
    /// Title.
    Title,
    /// Clause.
    Clause,
    /// Kind in plain words.
    Kind,
    /// Lead department.
    Lead,
    /// Responsible departments.
    Responsible,
    /// The clause's own words.
    Quotation,
    /// Whether it was evaluated.
    State,
    /// Persons or households it was asked of.
    Population,
    /// Findings.
    Findings,
    /// Households in them.
    Households,
    /// People in them.
    People,
    /// Owed and not paid, yuan a month.
    Owed,
    /// Paid and not owed, yuan a month.
    Overpaid,
    /// Findings that are certain.
    Certain,
    /// Findings that are likely.
    Likely,
    /// Findings to be checked first.
    Check,
}

/// What the table of rules by towns can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrossField {
    /// 1, 2, 3, …
    Serial,
    /// Rule title.
    Title,
    /// Clause.
    Clause,
    /// A column per town.
    Towns,
    /// Sum of the row.
    Total,
}

/// What the intake sheet can show, a row per sheet of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntakeField {
    /// 1, 2, 3, …
    Serial,
    /// File.
    File,
    /// Sheet.
    Sheet,
    /// Registry in plain words.
    Registry,
    /// Data date.
    DataDate,
    /// Rows read.
    Read,
    /// Rows kept.
    Kept,
    /// Rows rejected.
    Rejected,
    /// Rows rejected, by reason.
    Reasons,
    /// Taken in, or refused.
    State,
    /// Why refused and what to do; headers that no field takes.
    Remark,
}

/// What the sheet of notes can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteField {
    /// 1, 2, 3, …
    Serial,
    /// Rule title.
    Title,
    /// Clause.
    Clause,
    /// Town, or the whole county.
    Town,
    /// Not evaluated, or a warning.
    State,
    /// Persons or households concerned.
    Concerned,
    /// Why.
    Note,
}

/// What the coverage sheet can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateField {
    /// 1, 2, 3, …
    Serial,
    /// Rule title.
    Title,
    /// Clause.
    Clause,
    /// Town; empty for the county.
    Town,
    /// Village; empty for town and county.
    Village,
    /// Satisfied.
    Numerator,
    /// Asked.
    Denominator,
    /// Share.
    Share,
    /// Target.
    Target,
    /// Whether it is met.
    Met,
}

/// One mistake in a layout file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file} 第 {line} 行：{what}")]
pub struct LayoutError {
    /// `town.toml`.
    pub file: String,
    /// 1-based; 0 where the mistake has no line of its own.
    pub line: usize,
    /// What is wrong and what is expected.
    pub what: String,
}

impl Layouts {
    /// The layouts shipped with the program.
    pub fn shipped() -> Result<Self, Vec<LayoutError>> {
        Self::parse(&[
            ("style.toml", include_str!("../../reports/style.toml")),
            ("town.toml", include_str!("../../reports/town.toml")),
            ("department.toml", include_str!("../../reports/department.toml")),
            ("identity.toml", include_str!("../../reports/identity.toml")),
            ("summary.toml", include_str!("../../reports/summary.toml")),
        ])
    }

    /// Layouts from (file name, text) pairs; every mistake of every file at once.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, Vec<LayoutError>> {
        let mut mistakes = Vec::new();
        let style = read::<Style>(files, "style.toml", &mut mistakes);
        let town = read::<ListBook>(files, "town.toml", &mut mistakes);
        let department = read::<ListBook>(files, "department.toml", &mut mistakes);
        let identity = read::<IdentityBook>(files, "identity.toml", &mut mistakes);
        let summary = read::<SummaryBook>(files, "summary.toml", &mut mistakes);

        for (file, book) in [("town.toml", &town), ("department.toml", &department)] {
            let Some(book) = book else { continue };
            let mut check = Check { file, choices: &book.choices, mistakes: &mut mistakes };
            check.template(&book.file);
            check.table(&book.index);
            check.table(&book.list);
            check.choices();
        }
        if let Some(book) = &identity {
            let mut check = Check { file: "identity.toml", choices: &book.choices, mistakes: &mut mistakes };
            check.template(&book.file);
            check.table(&book.index);
            book.sheets.iter().for_each(|sheet| check.table(&book.table(sheet)));
            check.choices();
            if book.sheets.is_empty() {
                check.mistake("至少要有一张 [[sheets]]".to_owned());
            }
        }
        if let Some(book) = &summary {
            let mut check = Check { file: "summary.toml", choices: &Choices::new(), mistakes: &mut mistakes };
            check.template(&book.file);
            check.table(&book.overview);
            check.table(&book.cross);
            check.table(&book.intake);
            check.table(&book.notes);
            check.table(&book.rates);
            check.table(&book.clauses);
            book.reading.iter().for_each(|paragraph| check.template(paragraph));
        }
        match (style, town, department, identity, summary) {
            (Some(style), Some(town), Some(department), Some(identity), Some(summary)) if mistakes.is_empty() => {
                Ok(Self { style, town, department, identity, summary })
            }
            _ => Err(mistakes),
        }
    }
}

fn read<T: DeserializeOwned>(files: &[(&str, &str)], wanted: &str, mistakes: &mut Vec<LayoutError>) -> Option<T> {
    let Some((_, text)) = files.iter().find(|(name, _)| *name == wanted) else {
        mistakes.push(LayoutError { file: wanted.to_owned(), line: 0, what: "缺少这个版式文件".to_owned() });
        return None;
    };
    toml::from_str(text)
        .map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or("");
            mistakes.push(LayoutError {
                file: wanted.to_owned(),
                line: before.matches('\n').count() + 1,
                what: error.message().to_owned(),
            });
        })
        .ok()
}

struct Check<'a> {
    file: &'a str,
    choices: &'a Choices,
    mistakes: &'a mut Vec<LayoutError>,
}

impl Check<'_> {
    fn mistake(&mut self, what: String) {
        self.mistakes.push(LayoutError { file: self.file.to_owned(), line: 0, what });
    }

    fn table<F>(&mut self, table: &Table<F>) {
        self.template(&table.title);
        table.subtitle.iter().chain(&table.signature).for_each(|text| self.template(text));
        if table.columns.is_empty() {
            self.mistake(format!("“{}”没有列", table.title));
        }
        for column in &table.columns {
            if !(1.0..=255.0).contains(&column.width) {
                self.mistake(format!("“{}”列的宽度 {} 应在 1 到 255 之间", column.title, column.width));
            }
            if column.part == 0 {
                self.mistake(format!("“{}”列的 part 从 1 数起", column.title));
            }
            if column.hint.as_ref().is_some_and(|hint| hint.encode_utf16().count() > 255) {
                self.mistake(format!("“{}”列的 hint 超过 255 个字符", column.title));
            }
            if let Some(Answer::Choice(list)) = &column.answer
                && !self.choices.contains_key(list)
            {
                self.mistake(format!("“{}”列的下拉选项“{list}”在 [choices] 中没有", column.title));
            }
        }
    }

    fn choices(&mut self) {
        let empty: Vec<&String> = self.choices.iter().filter(|(_, list)| list.is_empty()).map(|(name, _)| name).collect();
        for name in empty {
            self.mistake(format!("下拉选项“{name}”是空的"));
        }
    }

    fn template(&mut self, text: &str) {
        for opened in text.split('{').skip(1) {
            match opened.split_once('}') {
                Some((name, _)) if PLACEHOLDERS.contains(&name) => {}
                _ => self.mistake(format!("“{text}”中的占位符应是 {} 之一", PLACEHOLDERS.join("、"))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOWN: &str = include_str!("../../reports/town.toml");

    fn mistakes_in_town(text: &str) -> Vec<LayoutError> {
        Layouts::parse(&[
            ("style.toml", include_str!("../../reports/style.toml")),
            ("town.toml", text),
            ("department.toml", include_str!("../../reports/department.toml")),
            ("identity.toml", include_str!("../../reports/identity.toml")),
            ("summary.toml", include_str!("../../reports/summary.toml")),
        ])
        .expect_err("a mistake")
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
                      数据截止日期 可信度 核查结果 现实情况 未纳入原因 处理意见 核查方式 核查人 核查时间 驻村干部/第一书记签字 \
                      村支书签字 乡镇审核人 乡镇审核意见 行标识";
        assert_eq!(titles, agreed.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn an_unknown_source_is_reported_with_its_line() {
        let text = TOWN.replace("source = \"finding_ids\"", "source = \"finding_id\"");
        let line = text.lines().position(|line| line.contains("\"finding_id\"")).expect("the line") + 1;
        let mistakes = mistakes_in_town(&text);
        assert_eq!((mistakes[0].file.as_str(), mistakes[0].line), ("town.toml", line));
    }

    #[test]
    fn mistakes_are_reported_together() {
        let text = TOWN
            .replace("choice = \"核查结果\"", "choice = \"没有的\"")
            .replace("填报单位：{town}{village}", "填报单位：{town}{vilage}");
        let mistakes = mistakes_in_town(&text);
        assert_eq!(mistakes.len(), 2, "{mistakes:?}");
    }
}
