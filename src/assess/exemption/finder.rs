//! Whom a row of the list names.
//!
//! Takes what the row says and whom linking joined it to; gives the person or the household, or why nobody can be meant. What a row says
//! must fit together: a code and a number of two persons are refused, never chosen between.

use std::collections::HashMap;

use crate::assess::subjects::{NONE, POVERTY, Subjects, index, persons_of, text_at};
use crate::model::columns::{HEAD_ID, HOUSEHOLD_CODE, ID_NUMBER, ID_STATE, IdState, NAME, PERSON_CODE};
use crate::model::exemption::ExemptionStatus;
use crate::model::finding::Scope;
use crate::model::identity::name::{FoldedName, NameLevel, compare};
use crate::model::link::{Link, LinkStatus, PersonIx};
use crate::model::record::{RegistryRecords, RowId};

/// Whom a row names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The person, where the row names one.
    pub(super) person: Option<PersonIx>,
    /// The household: the person's, or the one the row names alone.
    pub(super) household: Option<u32>,
}

impl Target {
    /// Positions of a scope's subjects that are meant: a rule about households means the person's household, a rule about persons the
    /// person, or everybody in a household that is named alone.
    pub(super) fn subjects(self, scope: Scope, subjects: &Subjects<'_>) -> Vec<usize> {
        if scope == Scope::Household {
            return self.household.into_iter().map(|at| at as usize).collect();
        }
        let of = |person: PersonIx| subjects.subject_of.get(person.0 as usize).copied().filter(|at| *at != NONE);
        self.persons(subjects).into_iter().filter_map(of).map(|at| at as usize).collect()
    }

    pub(super) fn persons(self, subjects: &Subjects<'_>) -> Vec<PersonIx> {
        if let Some(person) = self.person {
            return vec![person];
        }
        let household = self.household.and_then(|at| subjects.households.get(at as usize));
        let members = household.into_iter().flat_map(|household| &household.members);
        members.filter_map(|at| subjects.persons.get(*at as usize).copied()).collect()
    }

    /// Whom a list prints: the person, or the head.
    pub(super) fn representative(self, subjects: &Subjects<'_>) -> Option<PersonIx> {
        let head = || {
            let household = subjects.households.get(self.household? as usize)?;
            subjects.persons.get(household.head as usize).copied()
        };
        self.person.or_else(head)
    }
}

/// Finds persons and households by what a row of the list says.
pub(super) struct Finder<'a> {
    subjects: &'a Subjects<'a>,
    /// Persons of whom some other registry knows.
    is_listed: Vec<bool>,
    by_person_code: HashMap<&'a str, PersonIx>,
    by_household_code: HashMap<&'a str, u32>,
    /// Valid numbers of the poverty registry.
    by_number: HashMap<&'a str, PersonIx>,
    /// Basis points below which a link by weight is not enough to excuse anybody.
    least: i64,
}

pub(super) type Found = Result<Target, (ExemptionStatus, String)>;

impl<'a> Finder<'a> {
    pub(super) fn new(subjects: &'a Subjects<'a>, list: usize, least: i64) -> Self {
        let mut is_listed = vec![false; subjects.subject_of.len()];
        for position in (0..subjects.records.registries.len()).filter(|position| *position != list) {
            for (_, person) in persons_of(subjects.records, subjects.linked, position) {
                is_listed[person] = true;
            }
        }
        let (mut by_person_code, mut by_number) = (HashMap::new(), HashMap::new());
        if let Some((position, poverty)) = subjects.records.registry(POVERTY) {
            let (codes, numbers, states) = (poverty.text(PERSON_CODE), poverty.text(ID_NUMBER), poverty.text(ID_STATE));
            for (row, person) in persons_of(subjects.records, subjects.linked, position) {
                let person = PersonIx(index(person));
                if let Some(code) = text_at(codes, row) {
                    by_person_code.entry(code).or_insert(person);
                }
                if text_at(states, row) == Some(IdState::Valid.as_str())
                    && let Some(number) = text_at(numbers, row)
                {
                    by_number.entry(number).or_insert(person);
                }
            }
        }
        let codes = subjects.households.iter().zip(0..).map(|(household, at)| (household.code.expose(), at));
        Self { subjects, is_listed, by_person_code, by_household_code: codes.collect(), by_number, least }
    }

    pub(super) fn find(&self, list: &RegistryRecords, row: usize, id: RowId) -> Found {
        let text = |column: &str| list.text_at(column, row).filter(|text| !text.is_empty());
        let refused = |why: &str| Err((ExemptionStatus::Refused, why.to_owned()));
        let nobody = |why: &str| Err((ExemptionStatus::NoSubject, why.to_owned()));
        let (name, code) = (text(NAME), text(PERSON_CODE));
        let number = text(ID_STATE).is_some_and(|state| state != IdState::Missing.as_str());
        let household = text(HOUSEHOLD_CODE).and_then(|code| self.by_household_code.get(code)).copied();
        if name.is_none() && code.is_none() && !number {
            let of_head = || self.household_of(*self.by_number.get(text(HEAD_ID)?)?);
            return match household.or_else(of_head) {
                Some(household) => Ok(Target { person: None, household: Some(household) }),
                None => nobody("扶贫登记里没有这个户编号"),
            };
        }
        let link = self.subjects.linked.links.get(id.0 as usize);
        let link = link.filter(|link| self.is_listed.get(link.person.0 as usize).copied().unwrap_or(false));
        let by_link = link.filter(|link| self.is_sure(link)).map(|link| link.person);
        let by_code = code.and_then(|code| self.by_person_code.get(code)).copied();
        let person = match (by_code, by_link) {
            (Some(one), Some(other)) if one != other => return refused("人编号和身份证号（姓名）不是同一个人，请核对"),
            (Some(person), None) if name.is_some_and(|name| !self.is_called(person, name, NameLevel::agrees)) => {
                return refused("人编号和姓名不是同一个人，请核对");
            }
            (Some(person), _) | (None, Some(person)) => person,
            (None, None) => match name.zip(household).and_then(|(name, household)| self.member(household, name)) {
                Some(person) => person,
                None if link.is_some() => return nobody("只凭姓名、地址等像是某人，把握不够，请补正证件号码"),
                None if !number && code.is_none() => return nobody("只有姓名不能确定是谁，请补身份证号、人编号或户编号"),
                None => return nobody("各登记表里都没有这个人，请核对证件号码和姓名"),
            },
        };
        let own = self.household_of(person);
        if household.is_some() && own.is_some() && household != own {
            return refused("户编号不是此人所在的户，请核对");
        }
        Ok(Target { person: Some(person), household: own })
    }

    /// To excuse the wrong person hides somebody's need: a link by weight must be as good as for a finding that is likely.
    fn is_sure(&self, link: &Link) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "basis points are far below 2^24")]
        let least = self.least as f32;
        link.status != LinkStatus::Probable || link.probability * 10_000.0 >= least
    }

    fn household_of(&self, person: PersonIx) -> Option<u32> {
        self.subjects.household_of.get(person.0 as usize).copied().filter(|at| *at != NONE)
    }

    fn is_called(&self, person: PersonIx, name: &str, close: impl Fn(NameLevel) -> bool) -> bool {
        let name_there = self.subjects.people_text("name", person).and_then(FoldedName::new);
        name_there.zip(FoldedName::new(name)).is_some_and(|(there, name)| close(compare(&there, &name)))
    }

    /// The one member of the household with this name.
    fn member(&self, household: u32, name: &str) -> Option<PersonIx> {
        let members = self.subjects.households.get(household as usize)?.members.iter();
        let persons = members.filter_map(|at| self.subjects.persons.get(*at as usize).copied());
        let mut called = persons.filter(|person| self.is_called(*person, name, |level| level == NameLevel::Same));
        called.next().filter(|_| called.next().is_none())
    }
}
