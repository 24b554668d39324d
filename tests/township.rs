//! One township, now: the county's rules and numbers for one town, from files or from a finished county run, through the real program.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;

use crate::support::{bidui, column, root, said, sheet, stage, text};

fn run(pipeline: &str, input: &Path, out: &Path, more: &[&str]) -> Output {
    bidui(&[&["run", pipeline, "--input", text(input), "--out", text(out)], more].concat())
}

fn findings(run: &Path) -> RecordBatch {
    stage(run, "findings")
}

fn only(batch: &RecordBatch, name: &str, value: &str) -> RecordBatch {
    let kept: BooleanArray = column(batch, name).iter().map(|cell| Some(cell.as_deref() == Some(value))).collect();
    filter_record_batch(batch, &kept).expect("filtered")
}

#[test]
fn a_town_run_finds_what_the_county_run_finds_there_row_for_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let (county, input) = (folder.path().join("county"), root("fixtures/2018-06"));
    let output = run("pipelines/monthly.toml", &input, &county, &[]);
    assert!(output.status.success(), "{}", said(&output));
    let all = findings(&county);
    let towns: BTreeSet<String> = column(&all, "town").into_iter().flatten().collect();
    assert!(towns.len() > 10, "{towns:?}");

    for town in &towns {
        let out = folder.path().join(town);
        let output = run("pipelines/township.toml", &county, &out, &["--town", town]);
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(findings(&out), only(&all, "town", town), "{town} from the county's stages");
    }

    // From the files themselves, and one village.
    let town = towns.iter().max_by_key(|town| only(&all, "town", town).num_rows()).expect("a town");
    let slice = only(&all, "town", town);
    let out = folder.path().join("files");
    let output = run("pipelines/township.toml", &input, &out, &["--town", town]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(findings(&out), slice, "{town} from files");
    let village = column(&slice, "village").into_iter().flatten().next().expect("a village");
    let out = folder.path().join("village");
    let output = run("pipelines/township.toml", &county, &out, &["--town", town, "--village", &village]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(findings(&out), only(&slice, "village", &village), "{town} {village}");

    // A run taken from stages can itself be asked: its folder holds all stages.
    let stages = |run: &Path| -> BTreeSet<String> {
        let entries = fs::read_dir(run.join("stages")).expect("stages");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(stages(&out), stages(&county));
    for name in ["records.parquet", "records.json", "links.parquet", "people.parquet", "review.parquet", "suspicions.parquet"] {
        let of = |run: &Path| fs::read(run.join("stages").join(name)).expect("a stage file");
        assert!(of(&out) == of(&county) && of(&out) == of(&folder.path().join("files")), "{name}");
    }
}

#[test]
fn what_would_give_other_numbers_is_refused_in_plain_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let (county, input) = (folder.path().join("county"), root("fixtures/2018-06"));
    assert!(run("pipelines/monthly.toml", &input, &county, &["--until", "link"]).status.success());
    let out = folder.path().join("out");
    let town = ["--town", "土坪镇"];

    // A pipeline of its own with one registry's words changed.
    let other = folder.path().join("other");
    fs::create_dir_all(&other).expect("a folder");
    Command::new("cp").arg("-r").arg(root("pipelines")).arg(&other).status().expect("copied");
    Command::new("cp").arg("-r").arg(root("reports")).arg(&other).status().expect("copied");
    let registry = other.join("pipelines/registries/tekun.toml");
    let changed = fs::read_to_string(&registry).expect("a registry") + "\n# changed\n";
    fs::write(&registry, changed).expect("written");
    let pipeline = other.join("pipelines/township.toml");
    let elsewhere = |arguments: &[&str]| {
        let (pipeline, county, out) =
            (pipeline.to_str().expect("plain"), county.to_str().expect("plain"), out.to_str().expect("plain"));
        bidui(&[&["run", pipeline, "--input", county, "--out", out], arguments].concat())
    };
    let refused = elsewhere(&town);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("名册定义") && said(&refused).contains("直接用原始文件"), "{}", said(&refused));

    for (more, word) in [
        (&["--town", "土坪镇", "--period", "2018-07"][..], "2018-07"),
        (&["--town", "土坪镇", "--as-of", "2018-06-15"], "2018-06-15"),
        (&[], "--town"),
        (&[], "土坪镇"),
        (&["--town", "土坪"], "是不是土坪镇"),
        (&["--town", "土坪镇", "--village", "没有村"], "没有村"),
    ] {
        let output = run("pipelines/township.toml", &county, &out, more);
        assert_eq!(output.status.code(), Some(2), "{more:?}: {}", said(&output));
        assert!(said(&output).contains(word), "{more:?}: {}", said(&output));
    }
    let onto_itself = run("pipelines/township.toml", &county, &county, &town);
    assert!(onto_itself.status.code() == Some(2) && said(&onto_itself).contains("盖掉"), "{}", said(&onto_itself));
    assert!(county.join("stages/links.parquet").exists());
    let both = bidui(&[
        "run",
        root("pipelines/township.toml").to_str().expect("plain"),
        "--input",
        county.to_str().expect("plain"),
        input.to_str().expect("plain"),
        "--out",
        out.to_str().expect("plain"),
        "--town",
        "土坪镇",
    ]);
    assert!(both.status.code() == Some(2) && said(&both).contains("不能与别的"), "{}", said(&both));

    // Half a run folder.
    fs::remove_file(county.join("stages/people.parquet")).expect("removed");
    let half = run("pipelines/township.toml", &county, &out, &town);
    assert_eq!(half.status.code(), Some(2), "{}", said(&half));
    assert!(said(&half).contains("people.parquet") && !out.join("run.json").exists(), "{}", said(&half));
}

#[test]
fn a_dossier_shows_every_row_and_every_rule_of_every_member_and_no_whole_number() {
    use calamine::{Reader, Xlsx, open_workbook};
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let output = run("pipelines/township.toml", &root("fixtures/2018-06"), &out, &["--town", "瑞溪镇"]);
    assert!(output.status.success(), "{}", said(&output));
    let book = out.join("reports/2018-06_瑞溪镇_民情档案.xlsx");
    let names = open_workbook::<Xlsx<_>, _>(&book).expect("a workbook").sheet_names();
    assert_eq!((names.first().map(String::as_str), names.last().map(String::as_str)), (Some("目录"), Some("未评估的规则")));
    let households: Vec<String> =
        sheet(&book, "目录").iter().skip(3).map(|row| row[3].clone()).filter(|code| !code.is_empty()).collect();

    let read = |name: &str| {
        let file = fs::File::open(out.join("stages").join(name)).expect("a stage file");
        let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
        reader.with_batch_size(1 << 20).build().expect("Parquet").next().expect("a batch").expect("rows")
    };
    let (records, links) = (read("records.parquet"), read("links.parquet"));
    let (registry, town, code) = (column(&records, "registry"), column(&records, "town"), column(&records, "household_code"));
    let expected: BTreeSet<String> = (0..records.num_rows())
        .filter(|at| registry[*at].as_deref() == Some("poverty") && town[*at].as_deref() == Some("瑞溪镇"))
        .filter_map(|at| code[at].clone())
        .collect();
    assert_eq!(households.iter().cloned().collect::<BTreeSet<_>>(), expected);

    let rows: Vec<Vec<String>> =
        names[1..names.len() - 1].iter().flat_map(|name| sheet(&book, name).into_iter().skip(3)).collect();
    let of_kind = |kind: &str| rows.iter().filter(|row| row[0] == kind).count();
    assert_eq!(of_kind("户"), households.len());
    let persons: BTreeSet<String> = rows
        .iter()
        .filter(|row| row[0] == "成员")
        .filter_map(|row| row[6].split(['；', ' ']).find(|word| word.starts_with('P')).map(str::to_owned))
        .collect();
    assert_eq!(persons.len(), of_kind("成员"));
    let person = column(&links, "person_id");
    assert_eq!(of_kind("登记"), person.iter().flatten().filter(|id| persons.contains(*id)).count(), "every row of every member");

    // Person by person, the rules told add up to the same number.
    let count = |row: &[String]| -> usize {
        let words: Vec<&str> = row[4].split(' ').collect();
        match words.as_slice() {
            [word, number, "条"] if ["通过", "不适用", "无法判断"].contains(word) => number.parse().expect("a number"),
            _ => 1,
        }
    };
    let (mut told, mut block) = (Vec::new(), None::<usize>);
    for row in &rows {
        match row[0].as_str() {
            "户" | "成员" => {
                told.extend(block.take());
                block = (row[0] == "成员").then_some(0);
            }
            "规则" => block = block.map(|known| known + count(row)),
            "疑点" if !row[5].is_empty() && !row[7].is_empty() && !row[4].contains("证件号码") => {
                block = block.map(|known| known + 1);
            }
            _ => {}
        }
    }
    told.extend(block);
    assert!(told.len() == persons.len() && told[0] > 60 && told.iter().all(|count| *count == told[0]), "{told:?}");

    let numbers: BTreeSet<String> =
        column(&records, "id_number").into_iter().flatten().filter(|number| number.len() == 18).collect();
    for row in rows.iter().chain(&sheet(&book, "目录")) {
        for cell in row {
            assert!(!numbers.iter().any(|number| cell.contains(number.as_str())), "{cell}");
        }
    }
}
