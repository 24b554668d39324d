//! Who is found and who is not: recall of links by village, sex, age band, kind of name and damage of the number, where truth is known.
//!
//! Takes rows with the person that the run gave them and the truth's rows and persons; gives per group how many of the links that its rows have in
//! truth were found. A row's links are the other rows of its true person; summed over all rows each pair counts from both ends. Linear in rows.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::Serialize;

use super::{EvaluateError, ratio, records};
use crate::model::columns::IdState;
use crate::model::identity::id::Number;
use crate::model::text::padded;

/// Groups with fewer links to find say little, and are not called out.
const FEW: u64 = 30;
/// So much below all rows together is called out.
const GAP: f64 = 0.01;

/// A row of a run.
#[derive(Clone, Copy, Debug)]
pub struct GroupedRow<'a> {
    /// As in the run folder.
    pub file: &'a str,
    /// As in the run folder.
    pub sheet: &'a str,
    /// As in the run folder.
    pub row: u32,
    /// Which of the persons that the row names, from 0.
    pub part: u32,
    /// The person the run gave it.
    pub person_id: &'a str,
    /// `valid`, `float`, … as in `records.parquet`.
    pub state: &'a str,
    /// The number as cleaned.
    pub number: &'a str,
}

/// Recall of one group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Rows.
    pub rows: u64,
    /// Links that its rows have in truth.
    pub due: u64,
    /// Of these found.
    pub found: u64,
}

impl Group {
    fn recall(&self) -> Option<f64> {
        ratio(self.found, self.due)
    }
}

/// Dimension → group → recall. Dimensions: `all`, `damage`, `sex`, `age`, `name`, `village`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Groups(pub BTreeMap<&'static str, BTreeMap<String, Group>>);

/// What the truth says of a person.
struct Known {
    number: Option<Number>,
    place: String,
    minority_name: bool,
}

/// Counts recall by group; ages are counted in `year`.
///
/// # Errors
/// A truth text without the columns it should have.
pub fn groups(rows: &[GroupedRow<'_>], truth_rows: &str, truth_persons: &str, year: i32) -> Result<Groups, EvaluateError> {
    let mut persons: HashMap<String, Known> = HashMap::new();
    records(truth_persons, "persons.csv", ["pid", "name", "id", "town", "village"], [], |[pid, name, id, town, village], []| {
        let dotted = name.contains(['·', '•', '．', '.']);
        let known = Known { number: Number::parse(id), place: format!("{town}{village}"), minority_name: dotted };
        persons.insert(pid.to_owned(), known);
        Ok(())
    })?;
    let mut true_person: HashMap<(String, String, u32, u32), String> = HashMap::new();
    records(truth_rows, "rows.csv", ["file", "sheet", "row", "pid"], ["part"], |[file, sheet, row, pid], [part]| {
        let row: u32 = row.parse().map_err(|_| format!("行号“{row}”不是数字"))?;
        true_person.insert((file.to_owned(), sheet.to_owned(), row, part.parse().unwrap_or(0)), pid.to_owned());
        Ok(())
    })?;
    let placed: Vec<(&GroupedRow<'_>, &str)> = rows
        .iter()
        .filter_map(|row| {
            let place = (row.file.to_owned(), row.sheet.to_owned(), row.row, row.part);
            Some((row, true_person.get(&place)?.as_str()))
        })
        .collect();
    let (mut of_truth, mut together) = (HashMap::<&str, u64>::new(), HashMap::<(&str, &str), u64>::new());
    for (row, pid) in &placed {
        *of_truth.entry(pid).or_default() += 1;
        *together.entry((pid, row.person_id)).or_default() += 1;
    }
    let mut groups = Groups::default();
    for (row, pid) in placed {
        let Some(known) = persons.get(pid) else { continue };
        let due = of_truth.get(pid).map_or(0, |rows| rows - 1);
        let found = together.get(&(pid, row.person_id)).map_or(0, |rows| rows - 1);
        let mut count = |dimension: &'static str, group: String| {
            let group = groups.0.entry(dimension).or_default().entry(group).or_default();
            group.rows += 1;
            group.due += due;
            group.found += found;
        };
        count("all", "all".to_owned());
        count("damage", damage(row, known).to_owned());
        count("village", known.place.clone());
        count("name", if known.minority_name { "with dots" } else { "plain" }.to_owned());
        if let Some(number) = known.number {
            count("sex", if number.is_male() { "男" } else { "女" }.to_owned());
            count("age", number.birth().map_or_else(String::new, |birth| age_band(year - birth.ymd().0).to_owned()));
        }
    }
    Ok(groups)
}

/// What became of the number on a row.
fn damage<'a>(row: &GroupedRow<'a>, known: &Known) -> &'a str {
    if row.state != IdState::Valid.as_str() {
        return if row.state.is_empty() { "no number column" } else { row.state };
    }
    match known.number {
        Some(number) if number.text() != row.number => "valid, not the person's",
        _ => "sound",
    }
}

fn age_band(age: i32) -> &'static str {
    match age {
        ..=5 => "00-05",
        6..=17 => "06-17",
        18..=59 => "18-59",
        60..=79 => "60-79",
        _ => "80-",
    }
}

impl fmt::Display for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.0.get("all").and_then(|groups| groups.get("all")).and_then(Group::recall).unwrap_or(0.0);
        writeln!(f, "召回率（按真值） recall by group")?;
        let mut line = |label: &str, group: &Group| {
            let recall = group.recall().map_or_else(|| "—".to_owned(), |recall| format!("{recall:.4}"));
            let low = group.due >= FEW && group.recall().is_some_and(|recall| recall + GAP < all);
            let mark = if low { "  ← 偏低 low" } else { "" };
            writeln!(f, "{}{:>10} {:>10} {:>8}{mark}", padded(label, 40), group.rows, group.due, recall)
        };
        for (dimension, title) in
            [("all", "全部 all"), ("damage", "号码 number"), ("sex", "性别 sex"), ("age", "年龄 age"), ("name", "姓名 name")]
        {
            for (group, counts) in self.0.get(dimension).into_iter().flatten() {
                line(&format!("{title}  {group}"), counts)?;
            }
        }
        let empty = BTreeMap::new();
        let villages = self.0.get("village").unwrap_or(&empty);
        let mut worst: Vec<(&String, &Group)> = villages.iter().filter(|(_, group)| group.due >= FEW).collect();
        worst.sort_by(|a, b| a.1.recall().unwrap_or(1.0).total_cmp(&b.1.recall().unwrap_or(1.0)).then_with(|| a.0.cmp(b.0)));
        for (village, group) in worst.into_iter().take(5) {
            line(&format!("村 village  {village}"), group)?;
        }
        writeln!(f, "（村只列召回率最低的 5 个，共 {} 个 the lowest five villages）", villages.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recall_by_group_by_hand() {
        let persons = "pid,hid,name,id,town,village,poor\n\
                       p1,h1,张小明,520324199003071238,瑞溪镇,甲村,1\n\
                       p2,h2,阿依·古丽,520324201003071221,瑞溪镇,乙村,1\n";
        let truth = "file,sheet,row,pid\na,,1,p1\nb,,1,p1\nc,,1,p1\na,,2,p2\nb,,2,p2\n";
        let row = |file, row, person_id, state, number| GroupedRow { file, sheet: "", row, part: 0, person_id, state, number };
        let rows = [
            row("a", 1, "P1", "valid", "520324199003071238"),
            row("b", 1, "P1", "valid", "520324199003071238"),
            row("c", 1, "P9", "float", "520324199003071000"),
            row("a", 2, "P2", "valid", "520324201003071221"),
            row("b", 2, "P2", "valid", "520324199003071238"),
            row("b", 99, "P2", "valid", ""),
        ];
        let groups = groups(&rows, truth, persons, 2018).expect("a truth");
        let of = |dimension: &str, group: &str| {
            let group = &groups.0[dimension][group];
            (group.rows, group.due, group.found)
        };
        assert_eq!(of("all", "all"), (5, 8, 4));
        assert_eq!(of("damage", "float"), (1, 2, 0));
        assert_eq!(of("damage", "sound"), (3, 5, 3));
        assert_eq!(of("damage", "valid, not the person's"), (1, 1, 1));
        assert_eq!((of("name", "with dots"), of("village", "瑞溪镇甲村")), ((2, 2, 2), (3, 6, 2)));
        assert_eq!((of("age", "18-59"), of("age", "06-17")), ((3, 6, 2), (2, 2, 2)));
        assert!(groups.to_string().contains("0.5000"), "{groups}");
    }
}
