//! What linking learned and how blocking went: `stages/model.json`, `stages/blocking.parquet`.
//!
//! The model can be named in `link.toml` (`model = "…"`) to be used again.

use std::fmt::Write;

use arrow::array::Array;

use crate::config::link_saved::{Drift, SavedModel, Used};
use crate::config::link_words;
use crate::intake::definitions::Definitions;
use crate::link::Blocks;
use crate::link::evidence::Evidence;
use crate::model::columns;
use crate::model::date::{Day, Month};
use crate::model::personal::{mask_name, mask_number};
use crate::model::record::{RecordSet, RowId};
use crate::run::RunError;
use crate::store::stages;
use crate::store::stages::tables::Blocking;
use crate::store::workspace::Workspace;

/// Blocks that deserve a line on the screen.
const TOLD: usize = 3;

/// The saved model that was used and where this month's rows say otherwise; `None` without one.
pub(super) fn used(definitions: &Definitions, evidence: &Evidence) -> Option<Used> {
    let saved = definitions.saved.as_ref()?;
    Some(Used { period: saved.period.clone(), drift: evidence.drift.clone() })
}

/// Writes both files.
pub(super) fn write(
    workspace: &Workspace,
    definitions: &Definitions,
    period: Month,
    records: &RecordSet,
    evidence: &Evidence,
) -> Result<(), RunError> {
    let model = SavedModel { period: period.to_string(), layers: evidence.learned.clone() };
    let used = used(definitions, evidence);
    let tool = concat!("bidui ", env!("CARGO_PKG_VERSION"));
    workspace.write("stages/model.json", model.text(tool, used.as_ref()).as_bytes())?;

    let blocks = &evidence.blocks;
    let count = |pick: fn(&Blocks) -> u64| blocks.iter().map(|blocks| Some(pick(blocks))).collect();
    let table = Blocking {
        registry: blocks.iter().map(|blocks| Some(&blocks.registry)).collect(),
        rule: blocks.iter().map(|blocks| Some(blocks.rule)).collect(),
        predicted: count(|blocks| blocks.predicted),
        pairs: count(|blocks| blocks.pairs),
        split: count(|blocks| blocks.split),
        skipped: count(|blocks| blocks.skipped),
        heaviest: count(|blocks| blocks.heaviest),
        value: blocks.iter().map(|blocks| Some(value(records, blocks))).collect(),
    };
    Ok(stages::write_table(&workspace.path("stages/blocking.parquet")?, table)?)
}

/// The heaviest key of a rule as a row says it, masked; empty where nothing was looked up.
fn value(records: &RecordSet, blocks: &Blocks) -> String {
    let Some((position, row)) = blocks.example.and_then(|RowId(row)| records.locate(RowId(row))) else { return String::new() };
    let registry = &records.registries[position];
    let text = |column: &str| registry.text_at(column, row).unwrap_or("");
    let birth = || {
        let column = registry.date(columns::BIRTH).filter(|column| column.is_valid(row));
        column.map_or_else(String::new, |column| Day(column.value(row)).to_string())
    };
    let name = || {
        mask_name(match text(columns::NAME) {
            "" => text(columns::HEAD_NAME),
            name => name,
        })
    };
    let number = || mask_number(text(columns::ID_NUMBER));
    let village = || match text(columns::VILLAGE) {
        "" => text(columns::VILLAGE_CODE),
        village => village,
    };
    let parts = match blocks.rule {
        "name_birth" | "sound_birth" => vec![name(), birth()],
        "name_village" | "sound_village" => vec![name(), village().to_owned()],
        "birth_village" => vec![birth(), village().to_owned()],
        "name_head" => vec![name(), mask_name(text(columns::HEAD_NAME))],
        "sound_phone" => vec![name(), mask_number(text(columns::PHONE))],
        "ends" => vec![number(), name()],
        _ => vec![number()],
    };
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Lines for the screen: blocks that were left out, and how far a saved model has drifted.
pub(super) fn told(definitions: &Definitions, records: &RecordSet, evidence: &Evidence) -> String {
    let mut text = String::new();
    let mut left_out: Vec<&Blocks> = evidence.blocks.iter().filter(|blocks| blocks.skipped > 0).collect();
    left_out.sort_by(|a, b| b.skipped.cmp(&a.skipped).then_with(|| (&a.registry, a.rule).cmp(&(&b.registry, b.rule))));
    for blocks in left_out.iter().take(TOLD) {
        let _ = write!(
            text,
            "\n      {}“{}”：“{}”一处就有 {} 行，{} 次查找没有比对",
            blocks.registry,
            link_words::rule(blocks.rule),
            value(records, blocks),
            blocks.heaviest,
            blocks.skipped
        );
    }
    if let Some(used) = used(definitions, evidence) {
        text.push_str(&drift(&used));
    }
    text
}

fn drift(used: &Used) -> String {
    let Some(Drift { registry, comparison, level, saved, now }) = used.drift.first() else {
        return format!("\n关联模型：沿用 {} 保存的，与本月数据相差都不到 1 分", used.period);
    };
    format!(
        "\n关联模型：沿用 {} 保存的；与本月数据相差 1 分以上的有 {} 处，最大的是 {registry} {}“{}”：保存的 {saved:.1}，本月 {now:.1}。\
         相差多时请改用本次的 stages/model.json",
        used.period,
        used.drift.len(),
        link_words::comparison(comparison),
        link_words::level(comparison, level),
    )
}
