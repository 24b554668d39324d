//! `explain`: everything a run knows of a person, a household or a finding, from its stage files.
//!
//! Takes a run folder, a [`Question`] and the pipeline that made the run (for the rules); gives an [`Explanation`]: every row of every
//! registry with how it was joined, what brought it to its person with the bars of the weight (which sum to it) and the best candidate it was not
//! given to, the pairs left to a human likewise, every rule with why it passed, failed
//! or does not apply, and the findings with the cells they rest on. [`crate::ask::told`] and [`crate::ask::page`] render it. Cost: one pass over the stage files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::ask::evaluate::EvaluateRunError;
use crate::assess::{AssessError, VerdictInput, Verdicts, verdicts};
use crate::intake::definitions::{self, DefinitionError, Definitions};
use crate::model::columns;
use crate::model::date::Day;
use crate::model::finding::{Finding, Scope};
use crate::model::link::PersonIx;
use crate::model::masking::{Audience, Row};
use crate::model::personal::{Expose, Personal};
use crate::model::picture::{HouseholdPicture, PersonPicture};
use crate::run::picture::{Known, household};
use crate::store::finished::{Finished, FinishedError};
use crate::store::stages::StageError;

/// More namesakes than this are listed, not explained.
const NAMESAKES: usize = 5;

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    /// A person id, or a name.
    Person(Personal),
    /// A household code of the poverty registry.
    Household(Personal),
    /// A finding id.
    Finding(String),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExplainError {
    /// A stage file is missing or not ours.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// A stage file lacks a column.
    #[error(transparent)]
    Column(#[from] EvaluateRunError),
    /// The folder is no finished run.
    #[error(transparent)]
    Finished(#[from] FinishedError),
    /// The pipeline given is wrong.
    #[error(transparent)]
    Definitions(#[from] DefinitionError),
    /// The pipeline given is not the one that made the run.
    #[error("{} 与那次运行所用的定义不同，按它说明会答非所问。请用那次运行时的流程文件，或不写 --pipeline", pipeline.display())]
    OtherPipeline {
        /// Which.
        pipeline: PathBuf,
    },
    /// A rule could not be evaluated.
    #[error(transparent)]
    Assess(#[from] AssessError),
    /// Nobody, no household, no finding of that name.
    #[error("这次运行里没有{0}。姓名须写全，人员编号以 P 开头，疑点编号以 F 开头")]
    Unknown(&'static str),
}

/// An answer.
#[derive(Debug, Default)]
pub(crate) struct Explanation {
    /// What was asked, in words; numbers masked.
    pub title: Personal,
    /// `2018-06，截至 2018-06-30`.
    pub period: String,
    /// The day that ages are told at.
    pub as_of: Day,
    /// The finding asked for.
    pub finding: Option<Finding>,
    /// Persons, in order of their founding rows.
    pub persons: Vec<PersonPicture>,
    /// The household asked for, without its members.
    pub household: Option<HouseholdPicture>,
    /// More namesakes than can be explained: one line each.
    pub namesakes: Vec<Personal>,
    /// Rule → title.
    pub titles: BTreeMap<String, String>,
    /// Registry → title.
    pub registries: BTreeMap<String, String>,
    /// The whole answer as lines, for a run over tables.
    pub tables: Option<Personal>,
    /// Why rules are not told; `None` where they are.
    pub without_rules: Option<String>,
}

impl Explanation {
    /// What stands together in it: everybody asked for.
    pub(crate) fn beside(&self) -> Row {
        let mut row = Audience::Village.row(self.as_of);
        self.persons.iter().for_each(|person| person.stands_beside(&mut row));
        for finding in self.finding.iter().chain(self.household.iter().flat_map(|household| &household.findings)) {
            finding.id_number.iter().for_each(|number| row.knows_number(number.expose()));
            finding.evidence.iter().for_each(|cell| row.knows_cell(&cell.column, cell.value.expose()));
        }
        row
    }
}

/// Answers.
pub(crate) fn explain(run: &Path, question: &Question, pipeline: Option<&Path>) -> Result<Explanation, ExplainError> {
    let finished = Finished::open(run)?;
    if crate::ask::evaluate::tables_of(run).is_some() {
        let Question::Person(wanted) = question else {
            return Err(ExplainError::Unknown("这一项：这是连接表的运行，只能用 --person 查"));
        };
        let told = crate::ask::tables::explain(&finished, wanted)?;
        let told = told.ok_or(ExplainError::Unknown("这个人（人员编号，或某一列里的值，须写全）"))?;
        return Ok(Explanation { title: "两表关联".into(), tables: Some(told.into()), ..Explanation::default() });
    }
    let (records, _) = finished.records()?;
    let linked = finished.linked(&records)?;
    let findings = finished.findings()?;
    let (definitions, without_rules) = match rules_of(&finished, pipeline)? {
        Ok(definitions) => (Some(definitions), None),
        Err(why) => (None, Some(why)),
    };
    let dictionary = definitions.as_ref().map(|definitions| &definitions.dictionary);
    let links = finished.table("links.parquet")?;
    let known = Known { records: &records, linked: &linked, findings: &findings, dictionary, why: Some(&links) };
    let mut answer = Explanation {
        period: format!("{}，截至 {}", finished.run.period, finished.run.as_of),
        as_of: finished.run.as_of.parse().unwrap_or_default(),
        without_rules,
        titles: definitions
            .iter()
            .flat_map(|known| known.policy.rules.iter())
            .map(|rule| (rule.card.id.clone(), rule.card.title.clone()))
            .collect(),
        registries: dictionary
            .iter()
            .flat_map(|dictionary| &dictionary.registries)
            .map(|registry| (registry.id.to_string(), registry.title.clone()))
            .collect(),
        ..Explanation::default()
    };

    let (persons, code) = match question {
        Question::Person(wanted) => {
            let is_wanted = |person: &PersonIx| {
                [known.people_text("person_id", *person), known.people_text("name", *person)].contains(&Some(wanted.expose()))
            };
            let found: BTreeSet<PersonIx> = known.everybody().filter(is_wanted).collect();
            if found.is_empty() {
                return Err(ExplainError::Unknown("这个人"));
            }
            answer.title = format!("人员 {}", Audience::Village.text(wanted.expose())).into();
            if found.len() > NAMESAKES {
                answer.namesakes = found.iter().map(|person| who(&known, *person)).collect();
                return Ok(answer);
            }
            (found, None)
        }
        Question::Household(code) => {
            let found = members(&known, code.expose());
            if found.is_empty() {
                return Err(ExplainError::Unknown("这一户"));
            }
            answer.title = format!("户 {}", Audience::Village.text(code.expose())).into();
            (found, Some(code.clone()))
        }
        Question::Finding(id) => {
            let finding = findings.iter().find(|finding| finding.finding_id == *id);
            let finding = finding.ok_or(ExplainError::Unknown("这条疑点"))?;
            answer.title = format!("疑点 {id}").into();
            answer.finding = Some(finding.clone());
            match (&finding.person_id, &finding.household_code) {
                (Some(id), _) => {
                    (known.everybody().filter(|person| known.people_text("person_id", *person) == Some(id)).collect(), None)
                }
                (None, Some(code)) => (members(&known, code.expose()), Some(code.clone())),
                (None, None) => (BTreeSet::new(), None),
            }
        }
    };
    let mut judged = judge(&finished, definitions.as_ref(), &known, &persons, code.expose())?;
    answer.persons = known.persons(&persons, &mut judged).into_values().collect();
    if let Some(code) = code {
        let of_household =
            |finding: &&Finding| finding.scope == Scope::Household && finding.household_code.as_ref() == Some(&code);
        let of_household: Vec<&Finding> = findings.iter().filter(of_household).collect();
        let mut picture = household(Some(code.clone()), answer.persons.clone(), &mut judged, &of_household);
        known.excuse(&mut picture.rules, &picture.findings, &|line| {
            line.household == Some(code.expose()) || persons.contains(&line.person)
        });
        picture.members.clear();
        answer.household = Some(picture);
    }
    Ok(answer)
}

/// The definitions that made the run, or why they are not at hand.
fn rules_of(finished: &Finished, pipeline: Option<&Path>) -> Result<Result<Definitions, String>, ExplainError> {
    if let Some(pipeline) = pipeline {
        let definitions = definitions::load(pipeline)?;
        if definitions.hash != finished.run.pipeline_hash {
            return Err(ExplainError::OtherPipeline { pipeline: pipeline.to_owned() });
        }
        return Ok(Ok(definitions));
    }
    let why = "用 --pipeline 指明那次运行的流程文件，就能逐条列出规则及理由";
    let changed =
        |pipeline: &str| format!("pipelines/{pipeline}.toml 在那次运行之后改动过，所以没有列出规则。重新运行一次，或{why}");
    Ok(match definitions::usual(&finished.run.pipeline) {
        Ok(definitions) if definitions.hash == finished.run.pipeline_hash => Ok(definitions),
        Ok(_) => Err(changed(&finished.run.pipeline)),
        Err(missing) => Err(format!("{missing}，所以没有列出规则。{why}")),
    })
}

fn judge(
    finished: &Finished,
    definitions: Option<&Definitions>,
    known: &Known<'_>,
    persons: &BTreeSet<PersonIx>,
    code: Option<&str>,
) -> Result<Verdicts, ExplainError> {
    let Some(definitions) = definitions else { return Ok(Verdicts::default()) };
    let (Ok(period), Ok(as_of)) = (finished.run.period.parse(), finished.run.as_of.parse()) else {
        return Ok(Verdicts::default());
    };
    let held = finished.run.notes.iter().filter(|note| note.held && note.town.is_none());
    let input = VerdictInput {
        policy: &definitions.policy,
        dictionary: &definitions.dictionary,
        period,
        as_of,
        facts_person: &finished.table("facts_person.parquet")?,
        facts_household: &finished.table("facts_household.parquet")?,
        registries: &known.registries(persons),
        not_evaluated: &held.map(|note| (note.rule.clone(), note.sentence.clone())).collect(),
    };
    let ids = persons.iter().filter_map(|person| known.people_text("person_id", *person)).collect();
    Ok(verdicts(&input, &ids, &code.into_iter().collect())?)
}

/// Persons with a row that bears this household code.
fn members(known: &Known<'_>, code: &str) -> BTreeSet<PersonIx> {
    let mut found = BTreeSet::new();
    for (position, records) in known.records.registries.iter().enumerate() {
        let start = known.records.offset(position) as usize;
        for (row, link) in known.linked.links.iter().skip(start).take(records.len()).enumerate() {
            if records.text_at(columns::HOUSEHOLD_CODE, row) == Some(code) {
                found.insert(link.person);
            }
        }
    }
    found
}

/// `P52b3… 李琼芳 522124********0560 安场镇光明社区`.
fn who(known: &Known<'_>, person: PersonIx) -> Personal {
    let of = |name: &str| known.people_text(name, person).unwrap_or("");
    format!("{} {} {} {}{}", of("person_id"), of("name"), Audience::Village.number(of("number")), of("town"), of("village"))
        .into()
}
