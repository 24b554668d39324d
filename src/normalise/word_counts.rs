//! Words with how often they were met, as messages name them: the most frequent first, long texts never.

use std::collections::BTreeMap;

/// `“人员状态”有 3 格看不懂（核减 2、待查 1）：…`.
pub(super) fn not_understood(header: &str, unknown: u32, words: &BTreeMap<String, u32>) -> String {
    let named = shown(words);
    format!("“{header}”有 {unknown} 格看不懂{named}：算不算数看不准，既不据以认定已享受，也不据以追究；写法可补在 registries 里")
}

/// `（核减 2、待查 1）`; long texts are no words.
pub(super) fn shown(words: &BTreeMap<String, u32>) -> String {
    let short: BTreeMap<&str, u32> =
        words.iter().filter(|(word, _)| word.chars().count() <= 12).map(|(w, c)| (w.as_str(), *c)).collect();
    if short.is_empty() { String::new() } else { format!("（{}）", counted(&short)) }
}

/// The most frequent, with how often: `停保 3、取消 1`.
pub(super) fn counted(words: &BTreeMap<&str, u32>) -> String {
    const NAMED: usize = 6;
    let mut ordered: Vec<(&&str, &u32)> = words.iter().collect();
    ordered.sort_by_key(|(word, count)| (std::cmp::Reverse(**count), **word));
    let named: Vec<String> = ordered.iter().take(NAMED).map(|(word, count)| format!("{word} {count}")).collect();
    let more = if ordered.len() > NAMED { "等" } else { "" };
    format!("{}{more}", named.join("、"))
}
