//! What a run says on the screen: how rows came together, what people decided, what was found and what was not evaluated.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::assess::Assessed;
use crate::config::pipeline::Workbook;
use crate::model::columns::REPAIRS;
use crate::model::exemption::{EXEMPTION_LIST, ExemptionStatus};
use crate::model::link::{LinkQuality, Linked};
use crate::model::record::RecordSet;
use crate::model::register::EXPECTED_LIST;
use crate::model::registry::Grain;
use crate::model::unevaluated::Unevaluated;
use crate::run::county::Run;
use crate::store::manifest::{DecidedEntry, IdentitiesEntry};

/// Repairs that leave a column of less use, and what they mean for the run.
const DAMAGES: [(&str, &str); 22] = [
    ("unreadable", "读不懂：用到它的规则算作无法判断，不当作没有填"),
    ("unknown_code", "的写法不认识：用到它的规则算作无法判断，不当作没有填；写法可补在 registries 里"),
    ("float", "被电子表格改成了数字，末几位已丢失：按空处理，不作比对；请把该列设为文本后重新导出"),
    ("scientific", "被电子表格写成了 E+ 形式，已无法辨认：按空处理，不作比对；请把该列设为文本后重新导出"),
    ("no_number", "填的是文字或位数太少，不是号码：按没有号码处理"),
    ("borrowed", "填的是别人的号码（监护人、户主或同户的人）：不作本人的身份，也不据以算年龄、性别"),
    ("masked", "有被遮盖的字：只按露出的部分比对"),
    ("several_months", "是几个月的合计，一个月多少不明：按空处理"),
    ("back_payment", "说的是补发、扣回：金额不是当月的标准，不拿来与标准比"),
    ("other_unit", "的单位是年、季、次、按人、半个月等，或者看不懂、上下写得不一样，折不成这一栏的金额：按空处理"),
    ("other_money", "里含别的款项（护理费、丧葬费、取暖费等）：按空处理，不与标准比；请把保障金单列一栏"),
    (
        "owner",
        "分不清是全户的还是各人的（一户几个人写着一笔，或者表头没有写明是户还是人、各人又都写着）：按空处理；请按人分开，或在表头写明“户月”“人均”",
    ),
    ("below_zero", "是负数，是冲减、退回，不是发放：按空处理"),
    (
        "taken_back",
        "所在的行是冲销、扣回，或者是同一个人的：发没发看不准，既不据以认定已享受，也不据以追究；请把冲销的和被冲销的都注明",
    ),
    ("unfilled", "写的是 0，这一栏几乎都是 0，多半没有填：按空处理，不当作没有发"),
    ("contradicted", "与同一行的另一笔金额对不上（该大的反而小；多数行这样的，多半是两栏的表头写反了）：按空处理"),
    ("two_digit_year", "只写了两位年份，世纪是推定的"),
    ("shifted", "所在的行与表头错开了列：已按挪正后的读，请核对原表"),
    ("exchanged", "与姓名填反了：已对调"),
    ("by_head", "没有写，或与户主、低保证号说的不是一户：按户主、低保证号归户"),
    ("no_household", "与户主、低保证号、人数等互相矛盾，看不出是哪一户：按户核算的规则不判断这些行上的人，请更正后重新导出"),
    ("two_numbers", "写了两个号码，看不出哪个是本人现在的：按没有号码处理"),
];

/// Rules of a line that the screen names.
const RULES_NAMED: usize = 6;
/// Units short of the same registers that the screen tells one by one; of more it names some in one line. 汇总 tells all.
const UNITS_NAMED: usize = 3;

/// Lines about the same registers together.
fn by_registers<'l, 'a>(lines: &'l [Unevaluated<'a>]) -> Vec<Vec<&'l Unevaluated<'a>>> {
    let registries = |line: &Unevaluated<'a>| line.note.short.as_ref().map(|short| &short.registries);
    let mut groups: Vec<Vec<&Unevaluated<'a>>> = Vec::new();
    for line in lines {
        match groups.iter_mut().find(|group| registries(group[0]) == registries(line)) {
            Some(group) => group.push(line),
            None => groups.push(vec![line]),
        }
    }
    groups
}

impl Run<'_> {
    /// What of the columns cannot be used, by registry and field.
    pub(super) fn damaged(&self, records: &RecordSet) -> String {
        let mut text = String::new();
        for registry in &records.registries {
            let mut counts: BTreeMap<(usize, &str), u64> = BTreeMap::new();
            let said = registry.text(REPAIRS).into_iter().flatten().flatten();
            for (field, kind) in said.flat_map(|row| row.split(';')).filter_map(|repair| repair.split_once(':')) {
                if let Some(at) = DAMAGES.iter().position(|(known, _)| *known == kind) {
                    *counts.entry((at, field)).or_default() += 1;
                }
            }
            let dictionary = &self.definitions.dictionary;
            let title = dictionary.registry(registry.registry.as_str()).map_or(registry.registry.as_str(), |known| &known.title);
            for ((at, field), count) in counts {
                let field = dictionary.fields.get(field).map_or(field, |known| known.title.as_str());
                let _ = write!(text, "\n注意  {title}的“{field}”有 {count} 格{}", DAMAGES[at].1);
            }
            if let Some((_, other)) = self.of_other_years(records).find(|(known, _)| known.registry == registry.registry) {
                let year = self.period.year();
                let _ = write!(
                    text,
                    "\n注意  {title}没有 {year} 年的行，最近的是 {other} 年的：查不到的人只作先核对，请报送 {year} 年的名册"
                );
            }
            let late = if registry.grain == Grain::Person { BTreeMap::new() } else { registry.towns_without(self.period) };
            if !late.is_empty() {
                let named: Vec<&str> = late.values().copied().take(UNITS_NAMED).collect();
                let more = if late.len() > named.len() { format!("等 {} 处", late.len()) } else { String::new() };
                let (towns, period) = (named.join("、"), self.period);
                let _ = write!(
                    text,
                    "\n注意  {title}里{towns}{more}没有 {period} 的行，只有别的月份的：按月的规则不判断这些行上的人，请补报"
                );
            }
        }
        text
    }

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
        text.push_str(&Self::columns_and_counts(assessed));
        text.push_str(&self.unevaluated(assessed));
        text.push_str(&Self::exempting(assessed));
        text
    }

    /// What is said of files and not of persons: columns of numbers masked or ruined, and the county's table of expected rows.
    fn columns_and_counts(assessed: &Assessed) -> String {
        let mut text = String::new();
        for note in assessed.notes.iter().filter(|note| !note.held && note.short.is_none()) {
            let town = note.town.as_ref().map(|town| format!("{town} ")).unwrap_or_default();
            if note.rule == EXPECTED_LIST {
                let _ = write!(text, "\n注意  {EXPECTED_LIST}：{town}{}", note.note);
            } else if note.rule.starts_with("identity.") {
                let _ = write!(text, "\n注意  {}", note.note);
            }
        }
        text
    }

    /// What was not evaluated: one line per unit and reason, the largest first, where there are few; then, once, what to do where registers
    /// are short.
    fn unevaluated(&self, assessed: &Assessed) -> String {
        let lines = Unevaluated::lines(&assessed.notes, &assessed.suspended);
        let (short, others): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.note.short.is_some());
        let mut text: String = others.iter().map(|line| self.line(&[line])).collect();
        for group in by_registers(&short) {
            if group.len() <= UNITS_NAMED {
                text.extend(group.iter().map(|line| self.line(&[line])));
            } else {
                text.push_str(&self.line(&group));
            }
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

    /// One line for units that are alike; the first says why.
    fn line(&self, group: &[&Unevaluated<'_>]) -> String {
        let Some((first, others)) = group.split_first() else { return String::new() };
        let town = first.note.town.as_ref().map(|town| format!("{town} ")).unwrap_or_default();
        let mut more = String::new();
        if !others.is_empty() {
            let towns: Vec<&str> = others.iter().take(UNITS_NAMED).filter_map(|line| line.note.town.as_deref()).collect();
            more = format!("；同样的还有{}等 {} 处，见汇总“未评估与提醒”", towns.join("、"), others.len());
        }
        let mut waiting = String::new();
        let count = group.iter().map(|line| line.waiting).sum::<i64>();
        if first.note.short.is_some() && count > 0 {
            waiting = format!("暂缓 {count} 人（户），");
        }
        let rules: BTreeSet<&str> = group.iter().flat_map(|line| line.rules.iter().copied()).collect();
        let titles: Vec<String> = rules.iter().take(RULES_NAMED).map(|rule| self.title(rule)).collect();
        let (count, titles, note) = (rules.len(), titles.join("、"), &first.note.note);
        let rest = if count > RULES_NAMED { "等" } else { "" };
        format!("\n注意  {town}{note}{more}。{waiting}涉及 {count} 条规则：{titles}{rest}")
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
