//! The shipped fixtures through parse, layout and recognition: each file is its registry, each row of the truth comes out.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::grid::Frame;
use super::header::Vocabulary;
use super::layout::{Layout, LayoutEvent};
use super::limits::Limits;
use super::parse::parse;
use super::recognise::recognise;
use crate::config::registry::shipped;
use crate::model::raw::SheetName;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// File, sheet, row.
type Place = (String, String, u32);

/// The place of every data row of a month, and each file with its registry.
fn intake(month: &str) -> (BTreeSet<Place>, BTreeSet<(String, String)>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(month);
    let dictionary = shipped();
    let vocabulary = Vocabulary::new(&dictionary);
    let (mut rows, mut registries) = (BTreeSet::new(), BTreeSet::new());
    for path in files(&root) {
        let file = path.strip_prefix(&root).expect("inside").to_str().expect("UTF-8").replace('\\', "/");
        let mut name = SheetName::default();
        let mut layout: Option<Layout<'_>> = None;
        let mut take = |name: &SheetName, events: Vec<LayoutEvent>| {
            for event in events {
                match event {
                    LayoutEvent::Head(head) => {
                        let mapping = recognise(&head, &dictionary, &[])
                            .unwrap_or_else(|refusal| panic!("{} {}: {}", name.file, name.sheet, refusal.what));
                        registries.insert((name.file.clone(), mapping.registry.0));
                    }
                    LayoutEvent::Rows(table) => {
                        rows.extend(table.rows.iter().map(|row| (name.file.clone(), name.sheet.clone(), *row)));
                    }
                    LayoutEvent::Rejected(_) => {}
                    LayoutEvent::Refused(refusal) | LayoutEvent::PartRefused(refusal) => {
                        panic!("{} {}: {}", name.file, name.sheet, refusal.what)
                    }
                }
            }
        };
        let mut sink = |frame| {
            match frame {
                Frame::File { inner, .. } => {
                    name.file = if inner.is_empty() { file.clone() } else { format!("{file}/{inner}") };
                }
                Frame::Sheet { name: sheet, merges } => {
                    name.sheet = sheet;
                    layout = Some(Layout::new(name.clone(), merges, &vocabulary));
                }
                Frame::Rows(block) => take(&name, layout.as_mut().expect("in a sheet").push(&block)),
                Frame::SheetEnd => {
                    let mut layout = layout.take().expect("in a sheet");
                    take(&name, layout.finish());
                    assert!(layout.tally().balances());
                }
                Frame::Refused { code, what, .. } => panic!("{file}: {code} {what}"),
                Frame::FileEnd => {}
            }
            Ok(())
        };
        parse(&file, File::open(&path).expect("readable"), &Limits::default(), &mut sink).expect("parsed");
    }
    (rows, registries)
}

#[test]
fn every_row_of_the_truth_is_read_from_where_it_stands() {
    for month in ["2018-06", "2018-07"] {
        let (rows, registries) = intake(month);
        let truth = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/truth/{month}/rows.csv"));
        let mut reader = csv::Reader::from_path(truth).expect("the truth");
        let told: BTreeSet<Place> = reader
            .records()
            .map(|record| {
                let record = record.expect("a row");
                (record[0].to_owned(), record[1].to_owned(), record[2].parse().expect("a row number"))
            })
            .collect();
        let lost: Vec<_> = told.difference(&rows).take(5).collect();
        let extra: Vec<_> = rows.difference(&told).take(5).collect();
        assert!(lost.is_empty() && extra.is_empty(), "{month} lost {lost:?} extra {extra:?}");
        for (file, registry) in &registries {
            let expected: &[&str] = match file.split('/').next() {
                Some("扶贫") => &["poverty"],
                Some("民政") if file.contains("人员信息") => &["dibao"],
                Some("民政") if file.contains("低保发放") => &["dibao_payment"],
                Some("民政") if file.contains("花名册") => &["tekun"],
                Some("民政") => &["tekun_payment"],
                Some("合医") if file.contains("资助") => &["premium_subsidy"],
                Some("合医") => &["insurance"],
                _ if file.contains("两项补贴") => &["disability_subsidy"],
                _ => &["disability"],
            };
            assert_eq!(expected, [registry.as_str()], "{file}");
        }
    }
}
