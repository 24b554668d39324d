//! An explanation as lines for the terminal. `█` speaks for the same person, `░` against, `│` is even odds.

use std::fmt::{self, Write};

use crate::ask::explain::Explanation;
use crate::config::link_words::LEGEND;
use crate::model::picture::{Compared, ShownFinding, ShownRule, SourceRow, counted};
use crate::model::text::padded;

/// Places for the bars.
const WIDTH: f32 = 36.0;
/// Places for the words.
const WORDS: usize = 44;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text)?;
        f.write_str(text.trim_end())
    }
}

impl Explanation {
    fn write(&self, text: &mut String) -> fmt::Result {
        let household = &self.household;
        write_findings(self.finding.as_slice(), text)?;
        for person in &household.members {
            writeln!(text, "人员 {} {} {}", person.person_id, person.name, person.about())?;
            person.rows.iter().chain(&person.doubts).try_for_each(|row| write_row(row, text))?;
            person.proposed.iter().try_for_each(|proposed| writeln!(text, "  {proposed}"))?;
            write_findings(&person.findings, text)?;
            write_rules(&person.rules, text)?;
            writeln!(text)?;
        }
        if household.code.is_some() {
            writeln!(text, "户 {} 户主 {} {}", household.shown, household.head, household.place)?;
            write_findings(&household.findings, text)?;
            write_rules(&household.rules, text)?;
        }
        if household.has_bars() {
            writeln!(text, "{LEGEND}")?;
        }
        self.notes.iter().chain(&self.without_rules).try_for_each(|note| writeln!(text, "{note}"))
    }
}

fn write_row(row: &SourceRow, text: &mut String) -> fmt::Result {
    let mut said = vec![row.name.as_str(), row.number.as_str(), row.content.as_str()];
    said.retain(|words| !words.is_empty());
    let how = if row.how.is_empty() { String::new() } else { format!(" —— {}", row.how) };
    writeln!(text, "  {}：{}{how}", row.origin(), said.join(" "))?;
    row.compared.iter().try_for_each(|compared| write_compared(compared, text))
}

fn write_compared(compared: &Compared, text: &mut String) -> fmt::Result {
    writeln!(text, "      {}", compared.found)?;
    for bar in &compared.bars {
        let [from, to, zero] = [bar.from, bar.to, compared.zero].map(place);
        let (first, last) = (from.min(to), from.max(to));
        let drawn = (0..last.max(zero + 1)).map(|at| match at {
            at if (first..last).contains(&at) => {
                if to >= from {
                    '█'
                } else {
                    '░'
                }
            }
            at if at == zero => '│',
            _ => ' ',
        });
        writeln!(text, "        {}{:>+8.1}  {}", padded(&bar.words, WORDS), bar.weight, drawn.collect::<String>().trim_end())?;
    }
    if compared.rival.is_empty() { Ok(()) } else { writeln!(text, "      {}", compared.rival) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the width")]
fn place(share: f32) -> usize {
    (share * WIDTH).round().clamp(0.0, WIDTH) as usize
}

fn write_findings(findings: &[ShownFinding], text: &mut String) -> fmt::Result {
    for finding in findings {
        let ShownFinding { id, title, ground, confidence, sentence, evidence } = finding;
        writeln!(text, "  疑点 {id} {title}（{ground}，{confidence}）：{sentence}")?;
        evidence.iter().try_for_each(|row| writeln!(text, "      依据：{} {}", row.origin(), row.content))?;
    }
    Ok(())
}

fn write_rules(rules: &[ShownRule], text: &mut String) -> fmt::Result {
    if rules.is_empty() {
        return Ok(());
    }
    writeln!(text, "  规则：{}", counted(rules))?;
    for ShownRule { result, titles, ground, why, folded, .. } in rules {
        let titles = titles.join("、");
        if *folded {
            writeln!(text, "    {result}  {why}：{titles}")?;
        } else {
            writeln!(text, "    {result}  {titles}（{ground}）：{why}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::link::WeightPart;
    use crate::run::bars;

    #[test]
    fn bars_are_to_scale_and_start_where_the_last_ended() {
        let part = |comparison: &str, level: &str, weight: f32| WeightPart {
            comparison: comparison.to_owned(),
            level: level.to_owned(),
            weight,
        };
        let parts = [part("prior", "", -12.0), part("name", "same sound", 6.0), part("birth", "equal", 24.0)];
        let mut text = String::new();
        write_compared(&bars::compared(&parts), &mut text).expect("written");
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert!(lines[0].contains("起始分") && lines[0].contains("-12.0") && lines[0].contains('░'), "{text}");
        assert!(lines[1].contains("姓名 同音不同字") && lines[1].contains("+6.0") && lines[1].contains('█'), "{text}");
        assert!(lines[3].contains("合计") && lines[3].contains("+18.0"), "{text}");
        let of = |line: &str, bar: char| line.chars().filter(|c| *c == bar).count();
        assert_eq!(of(lines[0], '░'), 2 * of(lines[1], '█'), "{text}");
        assert_eq!(of(lines[2], '█'), of(lines[0], '░') / 2 + of(lines[3], '█'), "{text}");
    }
}
