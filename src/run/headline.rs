//! What a run says on the screen: how rows came together, what people decided, what was found and what was not evaluated.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Run;
use super::manifest::{DecidedEntry, IdentitiesEntry};
use crate::assess::Assessed;
use crate::config::pipeline::Workbook;
use crate::model::exemption::{EXEMPTION_LIST, ExemptionStatus};
use crate::model::link::{LinkQuality, Linked};
use crate::model::unevaluated::Unevaluated;

/// Units with short registers that the screen names; 汇总 names all.
const SHORT_LINES: usize = 12;

impl Run<'_> {
    /// One line on how the rows came together; a second where blocks were too large to compare.
    pub(super) fn linking(quality: &LinkQuality) -> String {
        let LinkQuality { by_number, repaired, probable, alone, false_links, missed_links, .. } = quality;
        let mut text = format!(
            "\n对人：号码一致 {by_number} 行，号码修复 {repaired} 行，综合比对 {probable} 行，未对上 {alone} 行；\
             估计误连 {:.1} 行（95% 区间 {:.1}–{:.1}），漏连 {:.1} 行（{:.1}–{:.1}）",
            false_links.expected, false_links.low, false_links.high, missed_links.expected, missed_links.low, missed_links.high,
        );
        if quality.skipped > 0 {
            let _ = write!(
                text,
                "\n注意  有 {} 次查找因同键的记录太多而没有比对，可能漏连；请在关联模型 [blocking] 里换用更细的规则，或提高 [limits] block",
                quality.skipped
            );
        }
        text
    }

    /// What became of the ids of an earlier run.
    pub(super) fn carried(linked: &Linked) -> String {
        if linked.carried.given { IdentitiesEntry::from(&linked.carried).plain() } else { String::new() }
    }

    /// What became of people's answers.
    pub(super) fn decided(&self, linked: &Linked) -> String {
        if self.answered.files.is_empty() {
            return String::new();
        }
        let mut text = DecidedEntry::from(&linked.decided).plain();
        for problem in self.answered.problems.iter().chain(&linked.decided.problems) {
            let _ = write!(text, "\n注意  {problem}");
        }
        text
    }

    /// Findings by rule, and what was not evaluated.
    pub(super) fn closing(&self, assessed: &Assessed) -> String {
        let mut text = format!("\n疑点 {} 条", assessed.findings.len());
        let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
        for finding in &assessed.findings {
            *rules.entry(&finding.rule).or_default() += 1;
        }
        for (rule, count) in rules {
            let _ = write!(text, "\n  {count:>6}  {}  {rule}", self.title(rule));
        }
        text.push_str(&self.unevaluated(assessed));
        text.push_str(&Self::exempting(assessed));
        text
    }

    /// What was not evaluated: one line per unit and reason, the largest first; then, once, what to do where registers are short.
    fn unevaluated(&self, assessed: &Assessed) -> String {
        let lines = Unevaluated::lines(&assessed.notes, &assessed.suspended);
        let (short, others): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.note.short.is_some());
        let mut text = String::new();
        for line in others.iter().chain(short.iter().take(SHORT_LINES)) {
            let town = line.note.town.as_ref().map(|town| format!("{town} ")).unwrap_or_default();
            let titles: Vec<String> = line.rules.iter().map(|rule| self.title(rule)).collect();
            let waiting =
                if line.note.short.is_some() { format!("暂缓 {} 人（户），", line.waiting) } else { String::new() };
            let (note, count, titles) = (&line.note.note, titles.len(), titles.join("、"));
            let _ = write!(text, "\n注意  {town}{note}。{waiting}涉及 {count} 条规则：{titles}");
        }
        if let Some(left @ 1..) = short.len().checked_sub(SHORT_LINES) {
            let _ = write!(text, "\n注意  还有 {left} 处名册不全，见汇总“未评估与提醒”");
        }
        if !short.is_empty() {
            let accept: Vec<String> =
                Unevaluated::registries(&short).iter().map(|registry| format!("--accept-partial {registry}[:乡镇]")).collect();
            let _ = write!(text, "\n怎么办  补齐名册后重跑；确认名册本来就是完整的，加 {}", accept.join(" "));
            if self.definitions.workbooks.contains(&Workbook::Review) {
                let sheet = &self.definitions.layouts.review.suspended.sheet;
                let _ = write!(text, "。暂缓的人只列在“是否同一人待核对”的“{sheet}”");
            }
        }
        text
    }

    fn title(&self, rule: &str) -> String {
        self.definitions.policy.card(rule).map_or_else(|| rule.to_owned(), |card| card.title)
    }

    /// What became of the exemption list: a row that excuses nobody and should is told where the run is told.
    pub(super) fn exempting(assessed: &Assessed) -> String {
        let list = &assessed.exemptions;
        let count = |status: ExemptionStatus| list.iter().filter(|exemption| exemption.status == status).count();
        let told = ExemptionStatus::ALL.into_iter().map(|status| (status, count(status))).filter(|(_, count)| *count > 0);
        let told: Vec<String> = told.map(|(status, count)| format!("{} {count}", status.plain())).collect();
        if told.is_empty() {
            return String::new();
        }
        let mut text = format!("\n豁免清单 {} 条：{}（见汇总“豁免清单执行情况”）", list.len(), told.join("，"));
        for note in assessed.notes.iter().filter(|note| note.rule == EXEMPTION_LIST) {
            let _ = write!(text, "\n注意  豁免清单{}", note.note);
        }
        text
    }
}
