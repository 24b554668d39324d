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
                        let (_, mapping) = recognise(&head, &dictionary, &[])
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
                Frame::Sheet { name: sheet, merges, .. } => {
                    name.sheet = sheet;
                    layout = Some(Layout::new(name.clone(), merges, &vocabulary));
                }
                Frame::Rows(block) => take(&name, layout.as_mut().expect("in a sheet").push(&block)),
                Frame::Aside { row, .. } => panic!("{file}: row {row} set aside"),
                Frame::SheetEnd { .. } => {
                    let mut layout = layout.take().expect("in a sheet");
                    take(&name, layout.finish());
                    assert!(layout.tally().balances());
                }
                Frame::Refused { code, what, .. } => panic!("{file}: {code} {what}"),
                Frame::Marks(_) | Frame::FileEnd => {}
            }
            Ok(())
        };
        parse(&file, File::open(&path).expect("readable"), &Limits::default(), &mut sink).expect("parsed");
    }
    (rows, registries)
}

/// Part of the file's name → its registry; the first that fits.
const REGISTRIES: [(&str, &str); 31] = [
    ("豁免清单", "exemption"),
    ("贫困村名单", "village_list"),
    ("低保人员信息", "dibao"),
    ("低保发放", "dibao_payment"),
    ("花名册", "tekun"),
    ("特困供养金", "tekun_payment"),
    ("临时救助", "temporary_aid"),
    ("火化", "death"),
    ("资助参合", "premium_subsidy"),
    ("住院补偿", "inpatient"),
    ("参合人员", "insurance"),
    ("两项补贴", "disability_subsidy"),
    ("康复服务", "disability_service"),
    ("持证残疾人", "disability"),
    ("学籍", "student"),
    ("资助发放", "student_aid"),
    ("助学贷款", "student_loan"),
    ("东部", "east_school"),
    ("慢病签约", "chronic"),
    ("大病专项", "major_disease"),
    ("婚姻登记", "marriage"),
    ("卫生项目", "staff"),
    ("易地扶贫搬迁", "relocation"),
    ("督查", "inspection"),
    ("培训名册", "training"),
    ("就业台账", "employment"),
    ("服务卡", "service_card"),
    ("创业补贴", "start_up"),
    ("岗位信息库", "job_bank"),
    ("招聘会", "job_fair"),
    ("扶贫/", "poverty"),
];

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
        // Lists of villages and events are of nobody, and so not in the truth.
        let of_nobody = |place: &&Place| !told.iter().any(|other| (&other.0, &other.1) == (&place.0, &place.1));
        let extra: Vec<_> = rows.difference(&told).filter(|place| !of_nobody(place)).take(5).collect();
        assert!(lost.is_empty() && extra.is_empty(), "{month} lost {lost:?} extra {extra:?}");
        for (file, registry) in &registries {
            let expected = REGISTRIES.iter().find(|(part, _)| file.contains(part)).map(|(_, registry)| *registry);
            assert_eq!(expected, Some(registry.as_str()), "{file}");
        }
    }
}
