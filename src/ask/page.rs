//! An explanation as one HTML page: no script, nothing from outside, prints on A4. Whatever stands in it passes maud, which escapes it.

use std::fmt::Write;

use maud::{DOCTYPE, Escaper, Markup, PreEscaped, Render, html};

use crate::ask::explain::Explanation;
use crate::config::link_words::LEGEND;
use crate::model::picture::{Compared, ShownFinding, ShownRule, SourceRow, Verdict, Words, counted};
use crate::model::text::steers;
use crate::store::ours::PAGE_GENERATOR;

const STYLE: &str = include_str!("page.css");

impl Render for Words {
    fn render_to(&self, buffer: &mut String) {
        let mut escaper = Escaper::new(buffer);
        let seen = self.as_str().chars().map(|c| if steers(c) { char::REPLACEMENT_CHARACTER } else { c });
        // Writing to a String cannot fail.
        seen.for_each(|c| escaper.write_char(c).unwrap_or_default());
    }
}

/// The page.
#[must_use]
pub(crate) fn page(explanation: &Explanation) -> String {
    let Explanation { title, period, finding, household, notes, without_rules } = explanation;
    let page = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                (PreEscaped(PAGE_GENERATOR))
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (title) }
                    p { @if !period.is_empty() { (period) "　" } "号码已脱敏，仅供核查，不得外传" }
                }
                main {
                    (findings(finding.as_slice()))
                    @if household.code.is_some() {
                        section {
                            h2 {
                                "户 " (household.shown)
                                small { "户主 " (household.head) "，" (household.place) "，" (household.members.len()) " 人" }
                            }
                            (findings(&household.findings))
                            (rules(&household.rules))
                        }
                    }
                    @for person in &household.members {
                        section {
                            h2 {
                                @if person.name.is_empty() { "人员" } @else { (person.name) }
                                small { (person.about()) "　人员编号 " (person.person_id) }
                            }
                            (findings(&person.findings))
                            h3 { "各名册怎样登记，怎样对上" }
                            table.rows {
                                thead { tr { th scope="col" { "名册" } th scope="col" { "登记的内容" } th scope="col" { "怎样对上" } } }
                                tbody {
                                    @for row in &person.rows { tr { (source(row)) } }
                                    @for row in &person.doubts { tr.doubt { (source(row)) } }
                                }
                            }
                            @for proposed in &person.proposed { p.note { (proposed) } }
                            (rules(&person.rules))
                        }
                    }
                    @for note in notes.iter().chain(without_rules) { p.note { (note) } }
                }
                @if household.has_bars() {
                    footer { p.note { (LEGEND) "。蓝条往右，支持是同一人；红条往左，不支持。" } }
                }
            }
        }
    };
    page.into_string()
}

/// A row of a register in three cells.
fn source(row: &SourceRow) -> Markup {
    html! {
        th scope="row" { (row.register) small { (row.place) } }
        td {
            @if !row.name.is_empty() || !row.number.is_empty() { b { (row.name) " " span.number { (row.number) } } }
            p { (row.content) }
        }
        td {
            b { (row.how) }
            @for compared in &row.compared { (bars(compared)) }
        }
    }
}

fn bars(compared: &Compared) -> Markup {
    let [zero, _] = stretch(compared.zero, compared.zero);
    html! {
        p { (compared.found) }
        @if !compared.bars.is_empty() {
            table.bars {
                @for bar in &compared.bars {
                    @let [left, width] = stretch(bar.from.min(bar.to), bar.from.max(bar.to));
                    tr {
                        th scope="row" { (bar.words) }
                        td.number { (format!("{:+.1}", bar.weight)) }
                        td.track aria-hidden="true" {
                            i.zero style={ "left:" (zero) "%" } {}
                            i.against[bar.to < bar.from] style={ "left:" (left) "%;width:" (width) "%" } {}
                        }
                    }
                }
            }
        }
        p { (compared.rival) }
    }
}

/// Where a bar begins and how wide it is, in per cent of its track.
fn stretch(first: f32, last: f32) -> [String; 2] {
    [first, last - first].map(|share| format!("{:.1}", share * 100.0))
}

fn findings(findings: &[ShownFinding]) -> Markup {
    html! {
        @for finding in findings {
            article {
                h3 { (finding.title) small { "疑点 " (finding.id) "，" (finding.ground) "，" (finding.confidence) } }
                p { (finding.sentence) }
                table {
                    tbody { @for row in &finding.evidence {
                        tr { th scope="row" { (row.register) small { (row.place) } } td { (row.content) } }
                    } }
                }
            }
        }
    }
}

/// Rules that say something; the others unfold.
fn rules(rules: &[ShownRule]) -> Markup {
    let (folded, told): (Vec<&ShownRule>, Vec<&ShownRule>) = rules.iter().partition(|rule| rule.folded);
    let head = html! {
        thead { tr { th scope="col" { "结论" } th scope="col" { "规则" } th scope="col" { "条款" } th scope="col" { "理由" } } }
    };
    let lines = |rules: &[&ShownRule]| {
        html! {
            table.rules {
                (head)
                tbody { @for rule in rules {
                    tr class=(class(rule.verdict)) {
                        td { (rule.result) } td { (rule.titles.join("、")) } td { (rule.ground) } td { (rule.why) }
                    }
                } }
            }
        }
    };
    html! {
        @if !rules.is_empty() { h3 { "规则" small { (counted(rules)) } } }
        @if !told.is_empty() { (lines(&told)) }
        @if !folded.is_empty() {
            details { summary { "与此无关或没有评估的 " (folded.iter().map(|rule| rule.titles.len()).sum::<usize>()) " 条" } (lines(&folded)) }
        }
    }
}

fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fires => "fires",
        Verdict::NotYet | Verdict::Unknown => "open",
        Verdict::Exempt | Verdict::Passes => "passes",
        Verdict::NotApplicable | Verdict::NotEvaluated => "outside",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_cell_says_is_never_markup_steers_nothing_and_hides_numbers() {
        let title = "<script>alert('x')</script>&\"\u{202e}520324199003071234".into();
        let page = page(&Explanation { title, ..Explanation::default() });
        let shown = "&lt;script&gt;alert('x')&lt;/script&gt;&amp;&quot;\u{fffd}520324********1234";
        assert!(!page.contains("<script") && page.contains(shown), "{page}");
    }
}
