//! Rows that may be of a neighbouring register, in a list of both: `低保、特困花名册` with a column of kinds.
//!
//! Takes the head, the words of the neighbour ([`RegistryDefinition::other_kinds`]) and chunks; gives which kept rows have such a word in a column
//! of kinds or, short and of the row itself, in a remark, and what is told. Such a row is neither counted here nor there. A row that names
//! its own register too (`低保转特困`) is one of them. O(cells) of such columns.

use std::collections::BTreeMap;

use super::cells::first_said;
use super::remarks::is_of_remarks;
use crate::config::registry::{RegistryDefinition, fold_header};
use crate::model::raw::{RawTable, TableHead};

/// Ends of the headers of columns of kinds.
const KINDS: [&str; 6] = ["类别", "类型", "种类", "性质", "属性", "项目"];
/// Kinds of something else than what somebody is on.
const SOMETHING_ELSE: [&str; 7] = ["残疾", "贫困", "户口", "户籍", "证件", "疾病", "住房"];
/// Longer remarks speak of more than their row.
const LONGEST_REMARK: usize = 8;
/// What keeps a remark from saying that the row is of the kind.
const NOT: &str = "非不未无原曾拟父母夫妻子女儿孙兄弟姐妹媳";

/// Rows of other kinds while they are looked for.
#[derive(Debug, Default)]
pub(super) struct OtherKinds<'a> {
    words: &'a [String],
    /// Columns, whether each is one of remarks, and their headers.
    columns: Vec<(usize, bool, String)>,
    /// Kept rows before the next chunk, and those of another kind.
    seen: usize,
    pub(super) rows: Vec<usize>,
    found: BTreeMap<(usize, &'a str), usize>,
}

impl<'a> OtherKinds<'a> {
    pub(super) fn new(head: &TableHead, definition: &'a RegistryDefinition) -> Self {
        let words = definition.other_kinds.as_slice();
        let columns = head.columns.iter().enumerate().filter(|_| !words.is_empty()).filter_map(|(at, column)| {
            let (folded, of_remarks) = (fold_header(&column.text), is_of_remarks(&column.text));
            let of_kinds = KINDS.iter().any(|end| folded.ends_with(end)) && !SOMETHING_ELSE.iter().any(|of| folded.contains(of));
            (of_kinds || of_remarks).then(|| (at, of_remarks, column.text.clone()))
        });
        Self { words, columns: columns.collect(), ..Self::default() }
    }

    pub(super) fn push(&mut self, table: &RawTable, kept: &[usize]) {
        for (&row, at) in kept.iter().zip(self.seen..) {
            let said = self.columns.iter().enumerate().find_map(|(column, (position, of_remarks, _))| {
                let (_, written) = first_said(table, &[*position], row, false);
                let word = self.words.iter().find(|word| written.contains(word.as_str()))?;
                let is_of_row =
                    !of_remarks || written.chars().count() <= LONGEST_REMARK && !written.contains(|sign| NOT.contains(sign));
                is_of_row.then_some((column, word.as_str()))
            });
            if let Some(said) = said {
                self.rows.push(at);
                *self.found.entry(said).or_default() += 1;
            }
        }
        self.seen += kept.len();
    }

    /// What is told, a sentence a column and word.
    pub(super) fn told(&self, title: &str) -> Vec<String> {
        let sentence = |((column, word), rows): (&(usize, &str), &usize)| {
            let header = self.columns.get(*column).map_or("", |(.., header)| header);
            format!(
                "“{header}”有 {rows} 行写着“{word}”，不像是{title}的人：算不算数看不准，既不据以认定已享受，也不据以追究；请把两种人分成两张表"
            )
        };
        self.found.iter().map(sentence).collect()
    }
}
