//! Which rows of a list of persons are one household, where the list repeats on each row what is the household's.
//!
//! Takes a registry's batch and the sheet of each row; gives the batch, with the column [`HOUSEHOLD_KEY`] wherever the household code is not to be
//! believed as it stands: blank or mistyped on some rows, of each person or row instead of the household, of two households. What speaks of a
//! household are its code, its head (number, or name and village) and its certificate. Rows that any of these joins are one household where all of
//! it can be true: one head, one certificate or one code, no more persons than the list counts. Else each head's (or certificate's) rows are one
//! where that can be true; else nobody knows, and the key is null. Rows whose code is not followed say so in their repairs. O(rows).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use arrow::error::ArrowError;

use super::person::are_two;
use super::repair::Repair;
use crate::model::columns::{
    HEAD_ID, HEAD_NAME, HOUSEHOLD_CODE, HOUSEHOLD_KEY, ID_NUMBER, ID_STATE, IdState, NAME, RELATION, REPAIRS, VILLAGE_CODE,
};

/// What a list of persons repeats on each row of a household.
const REPEATED: &str = "household_amount_fen";
const CERTIFICATE: &str = "dibao_no";
const HEAD_ID_STATE: &str = "head_id_number_state";
const COVERED: &str = "covered";
const COVERED_COUNT: &str = "covered_count";
const HOUSEHOLD_SIZE: &str = "household_size";
const HEAD: &str = "户主";
/// Of those who are not heads, so many in a hundred alone under their code: it is no household's.
const ALONE: usize = 90;

/// The batch with households told, where the list has any.
pub(super) fn tell(batch: RecordBatch, sheets: &[u32]) -> Result<RecordBatch, ArrowError> {
    if batch.column_by_name(REPEATED).is_none() {
        return Ok(batch);
    }
    let has_codes = batch.column_by_name(HOUSEHOLD_CODE).is_some();
    let Some(households) = Rows::new(&batch).and_then(|rows| rows.households(sheets)) else { return Ok(batch) };
    let field = if has_codes { HOUSEHOLD_CODE } else { HEAD_NAME };
    let mut fields: Vec<Arc<Field>> = batch.schema().fields().iter().map(Arc::clone).collect();
    let mut columns = batch.columns().to_vec();
    for (_, array) in fields.iter().zip(&mut columns).filter(|(field, _)| field.name() == REPAIRS) {
        let known = array.as_string::<i32>().clone();
        let told = |row: usize| {
            let known = text(Some(&known), row);
            match (known, households.repairs.get(&row)) {
                (Some(known), Some(repair)) => Some(format!("{known};{field}:{}", repair.as_str())),
                (None, Some(repair)) => Some(format!("{field}:{}", repair.as_str())),
                (known, None) => known.map(str::to_owned),
            }
        };
        *array = Arc::new((0..known.len()).map(told).collect::<StringArray>());
    }
    fields.push(Arc::new(Field::new(HOUSEHOLD_KEY, DataType::Utf8, true)));
    columns.push(Arc::new(households.keys.into_iter().collect::<StringArray>()) as ArrayRef);
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// Keys per row, and what is told of rows.
struct Households {
    keys: Vec<Option<String>>,
    repairs: BTreeMap<usize, Repair>,
}

/// The columns that speak of households.
struct Rows<'b> {
    code: Option<&'b StringArray>,
    head_name: Option<&'b StringArray>,
    head_number: Option<&'b StringArray>,
    head_state: Option<&'b StringArray>,
    certificate: Option<&'b StringArray>,
    relation: Option<&'b StringArray>,
    name: &'b StringArray,
    number: Option<&'b StringArray>,
    state: Option<&'b StringArray>,
    village: Option<&'b StringArray>,
    covered: Option<&'b BooleanArray>,
    counted: Option<&'b Int64Array>,
    size: Option<&'b Int64Array>,
}

fn text(column: Option<&StringArray>, row: usize) -> Option<&str> {
    column.filter(|column| column.is_valid(row)).map(|column| column.value(row)).filter(|text| !text.is_empty())
}

/// What joins rows.
#[derive(PartialEq, Eq, Hash)]
enum Bond<'b> {
    Code(&'b str),
    Number(&'b str),
    Name(&'b str, &'b str),
    Certificate(&'b str),
}

impl<'b> Rows<'b> {
    fn new(batch: &'b RecordBatch) -> Option<Self> {
        let texts = |name: &str| batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
        let counts = |name: &str| batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<Int64Type>());
        Some(Self {
            code: texts(HOUSEHOLD_CODE),
            head_name: texts(HEAD_NAME),
            head_number: texts(HEAD_ID),
            head_state: texts(HEAD_ID_STATE),
            certificate: texts(CERTIFICATE),
            relation: texts(RELATION),
            name: texts(NAME)?,
            number: texts(ID_NUMBER),
            state: texts(ID_STATE),
            village: texts(VILLAGE_CODE),
            covered: batch.column_by_name(COVERED).and_then(|column| column.as_boolean_opt()),
            counted: counts(COVERED_COUNT),
            size: counts(HOUSEHOLD_SIZE),
        })
    }

    fn is_head(&self, row: usize) -> bool {
        match text(self.relation, row) {
            Some(relation) => relation == HEAD,
            None => text(self.head_name, row).is_some_and(|head| text(Some(self.name), row) == Some(head)),
        }
    }

    fn is_member(&self, row: usize) -> bool {
        text(self.relation, row).is_some_and(|relation| relation != HEAD)
    }

    /// The head that a row names: itself, or by the column.
    fn head(&self, row: usize) -> Option<&'b str> {
        if self.is_head(row) { text(Some(self.name), row) } else { text(self.head_name, row) }
    }

    /// The row's own number: only a valid one names somebody.
    fn number(&self, row: usize) -> Option<&'b str> {
        text(self.number, row).filter(|_| text(self.state, row) == Some(IdState::Valid.as_str()))
    }

    fn head_number(&self, row: usize) -> Option<&'b str> {
        text(self.head_number, row).filter(|_| text(self.head_state, row) == Some(IdState::Valid.as_str()))
    }

    /// Whom a row is about.
    fn person(&self, row: usize) -> &'b str {
        self.number(row).or_else(|| text(Some(self.name), row)).unwrap_or_default()
    }

    /// Codes as they are compared, without those of sheets in which they are no household's.
    fn codes(&self, sheets: &[u32]) -> Vec<Option<String>> {
        let mut codes: Vec<Option<String>> =
            (0..self.name.len()).map(|row| text(self.code, row).map(str::to_uppercase)).collect();
        let sheet = |row: usize| sheets.get(row).copied().unwrap_or(0);
        let mut rows_of: HashMap<(u32, &str), u32> = HashMap::new();
        for (row, code) in codes.iter().enumerate() {
            if let Some(code) = code {
                *rows_of.entry((sheet(row), code)).or_default() += 1;
            }
        }
        let mut members: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
        for (row, code) in codes.iter().enumerate().filter(|(row, _)| self.is_member(*row)) {
            if let Some(code) = code {
                let of_sheet = members.entry(sheet(row)).or_default();
                of_sheet.0 += usize::from(rows_of.get(&(sheet(row), code.as_str())) == Some(&1));
                of_sheet.1 += 1;
            }
        }
        let no_keys: BTreeSet<u32> =
            members.iter().filter(|(_, (alone, all))| *all >= 2 && alone * 100 >= all * ALONE).map(|(sheet, _)| *sheet).collect();
        codes.iter_mut().enumerate().filter(|(row, _)| no_keys.contains(&sheet(*row))).for_each(|(_, code)| *code = None);
        codes
    }

    /// Names, with their village, that several heads bear.
    fn shared_names(&self) -> HashSet<(&'b str, &'b str)> {
        let mut heads: HashMap<(&str, &str), &str> = HashMap::new();
        let mut shared = HashSet::new();
        for row in (0..self.name.len()).filter(|row| self.is_head(*row)) {
            let (Some(village), Some(name)) = (text(self.village, row), text(Some(self.name), row)) else { continue };
            if *heads.entry((village, name)).or_insert(self.person(row)) != self.person(row) {
                shared.insert((village, name));
            }
        }
        shared
    }

    /// Households, where they are not what the codes say.
    fn households(&self, sheets: &[u32]) -> Option<Households> {
        let rows = self.name.len();
        let codes = self.codes(sheets);
        let shared = self.shared_names();
        let heads_listed = (0..rows).any(|row| text(self.relation, row) == Some(HEAD));
        // A certificate of each person joins nobody.
        let mut bearers: HashMap<&str, u32> = HashMap::new();
        (0..rows).filter_map(|row| text(self.certificate, row)).for_each(|one| *bearers.entry(one).or_default() += 1);
        let certificate = |row: usize| text(self.certificate, row).filter(|one| bearers.get(one).is_some_and(|rows| *rows > 1));
        let mut sets = Sets::new(rows);
        let mut first: HashMap<Bond<'_>, usize> = HashMap::new();
        for (row, code) in codes.iter().enumerate() {
            let in_village = |name: &'b str| Some((text(self.village, row)?, name)).filter(|found| !shared.contains(found));
            let names = [self.head(row), text(self.head_name, row)].into_iter().flatten().filter_map(in_village);
            let numbers = [self.number(row).filter(|_| self.is_head(row)), self.head_number(row)].into_iter().flatten();
            let bonds = code.as_deref().map(Bond::Code).into_iter().chain(certificate(row).map(Bond::Certificate));
            let bonds = bonds.chain(numbers.map(Bond::Number)).chain(names.map(|(village, name)| Bond::Name(village, name)));
            for bond in bonds {
                sets.join(row, *first.entry(bond).or_insert(row));
            }
        }
        let mut together: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        (0..rows).for_each(|row| together.entry(sets.root(row)).or_default().push(row));
        let mut keys: Vec<Option<String>> = vec![None; rows];
        let mut unclear: Vec<usize> = Vec::new();
        for of_one in together.values() {
            let said = |row: usize| codes[row].is_some() || self.head(row).is_some() || certificate(row).is_some();
            let nameless = heads_listed
                && of_one.iter().all(|row| self.head(*row).is_none() && self.head_number(*row).is_none())
                && of_one.iter().any(|row| self.is_member(*row));
            if nameless {
                unclear.extend(of_one);
            } else if self.can_be_one(of_one, &codes, &certificate) {
                let key = self.key(of_one, &codes).filter(|_| of_one.iter().any(|row| said(*row)));
                for row in of_one {
                    keys[*row].clone_from(&key);
                }
            } else if let Some(parts) = self.parts(of_one, &codes, &certificate) {
                for (row, key) in parts.iter().flat_map(|(key, rows)| rows.iter().map(move |row| (*row, key))) {
                    keys[row] = Some(key.clone());
                }
            } else {
                unclear.extend(of_one);
            }
        }
        unclear.extend(self.above_unclear(&mut keys));
        self.told(keys, &codes, unclear)
    }

    /// Members of no household stand in lists below the one that they are of: it is not whole.
    fn above_unclear(&self, keys: &mut [Option<String>]) -> Vec<usize> {
        if self.code.is_none() {
            return Vec::new();
        }
        let mut above: Option<&String> = None;
        let mut spoilt: HashSet<String> = HashSet::new();
        for (row, key) in keys.iter().enumerate() {
            match key {
                Some(key) => above = Some(key),
                None if self.is_member(row) => spoilt.extend(above.cloned()),
                None => above = None,
            }
        }
        let is_spoilt = |key: &Option<String>| key.as_ref().is_some_and(|key| spoilt.contains(key));
        let rows: Vec<usize> = keys.iter().enumerate().filter(|(_, key)| is_spoilt(key)).map(|(row, _)| row).collect();
        for row in &rows {
            keys[*row] = None;
        }
        rows
    }

    /// `None` where the codes, or the heads of a list without codes, say as much.
    fn told(&self, keys: Vec<Option<String>>, codes: &[Option<String>], mut unclear: Vec<usize>) -> Option<Households> {
        unclear.sort_unstable();
        let mut repairs = BTreeMap::new();
        if self.code.is_some() {
            let differs = |row: &usize| keys[*row].is_some() && keys[*row] != text(self.code, *row).map(str::to_uppercase);
            repairs.extend((0..keys.len()).filter(differs).map(|row| (row, Repair::ByHead)));
            let dropped = |row: &usize| keys[*row].is_none() && codes[*row].is_none() && text(self.code, *row).is_some();
            repairs.extend((0..keys.len()).filter(dropped).map(|row| (row, Repair::NoHousehold)));
        }
        repairs.extend(unclear.iter().map(|row| (*row, Repair::NoHousehold)));
        let as_written = (0..keys.len()).all(|row| keys[row].as_deref() == text(self.code, row));
        (!repairs.is_empty() || self.code.is_some() && !as_written).then_some(Households { keys, repairs })
    }

    /// Whether rows can be one household.
    fn can_be_one<'r>(&self, rows: &[usize], codes: &'r [Option<String>], certificate: &impl Fn(usize) -> Option<&'r str>) -> bool
    where
        'b: 'r,
    {
        let distinct = |of: &dyn Fn(usize) -> Option<&'r str>| rows.iter().filter_map(|row| of(*row)).collect::<BTreeSet<&str>>();
        let heads = distinct(&|row| Some(self.person(row)).filter(|_| text(self.relation, row) == Some(HEAD)));
        let named = distinct(&|row| text(self.head_name, row));
        let numbers = distinct(&|row| self.head_number(row));
        let (certificates, codes) = (distinct(certificate), distinct(&|row| codes[row].as_deref()));
        let persons = |counts: &dyn Fn(usize) -> bool| {
            let of = |row: usize| Some(self.person(row)).filter(|_| counts(row));
            i64::try_from(distinct(&of).len()).unwrap_or(i64::MAX)
        };
        let most = |counts: Option<&Int64Array>| {
            let counts = counts?;
            rows.iter().filter(|row| counts.is_valid(**row)).map(|row| counts.value(*row)).max()
        };
        let is_covered = |row: usize| self.covered.is_none_or(|covered| covered.is_null(row) || covered.value(row));
        heads.len() <= 1
            && numbers.len() <= 1
            && named.first().is_none_or(|first| named.iter().all(|other| !are_two(first, other)))
            && (certificates.len() <= 1 || codes.len() <= 1)
            && most(self.counted).is_none_or(|most| persons(&is_covered) <= most)
            && most(self.size).is_none_or(|most| persons(&|_| true) <= most)
    }

    /// The code of the head, else the most frequent, else the head.
    fn key(&self, rows: &[usize], codes: &[Option<String>]) -> Option<String> {
        let of_head = rows.iter().filter(|row| self.is_head(**row)).find_map(|row| codes[*row].clone());
        of_head
            .or_else(|| {
                let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
                rows.iter().filter_map(|row| codes[*row].as_deref()).for_each(|code| *counts.entry(code).or_default() += 1);
                counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(code, _)| code.to_owned())
            })
            .or_else(|| rows.first().map(|row| format!("{} {}", self.head(*row).unwrap_or_default(), self.person(*row))))
    }

    /// The rows of each head, or of each certificate, where all of them can be one household with its head among them.
    fn parts<'r>(
        &self,
        rows: &[usize],
        codes: &'r [Option<String>],
        certificate: &impl Fn(usize) -> Option<&'r str>,
    ) -> Option<Vec<(String, Vec<usize>)>>
    where
        'b: 'r,
    {
        let by_head = |row: usize| self.head(row);
        let ways: [&dyn Fn(usize) -> Option<&'r str>; 2] = [&by_head, certificate];
        ways.into_iter().find_map(|way| {
            let mut parts: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
            for row in rows {
                parts.entry((text(self.village, *row).unwrap_or_default(), way(*row)?)).or_default().push(*row);
            }
            let sound = |rows: &Vec<usize>| rows.iter().any(|row| self.is_head(*row)) && self.can_be_one(rows, codes, &|_| None);
            if !parts.values().all(sound) {
                return None;
            }
            // Two parts under one code are told apart by what parts them.
            let of_codes: Vec<Option<String>> = parts.values().map(|rows| self.key(rows, codes)).collect();
            let is_own = of_codes.iter().collect::<BTreeSet<_>>().len() == of_codes.len();
            let mut keyed = Vec::with_capacity(parts.len());
            for (((village, of), rows), code) in parts.into_iter().zip(of_codes) {
                keyed.push((code.filter(|_| is_own).unwrap_or_else(|| format!("{village} {of}")), rows));
            }
            Some(keyed)
        })
    }
}

/// Rows joined, each to the first of its set.
struct Sets(Vec<usize>);

impl Sets {
    fn new(rows: usize) -> Self {
        Self((0..rows).collect())
    }

    fn root(&mut self, mut row: usize) -> usize {
        while self.0[row] != row {
            self.0[row] = self.0[self.0[row]];
            row = self.0[row];
        }
        row
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other)] = one.min(other);
    }
}
