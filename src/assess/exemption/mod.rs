//! The county's exemption list: which accusations it excuses, and what became of each of its rows.
//!
//! Takes the rows of the `exemption` registry, linked like any others; for each evaluated rule turns the outcome of excused subjects from
//! "fires" into "exempt", and drops excused findings of built-in rules. A row touches only the rules it names, until its last day; 全部 are
//! all rules but those about identity. What a row says must fit together: a row that names nobody, no rule, or contradicts itself excuses
//! nothing and is told. Cost: linear in the list and the poverty registry.

mod finder;
mod names;

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::Array;

use super::AssessInput;
use super::compose::Draft;
use super::evaluate::{Evaluated, Outcome};
use super::subjects::{Subjects, index, persons_of};
use crate::config::policy::{Body, Policy};
use crate::model::columns::{HOUSEHOLD_CODE, ID_NUMBER, NAME, REPAIRS};
use crate::model::date::Day;
use crate::model::exemption::{EXEMPTION, EXEMPTION_LIST, ExemptionStatus, ExemptionUse};
use crate::model::finding::{RuleNote, Scope};
use crate::model::personal::Personal;
use crate::model::record::{RecordSet, RowId};
use crate::model::standing::{Withheld, Withholding};
use finder::{Finder, Target};
use names::{EVERY, Named, RuleNames};

/// Columns of the list.
const RULE: &str = "exempt_rule";
const REASON: &str = "exempt_reason";
const UNTIL: &str = "exempt_until";
const DECIDED_BY: &str = "exempt_by";
/// Rules that 全部 leaves alone: a number on two names stays one, whoever is excused from what.
const IDENTITY: &str = "identity.";
/// So many rows are named in a note. Chosen: a line still holds them.
const NAMED_ROWS: usize = 5;

/// One rule of one row.
#[derive(Debug)]
struct Line {
    row: RowId,
    named: Named,
    target: Option<Target>,
    until: Option<Day>,
    /// Why it excuses nothing.
    problem: Option<(ExemptionStatus, String)>,
    /// Whether a rule it names was evaluated.
    asked: bool,
    /// Subjects of it for whom a rule it names fired, and the titles of those rules.
    fired: i64,
    titles: BTreeSet<String>,
}

/// The list of a run; empty without one.
#[derive(Debug, Default)]
pub(crate) struct Exemptions {
    lines: Vec<Line>,
    /// Rule → subjects excused.
    excused: BTreeMap<String, i64>,
}

impl Exemptions {
    pub(crate) fn read(input: &AssessInput<'_>, subjects: &Subjects<'_>) -> Self {
        let Some((position, list)) = input.records.registry(EXEMPTION).filter(|(_, list)| !list.is_empty()) else {
            return Self::default();
        };
        let finder = Finder::new(subjects, position, input.policy.settings.likely_probability);
        let rules = RuleNames::new(input.policy);
        let mut lines = Vec::new();
        let offset = input.records.offset(position);
        for (row, _) in persons_of(input.records, input.linked, position) {
            let id = RowId(offset + index(row));
            let found = finder.find(list, row, id);
            let until = list.date(UNTIL).filter(|days| days.is_valid(row)).map(|days| Day(days.value(row)));
            let reason = list.text_at(REASON, row);
            let unreadable = list
                .text_at(REPAIRS, row)
                .is_some_and(|repairs| repairs.split(';').any(|repair| repair == format!("{UNTIL}:unreadable")));
            let named = list.text_at(RULE, row).map_or_else(Vec::new, |text| rules.of(text));
            let nothing = named.is_empty();
            // A row without a rule is one line all the same: it is told.
            let named = if nothing { vec![Named::Unknown(Personal::default(), None)] } else { named };
            for named in named {
                let problem = match &named {
                    _ if nothing => Some((ExemptionStatus::Refused, "没有写规则".to_owned())),
                    Named::Unknown(_, near) => Some((ExemptionStatus::NoRule, meant(near.as_deref()))),
                    Named::Every if reason.is_none() => Some((ExemptionStatus::Refused, "豁免全部规则要写明理由".to_owned())),
                    Named::Rule(id) if is_tally(input.policy, id) => {
                        Some((ExemptionStatus::Refused, "这条规则按地方计算，不能豁免某人某户".to_owned()))
                    }
                    _ if unreadable => {
                        let why = "截止日期看不懂，请写成 2018-12-31 的样子，长期有效的留空";
                        Some((ExemptionStatus::Refused, why.to_owned()))
                    }
                    _ => found.clone().err(),
                };
                let expired = until.is_some_and(|until| until < input.as_of);
                let problem = problem.or_else(|| expired.then(|| (ExemptionStatus::Expired, String::new())));
                lines.push(Line {
                    row: id,
                    named,
                    target: found.as_ref().ok().copied(),
                    until,
                    problem,
                    asked: false,
                    fired: 0,
                    titles: BTreeSet::new(),
                });
            }
        }
        Self { lines, excused: BTreeMap::new() }
    }

    /// Excuses whom the list excuses from this rule.
    pub(crate) fn apply(&mut self, evaluated: &mut Evaluated<'_>, subjects: &Subjects<'_>) {
        let card = &evaluated.rule.card;
        let mut excused: BTreeSet<usize> = BTreeSet::new();
        for line in self.lines.iter_mut().filter(|line| line.names(&card.id)) {
            let Some(target) = line.target else { continue };
            line.asked = true;
            for at in target.subjects(card.scope, subjects) {
                let fires = evaluated.outcome(at) == Outcome::Fires || excused.contains(&at);
                if !fires {
                    continue;
                }
                line.fired += 1;
                line.titles.insert(card.title.clone());
                if line.problem.is_none() && excused.insert(at) {
                    evaluated.excuse(at, line.until);
                }
            }
        }
        if !excused.is_empty() {
            let count = i64::try_from(excused.len()).unwrap_or(i64::MAX);
            *evaluated.exempt_reasons.entry(EXEMPTION_LIST.to_owned()).or_default() += count;
            self.excused.insert(card.id.clone(), count);
        }
    }

    /// Drops findings of built-in rules that the list excuses by name; gives those whose subjects are known from earlier months.
    pub(crate) fn drop_excused(
        &mut self,
        drafts: &mut Vec<Draft>,
        input: &AssessInput<'_>,
        subjects: &Subjects<'_>,
    ) -> Vec<Withheld> {
        let mut withheld = Vec::new();
        for rule in input.policy.rules.iter().filter(|rule| matches!(rule.body, Body::BuiltIn(_))) {
            let card = &rule.card;
            let mut excused: BTreeMap<&str, Option<Day>> = BTreeMap::new();
            for line in self.lines.iter_mut().filter(|line| line.named == Named::Rule(card.id.clone())) {
                let Some(target) = line.target else { continue };
                line.asked = true;
                for person in target.persons(subjects) {
                    let Some(id) = subjects.people_text("person_id", person) else { continue };
                    if drafts.iter().any(|draft| is_about(draft, &card.id, id)) {
                        line.fired += 1;
                        line.titles.insert(card.title.clone());
                        if line.problem.is_none() {
                            excused.insert(id, line.until);
                        }
                    }
                }
            }
            let known = input.known.and_then(|known| known.get(&card.id));
            for (id, until) in &excused {
                for draft in drafts.iter().filter(|draft| is_about(draft, &card.id, id)) {
                    if known.is_some_and(|known| known.contains(&Personal::from(*id))) {
                        let finding_id = input.key.id("F", &[&card.id, &draft.key]);
                        withheld.push(Withheld { finding_id, rule: card.id.clone(), why: Withholding::Exempt(*until) });
                    }
                }
                drafts.retain(|draft| !is_about(draft, &card.id, id));
            }
            if !excused.is_empty() {
                self.excused.insert(card.id.clone(), i64::try_from(excused.len()).unwrap_or(i64::MAX));
            }
        }
        withheld
    }

    /// What became of every line, in the order of the list.
    pub(crate) fn uses(&self, input: &AssessInput<'_>, subjects: &Subjects<'_>) -> Vec<ExemptionUse> {
        self.lines.iter().filter_map(|line| line.summary(input, subjects)).collect()
    }

    /// What outputs should warn of: rules that excused somebody, and rows that excuse nobody and should.
    pub(crate) fn notes(&self, input: &AssessInput<'_>) -> Vec<RuleNote> {
        let note = |rule: &str, note: String, concerned: i64| RuleNote {
            rule: rule.to_owned(),
            town: None,
            note,
            held: false,
            concerned,
            short: None,
        };
        let unit = |id: &str| {
            let household = input.policy.rule(id).is_some_and(|rule| rule.card.scope == Scope::Household);
            if household { "户" } else { "人" }
        };
        let mut notes: Vec<RuleNote> = self
            .excused
            .iter()
            .map(|(id, count)| note(id, format!("{EXEMPTION_LIST}豁免 {count} {}，不列为疑点", unit(id)), *count))
            .collect();
        for status in ExemptionStatus::ALL.into_iter().filter(|status| status.is_wrong()) {
            let rows = self.rows(input.records, |line| line.status() == status);
            if let Some(rows) = rows {
                let text = format!("{}：{}，没有豁免任何疑点，请更正清单", status.plain(), rows.1);
                notes.push(note(EXEMPTION_LIST, text, rows.0));
            }
        }
        let lasting = self.rows(input.records, |line| line.problem.is_none() && line.until.is_none());
        if let Some((count, rows)) = lasting {
            notes.push(note(EXEMPTION_LIST, format!("没有写截止日期，一直有效：{rows}，请定期复核"), count));
        }
        notes
    }

    /// Number of rows with such a line, and where the first stand.
    fn rows(&self, records: &RecordSet, wanted: impl Fn(&Line) -> bool) -> Option<(i64, String)> {
        let rows: BTreeSet<RowId> = self.lines.iter().filter(|line| wanted(line)).map(|line| line.row).collect();
        let place = |row: &RowId| {
            let (position, row) = records.locate(*row)?;
            let (sheet, number) = records.origin(position, row)?;
            Some(format!("{} 第 {number} 行", sheet.name.file))
        };
        let shown: Vec<String> = rows.iter().take(NAMED_ROWS).filter_map(place).collect();
        let more = if rows.len() > NAMED_ROWS { format!(" 等 {} 行", rows.len()) } else { String::new() };
        (!rows.is_empty()).then(|| (i64::try_from(rows.len()).unwrap_or(i64::MAX), format!("{}{more}", shown.join("、"))))
    }
}

impl Line {
    fn names(&self, rule: &str) -> bool {
        match &self.named {
            Named::Rule(id) => id == rule,
            Named::Every => !rule.starts_with(IDENTITY),
            Named::Unknown(..) => false,
        }
    }

    fn status(&self) -> ExemptionStatus {
        match &self.problem {
            Some((status, _)) => *status,
            None if !self.asked => ExemptionStatus::NotEvaluated,
            None if self.fired > 0 => ExemptionStatus::Used,
            None => ExemptionStatus::NotNeeded,
        }
    }

    fn remark(&self, without_reason: bool) -> String {
        let mut said: Vec<String> = Vec::new();
        match (self.status(), &self.problem) {
            (ExemptionStatus::Expired, _) if self.fired > 0 => said.push("已到期，疑点照常列出；确需豁免的请重新认定".to_owned()),
            (ExemptionStatus::Expired, _) => said.push("已到期，可以从清单里删去".to_owned()),
            (_, Some((_, why))) => said.push(why.clone()),
            (ExemptionStatus::Used, _) if self.named == Named::Every => {
                said.push(format!("豁免了：{}", self.titles.iter().map(String::as_str).collect::<Vec<_>>().join("、")));
            }
            (ExemptionStatus::NotNeeded, _) => said.push("本期这条规则没有列出该对象".to_owned()),
            (ExemptionStatus::NotEvaluated, _) => said.push("这条规则本期没有评估，见“未评估与提醒”".to_owned()),
            _ => {}
        }
        if self.problem.is_none() && self.until.is_none() {
            said.push("没有写截止日期，一直有效，请定期复核".to_owned());
        }
        if self.problem.is_none() && without_reason {
            said.push("没有写理由，请补上".to_owned());
        }
        said.join("；")
    }

    /// `None` where the run is about other places.
    fn summary(&self, input: &AssessInput<'_>, subjects: &Subjects<'_>) -> Option<ExemptionUse> {
        let (position, row) = input.records.locate(self.row)?;
        let (sheet, number) = input.records.origin(position, row)?;
        let list = input.records.registries.get(position)?;
        let own = |column: &str| list.text_at(column, row).map(Personal::from);
        let representative = self.target.and_then(|target| target.representative(subjects));
        let of = |column: &str| representative.and_then(|representative| subjects.people_text(column, representative));
        let among = |wanted: &[String], name: &str, code: &str| {
            let either = [of(name), of(code)];
            wanted.is_empty() || representative.is_none() || wanted.iter().any(|wanted| either.contains(&Some(wanted)))
        };
        if !among(input.towns, "town", "town_code") || !among(input.villages, "village", "village_code") {
            return None;
        }
        let household = self.target.and_then(|target| subjects.households.get(target.household? as usize));
        let reason = own(REASON);
        Some(ExemptionUse {
            file: sheet.name.file.as_str().into(),
            sheet: sheet.name.sheet.as_str().into(),
            row: number,
            rule: match &self.named {
                Named::Rule(id) => input.policy.rule(id).map_or(id, |rule| &rule.card.title).as_str().into(),
                Named::Every => EVERY[0].into(),
                Named::Unknown(text, _) => text.clone(),
            },
            rule_id: if let Named::Rule(id) = &self.named { Some(id.clone()) } else { None },
            name: of("name").map(Personal::from).or_else(|| own(NAME)),
            id_number: of("number").map(Personal::from).or_else(|| own(ID_NUMBER)),
            household_code: household.map(|household| household.code.clone()).or_else(|| own(HOUSEHOLD_CODE)),
            town: of("town").map(str::to_owned),
            village: of("village").map(str::to_owned),
            remark: self.remark(reason.is_none()),
            reason,
            until: self.until,
            decided_by: own(DECIDED_BY),
            status: self.status(),
            excused: if self.problem.is_none() { self.fired } else { 0 },
        })
    }
}

fn is_about(draft: &Draft, rule: &str, person: &str) -> bool {
    draft.finding.rule == rule && draft.finding.person_id.as_deref() == Some(person)
}

fn is_tally(policy: &Policy, id: &str) -> bool {
    policy.rule(id).is_some_and(|rule| matches!(rule.body, Body::Tally(_)))
}

fn meant(near: Option<&str>) -> String {
    near.map_or_else(|| "请写规则编号，或照抄汇总里的规则名称".to_owned(), |near| format!("是不是“{near}”？"))
}

#[cfg(test)]
mod tests;
