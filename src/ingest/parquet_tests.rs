//! A file that another program wrote, and files broken on purpose.

use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::Int32Type;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::{Frame, Limits, cells, code, format_of, frames, frames_within, refusals};

/// Written by DuckDB with its default compression.
const SAMPLE: &[u8] = include_bytes!("../../fixtures/formats/sample.parquet");

#[test]
fn every_kind_of_column_is_read_as_a_sheet_would_give_it() {
    let frames = frames(SAMPLE);
    assert_eq!(format_of(SAMPLE), ("parquet".to_owned(), String::new()));
    assert_eq!(refusals(&frames), []);
    assert_eq!(
        cells(&frames)[12..],
        [
            "2:0 Text 张三",
            "2:1 Text 520324199003071234",
            "2:2 Number 3876",
            "2:3 Number 294.58",
            "2:4 Number 0.1",
            "2:5 Date 2018-06-30",
            "2:6 Date 2018-06-30",
            "2:7 Bool 是",
            "2:8 Text 12.50",
            "2:9 Number 9223372036854775807",
            "2:10 Text 18446744073709551615",
            "2:11 Text poor",
            "3:0 Text 李四",
            "3:1 Text 520324198001011239",
            "3:2 Number -5",
            "3:3 Number 520324199001010000",
            "3:4 Number 2.5",
            "3:5 Date 1949-10-01",
            "3:6 Date 1999-12-31",
            "3:7 Bool 否",
            "3:8 Text -0.05",
            "3:9 Number -1",
            "3:10 Text 0",
            "3:11 Text poor",
        ]
    );
    assert_eq!(
        cells(&frames)[..12],
        ["姓名", "证件号码", "金额", "数值", "小数", "日期", "时间", "是否贫困", "十进制", "大数", "无符号", "类别"]
            .iter()
            .enumerate()
            .map(|(column, title)| format!("1:{column} Text {title}"))
            .collect::<Vec<_>>()
    );
}

/// A table of `rows` rows.
fn written(compression: Compression, rows: i64) -> Vec<u8> {
    let numbers: ArrayRef = Arc::new((0..rows).collect::<Int64Array>());
    let names: ArrayRef = Arc::new((0..rows).map(|row| Some(format!("甲{row}"))).collect::<StringArray>());
    let batch = RecordBatch::try_from_iter([("a", numbers), ("b", names)]).expect("a table");
    let properties = WriterProperties::builder().set_compression(compression).set_max_row_group_row_count(Some(7000)).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
    bytes
}

#[test]
fn usual_compressions_are_read_over_row_groups_and_batches() {
    let zstd = Compression::ZSTD(ZstdLevel::default());
    for compression in
        [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::GZIP(GzipLevel::default()), Compression::LZ4_RAW, zstd]
    {
        let frames = frames(&written(compression, 20_000));
        assert_eq!(refusals(&frames), [], "{compression}");
        let cells = cells(&frames);
        assert_eq!(cells.len(), 2 * 20_001, "{compression}");
        assert_eq!(cells[40_000..], ["20001:0 Number 19999", "20001:1 Text 甲19999"], "{compression}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_its_reason() {
    let nested = include_bytes!("../../fixtures/formats/nested.parquet");
    assert_eq!(code(nested), "unknown-format");
    let nested = frames(nested);
    assert!(refusals(&nested)[0].1.contains("第 2 列“名单”"), "{nested:?}");
    for end in [4, 12, SAMPLE.len() / 2, SAMPLE.len() - 1] {
        assert_eq!(code(&SAMPLE[..end]), "damaged-file", "cut at {end}");
    }
    assert_eq!(code(b"PARE\x01\x02\x03PARE"), "password-protected");
    let brotli = include_bytes!("../../fixtures/formats/brotli.parquet");
    assert_eq!(refusals(&frames(brotli)), [("unknown-format", "parquet 文件的压缩方式不能读（brotli 或 lzo）")]);
    let few = Limits { text_rows: 100, ..Limits::default() };
    assert_eq!(refusals(&frames_within("表", &written(Compression::SNAPPY, 100), &few))[0].0, "over-limit");
    assert!(matches!(frames(SAMPLE).last(), Some(Frame::FileEnd)));
}

fn parquet_of(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).expect("a writer");
    writer.write(batch).expect("written");
    writer.close().expect("closed");
    bytes
}

/// Rows that all say the same.
pub(super) fn equal_rows(rows: usize) -> Vec<u8> {
    let column = |text: &str| Arc::new(StringArray::from(vec![text; rows])) as ArrayRef;
    let columns = [("姓名", column("韩")), ("证件号码", column("5")), ("乡镇", column("土"))];
    parquet_of(&RecordBatch::try_from_iter(columns).expect("columns"))
}

#[test]
fn a_moment_with_a_zone_is_its_day_in_china() {
    // Midnights of 2018-06-30, of 1988-07-12 and of 1947-10-13, the last two in summer time.
    let moments = TimestampMicrosecondArray::from(vec![1_530_288_000_000_000, 584_636_400_000_000, -701_254_800_000_000]);
    let moments: ArrayRef = Arc::new(moments.with_timezone("Asia/Shanghai"));
    let batch = RecordBatch::try_from_iter([("出生日期", moments)]).expect("a table");
    assert_eq!(cells(&frames(&parquet_of(&batch)))[1..], ["2:0 Date 2018-06-30", "3:0 Date 1988-07-12", "4:0 Date 1947-10-13"]);
}

#[test]
fn a_long_text_said_a_million_times_is_refused() {
    let long = "长".repeat(30_000);
    let words: DictionaryArray<Int32Type> = std::iter::repeat_n(Some(long.as_str()), 100_000).collect();
    let batch = RecordBatch::try_from_iter([("住址", Arc::new(words) as ArrayRef)]).expect("a table");
    let frames = frames(&parquet_of(&batch));
    let told = refusals(&frames);
    assert!(!told.is_empty() && told.iter().all(|(code, _)| *code == "over-limit"), "{told:?}");
}
