//! The result as a table for the terminal.

use std::fmt;

use unicode_width::UnicodeWidthStr;

use super::{Counts, Evaluation};
use crate::model::text::padded;

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let links = &self.links;
        writeln!(
            f,
            "行 rows {} · 未保留 not kept {} · 真值未知 unknown {}",
            links.rows, links.rows_not_kept, links.rows_unknown
        )?;
        writeln!(f)?;
        heading(f, "关联（成对的行） links (pairs of rows)")?;
        line(f, "全部登记册 all registries", links.all)?;
        line(f, "建档立卡×医保 poverty×insurance", links.poverty_insurance)?;
        let share = links.review_share.map_or_else(|| "—".to_owned(), |share| format!("{:.2}%", share * 100.0));
        writeln!(f, "待人工核对的对 pairs for a human {} · 占行数 per row {share}", links.review_pairs)?;
        writeln!(f)?;
        heading(f, "规则 rules")?;
        for rule in &self.rules {
            line(f, &rule.rule, rule.all)?;
            let tiers = [
                ("确定 certain", rule.certain),
                ("很可能 likely", rule.likely),
                ("先核对 check", rule.check),
                ("确定+很可能 certain+likely", rule.certain_and_likely),
            ];
            for (tier, counts) in tiers {
                if counts.true_positives + counts.false_positives > 0 {
                    line(f, &format!("  {tier}"), counts)?;
                }
            }
        }
        writeln!(f)?;
        tiers(f, self)?;
        for (rule, count) in &self.not_scored {
            writeln!(f, "{rule}: {count}（待人工核对，不计分 for a human, not scored）")?;
        }
        for (rule, count) in &self.left_out {
            writeln!(
                f,
                "{rule}: 真值 truths {count}（所选口径下不核，不计分 does not hold under the readings chosen, not scored)"
            )?;
        }
        Ok(())
    }
}

const LABEL: usize = 44;

/// How far each tier can be trusted.
fn tiers(f: &mut fmt::Formatter<'_>, evaluation: &Evaluation) -> fmt::Result {
    f.write_str(&padded("分级（对/列出） tiers (right/found)", LABEL))?;
    for title in ["确定 certain", "很可能 likely", "先核对 check"] {
        write!(f, "{}{title}", " ".repeat(22_usize.saturating_sub(title.width())))?;
    }
    writeln!(f, " {:>8} {:>14}", "recall*", "held (true)")?;
    let pooled = [("凭不在册 by absence", &evaluation.by_absence), ("其他 others", &evaluation.by_value)];
    let rules = evaluation.rules.iter().map(|rule| (rule.rule.as_str(), rule));
    for (label, rule) in rules.chain(pooled) {
        let mark = if rule.by_absence && label == rule.rule { " ∅" } else { "" };
        f.write_str(&padded(&format!("{label}{mark}"), LABEL))?;
        for counts in [rule.certain, rule.likely, rule.check] {
            let found = counts.true_positives + counts.false_positives;
            let ratio = counts.precision().map_or_else(String::new, |ratio| format!("{ratio:.4}"));
            write!(f, "{:>22}", format!("{}/{found} {ratio:>6}", counts.true_positives))?;
        }
        let recall = rule.recall_evaluated().map_or_else(|| "—".to_owned(), |recall| format!("{recall:.4}"));
        let held = match rule.held_true {
            _ if rule.held == 0 => String::new(),
            Some(right) => format!("{} ({right})", rule.held),
            None => format!("{} (?)", rule.held),
        };
        writeln!(f, " {recall:>8} {held:>14}")?;
    }
    writeln!(f, "∅ 凭不在册 accuses by absence · * 只算评估到的 over what was evaluated · held 待人工核对 left to a human")
}

fn heading(f: &mut fmt::Formatter<'_>, label: &str) -> fmt::Result {
    f.write_str(&padded(label, LABEL))?;
    writeln!(f, "{:>10} {:>8} {:>8} {:>10} {:>8} {:>8}", "true+", "false+", "false-", "precision", "recall", "F1")
}

fn line(f: &mut fmt::Formatter<'_>, label: &str, counts: Counts) -> fmt::Result {
    f.write_str(&padded(label, LABEL))?;
    let shown = |ratio: Option<f64>| ratio.map_or_else(|| "—".to_owned(), |ratio| format!("{ratio:.4}"));
    writeln!(
        f,
        "{:>10} {:>8} {:>8} {:>10} {:>8} {:>8}",
        counts.true_positives,
        counts.false_positives,
        counts.false_negatives,
        shown(counts.precision()),
        shown(counts.recall()),
        shown(counts.f1())
    )
}
