//! What the columns of a sheet are read with, worked out from its head before the first row.

use std::collections::{BTreeMap, HashMap};

use arrow::array::{Int32Builder, StringBuilder};

use super::{Context, DISABILITY_GRADE, DISABILITY_KIND, Normaliser, OF_PUPILS, ROW, Special, position_of};
use crate::config::registry::{Dictionary, FieldDefinition, RegistryDefinition};
use crate::model::columns::{
    BATCH, BIRTH, CLASS, DISABILITY_NO, GRADE, GUARDIAN_ID, HEAD_ID, HEAD_NAME, HOUSEHOLD_CODE, ID_NUMBER, MONTH, NAME, PAY_ITEM,
    PERSON_CODE, RELATION, SCHOOL, SEX, SPOUSE_ID, STAGE, YEAR,
};
use crate::model::field::{FieldKind, Per};
use crate::model::raw::{Mapping, TableHead};
use crate::model::registry::Grain;
use crate::model::school::{Grade, grade_of, school_of, stage_of};
use crate::normalise::amounts::Amounts;
use crate::normalise::field_column::{Builders, DayMeant, FieldColumn, Said, Terms, Years};
use crate::normalise::household_above::HouseholdAbove;
use crate::normalise::month_column::{Beside, MonthColumn};
use crate::normalise::other_kinds::OtherKinds;
use crate::normalise::outcome::Outcomes;
use crate::normalise::person::{Others, Persons};
use crate::normalise::places::Places;
use crate::normalise::proof::Proof;
use crate::normalise::remarks::Remarks;
use crate::normalise::repair::Log;
use crate::normalise::row_status::StatusColumn;
use crate::normalise::schooling::Schooling;
use crate::normalise::section_lines::SectionLines;
use crate::normalise::sheet_place::SheetPlace;
use crate::normalise::slipped::Slips;
use crate::normalise::vocabulary::{self, CodeTable};
use crate::normalise::{data_date, heading, outcome};

const GUARDIAN_NAME: &str = "guardian_name";
const SPOUSE_NAME: &str = "spouse_name";
/// The field that says whether a payment was made.
const PAYMENT_STATUS: &str = "payment_status";
/// The fields of which each is one of the things that are paid.
const ITEMS: [&str; 3] = ["basic_fen", "care_fen", "other_fen"];

/// What title or names say of pupils: their school, grade and class; their stage, where the school's name alone says it.
fn of_pupils(field: &str, head: &TableHead, dictionary: &Dictionary, at: &dyn Fn(&str) -> Vec<usize>) -> Option<String> {
    let school = school_of(head.titles());
    let grade = dictionary.fields.get(GRADE).and_then(|grade| grade_of(head.titles(), &grade.codes));
    match field {
        SCHOOL => school.map(str::to_owned),
        GRADE => grade.map(|Grade { grade, .. }| grade.to_owned()),
        CLASS => grade.and_then(|Grade { class, .. }| class),
        _ if grade.is_some() || !at(GRADE).is_empty() => None,
        _ => school.and_then(stage_of).map(str::to_owned),
    }
}

/// What says a code besides its own column.
fn said<'a>(
    field: Option<&'a FieldDefinition>,
    head: &TableHead,
    dictionary: &Dictionary,
    at: &dyn Fn(&str) -> Vec<usize>,
) -> Said<'a> {
    let is_school = |field: &FieldDefinition| OF_PUPILS.contains(&field.name.as_str()) && at(&field.name).is_empty();
    let Some(field) = field.filter(|field| !field.words.is_empty() || is_school(field)) else { return Said::default() };
    let heading = if is_school(field) {
        of_pupils(&field.name, head, dictionary, at)
    } else {
        // What columns say apart, a title says of none of them.
        let is_apart = field.name == PAY_ITEM && ITEMS.iter().any(|item| !at(item).is_empty());
        let mut texts = head.titles().filter(|_| !is_apart);
        texts.find_map(|text| Said::value_in(&field.words, text)).map(str::to_owned)
    };
    Said { words: &field.words, beside: field.beside.iter().flat_map(|other| at(other)).collect(), heading }
}

/// What says in which year of a school year rows are, where the registry has terms.
fn terms(
    definition: &RegistryDefinition,
    fields: &BTreeMap<String, FieldDefinition>,
    head: &TableHead,
    at: &dyn Fn(&str) -> Vec<usize>,
) -> Option<Terms> {
    let of_year = |field: &&FieldDefinition| field.dated.as_ref().is_some_and(|dated| dated.year == YEAR);
    let term = definition.fields.iter().filter_map(|used| fields.get(&used.field)).find(of_year)?;
    Some(Terms { positions: at(&term.name), titled: head.titles().find_map(vocabulary::school_year).map(str::to_owned) })
}

/// Columns without a field whose filled cells say together how often something was done: `第1次随访`, `第2次随访`.
fn counted(field: &FieldDefinition, head: &TableHead, left_over: &[usize]) -> Vec<usize> {
    let is_one = |at: &usize| {
        let text = head.columns.get(*at).map_or("", |column| column.text.as_str());
        let is_number = |sign: char| sign.is_ascii_digit() || "第次轮期一二三四五六七八九十月季度()（）/_.、- ".contains(sign);
        let mut bare: String = text.chars().filter(|sign| !is_number(*sign)).collect();
        for word in ["日期", "时间", "情况", "记录"] {
            bare = bare.replace(word, "");
        }
        bare.len() < text.len() && field.counted.contains(&bare)
    };
    let columns: Vec<usize> = left_over.iter().copied().filter(is_one).collect();
    if columns.len() > 1 { columns } else { Vec::new() }
}

impl<'a> Normaliser<'a> {
    /// Prepares the columns that `mapping` gives to the registry of `definition`.
    #[must_use]
    pub fn new(context: &Context<'a>, definition: &'a RegistryDefinition, head: &TableHead, mapping: &Mapping) -> Self {
        let mut positions: HashMap<&str, Vec<usize>> = HashMap::new();
        for (field, position) in &mapping.fields {
            positions.entry(field).or_default().push(*position);
        }
        if definition.grain.is_household() {
            // The name and number on a household row are the head's, whatever its header calls them.
            for (own, head) in [(NAME, HEAD_NAME), (ID_NUMBER, HEAD_ID)] {
                let of_head = positions.get(head).cloned().unwrap_or_default();
                positions.entry(own).or_default().extend(of_head);
            }
        }
        let at = |field: &str| positions.get(field).cloned().unwrap_or_default();
        let edition = context.gazetteer.edition(context.period);
        let dates = (context.period, context.as_of);
        let mut lines =
            SectionLines::new(head.columns.len(), definition, context.dictionary, &at, dates, edition, &head.preamble);
        // A field's own columns, and what lines between rows say of it.
        let said_at = |field: &str| at(field).into_iter().chain(lines.position(field)).collect::<Vec<usize>>();
        let kind_of = |field: &str| context.dictionary.fields.get(field).map(|field| field.kind);
        let codes = |field: &str| {
            let codes = context.dictionary.fields.get(field).map(|field| &field.codes);
            CodeTable::new(codes.into_iter().flatten().map(|(spelling, value)| (spelling.as_str(), value.as_str())))
        };
        let special = |field: &str| Special {
            positions: said_at(field),
            is_unmapped: at(field).is_empty(),
            codes: codes(field),
            text: StringBuilder::new(),
            raw: StringBuilder::new(),
        };
        let by_year = definition.fields.iter().any(|used| used.field == YEAR);
        let past = if by_year { None } else { data_date::of_past_year(head, context.period) };
        let snapshot = past.or_else(|| data_date::snapshot(head, context.period));
        let mut order = vec![ID_NUMBER, DISABILITY_NO, NAME, BIRTH, SEX, DISABILITY_KIND, DISABILITY_GRADE];
        let has = |field: &str| definition.fields.iter().any(|used| used.field == field);
        let mut columns = Vec::new();
        let defined = definition.fields.iter().map(|used| used.field.as_str());
        // A pin may give a field that the registry does not list.
        let names = &context.dictionary.fields;
        let pinned = mapping.fields.iter().filter_map(|(field, _)| names.get_key_value(field)).map(|(field, _)| field.as_str());
        for field in std::iter::once(NAME).chain(defined).chain(pinned) {
            let seen =
                field != NAME && order.contains(&field) || columns.iter().any(|column: &FieldColumn<'_>| column.field == field);
            let mapped = positions.contains_key(field);
            let kind = if field == NAME { Some(FieldKind::Name) } else { kind_of(field) };
            let Some(kind) = kind.filter(|&kind| !seen && kind != FieldKind::Place && field != MONTH) else { continue };
            let fallback = if field == YEAR { data_date::year(head) } else { None };
            let terms = (field == YEAR).then(|| terms(definition, names, head, &at)).flatten();
            let said = said(context.dictionary.fields.get(field), head, context.dictionary, &at);
            let counted = names
                .get(field)
                .filter(|_| !mapped && kind == FieldKind::Count)
                .map_or_else(Vec::new, |field| counted(field, head, &mapping.left_over));
            let mapped = mapped || !counted.is_empty();
            if !mapped && fallback.is_none() && !said.is_told() && field != NAME && lines.position(field).is_none() {
                continue;
            }
            let place = order.iter().position(|&known| known == field).unwrap_or_else(|| {
                order.push(field);
                order.len() - 1
            });
            columns.push(FieldColumn {
                field,
                kind,
                is_counted: !counted.is_empty(),
                positions: if counted.is_empty() { said_at(field) } else { counted },
                is_unmapped: !mapped,
                years: names.get(field).and_then(|field| field.dated.as_ref()).filter(|_| kind == FieldKind::Code).map(|of| {
                    Years {
                        of,
                        period: context.period.year(),
                        comes_first: !positions.contains_key(of.year.as_str()),
                        values: Int32Builder::new(),
                    }
                }),
                terms,
                order: u16::try_from(place).unwrap_or(u16::MAX),
                schooling: [STAGE, GRADE].contains(&field).then(|| {
                    let stage = school_of(head.titles()).and_then(stage_of);
                    Schooling::new([STAGE, GRADE, SCHOOL].map(said_at), [STAGE, GRADE].map(codes), stage, context.period)
                }),
                codes: codes(field),
                amounts: (kind == FieldKind::Money).then(|| Amounts::new(field, &at(field), definition, head, context.period)),
                fallback,
                said,
                day: match names.get(field) {
                    Some(field) if field.until => DayMeant::LastOfMonth,
                    Some(field) if field.ends.is_some() => DayMeant::LastOfRange,
                    _ => DayMeant::Written,
                },
                least_digits: names.get(field).map_or(0, |field| field.least_digits),
                status: names.get(field).and_then(|field| field.standing.as_ref()).map(|values| {
                    StatusColumn::new(
                        values,
                        &at(field),
                        head,
                        context.dictionary.fields.get(field).map_or("", |field| &field.title),
                    )
                }),
                builders: Builders::new(kind),
            });
        }
        let by_month = has(MONTH) || positions.contains_key(MONTH);
        let has_months =
            columns.iter().any(|column| column.amounts.as_ref().is_some_and(|amounts| amounts.per == Some(Per::Month)));
        let month = (by_month || has_months).then(|| {
            order.push(MONTH);
            // A roster is of a day, whatever months the header of an amount names.
            let of_amounts = || columns.iter().find_map(|column| column.amounts.as_ref()?.months_named());
            let of_header = if definition.grain == Grain::Person { None } else { of_amounts() };
            let others: Vec<usize> = mapping.left_over.iter().copied().chain(at(PAY_ITEM)).collect();
            let beside = Beside { batches: at(BATCH), others: &others };
            MonthColumn::new(at(MONTH), &beside, position_of(&order, MONTH), head, context.period, of_header, definition.grain)
        });
        order.extend(["place", ROW]);
        let is_late = !by_month && snapshot.is_some_and(|snapshot| snapshot.month > context.period);
        let header = |(field, position): &(String, usize)| Some((field.clone(), head.columns.get(*position)?.text.clone()));
        let mut headers: Vec<(String, String)> = mapping.fields.iter().filter_map(header).collect();
        let of_numbered = columns.iter().filter(|column: &&FieldColumn<'_>| column.is_counted);
        headers.extend(of_numbered.filter_map(|column| header(&(column.field.to_owned(), *column.positions.first()?))));
        for own in [NAME, ID_NUMBER] {
            let first = at(own).first().and_then(|&position| head.columns.get(position));
            if let Some(column) = first.filter(|_| headers.iter().all(|(field, _)| field != own)) {
                headers.push((own.to_owned(), column.text.clone()));
            }
        }
        let others = definition.identified_by.iter().map(String::as_str);
        let identity = [NAME, DISABILITY_NO].into_iter().chain(others).flat_map(at).collect();
        let of_people = definition.fields.iter().any(|used| used.field == NAME);
        let own = [at(NAME), at(ID_NUMBER)];
        let of_registry = || definition.fields.iter().filter_map(|used| names.get(&used.field));
        let status = of_registry().find(|field| field.is_standing() && field.kind == FieldKind::Code);
        // Of registries without one only those have rows that do not count which say by what words.
        let stands = status.is_some() || !definition.remarks.is_empty();
        let is_paid = status.is_some_and(|status| status.name == PAYMENT_STATUS);
        let of_money = is_paid.then_some(mapping.left_over.as_slice());
        let new_remarks = || Remarks::new(head, &definition.remarks, of_money, by_month);
        let remarks = if stands { new_remarks() } else { Remarks::default() };
        let outcomes = if stands { Outcomes::new(head, mapping, definition) } else { Outcomes::default() };
        let proof = Proof::new(definition, context.dictionary, head, &at);
        let sex = said_at(SEX);
        let [certificate, kind, grade] = [DISABILITY_NO, DISABILITY_KIND, DISABILITY_GRADE].map(special);
        let mut void = None;
        match heading::standing(head, definition, context.as_of).filter(|_| stands) {
            Some(heading) if status.is_none() && heading.word.is_some() => void = Some(heading.said),
            Some(heading) => lines.head(heading),
            None => {}
        }
        let slips =
            || Slips::new(head.columns.len(), context.dictionary, mapping, own.each_ref().map(Vec::as_slice), context.as_of);
        let of_person = |field: &str| [BIRTH, SEX, RELATION, HOUSEHOLD_CODE, PERSON_CODE].contains(&field);
        let beside = mapping.fields.iter().filter(|(field, _)| of_person(field)).map(|(_, position)| *position).collect();
        Self {
            context: *context,
            edition,
            snapshot,
            headers,
            order,
            identity,
            of_people,
            month,
            by_month,
            is_late,
            number: at(ID_NUMBER),
            slips: of_people.then(slips),
            household_above: if definition.grain.is_household() { None } else { HouseholdAbove::new(&at, at(RELATION)) },
            persons: Persons::default(),
            others: Others {
                head: if definition.grain.is_household() { [vec![], vec![]] } else { [at(HEAD_NAME), at(HEAD_ID)] },
                guardian: [at(GUARDIAN_NAME), at(GUARDIAN_ID)],
                spouse: [at(SPOUSE_NAME), at(SPOUSE_ID)],
                name: at(NAME),
                school: at(STAGE).into_iter().chain(at(GRADE)).collect(),
            },
            definition,
            certificate,
            kind,
            grade,
            birth: at(BIRTH),
            sex,
            sex_codes: codes(SEX),
            columns,
            status,
            remarks,
            other_kinds: OtherKinds::new(head, definition),
            outcomes,
            proof,
            projects: outcome::project_columns(head, &mapping.left_over),
            void,
            lines,
            year_named: data_date::named_year(head),
            exported: data_date::exported(head, context.period, definition.telling.iter().any(|field| field == YEAR)),
            places: Places::new(["county", "town", "village", "group", "address"].map(at), SheetPlace::of(head, edition), head),
            fields: mapping.fields.iter().map(|(_, position)| *position).collect(),
            log: Log::default(),
            rows: Vec::new(),
            beside,
            nameless: Vec::new(),
            rejects: Vec::new(),
            read: 0,
        }
    }
}
