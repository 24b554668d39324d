//! Amounts of several kinds side by side (`生活补贴 护理补贴 合计`) → a row for each.
//!
//! Takes a head; gives, for each register that is sent in parts by a code (a subsidy's kind, a project) and has one amount, the way to read the
//! head so, where headers are such codes, and whether anything says that they are amounts: they may be marks on another list. A
//! kind of which a row says nothing, or zero, gives no row; a sum is left out. Cost: a look at each header per register with parts.

use super::periods::is_sum;
use super::unfold::{Source, Unfolding};
use crate::config::registry::{Dictionary, fold_header};
use crate::model::raw::{HeaderColumn, TableHead};
use crate::model::registry::RegistryId;

/// What may stand behind a kind in its header.
const AMOUNTS: [&str; 7] = ["补贴金额", "发放金额", "补助金额", "月标准", "金额", "标准", "资金"];

/// A way to read such a head.
#[derive(Debug)]
pub struct Kinds {
    /// The register that it is of.
    pub registry: RegistryId,
    /// The fields of its last two columns.
    pub own: [String; 2],
    /// Whether headers say that the columns hold amounts.
    pub are_amounts: bool,
    /// The rows, a kind each.
    pub unfolding: Unfolding,
}

/// The ways to read such a head.
#[must_use]
pub fn kinds(head: &TableHead, dictionary: &Dictionary) -> Vec<Kinds> {
    let mut found = Vec::new();
    for registry in &dictionary.registries {
        let part = registry.part.as_ref().and_then(|part| dictionary.fields.get(part)).filter(|part| !part.codes.is_empty());
        let amount = registry.amounts.keys().next().filter(|_| registry.amounts.len() == 1);
        let (Some(part), Some(amount)) = (part, amount.and_then(|amount| dictionary.fields.get(amount))) else { continue };
        let value = |text: &str| {
            let folded = fold_header(text);
            let last = folded.rsplit('/').next().unwrap_or_default();
            let bare = AMOUNTS.iter().filter_map(|word| last.strip_suffix(word));
            std::iter::once(last).chain(bare).find_map(|text| part.codes.get_key_value(text))
        };
        let named: Vec<Option<(&String, &String)>> = head.columns.iter().map(|column| value(&column.text)).collect();
        let is_twice = |at: usize| named.iter().enumerate().any(|(other, of)| other != at && of.is_some() && *of == named[at]);
        let values: Vec<Option<&str>> = named.iter().map(|named| named.map(|(_, value)| value.as_str())).collect();
        let taken: Vec<(usize, &str)> = values.iter().enumerate().filter_map(|(at, value)| Some((at, (*value)?))).collect();
        if taken.is_empty() || taken.iter().any(|(at, _)| is_twice(*at)) {
            continue;
        }
        let shared: Vec<usize> =
            (0..values.len()).filter(|&at| values[at].is_none() && !is_sum(&head.columns[at].text)).collect();
        let of_part = |at: usize, kind: usize| {
            shared.iter().map(|&at| Source::Column(at)).chain([Source::Column(at), Source::Period(kind)]).collect::<Vec<_>>()
        };
        let index = head.columns[taken[0].0].index;
        let says_amount = |text: &str| ["元", "金额", "标准", "资金"].iter().any(|word| text.contains(word));
        let are_amounts = taken.iter().any(|(at, _)| says_amount(&head.columns[*at].text))
            || head.columns.iter().any(|column| is_sum(&column.text));
        let columns = [&amount.title, &part.title].map(|title| HeaderColumn { index, text: title.clone() });
        let unfolding = Unfolding {
            head: TableHead {
                columns: shared.iter().map(|&at| head.columns[at].clone()).chain(columns).collect(),
                ..head.clone()
            },
            parts: taken.iter().enumerate().map(|(kind, (at, _))| of_part(*at, kind)).collect(),
            own: vec![shared.len(), shared.len() + 1],
            repeated: None,
            taken: taken.iter().map(|(at, _)| *at).collect(),
            periods: taken.iter().map(|(_, value)| (*value).to_owned()).collect(),
            skips_zero: true,
            alone: Vec::new(),
        };
        let own = [amount.name.clone(), part.name.clone()];
        found.push(Kinds { registry: registry.id.clone(), own, are_amounts, unfolding });
    }
    found
}
