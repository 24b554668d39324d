//! One valid number on rows of two names in one registry: whose it is, where the rows say so.
//!
//! Takes a registry's batch and what its rows state beside their numbers; gives the batch in which rows that bear another's number say so
//! ([`IdState::Borrowed`]) and take birth and sex from their own columns. A row speaks against bearing the number where its birth or sex column, its
//! relation to the head or its school contradict it; it is told only where a row of another name has nothing against it. What stays open is
//! linking's. O(rows log rows); nothing is copied where no number stands on two names.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Date32Array, RecordBatch, StringArray};
use arrow::error::ArrowError;

use super::kinship::{Generation, generation, is_male};
use super::person::{Stated, are_two, differing_parts};
use super::repair::Repair;
use crate::model::columns::{BIRTH, HOUSEHOLD_CODE, ID_NUMBER, ID_STATE, IdState, NAME, RELATION, REPAIRS, SEX};
use crate::model::date::Day;
use crate::model::identity::id::Number;

/// Parents are so much older than their children.
const GENERATION: i32 = 12;
/// Hardly a grandchild or a child of a head is so old.
const OLD_FOR_GRANDCHILD: i32 = 40;
const OLD_FOR_CHILD: i32 = 65;
/// A pupil is younger.
const OLD_FOR_SCHOOL: i32 = 24;
const SCHOOL_STATE: &str = "school_state";
const HEAD: &str = "户主";

/// Text columns of the registry that speak of a person.
struct Rows<'b> {
    number: &'b StringArray,
    state: &'b StringArray,
    name: &'b StringArray,
    relation: Option<&'b StringArray>,
    household: Option<&'b StringArray>,
    school: Option<&'b StringArray>,
    stated: &'b [Stated],
    as_of: Day,
}

fn text(column: Option<&StringArray>, row: usize) -> Option<&str> {
    column.filter(|column| column.is_valid(row)).map(|column| column.value(row))
}

/// The batch with borrowed numbers told.
pub(super) fn tell(batch: RecordBatch, stated: &[Stated], as_of: Day) -> Result<RecordBatch, ArrowError> {
    let column = |name: &str| batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
    let (Some(number), Some(state), Some(name)) = (column(ID_NUMBER), column(ID_STATE), column(NAME)) else { return Ok(batch) };
    let (relation, household, school) = (column(RELATION), column(HOUSEHOLD_CODE), column(SCHOOL_STATE));
    let marked = Rows { number, state, name, relation, household, school, stated, as_of }.marked();
    if marked.is_empty() {
        return Ok(batch);
    }
    let relation = relation.cloned();
    let mut columns = batch.columns().to_vec();
    for (field, array) in batch.schema().fields().iter().zip(&mut columns) {
        match field.name().as_str() {
            ID_STATE => *array = rewritten(array, &marked, |_, _| Some(IdState::Borrowed.as_str().to_owned())),
            SEX => {
                *array = rewritten(array, &marked, |row, _| {
                    let male = match stated.get(row).map_or(0, |stated| stated.sex) {
                        0 => text(relation.as_ref(), row).and_then(is_male)?,
                        sex => sex == 1,
                    };
                    Some(if male { "男" } else { "女" }.to_owned())
                });
            }
            REPAIRS => {
                let told = format!("{ID_NUMBER}:{}", Repair::Borrowed.as_str());
                *array = rewritten(array, &marked, |_, said| Some(said.map_or(told.clone(), |said| format!("{told};{said}"))));
            }
            BIRTH => {
                let known = array.as_primitive::<arrow::datatypes::Date32Type>();
                let birth = |row: usize| {
                    if marked.binary_search(&row).is_ok() {
                        stated.get(row).and_then(|stated| stated.birth).map(|day| day.0)
                    } else {
                        known.is_valid(row).then(|| known.value(row))
                    }
                };
                let births: Date32Array = (0..known.len()).map(birth).collect();
                *array = Arc::new(births);
            }
            _ => {}
        }
    }
    RecordBatch::try_new(batch.schema(), columns)
}

fn rewritten(array: &ArrayRef, marked: &[usize], new: impl Fn(usize, Option<&str>) -> Option<String>) -> ArrayRef {
    let known = array.as_string::<i32>();
    let value = |row: usize| {
        let said = text(Some(known), row);
        if marked.binary_search(&row).is_ok() { new(row, said) } else { said.map(str::to_owned) }
    };
    Arc::new((0..known.len()).map(value).collect::<StringArray>())
}

impl Rows<'_> {
    /// Rows that bear another's number, ascending.
    fn marked(&self) -> Vec<usize> {
        let valid = |row: &usize| text(Some(self.state), *row) == Some(IdState::Valid.as_str());
        let packed = |row: usize| Some((Number::parse(text(Some(self.number), row)?)?.packed(), row));
        let mut borne: Vec<(u64, usize)> = (0..self.number.len()).filter(valid).filter_map(packed).collect();
        borne.sort_unstable();
        let shared: Vec<&[(u64, usize)]> = borne
            .chunk_by(|one, other| one.0 == other.0)
            .filter(|block| block.iter().any(|(_, row)| self.name.value(*row) != self.name.value(block[0].1)))
            .collect();
        if shared.is_empty() {
            return Vec::new();
        }
        let heads = self.heads();
        let mut marked = Vec::new();
        for block in shared {
            let number = Number::from_packed(block[0].0);
            marked.extend(self.filled_down(block));
            let (against, sound): (Vec<usize>, Vec<usize>) =
                block.iter().map(|(_, row)| *row).partition(|row| self.speaks_against(*row, number, &heads));
            let is_others = |row: &usize| sound.iter().any(|other| are_two(self.name.value(*row), self.name.value(*other)));
            let is_namesake = |row: &usize| sound.iter().any(|other| !are_two(self.name.value(*row), self.name.value(*other)));
            marked.extend(against.into_iter().filter(|row| is_others(row) && !is_namesake(row)));
        }
        marked.sort_unstable();
        marked.dedup();
        marked
    }

    /// Rows of two or more members of a household that bear the number of their head's row: the cell was filled down.
    fn filled_down(&self, block: &[(u64, usize)]) -> Vec<usize> {
        let rows = || block.iter().map(|(_, row)| *row);
        let mut filled = Vec::new();
        for head in rows().filter(|row| text(self.relation, *row) == Some(HEAD)) {
            let Some(household) = text(self.household, head) else { continue };
            let name = self.name.value(head);
            let members = rows().filter(|row| text(self.household, *row) == Some(household) && self.name.value(*row) != name);
            let others: Vec<usize> =
                members.filter(|row| text(self.relation, *row) != Some(HEAD) && are_two(self.name.value(*row), name)).collect();
            let mut names: Vec<&str> = others.iter().map(|row| self.name.value(*row)).collect();
            names.sort_unstable();
            names.dedup();
            if names.len() >= 2 {
                filled.extend(others);
            }
        }
        filled
    }

    /// Numbers of the heads by household.
    fn heads(&self) -> HashMap<&str, Number> {
        let mut heads = HashMap::new();
        for row in (0..self.number.len()).filter(|row| text(self.relation, *row) == Some(HEAD)) {
            let number = text(Some(self.number), row).and_then(Number::parse).filter(|number| number.is_valid());
            if let (Some(household), Some(number)) = (text(self.household, row), number) {
                heads.entry(household).or_insert(number);
            }
        }
        heads
    }

    fn speaks_against(&self, row: usize, number: Number, heads: &HashMap<&str, Number>) -> bool {
        let Some(birth) = number.birth() else { return false };
        let stated = self.stated.get(row).copied().unwrap_or_default();
        let other_birth = stated.birth.is_some_and(|stated| differing_parts(birth, stated) >= 2);
        let other_sex = |male: Option<bool>| male.is_some_and(|male| male != number.is_male());
        let stated_sex = (stated.sex != 0).then_some(stated.sex == 1);
        let relation = text(self.relation, row);
        let age = birth.age_on(self.as_of);
        let head = text(self.household, row).and_then(|household| heads.get(household)).filter(|head| **head != number);
        let head = head.and_then(|head| head.birth());
        let years = GENERATION * 365;
        let other_generation = match relation.map(generation) {
            Some(Generation::Child) => age >= OLD_FOR_CHILD || head.is_some_and(|head| birth.0 < head.0 + years),
            Some(Generation::Grandchild) => age >= OLD_FOR_GRANDCHILD || head.is_some_and(|head| birth.0 < head.0 + 2 * years),
            Some(Generation::Parent) => head.is_some_and(|head| birth.0 + years > head.0),
            Some(Generation::Other) | None => false,
        };
        let is_pupil = || {
            text(self.school, row).is_some_and(|said| {
                let grown = said.contains('非') || ["高", "大专", "本科", "硕士", "技师"].iter().any(|word| said.contains(word));
                !grown && ["学前", "小学", "年级", "初中"].iter().any(|word| said.contains(word))
            })
        };
        other_birth
            || other_sex(stated_sex)
            || other_sex(relation.and_then(is_male))
            || other_generation
            || (age >= OLD_FOR_SCHOOL && is_pupil())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::registry::Grain;
    use crate::normalise::assemble;
    use crate::normalise::sheet::tests::{Sheet, normalise};

    const OLD: &str = "522124195810275886";

    fn states(rows: &[&[&str]]) -> Vec<(String, Option<String>)> {
        let columns = [
            ("name", "姓名"),
            ("id_number", "证件号码"),
            ("household_code", "户编号"),
            ("relation", "关系"),
            ("birth", "出生日期"),
            ("sex", "性别"),
        ];
        let sheet = normalise(&Sheet { file: "a.xlsx", preamble: &[], columns: &columns, rows }, Grain::Person);
        let name = crate::model::raw::SheetName { file: "a.xlsx".to_owned(), sheet: String::new() };
        let (set, _) = assemble(vec![(name, "poverty".into(), Grain::Person, sheet)], &[], "2018-06-30".parse().expect("a day"))
            .expect("a set");
        let records = &set.registries[0];
        let birth = records.date(BIRTH).expect("always");
        let of = |row: usize| {
            let born = birth.is_valid(row).then(|| Day(birth.value(row)).to_string());
            (records.text_at(ID_STATE, row).unwrap_or("").to_owned(), born)
        };
        (0..records.len()).map(of).collect()
    }

    fn is(state: &str, birth: Option<&str>) -> (String, Option<String>) {
        (state.to_owned(), birth.map(str::to_owned))
    }

    #[test]
    fn a_grandchild_under_the_heads_number() {
        let told = states(&[
            &["严明蓉", OLD, "1", "户主", "", ""],
            &["严婷倩", OLD, "1", "之孙女", "", ""],
            &["严婷博", OLD, "1", "之子", "2011-07-03", ""],
            &["严明军", OLD, "1", "配偶", "", "男"],
        ]);
        let sound = is("valid", Some("1958-10-27"));
        assert_eq!(told, [sound, is("borrowed", None), is("borrowed", Some("2011-07-03")), is("borrowed", None)]);
    }

    #[test]
    fn a_number_filled_down_is_the_heads() {
        let told = states(&[
            &["严明蓉", OLD, "1", "户主", "", ""],
            &["严明琴", OLD, "1", "之兄弟姐妹", "", ""],
            &["严小琴", OLD, "1", "之女", "", ""],
            &["严明琴", OLD, "2", "户主", "", ""],
        ]);
        let states: Vec<&str> = told.iter().map(|(state, _)| state.as_str()).collect();
        assert_eq!(states, ["valid", "borrowed", "borrowed", "valid"]);
    }

    #[test]
    fn one_sister_may_as_well_have_lent_her_number() {
        let told = states(&[&["严明蓉", OLD, "1", "户主", "", ""], &["严明琴", OLD, "1", "之兄弟姐妹", "", ""]]);
        assert!(told.iter().all(|(state, _)| state == "valid"), "{told:?}");
    }

    #[test]
    fn one_persons_two_spellings_stay() {
        let told = states(&[&["严明蓉", OLD, "1", "户主", "", ""], &["严明荣", OLD, "2", "户主", "1960-01-01", ""]]);
        assert!(told.iter().all(|(state, _)| state == "valid"), "{told:?}");
    }
}
