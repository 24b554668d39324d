//! `explain`: everything a run knows of a person, a household or a finding, from its stage files.
//!
//! Takes a run folder, a [`Question`] and the pipeline that made the run (for the rules); gives an [`Explanation`]: the picture of whom is
//! asked for, which [`crate::ask::terminal`] and [`crate::ask::page`] lay out. Cost: one pass over the stage files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::ask::evaluate::EvaluateRunError;
use crate::assess::{AssessError, VerdictInput, Verdicts, verdicts};
use crate::intake::definitions::{self, DefinitionError, Definitions};
use crate::model::columns;
use crate::model::link::PersonIx;
use crate::model::masking::Audience;
use crate::model::personal::{Expose, Personal};
use crate::model::picture::{HouseholdPicture, ShownFinding, Words};
use crate::run::county::picture::{Known, Teller};
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
    /// What was asked.
    pub title: Words,
    /// `2018-06，截至 2018-06-30`.
    pub period: String,
    /// The finding asked for; told there and nowhere else.
    pub finding: Option<ShownFinding>,
    /// Persons; with a code where a household is asked for.
    pub household: HouseholdPicture,
    /// Whom it leaves out: namesakes, whose rules.
    pub notes: Vec<Words>,
    /// Why rules are not told; `None` where they are.
    pub without_rules: Option<Words>,
}

/// Answers.
pub(crate) fn explain(run: &Path, question: &Question, pipeline: Option<&Path>) -> Result<Explanation, ExplainError> {
    let finished = Finished::open(run)?;
    if crate::ask::evaluate::tables_of(run).is_some() {
        let Question::Person(wanted) = question else {
            return Err(ExplainError::Unknown("这一项：这是连接表的运行，只能用 --person 查"));
        };
        let found = crate::ask::tables::explain(&finished, wanted)?;
        let (household, more) = found.ok_or(ExplainError::Unknown("这个人（人员编号，或某一列里的值，须写全）"))?;
        let more = Some(more).filter(|more| *more > 0);
        let notes = more.map(|more| format!("还有 {more} 人有这个值，请用人员编号再问").into()).into_iter().collect();
        return Ok(Explanation { title: "两表关联".into(), household, notes, ..Explanation::default() });
    }
    let (records, _) = finished.records()?;
    let linked = finished.linked(&records)?;
    let findings = finished.findings()?;
    let (definitions, without_rules) = definitions_of(&finished, pipeline)?;
    let links = finished.table("links.parquet")?;
    let known = Known {
        records: &records,
        linked: &linked,
        findings: &findings,
        definitions: definitions.as_ref().map(|definitions| (&definitions.dictionary, &definitions.policy)),
        why: Some(&links),
    };
    let mut answer = Explanation {
        period: format!("{}，截至 {}", finished.run.period, finished.run.as_of),
        without_rules: without_rules.map(Into::into),
        ..Explanation::default()
    };
    let mut asked = None;
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
                answer.notes = vec![format!("{} 人同名，请用人员编号再问：", found.len()).into()];
                answer.notes.extend(found.iter().map(|person| who(&known, *person)));
                answer.without_rules = None;
                return Ok(answer);
            }
            (found, None)
        }
        Question::Household(code) => {
            let found = members(&known, code.expose());
            if found.is_empty() {
                return Err(ExplainError::Unknown("这一户"));
            }
            answer.title = Words::masked(format!("户 {}", Audience::Village.code(code.expose())));
            (found, Some(code.clone()))
        }
        Question::Finding(id) => {
            let finding = findings.iter().find(|finding| finding.finding_id == *id);
            let finding = finding.ok_or(ExplainError::Unknown("这条疑点"))?;
            answer.title = format!("疑点 {id}").into();
            asked = Some(finding);
            match (&finding.person_id, &finding.household_code) {
                (Some(id), _) => {
                    (known.everybody().filter(|person| known.people_text("person_id", *person) == Some(id)).collect(), None)
                }
                (None, Some(code)) => (members(&known, code.expose()), Some(code.clone())),
                (None, None) => (BTreeSet::new(), None),
            }
        }
    };
    let rules = definitions.as_ref().filter(|_| answer.without_rules.is_none());
    let judged = judge(&finished, rules, &known, &persons, code.expose())?;
    let as_of = finished.run.as_of.parse().unwrap_or_default();
    let teller = Teller::new(known, &persons, judged, (Audience::Village, as_of));
    answer.household = teller.household(code.expose(), &persons.into_iter().collect::<Vec<_>>());
    answer.finding = asked.map(|asked| answer.household.take_finding(&asked.finding_id).unwrap_or_else(|| teller.finding(asked)));
    Ok(answer)
}

/// The definitions at hand, and why they do not tell what rules say of this run.
fn definitions_of(finished: &Finished, pipeline: Option<&Path>) -> Result<(Option<Definitions>, Option<String>), ExplainError> {
    if let Some(pipeline) = pipeline {
        let definitions = definitions::load(pipeline)?;
        if definitions.hash != finished.run.pipeline_hash {
            return Err(ExplainError::OtherPipeline { pipeline: pipeline.to_owned() });
        }
        return Ok((Some(definitions), None));
    }
    let (name, why) = (&finished.run.pipeline, "用 --pipeline 指明那次运行的流程文件，就能逐条列出规则及理由");
    Ok(match definitions::usual(name) {
        Ok(definitions) if definitions.hash == finished.run.pipeline_hash => (Some(definitions), None),
        Ok(changed) => {
            let told = format!("pipelines/{name}.toml 在那次运行之后改动过，所以没有列出规则。重新运行一次，或{why}");
            (Some(changed), Some(told))
        }
        Err(missing) => (None, Some(format!("{missing}，所以没有列出规则。{why}"))),
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
fn who(known: &Known<'_>, person: PersonIx) -> Words {
    let of = |name: &str| known.people_text(name, person).unwrap_or("");
    format!("{} {} {} {}{}", of("person_id"), of("name"), Audience::Village.number(of("number")), of("town"), of("village"))
        .into()
}
