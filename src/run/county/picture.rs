//! Records, links, findings and verdicts → pictures of persons and households, in the words in which they are shown.
//!
//! Takes what a run knows (fresh, or read back from its stage files), for whom it is told, and whom to show; gives [`HouseholdPicture`]s with
//! every source row, how it was joined, what is left to a human, every rule. In what is posted nothing tells of health: neither rules nor
//! rows of registers of the sick and disabled. Cost: one pass over the links, then only the rows of whom is shown.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Date32Type;

use crate::assess::Verdicts;
use crate::config::link_words;
use crate::config::policy::Policy;
use crate::config::registry::Dictionary;
use crate::model::columns::{self, IdState};
use crate::model::date::{Day, Month};
use crate::model::exemption::{EXEMPTION, EXEMPTION_LIST};
use crate::model::finding::{Evidence, Finding, Scope};
use crate::model::link::{Link, LinkStatus, Linked, PersonIx, ReviewPair};
use crate::model::masking::{Audience, Row, tells_health, tells_health_id};
use crate::model::money::Fen;
use crate::model::personal::{Expose, Personal};
use crate::model::picture::{
    Compared, HELD, HouseholdPicture, Judged, PersonPicture, ShownFinding, ShownRule, SourceRow, Verdict, Words,
};
use crate::model::record::{RecordSet, RegistryRecords, RowId};
use crate::model::registry::RegistryId;
use crate::run::bars;
use crate::run::county::corrections;
use crate::store::stages::link_reasons::why;

/// Columns shown beside the cells, or of no interest to a reader.
const SHOWN_ELSEWHERE: [&str; 11] = [
    columns::NAME,
    columns::ID_NUMBER,
    columns::ID_STATE,
    columns::ID_RAW,
    columns::HOUSEHOLD_CODE,
    columns::TOWN,
    columns::TOWN_CODE,
    columns::VILLAGE,
    columns::VILLAGE_CODE,
    columns::GROUP,
    columns::REPAIRS,
];

/// What a run knows.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    /// Every kept row.
    pub(crate) records: &'a RecordSet,
    /// The person of every row.
    pub(crate) linked: &'a Linked,
    /// Findings.
    pub(crate) findings: &'a [Finding],
    /// Titles of registries and rules, where definitions are at hand.
    pub(crate) definitions: Option<(&'a Dictionary, &'a Policy)>,
    /// `links.parquet`, where why rows were joined is to be told.
    pub(crate) why: Option<&'a RecordBatch>,
}

impl<'a> Known<'a> {
    /// A text column of the people table.
    pub(crate) fn people_text(&self, column: &str, person: PersonIx) -> Option<&'a str> {
        let array = self.linked.people.0.column_by_name(column)?.as_string_opt::<i32>()?;
        let at = person.0 as usize;
        (at < array.len() && array.is_valid(at)).then(|| array.value(at)).filter(|text| !text.is_empty())
    }

    /// All persons.
    pub(crate) fn everybody(&self) -> impl Iterator<Item = PersonIx> + use<'a> {
        (0..u32::try_from(self.linked.people.0.num_rows()).unwrap_or(u32::MAX)).map(PersonIx)
    }

    /// The rows of each of these persons, in row order; one pass over all links.
    fn rows_of(&self, wanted: &BTreeSet<PersonIx>) -> HashMap<PersonIx, Vec<RowId>> {
        let mut rows: HashMap<PersonIx, Vec<RowId>> = HashMap::new();
        for (link, row) in self.linked.links.iter().zip(0..) {
            if wanted.contains(&link.person) {
                rows.entry(link.person).or_default().push(RowId(row));
            }
        }
        rows
    }

    /// In which registries these persons stand, by person id.
    pub(crate) fn registries(&self, wanted: &BTreeSet<PersonIx>) -> HashMap<String, BTreeSet<RegistryId>> {
        let mut found: HashMap<String, BTreeSet<RegistryId>> = HashMap::new();
        for (position, records) in self.records.registries.iter().enumerate() {
            let start = self.records.offset(position) as usize;
            for link in self.linked.links.iter().skip(start).take(records.len()).filter(|link| wanted.contains(&link.person)) {
                let Some(id) = self.people_text("person_id", link.person) else { continue };
                if let Some(known) = found.get_mut(id) {
                    known.insert(records.registry.clone());
                } else {
                    found.insert(id.to_owned(), BTreeSet::from([records.registry.clone()]));
                }
            }
        }
        found
    }

    fn title(&self, registry: &RegistryId) -> String {
        let known = self.definitions.and_then(|(dictionary, _)| dictionary.registry(registry.as_str()));
        known.map_or_else(|| registry.to_string(), |known| known.title.clone())
    }

    fn row(&self, row: RowId) -> Option<(&'a RegistryRecords, usize)> {
        let (position, at) = self.records.locate(row)?;
        Some((self.records.registries.get(position)?, at))
    }

    /// The county's exemption list; empty in most runs.
    fn exemptions(&self) -> Vec<Excuse<'a>> {
        let Some((position, records)) = self.records.registry(EXEMPTION) else { return Vec::new() };
        let links = self.linked.links.iter().skip(self.records.offset(position) as usize).take(records.len());
        let line = |(row, link): (usize, &Link)| Excuse {
            person: link.person,
            household: records.text_at(columns::HOUSEHOLD_CODE, row),
            rules: records.text_at("exempt_rule", row).unwrap_or_default(),
        };
        links.enumerate().map(line).collect()
    }
}

/// A row of the exemption list.
struct Excuse<'a> {
    person: PersonIx,
    household: Option<&'a str>,
    rules: &'a str,
}

/// Tells of some persons what a run knows.
pub(crate) struct Teller<'a> {
    known: Known<'a>,
    audience: Audience,
    as_of: Day,
    verdicts: Verdicts,
    rows: HashMap<PersonIx, Vec<RowId>>,
    doubts: HashMap<RowId, Vec<usize>>,
    /// By person id, of households by code.
    findings: HashMap<&'a str, Vec<&'a Finding>>,
    proposed: BTreeMap<PersonIx, Vec<Personal>>,
    exemptions: Vec<Excuse<'a>>,
}

impl<'a> Teller<'a> {
    /// One pass over everything.
    pub(crate) fn new(
        known: Known<'a>,
        wanted: &BTreeSet<PersonIx>,
        verdicts: Verdicts,
        (audience, as_of): (Audience, Day),
    ) -> Self {
        let mut doubts: HashMap<RowId, Vec<usize>> = HashMap::new();
        for (at, pair) in known.linked.review.iter().enumerate() {
            for side in [pair.left, pair.right] {
                if known.linked.links.get(side.0 as usize).is_some_and(|link| wanted.contains(&link.person)) {
                    doubts.entry(side).or_default().push(at);
                }
            }
        }
        let mut findings: HashMap<&str, Vec<&Finding>> = HashMap::new();
        for finding in known.findings.iter().filter(|finding| !(audience.is_public() && is_of_health(finding))) {
            let subject = match finding.scope {
                Scope::Household => finding.household_code.expose(),
                Scope::Person | Scope::Unit => finding.person_id.as_deref(),
            };
            if let Some(subject) = subject {
                findings.entry(subject).or_default().push(finding);
            }
        }
        let (rows, proposed) = (known.rows_of(wanted), corrections::by_person(known.linked));
        Self { known, audience, as_of, verdicts, rows, doubts, findings, proposed, exemptions: known.exemptions() }
    }

    /// The household of this code, or persons without one; head first where a row says so.
    pub(crate) fn household(&self, code: Option<&str>, persons: &[PersonIx]) -> HouseholdPicture {
        let mut beside = self.audience.row(self.as_of);
        for person in persons {
            self.stands_beside(*person, &mut beside);
        }
        let findings = code.and_then(|code| self.findings.get(code)).map_or(&[][..], Vec::as_slice);
        for finding in findings {
            knows_finding(finding, &mut beside);
        }
        let mut persons = persons.to_vec();
        persons.sort_by_key(|person| self.first(*person, columns::RELATION) != "户主");
        let head = persons.first().copied();
        let of_head = |column: &str| head.and_then(|head| self.known.people_text(column, head)).unwrap_or_default();
        let judged = code.and_then(|code| self.verdicts.households.get(&Personal::from(code))).map_or(&[][..], Vec::as_slice);
        let excused = |line: &Excuse<'_>| line.household == code || persons.contains(&line.person);
        HouseholdPicture {
            code: code.map(Into::into),
            shown: code.map_or_else(Words::default, |code| Words::masked(self.audience.code(&household_name(code)))),
            head: self.audience.name(of_head("name")).into(),
            place: head.map_or_else(Words::default, |head| beside.text(&self.home(head)).into()),
            village: of_head("village").to_owned(),
            group: head.map_or_else(Words::default, |head| self.audience.text(self.first(head, columns::GROUP)).into()),
            rules: self.rules(judged, findings, &excused, &beside),
            findings: findings.iter().map(|finding| self.show(finding, &beside)).collect(),
            members: persons.iter().map(|person| self.person(*person, code, &beside)).collect(),
        }
    }

    /// A finding about nobody in particular.
    pub(crate) fn finding(&self, finding: &Finding) -> ShownFinding {
        let mut beside = self.audience.row(self.as_of);
        knows_finding(finding, &mut beside);
        self.show(finding, &beside)
    }

    fn rows(&self, person: PersonIx) -> &[RowId] {
        self.rows.get(&person).map_or(&[], Vec::as_slice)
    }

    /// The pairs of a person that are left to a human: which, the person's row, and the other.
    fn doubts(&self, person: PersonIx) -> impl Iterator<Item = (&'a ReviewPair, RowId, RowId)> {
        let pairs =
            self.rows(person).iter().flat_map(|row| self.doubts.get(row).into_iter().flatten().map(move |at| (*row, *at)));
        pairs.filter_map(|(row, at)| {
            let pair = self.known.linked.review.get(at)?;
            Some((pair, row, if pair.left == row { pair.right } else { pair.left }))
        })
    }

    /// What the first row of a person says that says anything.
    fn first(&self, person: PersonIx, column: &str) -> &'a str {
        let mut rows = self.rows(person).iter().filter_map(|row| self.known.row(*row));
        rows.find_map(|(records, at)| records.text_at(column, at)).unwrap_or_default()
    }

    fn home(&self, person: PersonIx) -> String {
        let of = |column: &str| self.known.people_text(column, person).unwrap_or_default();
        format!("{}{}{}", of("town"), of("village"), self.first(person, columns::GROUP))
    }

    fn birth(&self, person: PersonIx) -> Option<Day> {
        let births = self.known.linked.people.0.column_by_name("birth")?.as_primitive_opt::<Date32Type>()?;
        let at = person.0 as usize;
        births.is_valid(at).then(|| Day(births.value(at)))
    }

    fn findings_of(&self, person: PersonIx) -> &[&'a Finding] {
        let findings = self.known.people_text("person_id", person).and_then(|id| self.findings.get(id));
        findings.map_or(&[], Vec::as_slice)
    }

    /// What must not be told beside the masked numbers of a person and of whom it may be.
    fn stands_beside(&self, person: PersonIx, beside: &mut Row) {
        let of = |column: &str| self.known.people_text(column, person).unwrap_or_default();
        beside.knows_number(of("number"));
        beside.knows_name(of("name"));
        self.birth(person).iter().for_each(|birth| beside.knows_birth(*birth));
        let others = self.doubts(person).map(|(.., other)| other);
        for row in self.rows(person).iter().copied().chain(others).filter(|row| self.may_be_shown(*row)) {
            let Some((records, at)) = self.known.row(row) else { continue };
            let text = |column: &str| records.text_at(column, at).unwrap_or_default();
            [columns::ID_NUMBER, columns::ID_RAW].map(text).iter().for_each(|number| beside.knows_number(number));
            beside.knows_name(text(columns::NAME));
            self.cells(row).iter().for_each(|(header, value)| beside.knows_cell(header, value.expose()));
        }
        self.findings_of(person).iter().for_each(|finding| knows_finding(finding, beside));
    }

    fn person(&self, person: PersonIx, code: Option<&str>, beside: &Row) -> PersonPicture {
        let text = |column: &str| self.known.people_text(column, person).unwrap_or_default();
        let (audience, id) = (self.audience, text("person_id"));
        let age = self.birth(person).map_or_else(String::new, |birth| audience.birth(birth, self.as_of));
        let mut facts = vec![beside.text(self.first(person, columns::RELATION)), text("sex").to_owned(), age];
        facts.retain(|fact| !fact.is_empty());
        let home = self.home(person);
        let findings = self.findings_of(person);
        let judged = self.verdicts.persons.get(id).map_or(&[][..], Vec::as_slice);
        let proposed = self.proposed.get(&person).into_iter().flatten();
        PersonPicture {
            person_id: id.to_owned(),
            name: audience.name(text("name")).into(),
            number: audience.number(text("number")).into(),
            facts: facts.join("，").into(),
            place: beside.text(&home).into(),
            rows: self.rows(person).iter().filter_map(|row| self.joined(*row, &home, code, beside)).collect(),
            doubts: self.doubts(person).filter_map(|doubt| self.doubtful(doubt, beside)).collect(),
            proposed: proposed.map(|sentence| beside.text(sentence.expose()).into()).collect(),
            rules: self.rules(judged, findings, &|line| line.person == person, beside),
            findings: findings.iter().map(|finding| self.show(finding, beside)).collect(),
        }
    }

    /// Whether a row may be shown there: a register of the sick is not posted.
    fn may_be_shown(&self, row: RowId) -> bool {
        let Some((position, at)) = self.known.records.locate(row).filter(|_| self.audience.is_public()) else { return true };
        let register = self.known.records.registries.get(position).map(|records| self.known.title(&records.registry));
        let file = self.known.records.origin(position, at).map(|(sheet, _)| sheet.name.file.as_str());
        !(register.is_some_and(|title| tells_health(&title)) || file.is_some_and(tells_health))
    }

    /// Register, place, name and number of a row; `None` where it may not be shown.
    fn source(&self, row: RowId) -> Option<SourceRow> {
        let (position, at) = self.known.records.locate(row).filter(|_| self.may_be_shown(row))?;
        let records = self.known.records.registries.get(position)?;
        let (sheet, line) = self.known.records.origin(position, at)?;
        let text = |column: &str| records.text_at(column, at).unwrap_or_default();
        Some(SourceRow {
            register: self.known.title(&records.registry),
            place: place(&sheet.name.file, &sheet.name.sheet, line).into(),
            name: self.audience.name(text(columns::NAME)).into(),
            number: self.audience.number(text(columns::ID_NUMBER)).into(),
            ..SourceRow::default()
        })
    }

    /// Register, place and name of a row in one: `残疾人证登记册（残联.xls 第3行）张小明`.
    fn named(&self, row: RowId) -> String {
        self.source(row).map(|source| format!("{}{}", source.origin(), source.name)).unwrap_or_default()
    }

    /// What a row says besides, under its own headers.
    fn cells(&self, row: RowId) -> Vec<(String, Personal)> {
        let Some((position, at)) = self.known.records.locate(row) else { return Vec::new() };
        let (Some(records), Some((sheet, _))) =
            (self.known.records.registries.get(position), self.known.records.origin(position, at))
        else {
            return Vec::new();
        };
        let months = [columns::MONTH, columns::MONTH_FROM, columns::MONTH_TO].map(|month| cell_text(records, month, at));
        let one_month = months.iter().all(|month| *month == months[0]);
        let cell = |name: &str| {
            let told = one_month && [columns::MONTH_FROM, columns::MONTH_TO].contains(&name);
            if told || SHOWN_ELSEWHERE.contains(&name) || name.ends_with("_state") || name.ends_with("_raw") {
                return None;
            }
            let value = cell_text(records, name, at)?;
            let header = match sheet.header(name) {
                Some(header) => header,
                // Read out of the number, not out of a cell.
                None if [columns::BIRTH, columns::SEX].contains(&name) => return None,
                None if name == columns::MONTH_TO => "最后一个月",
                // Read out of a title or a file name; what has no title is the program's own.
                None => self.known.definitions?.0.fields.get(name)?.title.as_str(),
            };
            let posted = !(self.audience.is_public() && tells_health(header));
            posted.then(|| (header.to_owned(), value.into()))
        };
        records.batch.schema_ref().fields().iter().filter_map(|field| cell(field.name())).collect()
    }

    /// A row of a person and how it came to be the person's: what it says but for what stands in the person's own line.
    fn joined(&self, row: RowId, home: &str, code: Option<&str>, beside: &Row) -> Option<SourceRow> {
        let (records, at) = self.known.row(row)?;
        let link = self.known.linked.links.get(row.0 as usize)?;
        let text = |column: &str| records.text_at(column, at).unwrap_or_default();
        let mut content = Vec::new();
        let state = IdState::parse(text(columns::ID_STATE)).filter(|state| *state != IdState::Valid);
        match (text(columns::ID_RAW), state) {
            ("", None) if text(columns::ID_NUMBER).is_empty() => content.push(IdState::Missing.plain().to_owned()),
            ("", state) => content.extend(state.map(|state| state.plain().to_owned())),
            (raw, state) => {
                let state = state.map_or_else(String::new, |state| format!("（{}）", state.plain()));
                content.push(format!("原写号码={}{state}", beside.cell("证件号码", raw)));
            }
        }
        let address = [columns::TOWN, columns::VILLAGE, columns::GROUP].map(text).concat();
        for (label, value, known) in
            [("住址", address.as_str(), home), ("户号", text(columns::HOUSEHOLD_CODE), code.unwrap_or(""))]
        {
            if !value.is_empty() && value != known {
                content.push(format!("{label}={}", beside.text(value)));
            }
        }
        content.extend(self.cells(row).iter().map(|(header, value)| beside.said(header, value.expose())));
        let odds = match link.status {
            LinkStatus::Id | LinkStatus::Alone => String::new(),
            _ => format!("，{}", link_words::odds(link.weight, link.probability)),
        };
        Some(SourceRow {
            content: content.join("，").into(),
            how: format!("{}{odds}", link.status.plain()).into(),
            compared: self.known.why.and_then(|links| self.compared(links, row, link.weight)).into_iter().collect(),
            ..self.source(row)?
        })
    }

    /// What brought a row to its person.
    fn compared(&self, links: &RecordBatch, row: RowId, weight: f32) -> Option<Compared> {
        let why = why(links, row)?;
        let with = why.compared_with.map_or_else(String::new, |other| format!("，与 {} 比较", self.named(other)));
        let rival = why.rival.map_or_else(
            || "没有别的人选到 0 分".to_owned(),
            |(other, score)| {
                let contradicts = if score >= weight { "，但姓名或号码互相矛盾，不能认定" } else { "" };
                format!("落选的最佳人选：{}，把握分 {score:.1}{contradicts}", self.named(other))
            },
        );
        let found = format!("找到的办法：{}{with}", link_words::rule(&why.rule));
        Some(Compared { found: found.into(), rival: rival.into(), ..bars::compared(&why.parts) })
    }

    /// The other row of a pair that is left to a human.
    fn doubtful(&self, (pair, own, other): (&ReviewPair, RowId, RowId), beside: &Row) -> Option<SourceRow> {
        let (records, at) = self.known.row(other)?;
        let text = |column: &str| records.text_at(column, at).unwrap_or_default();
        let address = [columns::TOWN, columns::VILLAGE, columns::GROUP].map(text).concat();
        Some(SourceRow {
            content: beside.text(&address).into(),
            how: open(&pair.reason, pair.weight, pair.probability).into(),
            compared: vec![Compared { found: format!("与 {} 比较", self.named(own)).into(), ..bars::compared(&pair.parts) }],
            ..self.source(other)?
        })
    }

    fn show(&self, finding: &Finding, beside: &Row) -> ShownFinding {
        let rule = self.known.definitions.and_then(|(_, policy)| policy.rule(&finding.rule));
        let mut evidence: Vec<(SourceRow, Vec<String>)> = Vec::new();
        for cell in &finding.evidence {
            let source = self.cited(cell);
            let said = if cell.column == source.register {
                beside.text(cell.value.expose())
            } else {
                beside.said(&cell.column, cell.value.expose())
            };
            match evidence.iter_mut().find(|(known, _)| (&known.register, &known.place) == (&source.register, &source.place)) {
                Some((_, cells)) => cells.push(said),
                None => evidence.push((source, vec![said])),
            }
        }
        let evidence = evidence.into_iter().map(|(row, cells)| SourceRow { content: cells.join("，").into(), ..row });
        ShownFinding {
            id: finding.finding_id.clone(),
            title: rule.map_or_else(|| finding.rule.clone(), |rule| rule.card.title.clone()),
            ground: finding.ground().to_owned(),
            confidence: finding.confidence.plain(),
            sentence: beside.text(finding.sentence.expose()).into(),
            evidence: evidence.collect(),
        }
    }

    /// Where a cell stands that a finding rests on.
    fn cited(&self, cell: &Evidence) -> SourceRow {
        let at = cell.file.expose().zip(cell.row);
        let place = at.map(|(file, row)| place(file, cell.sheet.expose().unwrap_or_default(), row)).unwrap_or_default();
        SourceRow { register: self.known.title(&cell.registry), place: place.into(), ..SourceRow::default() }
    }

    /// Rules that say something one by one, what asks for action first; then the others by reason, those with most rules first. One that
    /// fires but made no finding is excused, where a line of the county's exemption list that is about the subject names it, or held back.
    fn rules(
        &self,
        judged: &[Judged],
        findings: &[&Finding],
        is_about: &dyn Fn(&Excuse<'_>) -> bool,
        beside: &Row,
    ) -> Vec<ShownRule> {
        let health = |judged: &Judged| {
            let card = &judged.rule;
            let title = tells_health(&card.title) || tells_health(&card.lead) || tells_health_id(&card.id);
            title || tells_health(judged.why.expose())
        };
        let excused = |judged: &Judged| {
            let names = [judged.rule.id.as_str(), &judged.rule.title, "全部"];
            self.exemptions.iter().any(|line| is_about(line) && names.iter().any(|name| line.rules.contains(name)))
        };
        let (mut rules, mut folded) = (Vec::new(), BTreeMap::<(Verdict, &str), Vec<String>>::new());
        for judged in judged.iter().filter(|judged| !(self.audience.is_public() && health(judged))) {
            let (verdict, why, title) = (judged.verdict, judged.why.expose(), judged.rule.title.clone());
            if judged.absent || [Verdict::NotApplicable, Verdict::NotEvaluated].contains(&verdict) {
                folded.entry((verdict, why)).or_default().push(title);
                continue;
            }
            let held = verdict == Verdict::Fires && !findings.iter().any(|finding| finding.rule == judged.rule.id);
            let (verdict, result, why) = if held && excused(judged) {
                (Verdict::Exempt, Verdict::Exempt.plain(), format!("{EXEMPTION_LIST}写明不列为疑点（{why}）"))
            } else if held {
                (verdict, HELD, format!("{why}。先核对是否同一人，或本乡镇数据不全"))
            } else {
                (verdict, verdict.plain(), why.to_owned())
            };
            let (ground, why) = (judged.rule.ground().to_owned(), beside.text(&why).into());
            rules.push(ShownRule { verdict, result, titles: vec![title], ground, why, folded: false });
        }
        rules.sort_by_key(|rule| rule.verdict);
        let mut folded: Vec<ShownRule> = folded
            .into_iter()
            .map(|((verdict, why), titles)| {
                let (result, why) = (verdict.plain(), beside.text(why).into());
                ShownRule { verdict, result, titles, ground: String::new(), why, folded: true }
            })
            .collect();
        folded.sort_by_key(|rule| (rule.verdict, std::cmp::Reverse(rule.titles.len())));
        rules.extend(folded);
        rules
    }
}

/// The code, or what stands for it where a person is outside the poverty registry.
pub(crate) fn household_name(code: &str) -> String {
    code.split_once(':').map_or_else(|| code.to_owned(), |(_, code)| format!("（户外）{code}"))
}

/// Whether a finding tells of somebody's health.
fn is_of_health(finding: &Finding) -> bool {
    let mut columns = finding.evidence.iter().map(|cell| cell.column.as_str());
    tells_health_id(&finding.rule) || tells_health(finding.sentence.expose()) || columns.any(tells_health)
}

/// What a finding rests on must not be told beside it.
fn knows_finding(finding: &Finding, beside: &mut Row) {
    finding.id_number.iter().for_each(|number| beside.knows_number(number.expose()));
    finding.evidence.iter().for_each(|cell| beside.knows_cell(&cell.column, cell.value.expose()));
}

/// `医保.xlsx，Sheet1 第12行`.
pub(crate) fn place(file: &str, sheet: &str, line: u32) -> String {
    let sheet = if sheet.is_empty() { String::new() } else { format!("，{sheet}") };
    format!("{file}{sheet} 第{line}行")
}

/// Why a pair is left to a human: `待核对：证据不足以认定，把握分 3.0，可能性 88.89%`.
pub(crate) fn open(reason: &str, weight: f32, probability: f32) -> String {
    format!("待核对，可能是同一人：{}，{}", link_words::reason(reason), link_words::odds(weight, probability))
}

/// A record cell in plain words; `None` where it is empty.
fn cell_text(records: &RegistryRecords, column: &str, row: usize) -> Option<String> {
    if let Some(text) = records.text_at(column, row) {
        return Some(text.to_owned()).filter(|text| !text.is_empty());
    }
    let int = records.int(column).filter(|array| array.is_valid(row)).map(|array| array.value(row));
    let int32 = records.int32(column).filter(|array| array.is_valid(row)).map(|array| array.value(row));
    let flag = records.flag(column).filter(|array| array.is_valid(row)).map(|array| array.value(row));
    let day = records.date(column).filter(|array| array.is_valid(row)).map(|array| Day(array.value(row)));
    match (int, int32, flag, day) {
        (Some(fen), ..) if column.ends_with("_fen") => Some(Fen(fen).to_string()),
        (Some(number), ..) => Some(number.to_string()),
        (_, Some(month), ..) if [columns::MONTH, columns::MONTH_FROM, columns::MONTH_TO].contains(&column) => {
            let whole = Month::new(month / 100, u32::try_from(month % 100).unwrap_or(0));
            Some(whole.map_or_else(|| month.to_string(), |month| month.to_string()))
        }
        (_, Some(number), ..) => Some(number.to_string()),
        (_, _, Some(yes), _) => Some(if yes { "是" } else { "否" }.to_owned()),
        (_, _, _, Some(day)) => Some(day.to_string()),
        _ => None,
    }
}
