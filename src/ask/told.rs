//! An explanation as plain lines for the terminal: numbers masked, births as ages.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use crate::ask::explain::Explanation;
use crate::ask::waterfall::waterfall;
use crate::config::link_words;
use crate::model::finding::Finding;
use crate::model::link::WeightPart;
use crate::model::masking::{Audience, Row, mask_text};
use crate::model::personal::Expose;
use crate::model::picture::{Doubtful, Judged, PersonPicture, SourceRow, Verdict, Why};
use crate::run::picture::joined;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text)?;
        f.write_str(mask_text(&text).trim_end())
    }
}

impl Explanation {
    fn write(&self, text: &mut String) -> fmt::Result {
        if let Some(tables) = &self.tables {
            return text.write_str(tables.expose());
        }
        if !self.namesakes.is_empty() {
            writeln!(text, "{} 人同名，请用人员编号再问：", self.namesakes.len())?;
            return self.namesakes.iter().try_for_each(|line| writeln!(text, "  {}", line.expose()));
        }
        let beside = self.beside();
        if let Some(finding) = &self.finding {
            write_finding(finding, &beside, text)?;
        }
        for person in &self.persons {
            write_person(person, &beside, text)?;
        }
        if let Some(household) = &self.household {
            let code = household.code.expose().unwrap_or_default();
            let place = beside.text(&format!("{}{}{}", household.town, household.village, household.group));
            writeln!(text, "户 {code} {place}")?;
            for finding in household.findings.iter().filter(|finding| self.finding.as_ref() != Some(finding)) {
                write_finding(finding, &beside, text)?;
            }
            write_rules(&household.rules, &household.findings, &beside, text)?;
        }
        match &self.without_rules {
            Some(why) => writeln!(text, "{why}"),
            None => Ok(()),
        }
    }
}

fn write_person(person: &PersonPicture, beside: &Row, text: &mut String) -> fmt::Result {
    let PersonPicture { person_id, name, town, village, .. } = person;
    let (name, number) = (name.expose(), Audience::Village.number(person.number.expose()));
    writeln!(text, "人员 {person_id} {name} {number} {}", beside.text(&format!("{town}{village}")))?;
    for row in &person.rows {
        write_row(row, beside, text)?;
    }
    for proposed in &person.proposed {
        writeln!(text, "  {}", beside.text(proposed.expose()))?;
    }
    for doubt in &person.doubts {
        write_doubt(doubt, text)?;
    }
    for finding in &person.findings {
        write_finding(finding, beside, text)?;
    }
    write_rules(&person.rules, &person.findings, beside, text)?;
    writeln!(text)
}

/// One source row and how it came to its person.
fn write_row(row: &SourceRow, beside: &Row, text: &mut String) -> fmt::Result {
    let household =
        if row.household_code.is_empty() { String::new() } else { format!(" 户 {}", beside.text(row.household_code.expose())) };
    let sheet = if row.place.sheet.is_empty() { String::new() } else { format!("，{}", row.place.sheet.expose()) };
    writeln!(
        text,
        "  {}（{}{sheet}）第{}行：{} {}（{}）{}{household} —— {}",
        row.place.registry,
        row.place.file.expose(),
        row.place.line,
        row.name.expose(),
        Audience::Village.number(row.number.expose()),
        row.number_state,
        beside.text(row.address.expose()),
        joined(row),
    )?;
    row.why.as_ref().map_or(Ok(()), |why| write_why(why, &row.parts, text))
}

/// A pair left to a human: the other row, and the bars of the weight.
fn write_doubt(doubt: &Doubtful, text: &mut String) -> fmt::Result {
    let place = &doubt.place;
    writeln!(
        text,
        "  待核对：{} {} {} 第{}行可能是同一人，权重 {:.1} 比特，概率 {:.4}（{}）",
        place.registry,
        place.file.expose(),
        place.sheet.expose(),
        place.line,
        doubt.weight,
        doubt.probability,
        doubt.reason,
    )?;
    write_bars(&doubt.parts, text)
}

fn write_bars(parts: &[WeightPart], text: &mut String) -> fmt::Result {
    if parts.is_empty() { Ok(()) } else { text.write_str(&waterfall(parts, "        ")) }
}

/// What brought a row to its person: the rule, the row it was compared with, the bars, the best other candidate.
fn write_why(why: &Why, parts: &[WeightPart], text: &mut String) -> fmt::Result {
    let other = why.compared_with.expose().map_or_else(String::new, |other| format!("，与 {other} 比较"));
    writeln!(text, "      找到的办法：{}{other}", link_words::rule(&why.rule))?;
    write_bars(parts, text)?;
    match &why.rival {
        Some(rival) => {
            let contradicts = if rival.contradicts { "，但姓名或号码互相矛盾，不能认定" } else { "" };
            writeln!(text, "      落选的最佳人选：{}，权重 {:.1} 比特{contradicts}", rival.place.expose(), rival.weight)
        }
        None => writeln!(text, "      没有别的人选达到 0 比特"),
    }
}

fn write_finding(finding: &Finding, beside: &Row, text: &mut String) -> fmt::Result {
    let Finding { finding_id, rule, clause, .. } = finding;
    let clause = if clause.is_empty() { String::new() } else { format!("{clause}，") };
    let confidence = finding.confidence.plain();
    writeln!(text, "  疑点 {finding_id} {rule}（{clause}{confidence}）：{}", beside.text(finding.sentence.expose()))?;
    for cell in &finding.evidence {
        let place = match (cell.file.expose(), cell.row) {
            (Some(file), Some(row)) => format!("{file} 第{row}行 "),
            _ => String::new(),
        };
        writeln!(text, "      依据：{} {place}{}", cell.registry, beside.said(&cell.column, cell.value.expose()))?;
    }
    Ok(())
}

/// Rules that say something one by one, the others by reason.
fn write_rules(rules: &[Judged], findings: &[Finding], beside: &Row, text: &mut String) -> fmt::Result {
    if rules.is_empty() {
        return Ok(());
    }
    writeln!(text, "  规则：{}", counted(rules))?;
    for verdict in [Verdict::Fires, Verdict::NotYet, Verdict::Unknown, Verdict::Exempt, Verdict::Passes] {
        for judged in rules.iter().filter(|judged| judged.verdict == verdict && !judged.absent) {
            let held = verdict == Verdict::Fires && !findings.iter().any(|finding| finding.rule == judged.rule.id);
            let said = if held { "暂缓" } else { verdict.plain() };
            writeln!(
                text,
                "    {said}  {}（{}）{}：{}",
                judged.rule.title,
                judged.rule.ground(),
                judged.rule.id,
                beside.text(judged.why.expose())
            )?;
        }
    }
    for (verdict, rules) in folded(rules) {
        for (why, titles) in rules {
            writeln!(text, "    {}  {}：{}", verdict.plain(), beside.text(why), titles.join("、"))?;
        }
    }
    Ok(())
}

/// `不符 1，通过 9，不适用 63`.
pub(crate) fn counted(rules: &[Judged]) -> String {
    let count = |verdict| rules.iter().filter(|judged| judged.verdict == verdict).count();
    let told = Verdict::ALL.into_iter().map(|verdict| (verdict, count(verdict))).filter(|(_, count)| *count > 0);
    told.map(|(verdict, count)| format!("{} {count}", verdict.plain())).collect::<Vec<_>>().join("，")
}

/// Rules that are told by reason: those that cannot be told for want of any row, do not apply, or were not evaluated.
pub(crate) fn folded(rules: &[Judged]) -> Vec<(Verdict, BTreeMap<&str, Vec<&str>>)> {
    let mut told: BTreeMap<Verdict, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for judged in rules {
        if judged.absent || [Verdict::NotApplicable, Verdict::NotEvaluated].contains(&judged.verdict) {
            told.entry(judged.verdict).or_default().entry(judged.why.expose()).or_default().push(&judged.rule.title);
        }
    }
    told.into_iter().collect()
}
