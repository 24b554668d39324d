//! Which column is which field: headers through the aliases of one registry, and the result as a pin to paste.
//!
//! A header is matched whole after folding, never by a part of it: `户主身份证号` is not `身份证号`. A header of several
//! levels is also read without the slashes and by its last levels, unless the first ones speak of somebody else.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::config::registry::{Dictionary, RegistryDefinition, fold_header};
use crate::model::raw::{Mapping, TableHead};

/// Whose columns are never the person's own, when they stand above `姓名` or `身份证号` in a header of several levels.
const OTHERS: [&str; 21] = [
    "户主",
    "监护人",
    "配偶",
    "父",
    "母",
    "申请人",
    "代理人",
    "领取人",
    "代领人",
    "联系人",
    "经办人",
    "负责人",
    "帮扶",
    "建档立卡人",
    "医生",
    "干部",
    "赡养",
    "扶养",
    "抚养",
    "照料",
    "账户",
];

/// Last levels that mean nothing without the ones above.
const GENERIC: [&str; 8] = ["合计", "小计", "总计", "金额", "人数", "其他", "数量", "标准"];

/// The ways a header may be read, folded, the most specific first.
#[must_use]
pub fn readings(header: &str) -> Vec<String> {
    let whole = fold_header(header);
    let levels: Vec<&str> = whole.split('/').collect();
    let mut readings = vec![whole.clone()];
    if levels.len() > 1 {
        readings.push(levels.concat());
        let bare: String = levels.iter().map(|level| level.trim_end_matches("信息").trim_end_matches("基本")).collect();
        readings.push(bare);
        for start in 1..levels.len() {
            let other = levels.iter().take(start).any(|level| speaks_of_another(level));
            let rest = levels.iter().skip(start).copied().collect::<Vec<_>>().join("/");
            if !other && !GENERIC.contains(&rest.as_str()) {
                readings.push(rest);
            }
        }
    }
    readings
}

fn speaks_of_another(level: &str) -> bool {
    let numbered = level.strip_prefix("成员").is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    numbered || OTHERS.iter().any(|other| level.contains(other))
}

/// The columns of `head` as fields of `registry`: pinned columns first, then the registry's own aliases, then the shared ones.
/// Several columns of one field come in the order of its aliases.
#[must_use]
pub fn columns(
    head: &TableHead,
    registry: &RegistryDefinition,
    dictionary: &Dictionary,
    pinned: &BTreeMap<String, String>,
) -> Mapping {
    let mut meanings: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    for usage in &registry.fields {
        let shared = dictionary.fields.get(&usage.field).map_or(&[][..], |definition| &definition.aliases);
        for (rank, alias) in shared.iter().enumerate() {
            meanings.insert(alias, (&usage.field, usage.aliases.len() + rank + 1));
        }
    }
    for usage in &registry.fields {
        for (rank, alias) in usage.aliases.iter().enumerate() {
            meanings.insert(alias, (&usage.field, rank + 1));
        }
    }
    for (header, field) in pinned {
        meanings.insert(header, (field, 0));
    }
    let mut found: Vec<(&str, usize, usize)> = Vec::new();
    let mut left_over = Vec::new();
    for (position, column) in head.columns.iter().enumerate() {
        match readings(&column.text).iter().find_map(|reading| meanings.get(reading.as_str())) {
            Some(&(field, rank)) => found.push((field, rank, position)),
            None => left_over.push(position),
        }
    }
    found.sort_unstable();
    Mapping {
        registry: registry.id.clone(),
        fields: found.into_iter().map(|(field, _, position)| (field.to_owned(), position)).collect(),
        left_over,
        pinned: false,
    }
}

/// The mapping as a `[[pin]]` for the pipeline file; columns without a field stand below as comments.
#[must_use]
pub fn paste(head: &TableHead, mapping: &Mapping) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut out = format!("[[pin]]\nfiles = {}\n", quoted(&head.name.file));
    if !head.name.sheet.is_empty() {
        let _ = writeln!(out, "sheet = {}", quoted(&head.name.sheet));
    }
    let _ = writeln!(out, "registry = {}\n[pin.columns]", quoted(mapping.registry.as_str()));
    let mut by_position: Vec<(usize, Option<&str>)> =
        mapping.fields.iter().map(|(field, position)| (*position, Some(field.as_str()))).collect();
    by_position.extend(mapping.left_over.iter().map(|position| (*position, None)));
    by_position.sort_unstable();
    let mut written: Vec<String> = Vec::new();
    for (position, field) in by_position {
        let Some(column) = head.columns.get(position) else { continue };
        let header = column.text.replace(['\n', '\r'], "");
        // A header that stands twice can be pinned once only.
        let comment = if field.is_none() || written.contains(&header) { "# " } else { "" };
        let _ = writeln!(out, "{comment}{} = {}", quoted(&header), quoted(field.unwrap_or("")));
        written.push(header);
    }
    out
}
