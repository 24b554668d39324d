//! Rows that name several persons → one row each.
//!
//! Three shapes of heads are clear: the same columns again side by side ([`side_by_side`]), members in numbered columns ([`members`]:
//! `家庭成员1姓名`, `家庭成员2姓名`, …), relatives in columns of their own ([`relatives`]); lists in one cell are [`super::person_lists`]'. Takes heads
//! and chunks of rows, gives the same of one person a row; rows keep their number, so that a number stands several times in a row: its first is
//! part 0. Nothing is dropped: a row of which no part says anything stays one row. Cost: linear in cells, none for tables of other shapes.

use std::collections::{BTreeMap, BTreeSet};

use super::header::Vocabulary;
use super::spelling::{loose_readings, readings};
use crate::config::registry::{Dictionary, FieldDefinition, fold_header};
use crate::model::columns::{HEAD_ID, HEAD_NAME, ID_NUMBER, NAME, RELATION};
use crate::model::field::FieldKind;
use crate::model::raw::{CellKind, HeaderColumn, OF_SEVERAL, RawColumn, RawTable, TableHead};

/// Where a part's cell comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Column(usize),
    /// What the first list alone has: the other lists' too, where all rows of the chunk say the same.
    Agreed(usize),
    /// What the header says of everybody in the part.
    Said(&'static str),
    /// One of [`Unfolding::periods`].
    Period(usize),
    Nothing,
}

/// A table with several persons in a row as a table of one.
#[derive(Clone, Debug)]
pub struct Unfolding {
    /// Its head.
    pub head: TableHead,
    /// Per part, where each column's cells come from.
    pub(super) parts: Vec<Vec<Source>>,
    /// Columns that are a part's own.
    pub(super) own: Vec<usize>,
    /// A first part that only repeats another in this column is left out.
    pub(super) repeated: Option<usize>,
    /// Columns of the head as it was that only the unfolding reads.
    pub taken: Vec<usize>,
    /// The months, years or kinds that parts are of.
    pub(super) periods: Vec<String>,
    /// Whether a part that says zero is none; a row of which no part says anything is then of none.
    pub skips_zero: bool,
    /// Columns of what one person gets or pays: what a row of several persons says there once is their household's.
    pub alone: Vec<usize>,
}

impl Unfolding {
    /// Columns that are a part's own.
    pub fn amounts(&self) -> impl Iterator<Item = usize> {
        self.own.iter().copied()
    }

    /// Each list of the table with its own columns alone.
    pub fn lists(&self, head: &TableHead) -> impl Iterator<Item = TableHead> {
        let of_list = |sources: &Vec<Source>| {
            let columns = sources.iter().filter_map(|source| match source {
                Source::Column(at) => head.columns.get(*at).cloned(),
                _ => None,
            });
            TableHead { columns: columns.collect(), ..head.clone() }
        };
        self.parts.iter().map(of_list)
    }

    /// Tells which columns are of one person, where the parts are persons and no amounts of one.
    pub fn hold_amounts(&mut self, columns: &[usize]) {
        let are_persons = self.periods.is_empty();
        self.alone = columns.iter().copied().filter(|at| are_persons && !self.own.contains(at)).collect();
    }

    /// The rows, part by part.
    #[must_use]
    pub fn rows(&self, table: &RawTable) -> RawTable {
        let mut unfolded = RawTable::of_width(self.head.columns.len());
        let agreed: BTreeMap<usize, (CellKind, &str)> = self
            .parts
            .iter()
            .flatten()
            .filter_map(|source| if let Source::Agreed(position) = source { Some(*position) } else { None })
            .filter_map(|position| Some((position, only(table.columns.get(position)?)?)))
            .collect();
        let cell = |source: Source, row: usize| match source {
            Source::Agreed(position) => agreed.get(&position).copied().unwrap_or((CellKind::Empty, "")),
            Source::Column(position) => table.columns.get(position).map_or((CellKind::Empty, ""), |column| column.get(row)),
            Source::Said(text) => (CellKind::Text, text),
            Source::Period(at) => self.periods.get(at).map_or((CellKind::Empty, ""), |text| (CellKind::Text, text.as_str())),
            Source::Nothing => (CellKind::Empty, ""),
        };
        for (row, &number) in table.rows.iter().enumerate() {
            unfolded.begin_sections(table, row);
            let is_filled = |(kind, text): (CellKind, &str)| {
                kind != CellKind::Empty && !(self.skips_zero && text.chars().all(|sign| "0.-—/×无否 元".contains(sign)))
            };
            let says = |part: &&Vec<Source>| {
                self.own.iter().any(|&own| matches!(part[own], Source::Column(_)) && is_filled(cell(part[own], row)))
            };
            // What a row of which no part says anything is read as, where zero is no part.
            let mut of_none = self.parts.first().filter(|_| self.skips_zero).cloned();
            if let Some(part) = &mut of_none {
                for &own in &self.own {
                    part[own] = Source::Nothing;
                }
            }
            let mut said: Vec<&Vec<Source>> = self.parts.iter().filter(says).collect();
            if let Some(column) = self.repeated
                && let Some((first, others)) = said.split_first()
                && others.iter().any(|other| cell(other[column], row).1 == cell(first[column], row).1)
            {
                said.remove(0);
            }
            if said.is_empty() {
                said.extend(of_none.as_ref().or(self.parts.first()));
            }
            let are_several = said.len() > 1;
            for part in said {
                unfolded.rows.push(number);
                for (position, (column, &source)) in unfolded.columns.iter_mut().zip(part).enumerate() {
                    push_shared(column, cell(source, row), are_several && self.alone.contains(&position));
                }
            }
        }
        unfolded.begin_sections(table, table.rows.len());
        unfolded
    }
}

/// Appends a cell, and, where it is of a household, what says so.
pub(super) fn push_shared(column: &mut RawColumn, (kind, text): (CellKind, &str), is_shared: bool) {
    if is_shared && kind != CellKind::Empty {
        column.push(CellKind::Text, &format!("{text}{OF_SEVERAL}"));
    } else {
        column.push(kind, text);
    }
}

/// What all cells of a column say that say anything.
fn only(column: &RawColumn) -> Option<(CellKind, &str)> {
    let mut said = (0..column.len()).map(|row| column.get(row)).filter(|(kind, _)| *kind != CellKind::Empty);
    let first = said.next()?;
    said.all(|(_, text)| text == first.1).then_some(first)
}

/// The lists of a table whose columns from a name's neighbourhood on come again, side by side; columns before the first are everybody's.
#[must_use]
pub fn side_by_side(head: &TableHead, vocabulary: &Vocabulary) -> Option<Unfolding> {
    let texts: Vec<String> = head.columns.iter().map(|column| fold_header(&column.text)).collect();
    let is_name = |at: usize| vocabulary.is_name(&texts[at]);
    let places = |at: usize| (0..texts.len()).filter(|other| texts[*other] == texts[at]).collect::<Vec<usize>>();
    let name = (0..texts.len()).find(|&at| is_name(at) && places(at).len() > 1)?;
    let names = places(name);
    let [first, second, ..] = names.as_slice() else { return None };
    let period = second - first;
    let alike = |offset: isize| {
        let at = |name: &usize| name.checked_add_signed(offset).and_then(|at| texts.get(at));
        let same = |one: &String, other: &String| one == other || vocabulary.same_field(one, other);
        names.iter().all(|name| at(name).zip(at(first)).is_some_and(|(one, other)| same(one, other)))
    };
    // As far as all lists agree, and no farther than the next one.
    let left = (1..=*first).take_while(|&by| by < period && alike(-by.cast_signed())).count();
    let right = (1..period - left).take_while(|&by| alike(by.cast_signed())).count();
    let width = left + 1 + right;
    if width < 2 || names.windows(2).any(|pair| pair[1] - pair[0] < width) {
        return None;
    }
    let starts: Vec<usize> = names.iter().map(|name| name - left).collect();
    let list_of = |at: usize| starts.iter().rposition(|start| *start <= at);
    let in_block = |at: usize| list_of(at).is_some_and(|list| at < starts[list] + width);
    // The first list's columns stand for all; what a list has alone stays its own.
    let kept: Vec<usize> = (0..texts.len()).filter(|&at| !in_block(at) || list_of(at) == Some(0)).collect();
    let source = |list: usize, at: usize| match list_of(at) {
        None => Source::Column(at),
        Some(_) if in_block(at) => Source::Column(starts[list] + (at - starts[0])),
        Some(other) if other == list => Source::Column(at),
        // A town that only the first list says is hardly not the others'.
        Some(0)
            if vocabulary.is_town(&texts[at])
                && !(0..texts.len()).any(|other| other != at && vocabulary.is_town(&texts[other])) =>
        {
            Source::Agreed(at)
        }
        Some(_) => Source::Nothing,
    };
    Some(Unfolding {
        parts: (0..starts.len()).map(|list| kept.iter().map(|&at| source(list, at)).collect()).collect(),
        own: (0..kept.len()).filter(|&column| list_of(kept[column]).is_some()).collect(),
        head: TableHead { columns: kept.iter().map(|&at| head.columns[at].clone()).collect(), ..head.clone() },
        repeated: None,
        taken: Vec::new(),
        periods: Vec::new(),
        skips_zero: false,
        alone: Vec::new(),
    })
}

/// A numbered header without its number: `家庭成员2姓名` → 2, `家庭成员`, `姓名`.
struct Numbered {
    number: u32,
    before: String,
    after: String,
}

fn numbered(text: &str) -> Option<Numbered> {
    let folded = fold_header(text);
    let is_number = |sign: char| sign.is_ascii_digit();
    let numeral = |sign: char| "一二三四五六七八九".chars().zip(1..).find(|(known, _)| *known == sign).map(|(_, number)| number);
    let cut = |start: usize, end: usize, number: u32| {
        let before = folded.get(..start)?.trim_end_matches(['(', '/', '_', '-', '第']);
        let after = folded.get(end..)?.trim_start_matches([')', '/', '_', '-', '.', '、', '的']);
        Some(Numbered { number, before: before.to_owned(), after: after.to_owned() })
    };
    if let Some(start) = folded.find(is_number) {
        let digits = folded.get(start..)?;
        let end = start + digits.find(|sign| !is_number(sign)).unwrap_or(digits.len());
        let number = folded.get(start..end)?.parse().ok().filter(|number| (1..=20).contains(number))?;
        return cut(start, end, number);
    }
    // A numeral only after a word that counts people: `一卡通`.
    let (start, sign) = folded.char_indices().find(|(at, sign)| {
        numeral(*sign).is_some()
            && ["成员", "人员", "子女", "家属", "人口"]
                .iter()
                .any(|word| folded.get(..*at).is_some_and(|before| before.ends_with(word)))
    })?;
    cut(start, start + sign.len_utf8(), numeral(sign)?)
}

/// A household a row, its members in numbered columns: head first, then each member, all with the household's own columns.
#[must_use]
pub fn members(head: &TableHead, dictionary: &Dictionary) -> Option<Unfolding> {
    let split: Vec<Option<Numbered>> = head.columns.iter().map(|column| numbered(&column.text)).collect();
    let field = |text: &str| field_of(text, dictionary).map(|definition| definition.name.as_str());
    let templates: Vec<Option<(String, u32)>> = split
        .iter()
        .map(|split| split.as_ref().map(|split| (format!("{}{}", split.before, split.after), split.number)))
        .collect();
    let name = (0..split.len()).find(|&at| templates[at].as_ref().is_some_and(|(template, _)| field(template) == Some(NAME)))?;
    let (name_split, (name_template, _)) = (split[name].as_ref()?, templates[name].as_ref()?);
    let of_name = |at: &usize| templates[*at].as_ref().is_some_and(|(template, _)| template == name_template);
    let numbers: BTreeSet<u32> = (0..split.len()).filter(of_name).filter_map(|at| Some(templates[at].as_ref()?.1)).collect();
    let base_field = |at: usize| if templates[at].is_none() { field(&head.columns[at].text) } else { None };
    let base = |wanted: &str| (0..split.len()).find(|&at| base_field(at) == Some(wanted));
    let head_of = base(NAME).or_else(|| base(HEAD_NAME));
    if numbers.len() < 2 && head_of.is_none() {
        return None;
    }
    let is_member = |at: usize| match (&split[at], &templates[at]) {
        (Some(own), Some((template, number))) if numbers.contains(number) => {
            let person = || field_of(template, dictionary).is_some_and(describes_person);
            if name_split.before.is_empty() || name_split.after.is_empty() { person() } else { own.before == name_split.before }
        }
        _ => false,
    };
    // Columns of a member in the order they first stand in.
    let mut member_columns: Vec<(&str, usize)> = Vec::new();
    for at in (0..split.len()).filter(|&at| is_member(at)) {
        if let Some((template, _)) = &templates[at]
            && member_columns.iter().all(|(known, _)| known != template)
        {
            member_columns.push((template, at));
        }
    }
    let column_of = |number: u32, template: &str| {
        let is = |at: &usize| templates[*at].as_ref().is_some_and(|(own, of)| own == template && *of == number);
        (0..split.len()).find(is).map_or(Source::Nothing, Source::Column)
    };
    let member_fields: Vec<Option<&str>> = member_columns.iter().map(|(template, _)| field(template)).collect();
    // What a member's column also says is the first person's own.
    let is_own = |at: usize| base_field(at).is_some_and(|name| member_fields.contains(&Some(name)));
    let shared: Vec<usize> = (0..split.len()).filter(|&at| !is_member(at) && !is_own(at)).collect();
    let of_head = |wanted: Option<&str>| {
        let wanted = wanted?;
        let by_head = || match wanted {
            NAME => base(HEAD_NAME),
            ID_NUMBER if base(NAME).is_none() => base(HEAD_ID),
            _ => None,
        };
        base(wanted).or_else(by_head).map(Source::Column)
    };
    let is_head = base(NAME).is_none() && head_of.is_some();
    let first = member_fields.iter().map(|field| {
        let said = (is_head && *field == Some(RELATION)).then_some(Source::Said("户主"));
        of_head(*field).or(said).unwrap_or(Source::Nothing)
    });
    let shared_sources = || shared.iter().map(|&at| Source::Column(at));
    let mut parts: Vec<Vec<Source>> = Vec::new();
    if head_of.is_some() {
        parts.push(shared_sources().chain(first).collect());
    }
    for &number in &numbers {
        let own = member_columns.iter().map(|(template, _)| column_of(number, template));
        parts.push(shared_sources().chain(own).collect());
    }
    let named = |(template, at): &(&str, usize)| HeaderColumn { index: head.columns[*at].index, text: (*template).to_owned() };
    let columns = shared.iter().map(|&at| head.columns[at].clone()).chain(member_columns.iter().map(named)).collect();
    let name_column = member_fields.iter().position(|field| *field == Some(NAME))?;
    Some(Unfolding {
        head: TableHead { columns, ..head.clone() },
        own: (shared.len()..shared.len() + member_columns.len()).collect(),
        repeated: head_of.is_some().then_some(shared.len() + name_column),
        taken: (0..split.len()).filter(|&at| is_member(at)).collect(),
        periods: Vec::new(),
        skips_zero: false,
        alone: Vec::new(),
        parts,
    })
}

/// A household a row whose head stands beside columns of relatives (`配偶姓名`, `配偶身份证号`, `子女姓名`, …): each pair is a person so related.
#[must_use]
pub fn relatives(head: &TableHead, vocabulary: &Vocabulary) -> Option<Unfolding> {
    const RELATIVES: [(&str, &str); 8] = [
        ("配偶", "配偶"),
        ("妻子", "配偶"),
        ("丈夫", "配偶"),
        ("子女", "之子女"),
        ("儿子", "之子"),
        ("女儿", "之女"),
        ("父亲", "之父"),
        ("母亲", "之母"),
    ];
    let texts: Vec<String> = head.columns.iter().map(|column| fold_header(&column.text)).collect();
    let numbered = |name: usize| texts.get(name + 1).is_some_and(|text| text.contains("身份证") || text.contains("证件号"));
    let relation = |at: usize| {
        let (_, relation) = RELATIVES.iter().find(|(word, _)| texts[at].starts_with(word) && texts[at].contains("姓名"))?;
        numbered(at).then_some(*relation)
    };
    let own = (0..texts.len()).find(|&at| vocabulary.is_name(&texts[at]) && relation(at).is_none() && numbered(at))?;
    let persons: Vec<(usize, &'static str)> =
        std::iter::once((own, "户主")).chain((0..texts.len()).filter_map(|at| Some((at, relation(at)?)))).collect();
    if persons.len() < 2 || texts.iter().any(|text| text.contains("关系")) {
        return None;
    }
    let taken: Vec<usize> = persons.iter().flat_map(|(name, _)| [*name, name + 1]).collect();
    let shared: Vec<usize> = (0..texts.len()).filter(|at| !taken.contains(at)).collect();
    let part = |(name, relation): &(usize, &'static str)| {
        let own = [Source::Column(*name), Source::Column(name + 1), Source::Said(relation)];
        shared.iter().map(|&at| Source::Column(at)).chain(own).collect()
    };
    let index = head.columns.get(own)?.index;
    let named = ["姓名", "身份证号码", "与户主关系"].map(|text| HeaderColumn { index, text: text.to_owned() });
    Some(Unfolding {
        head: TableHead { columns: shared.iter().map(|&at| head.columns[at].clone()).chain(named).collect(), ..head.clone() },
        parts: persons.iter().map(part).collect(),
        own: (shared.len()..shared.len() + 2).collect(),
        repeated: None,
        taken,
        periods: Vec::new(),
        skips_zero: false,
        alone: Vec::new(),
    })
}

/// The field that a header means by the aliases that all registries share.
fn field_of<'d>(text: &str, dictionary: &'d Dictionary) -> Option<&'d FieldDefinition> {
    let all = readings(text).into_iter().chain(loose_readings(text));
    all.into_iter().find_map(|reading| dictionary.fields.values().find(|field| field.aliases.contains(&reading)))
}

fn describes_person(field: &FieldDefinition) -> bool {
    let kinds = [FieldKind::Name, FieldKind::IdNumber, FieldKind::DisabilityNumber, FieldKind::Relation, FieldKind::Phone];
    kinds.contains(&field.kind) || matches!(field.name.as_str(), "sex" | "birth" | "health" | "work_ability" | "covered")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::registry::shipped;

    fn head(line: &str) -> TableHead {
        let columns = (0..).zip(line.split(' ')).map(|(index, text)| HeaderColumn { index, text: text.to_owned() });
        TableHead { columns: columns.collect(), ..TableHead::default() }
    }

    fn table(rows: &[&str]) -> RawTable {
        let width = rows.first().map_or(0, |row| row.split('|').count());
        let mut table = RawTable::of_width(width);
        for (number, row) in (2..).zip(rows) {
            table.rows.push(number);
            for (column, cell) in table.columns.iter_mut().zip(row.split('|')) {
                column.push(if cell.is_empty() { CellKind::Empty } else { CellKind::Text }, cell);
            }
        }
        table
    }

    fn texts(table: &RawTable) -> Vec<String> {
        let row = |at: usize| table.columns.iter().map(|column| column.get(at).1).collect::<Vec<&str>>().join("|");
        table.rows.iter().enumerate().map(|(at, number)| format!("{number}:{}", row(at))).collect()
    }

    #[test]
    fn lists_side_by_side_are_read_one_after_the_other() {
        let vocabulary = Vocabulary::new(&shipped());
        let two = side_by_side(&head("村 序号 姓名 身份证号 备注 序号 姓名 身份证号"), &vocabulary).expect("two lists");
        let headers: Vec<&str> = two.head.columns.iter().map(|column| column.text.as_str()).collect();
        assert_eq!(headers, ["村", "序号", "姓名", "身份证号", "备注"]);
        let rows = two.rows(&table(&["燕子坝|1|甲|11|x|3|丙|33", "燕子坝|2|乙|22|||||", "合|||||||"]));
        assert_eq!(texts(&rows), ["2:燕子坝|1|甲|11|x", "2:燕子坝|3|丙|33|", "3:燕子坝|2|乙|22|", "4:合||||"]);
        let spelled = side_by_side(&head("姓名 身份证号 姓名 公民身份号码"), &vocabulary).expect("two lists, other words");
        assert_eq!(spelled.head.columns.len(), 2);
        let three = side_by_side(&head("姓名 身份证号 姓名 身份证号 姓名 身份证号"), &vocabulary).expect("three lists");
        assert_eq!(texts(&three.rows(&table(&["甲|1|乙|2|丙|3"]))), ["2:甲|1", "2:乙|2", "2:丙|3"]);
        for other in
            ["户主姓名 身份证号码 姓名 身份证号码", "姓名 姓名 身份证号 身份证号", "姓名 监护人姓名 联系电话 监护人姓名 联系电话"]
        {
            assert!(side_by_side(&head(other), &vocabulary).is_none(), "{other}");
        }
    }

    #[test]
    fn members_in_numbered_columns_are_rows_of_their_household() {
        let head = head(
            "村 户主姓名 户主身份证号 家庭成员1姓名 家庭成员1身份证号 家庭成员1关系 家庭成员2姓名 家庭成员2身份证号 家庭成员2关系",
        );
        let members = members(&head, &shipped()).expect("members");
        let headers: Vec<&str> = members.head.columns.iter().map(|column| column.text.as_str()).collect();
        assert_eq!(headers, ["村", "户主姓名", "户主身份证号", "家庭成员姓名", "家庭成员身份证号", "家庭成员关系"]);
        let rows =
            members.rows(&table(&["甲村|张三|1|李四|2|妻|王五|3|子", "甲村|赵六|4||||||", "甲村|钱七|5|钱七|5|户主|孙八|6|女"]));
        assert_eq!(
            texts(&rows),
            [
                "2:甲村|张三|1|张三|1|户主",
                "2:甲村|张三|1|李四|2|妻",
                "2:甲村|张三|1|王五|3|子",
                "3:甲村|赵六|4|赵六|4|户主",
                "4:甲村|钱七|5|钱七|5|户主",
                "4:甲村|钱七|5|孙八|6|女",
            ]
        );
    }

    #[test]
    fn columns_with_numbers_that_count_no_persons_stay() {
        for other in
            ["姓名 身份证号 联系电话1 联系电话2 致贫原因1", "1、姓名 2、身份证号 3、与户主关系", "姓名 身份证号 2018年收入"]
        {
            assert!(members(&head(other), &shipped()).is_none(), "{other}");
        }
    }
}
