//! A column that says name and number together → columns of their own, one person a row.
//!
//! Two kinds of header are read so: name and number in one (`姓名及身份证号`), and the members beside the head of a household (`家庭成员`:
//! `张三（之子，5203…）；李四（之女，5203…）`), whose head is the row's first person. Takes heads and chunks of rows, gives the same with the columns
//! parted; a cell in which names and numbers do not pair is set aside. Cost: linear in the cells of that column.

use super::header::Vocabulary;
use super::person_lists::{is_run_of_names, labelled, pieces};
use super::rows::masked;
use super::unfold::push_shared;
use crate::config::registry::fold_header;
use crate::model::raw::{CellKind, HeaderColumn, RawTable, Reject, RejectReason, TableHead};

/// Headers of members without saying more.
const MEMBERS: [&str; 9] = [
    "家庭成员",
    "家庭成员信息",
    "家庭成员情况",
    "家庭成员基本情况",
    "成员信息",
    "家庭其他成员",
    "其他家庭成员",
    "共同生活家庭成员",
    "共同生活的家庭成员",
];
/// What stands beside a name in such a cell.
const LABELS: [&str; 8] = ["姓名", "身份证", "身份证号", "身份证号码", "证件号", "证件号码", "号码", "关系"];
const RELATIONS: [&str; 38] = [
    "户主",
    "本人",
    "配偶",
    "妻",
    "妻子",
    "夫",
    "丈夫",
    "子",
    "女",
    "之子",
    "之女",
    "儿子",
    "女儿",
    "长子",
    "次子",
    "三子",
    "四子",
    "长女",
    "次女",
    "三女",
    "四女",
    "父",
    "母",
    "父亲",
    "母亲",
    "之父",
    "之母",
    "孙",
    "孙子",
    "孙女",
    "之孙子",
    "之孙女",
    "儿媳",
    "之儿媳",
    "女婿",
    "之女婿",
    "兄弟",
    "姐妹",
];
/// Digits of a number.
const NUMBER: usize = 15;

/// A table of which one column says name and number.
#[derive(Clone, Debug)]
pub struct Combined {
    /// Its head with columns for both.
    pub head: TableHead,
    at: usize,
    /// Columns of what one person gets or pays: of several persons it is their household's.
    pub alone: Vec<usize>,
    /// Name and number of the head of household, where the column lists the members.
    head_of: Option<(usize, usize)>,
}

/// Somebody in a cell.
#[derive(Clone, Default, PartialEq, Eq)]
struct Person {
    name: String,
    number: String,
    relation: String,
}

/// The column of a head that says name and number together, if one does and no other says either.
#[must_use]
pub fn combined(head: &TableHead, vocabulary: &Vocabulary) -> Option<Combined> {
    let texts: Vec<String> = head.columns.iter().map(|column| fold_header(&column.text)).collect();
    let is_member = |text: &str| MEMBERS.contains(&text);
    let at = texts.iter().position(|text| whose(text).is_some() || is_member(text))?;
    let head_of = texts.iter().position(|text| text.contains("户主") && vocabulary.is_name(text) && whose(text).is_none());
    let head_number = head_of.map(|name| name + 1).filter(|number| texts.get(*number).is_some_and(|text| is_number(text)));
    let others = (0..texts.len()).filter(|other| *other != at && Some(*other) != head_of && Some(*other) != head_number);
    if others.into_iter().any(|other| vocabulary.is_name(&texts[other]) || is_number(&texts[other])) {
        return None;
    }
    let of_members = is_member(&texts[at]) || texts[at].contains("成员");
    if of_members && head_of.is_none() {
        return None;
    }
    let who = if of_members { "家庭成员" } else { whose(&texts[at]).unwrap_or("") };
    let index = head.columns.get(at)?.index;
    let mut columns = head.columns.clone();
    let named = |text: String| HeaderColumn { index, text };
    columns[at] = named(format!("{who}姓名"));
    columns.push(named(format!("{who}身份证号码")));
    if of_members {
        columns.push(named("与户主关系".to_owned()));
    }
    let head_of = head_of.filter(|_| of_members).map(|name| (name, head_number.unwrap_or(usize::MAX)));
    Some(Combined { head: TableHead { columns, ..head.clone() }, at, alone: Vec::new(), head_of })
}

/// Whose name and number a header says together.
fn whose(header: &str) -> Option<&str> {
    let (who, behind) = header.split_once("姓名")?;
    let says = is_number(behind) && !["一致", "相符", "相同"].iter().any(|word| behind.contains(word));
    says.then_some(who)
}

fn is_number(header: &str) -> bool {
    ["身份证", "证件号", "身份号", "公民身份"].iter().any(|word| header.contains(word))
}

impl Combined {
    /// The rows, one person each, and those set aside.
    #[must_use]
    pub fn rows(&self, table: &RawTable) -> (RawTable, Vec<Reject>) {
        let mut parted = RawTable::of_width(self.head.columns.len());
        let mut rejects = Vec::new();
        let cell =
            |position: usize, row: usize| table.columns.get(position).map_or((CellKind::Empty, ""), |column| column.get(row));
        for (row, &number) in table.rows.iter().enumerate() {
            parted.begin_sections(table, row);
            let Some(mut persons) = persons(cell(self.at, row).1) else {
                let cells: Vec<_> =
                    (0..table.columns.len()).map(|position| cell(position, row)).filter(|cell| !cell.1.is_empty()).collect();
                let cells: Vec<_> = cells.into_iter().map(|(kind, text)| (0, kind, text)).collect();
                rejects.push(Reject { row: number, reason: RejectReason::SeveralPersons, masked: masked(&cells) });
                continue;
            };
            if let Some((name, id)) = self.head_of
                && persons.iter().all(|person| person.name != cell(name, row).1)
            {
                let [name, number] = [name, id].map(|position| cell(position, row).1.to_owned());
                persons.insert(0, Person { name, number, relation: "户主".to_owned() });
            }
            if persons.is_empty() {
                persons.push(Person::default());
            }
            for person in &persons {
                parted.rows.push(number);
                let own = [&person.number, &person.relation];
                for (position, column) in parted.columns.iter_mut().enumerate() {
                    let said = match position.checked_sub(table.columns.len()) {
                        Some(own_column) => own.get(own_column).map(|text| text.as_str()),
                        None if position == self.at => Some(person.name.as_str()),
                        None => None,
                    };
                    match said {
                        Some("") => column.push(CellKind::Empty, ""),
                        Some(text) => column.push(CellKind::Text, text),
                        None => push_shared(column, cell(position, row), persons.len() > 1 && self.alone.contains(&position)),
                    }
                }
            }
        }
        parted.begin_sections(table, table.rows.len());
        (parted, rejects)
    }
}

/// Who a cell speaks of; `None` where names and numbers do not pair.
fn persons(text: &str) -> Option<Vec<Person>> {
    let mut numbers: Vec<&str> = Vec::new();
    let mut between: Vec<&str> = Vec::new();
    let (mut at, mut behind) = (0, 0);
    let is_part = |sign: char| sign.is_ascii_digit() || matches!(sign, 'x' | 'X');
    while let Some(start) = text.get(at..).and_then(|rest| rest.find(is_part)).map(|found| at + found) {
        let run = text.get(start..).unwrap_or("");
        let end = start + run.find(|sign| !is_part(sign)).unwrap_or(run.len());
        let number = text.get(start..end).unwrap_or("");
        if number.len() >= NUMBER {
            between.push(text.get(behind..start).unwrap_or(""));
            numbers.push(number);
            behind = end;
        }
        at = end;
    }
    let last = text.get(behind..).unwrap_or("");
    if numbers.is_empty() {
        let named = |piece: &str| {
            let (relation, name) = labelled(piece);
            Person { name: name.to_owned(), number: String::new(), relation: relation.unwrap_or_default().to_owned() }
        };
        let persons: Vec<Person> = pieces(text, false, 0).into_iter().map(named).collect();
        return persons.iter().all(|person| !is_run_of_names(&person.name)).then_some(persons);
    }
    // Names stand before their numbers, or all behind them.
    let leads = words(between.first()?).iter().any(|word| !RELATIONS.contains(word));
    // `配偶：张三5203…`: relations stand before the names.
    let relation_first = leads && words(between.first()?).first().is_some_and(|word| RELATIONS.contains(word));
    let said: Vec<&str> = if leads { between } else { between.into_iter().skip(1).chain([last]).collect() };
    let mut persons: Vec<Person> = Vec::new();
    for (said, number) in said.iter().zip(&numbers) {
        let words = words(said);
        let name = words.iter().position(|word| !RELATIONS.contains(word))?;
        if words.iter().skip(name + 1).any(|word| !RELATIONS.contains(word)) {
            return None;
        }
        // `…5203，之子；李四5203…`: what comes first is still of the one before.
        if let (Some(relation), Some(before)) = (words.get(..name).and_then(<[&str]>::first), persons.last_mut())
            && leads
            && !relation_first
            && before.relation.is_empty()
        {
            (*relation).clone_into(&mut before.relation);
        }
        let relation = if relation_first { name.checked_sub(1) } else { Some(name + 1) };
        let relation = relation.and_then(|at| words.get(at)).copied().unwrap_or_default();
        persons.push(Person { name: words[name].to_owned(), number: (*number).to_owned(), relation: relation.to_owned() });
    }
    let rest = if leads { words(last) } else { Vec::new() };
    match (rest.as_slice(), persons.last_mut()) {
        ([], _) => {}
        ([relation, ..], Some(person)) if RELATIONS.contains(relation) && person.relation.is_empty() => {
            (*relation).clone_into(&mut person.relation);
        }
        // A remark behind the only person; a name behind several has no number.
        _ if numbers.len() == 1 => {}
        _ => return None,
    }
    Some(persons)
}

/// The words of a part of a cell, labels left out.
fn words(text: &str) -> Vec<&str> {
    let parts = text.split(|sign: char| !(sign.is_alphabetic() || sign == '·'));
    let parts = parts.filter(|part| !part.is_empty() && !LABELS.contains(part));
    parts
        .flat_map(|part| {
            let (relation, name) = labelled(part);
            relation.into_iter().chain([name])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<[String; 3]>> {
        Some(persons(text)?.into_iter().map(|person| [person.name, person.number, person.relation]).collect())
    }

    const ONE: &str = "520324197003131091";
    const TWO: &str = "520324197102122801";

    #[test]
    fn names_and_numbers_of_a_cell_pair() {
        let one = |relation: &str| vec![["张三".to_owned(), ONE.to_owned(), relation.to_owned()]];
        for text in [
            format!("张三{ONE}"),
            format!("张三（{ONE}）"),
            format!("张三 {ONE}"),
            format!("{ONE}张三"),
            format!("姓名：张三，身份证号：{ONE}"),
        ] {
            assert_eq!(read(&text), Some(one("")), "{text}");
        }
        assert_eq!(read(&format!("张三（之子，{ONE}）")), Some(one("之子")));
        let two = Some(vec![["张三", ONE, "之子"].map(str::to_owned), ["李四", TWO, "之女"].map(str::to_owned)]);
        for text in [
            format!("张三（之子，{ONE}）；李四（之女，{TWO}）"),
            format!("张三 之子 {ONE}\n李四 之女 {TWO}"),
            format!("张三{ONE}之子、李四{TWO}之女"),
            format!("之子：张三 {ONE}；之女：李四 {TWO}"),
            format!("之子张三{ONE}/之女李四{TWO}"),
        ] {
            assert_eq!(read(&text), two, "{text}");
        }
        assert_eq!(read(""), Some(Vec::new()));
        let named = Some(vec![["张三", "", "配偶"], ["李四", "", ""]].into_iter().map(|said| said.map(str::to_owned)).collect());
        for text in ["配偶：张三，李四", "配偶张三/李四", "配偶：张三\n李四"] {
            assert_eq!(read(text), named, "{text}");
        }
        assert_eq!(read("张三李四王五"), None);
        for text in [format!("张三、李四{ONE}"), format!("张三{ONE} {TWO}"), format!("张三{ONE}，李四{TWO}，王五")]
        {
            assert_eq!(read(&text), None, "{text}");
        }
    }
}
