//! Layouts from text: each file read on its own, then checked against what only the program knows.

use serde::de::DeserializeOwned;

use super::{Answer, Choices, IdentityBook, Layouts, ListBook, Style, SummaryBook, Table};

/// Placeholders that titles, sub-titles and file names may use.
const PLACEHOLDERS: [&str; 9] = ["county", "town", "village", "department", "title", "period", "month", "as_of", "tool"];

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
            ("style.toml", include_str!("../../../reports/style.toml")),
            ("town.toml", include_str!("../../../reports/town.toml")),
            ("department.toml", include_str!("../../../reports/department.toml")),
            ("identity.toml", include_str!("../../../reports/identity.toml")),
            ("summary.toml", include_str!("../../../reports/summary.toml")),
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

    const TOWN: &str = include_str!("../../../reports/town.toml");

    fn mistakes_in_town(text: &str) -> Vec<LayoutError> {
        Layouts::parse(&[
            ("style.toml", include_str!("../../../reports/style.toml")),
            ("town.toml", text),
            ("department.toml", include_str!("../../../reports/department.toml")),
            ("identity.toml", include_str!("../../../reports/identity.toml")),
            ("summary.toml", include_str!("../../../reports/summary.toml")),
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
