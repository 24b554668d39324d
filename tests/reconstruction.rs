//! Nobody's number can be put together again out of what is printed: a practice county with more than 2,000 persons and some planted traps is
//! run, and every masked number of every workbook, page and message is tried with all that stands beside it: region, sequence and check
//! digit, other masks of the same number, births, months, years and ages. Fewer than twenty numbers left is a failure, as is any whole number
//! outside the lists that show them by contract (departments, identity corrections, pairs to be decided), in any part of any file, file and
//! sheet names included.

#![expect(clippy::string_slice, reason = "numbers are ASCII, and `match_indices` gives boundaries")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use arrow::array::AsArray;
use calamine::{Reader as _, open_workbook_auto};

use crate::support::{program, said};

/// What must be left open.
const LEAST: usize = 20;
/// Traps: their names come nowhere else.
#[rustfmt::skip]
const TRAPS: [&str; 28] = [
    "阙门陷", "阙阱陷", "阙坑陷", "阙机陷", "阙一陷", "阙二陷", "阙三陷", "阙四陷", "阙五陷", "阙六陷", "阙七陷", "阙八陷", "阙九陷", "阙十陷",
    "阙甲陷", "阙乙陷", "阙丙陷", "阙丁陷", "阙戊陷", "阙己陷", "阙庚陷", "阙辛陷", "阙壬陷", "阙癸陷", "阙子陷", "阙丑陷", "阙寅陷", "阙卯陷",
];
/// From here on a number stands in another form in the household's code.
const CODED: usize = 17;
/// And from here on those who have not left school, each for a rule that asks for births.
const YOUNG: usize = 25;
/// A phone as nobody would write it: what stands in its midst, and at its end.
const PHONES: [&str; 6] = [".", "_", "*", "/", "+", "出生"];
/// Digits as they are written elsewhere than in numbers.
/// A birth as clerks write it into any column: `Y` `M` `D` as they are, `y` the year's last two, `壹` and `月` in words.
const BIRTHS: [&str; 12] = [
    "壹年月月日日",
    "Y年 M月 D日",
    "M月D日生",
    "生日：M月D",
    "Y M D",
    "M/D/Y",
    "Y·M·D",
    "yMMDD",
    "Y年M月",
    "生于Y年",
    "D/M/y",
    "Y年MM月DD",
];
const SCRIPTS: [&str; 4] = ["０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "⓪①②③④⑤⑥⑦⑧⑨", "〇一二三四五六七八九"];

/// What the program said on both ends.
fn bidui(arguments: &[&dyn AsRef<std::ffi::OsStr>]) -> String {
    let output = program().args(arguments).output().expect("the program starts");
    let told = said(&output);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{told}");
    told
}

/// A day as year, month, day.
type Date = (u32, u32, u32);

/// A person's number, and what it holds.
#[derive(Clone, Debug)]
struct Secret {
    number: String,
    birth: Date,
    names: BTreeSet<String>,
}

fn check_digit(first: &str) -> char {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = first.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'][(sum % 11) as usize]
}

fn completed(first: &str) -> String {
    format!("{first}{}", check_digit(first))
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn birth_of(number: &str) -> Option<Date> {
    let part = |from: usize, to: usize| number.get(from..to)?.parse().ok();
    let (year, month, day) = (part(6, 10)?, part(10, 12)?, part(12, 14)?);
    ((1900..=2018).contains(&year) && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day))
        .then_some((year, month, day))
}

/// The traps: numbers where nobody looks for them, and a name that steers the terminal.
fn plant(input: &Path) -> Vec<String> {
    let traps = ["52032419710816301", "52032419820229102", "52032420010503209", "52032419550721115"];
    let mut numbers = traps.map(completed).to_vec();
    numbers.extend((0..8).map(|at| completed(&format!("520324196{at}0{}1{at}31{at}", at + 1))));
    numbers.extend((0..5).map(|at| completed(&format!("520324197{at}0{}1{at}41{at}", at + 1))));
    let coded = [
        "19560712", "19610703", "19660221", "19710523", "19760930", "19811104", "19870719", "19930706", "20140715", "20110810",
        "20180520",
    ];
    numbers.extend(coded.iter().zip(0..).map(|(birth, at)| completed(&format!("520324{birth}{}1{}", at % 9, at % 10))));
    let phones: Vec<String> = (0..TRAPS.len()).map(|at| format!("1503{:02}7{:04}", at + 11, 8_311 + at)).collect();
    let spread = |number: &str| format!("{} {} {}", &number[..6], &number[6..14], &number[14..]);
    let mut book = rust_xlsxwriter::Workbook::new();
    // A number as the name of a sheet and of a file, in a header, in addresses, in household codes.
    let sheet = book.add_worksheet().set_name(&numbers[0]).expect("a sheet");
    let header = [
        "乡镇",
        "行政村",
        "详细地址",
        "户编号",
        "姓名",
        "证件号码",
        "与户主关系",
        "脱贫属性",
        "贫困户属性",
        "健康状况",
        "联系电话",
        "务工状况",
    ];
    let (mut row, title) = (0, format!("建档立卡贫困人口信息（经办{}）", numbers[1]));
    for line in [vec![title], header.map(str::to_owned).to_vec()] {
        for (column, text) in (0..).zip(line) {
            sheet.write_string(row, column, text).expect("a cell");
        }
        row += 1;
    }
    for (at, name) in TRAPS.iter().enumerate() {
        let own = &numbers[at];
        let (region, birth, rest) = (&own[..6], &own[6..14], &own[14..]);
        let address = match at {
            0 | 2 => format!("明星村{own}旁"),
            1 | 3 => format!("明星村 {}", spread(own)),
            4 => format!("明星村{region}（{birth}）{rest}"),
            5 => format!("明星村{region}\u{ad}{birth}\u{200b}{rest}"),
            6 => format!("明星村{region}. {birth}\n{rest}"),
            7 => own.split("").collect::<Vec<&str>>().join(" "),
            8..12 => own.chars().map(|c| in_script(c, SCRIPTS[at - 8])).collect(),
            12 => format!("{region}*{birth}*{rest}"),
            13 => format!("{region}_{birth}_{rest}_"),
            14 => format!("{region}出生{birth}尾{rest}"),
            15 => format!("{region}.{birth}.{rest}."),
            CODED.. => "明星村".to_owned(),
            _ => format!("\u{202e}{}\u{202c}", own.chars().rev().collect::<String>()),
        };
        let (mark, phone) = (PHONES[at % PHONES.len()], &phones[at]);
        let health = format!("健康（{}{mark}{}{}）", &phone[..6], &phone[6..], mark.replace("出生", "尾"));
        let old = format!("{region}{}{}", &birth[2..], &rest[..3]);
        let code = match at {
            0..=3 => own.clone(),
            4..CODED => address.clone(),
            17 => format!("{old}-1"),
            18 => format!("01{old}"),
            19 => own[6..].to_owned(),
            20 => own.replace('0', "O").replace('1', "l"),
            21 => own.chars().rev().collect(),
            22 => format!("{phone}-1"),
            23 => format!("TEL{phone}"),
            24 => "6217007000098765438".to_owned(),
            _ => format!("52032410100100099{at}"),
        };
        let words = born_in_words(birth, BIRTHS[at % BIRTHS.len()]);
        let name = if at == 3 { format!("{name}\u{202e}\u{1b}[31m") } else { (*name).to_owned() };
        let line =
            ["土坪镇", "明星", &address, &code, &name, own, "户主", "未脱贫", "一般贫困户", &health, "138-8521-1234", &words];
        for (column, text) in (0..).zip(line) {
            sheet.write_string(row, column, text).expect("a cell");
        }
        row += 1;
    }
    book.save(input.join(format!("扶贫/补录{}.xlsx", numbers[2]))).expect("a workbook");
    let forms: Vec<String> = numbers[CODED..].iter().map(|own| own[6..17].to_owned()).collect();
    let old = |at: usize| format!("{}{}", &numbers[at][..6], &numbers[at][8..17]);
    let mut forms: Vec<String> = forms.into_iter().chain([old(17), old(18), "6217007000098765438".to_owned()]).collect();
    forms.push(numbers[21].chars().rev().collect());
    numbers.extend(phones);
    numbers.extend(forms);
    numbers
}

/// A birth as [`BIRTHS`] says.
fn born_in_words(birth: &str, form: &str) -> String {
    let words = |digits: &str| digits.chars().map(|c| in_script(c, "〇一二三四五六七八九")).collect::<String>();
    let tens = |digits: &str| match digits.trim_start_matches('0') {
        digits if digits.len() == 1 => words(digits),
        digits => format!("{}十{}", words(&digits[..1]), words(&digits[1..]).replace('〇', "")).replacen("一十", "十", 1),
    };
    let (month, day) = (&birth[4..6], &birth[6..]);
    form.replace("月月", &format!("{}月", tens(month)))
        .replace("日日", &format!("{}日", tens(day)))
        .replace('壹', &words(&birth[..4]))
        .replace("MM", month)
        .replace("DD", day)
        .replace('M', month.trim_start_matches('0'))
        .replace('D', day.trim_start_matches('0'))
        .replace('Y', &birth[..4])
        .replace('y', &birth[2..4])
}

fn in_script(c: char, script: &str) -> char {
    c.to_digit(10).and_then(|value| script.chars().nth(value as usize)).unwrap_or(c)
}

/// Every digit of a text, in whatever script and what looks like one, and nothing of what stands between them.
fn digits(text: &str) -> String {
    let text = text.replace('O', "0").replace('l', "1");
    let value = |c: char| SCRIPTS.iter().find_map(|script| script.chars().position(|digit| digit == c));
    let plain = |c: char| c.to_digit(10).or_else(|| u32::try_from(value(c)?).ok()).and_then(|value| char::from_digit(value, 10));
    text.chars().filter_map(plain).collect()
}

/// Every number in the run's rows, with the names that bear it; and everything else that may not stand whole.
fn secrets(run: &Path) -> (Vec<Secret>, BTreeSet<String>) {
    let file = fs::File::open(run.join("stages/records.parquet")).expect("rows");
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
    let (mut known, mut hidden): (BTreeMap<String, BTreeSet<String>>, BTreeSet<String>) = (BTreeMap::new(), BTreeSet::new());
    for batch in reader.build().expect("Parquet") {
        let batch = batch.expect("rows");
        let text = |name: &str, row: usize| {
            let column = batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>())?;
            Some(column.value(row).trim().to_owned()).filter(|text| !text.is_empty())
        };
        for row in 0..batch.num_rows() {
            for (number, name) in [
                ("id_number", "name"),
                ("head_id_number", "head_name"),
                ("guardian_id_number", "guardian_name"),
                ("spouse_id_number", "spouse_name"),
            ] {
                let (Some(number), name) = (text(number, row), text(name, row)) else { continue };
                if number.len() == 18 && birth_of(&number).is_some() {
                    known.entry(number).or_default().extend(name);
                }
            }
            for column in [
                "id_number",
                "id_raw",
                "head_id_number",
                "guardian_id_number",
                "spouse_id_number",
                "disability_no",
                "phone",
                "account_number",
            ] {
                hidden.extend(text(column, row).filter(|value| {
                    value.len() >= 11
                        && value.bytes().all(|c| c.is_ascii_alphanumeric())
                        && value.bytes().filter(u8::is_ascii_digit).count() >= 11
                }));
            }
        }
    }
    let secret = |(number, names): (String, BTreeSet<String>)| Some(Secret { birth: birth_of(&number)?, number, names });
    (known.into_iter().filter_map(secret).collect(), hidden)
}

/// What is told of one person in a workbook, page or message.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is told or not, in any combination")]
struct Told {
    day: bool,
    month: bool,
    year: bool,
    age: bool,
    /// The age on the last day of the next month, too.
    next_age: bool,
    /// A rule that asks for births says that it is about somebody born from the one day to the other.
    born: Option<(Date, Date)>,
    /// Positions of the number that some mask shows.
    shown: BTreeSet<usize>,
}

fn is_book(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "xlsx")
}

/// Runs of digits, letters and stars.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '*')).filter(|token| token.len() >= 4)
}

/// The positions that a mask shows of a number, if it can be one of that number: of the whole, or of a piece of it.
fn shows(token: &str, number: &str) -> Option<BTreeSet<usize>> {
    let (head, tail) = (token.find('*')?, token.len() - token.rfind('*')? - 1);
    if token.get(head..token.len() - tail)?.bytes().any(|c| c != b'*') || !(10..=22).contains(&token.len()) {
        return None;
    }
    let ends = token.get(token.len() - tail..)?;
    // Cut at the end, cut at the start, or with something behind it.
    for from in 0..=6_usize {
        let starts = number.get(from..from + head) == token.get(..head);
        let end = from + token.len();
        let fits = end <= 18 && number.get(end - tail..end) == Some(ends) || end > 18 && end - tail >= 18;
        if starts && fits && head + tail >= 4 && (from == 0 || end == 18) {
            let shown = (from..from + head).chain(end - tail..end).filter(|at| *at < 18);
            return Some(shown.collect());
        }
    }
    None
}

/// Whether a text tells a birth: its day in any form, its month, its year, where these are called a birth; the age.
fn listen(text: &str, secret: &Secret, two_months: bool, told: &mut Told) {
    let (year, month, day) = secret.birth;
    let short = year % 100;
    let days = [
        format!("{year}-{month:02}-{day:02}"),
        format!("{year}-{month}-{day}"),
        format!("{year}/{month:02}/{day:02}"),
        format!("{year}/{month}/{day}"),
        format!("{year}.{month:02}.{day:02}"),
        format!("{year}.{month}.{day}"),
        format!("{year}年{month}月{day}日"),
        format!("{year}年{month:02}月{day:02}日"),
        format!("{year}{month:02}{day:02}"),
        format!("{short:02}年{month}月{day}日"),
    ];
    let stands = |wanted: &str| {
        text.match_indices(wanted).any(|(at, _)| {
            let before = text[..at].chars().next_back().is_some_and(|c| c.is_ascii_digit());
            let after = text[at + wanted.len()..].chars().next().is_some_and(|c| c.is_ascii_digit());
            !before && !after
        })
    };
    told.day |= days.iter().any(|day| stands(day));
    let called = |wanted: &str| {
        text.match_indices(wanted).any(|(at, _)| {
            let before: String = text[..at].chars().rev().take(8).collect();
            let after: String = text[at + wanted.len()..].chars().take(4).collect();
            before.contains("生出") || before.contains("日生") || before.contains("于生") || after.contains("出生")
        })
    };
    told.month |=
        [format!("{year}-{month:02}"), format!("{year}年{month}月"), format!("{year}.{month}"), format!("{year}{month:02}")]
            .iter()
            .any(|month| called(month));
    told.year |= called(&year.to_string());
    let (age, next) = (age_in(6, secret.birth), age_in(7, secret.birth));
    let aged = |age: u32| stands(&format!("{age}岁")) || stands(&format!("{age}周岁"));
    told.age |= aged(age);
    told.next_age |= two_months && next != age && aged(next);
    for (rule, from, to) in [
        ("适龄幼儿", (2011, 9, 1), (2014, 8, 31)),
        ("义务教育适龄", (2000, 1, 1), (2011, 8, 31)),
        ("今年出生的新生儿", (2018, 1, 1), (2018, 12, 31)),
    ] {
        if text.contains(rule) && (from..=to).contains(&secret.birth) {
            told.born = Some((from, to));
        }
    }
}

/// How old somebody is at the end of a month of 2018.
fn age_in(month: u32, birth: Date) -> u32 {
    if (birth.1, birth.2) <= (month, 31) { 2018_u32.saturating_sub(birth.0) } else { 2017_u32.saturating_sub(birth.0) }
}

/// How many numbers fit all that is told; no more are counted than have to be left.
fn left(secret: &Secret, told: &Told) -> usize {
    let (own_year, own_month, own_day) = secret.birth;
    let mut left = 0;
    for year in 1900..=2018 {
        for month in 1..=12 {
            for day in 1..=days_in(year, month) {
                let fits = (!told.year && !told.month && !told.day || year == own_year)
                    && (!told.month && !told.day || month == own_month)
                    && (!told.day || day == own_day)
                    && (!told.age || age_in(6, (year, month, day)) == age_in(6, secret.birth))
                    && (!told.next_age || age_in(7, (year, month, day)) == age_in(7, secret.birth))
                    && told.born.is_none_or(|(from, to)| (from..=to).contains(&(year, month, day)));
                if !fits {
                    continue;
                }
                if left >= LEAST {
                    return left;
                }
                let birth = format!("{year}{month:02}{day:02}");
                let agrees = birth
                    .bytes()
                    .zip(secret.number.bytes().skip(6))
                    .zip(6..)
                    .all(|((one, own), at)| one == own || !told.shown.contains(&at));
                // Where the sequence is hidden, a thousand numbers are left for each day.
                let whole = (14..18).all(|at| told.shown.contains(&at));
                let number = format!("{}{birth}{}", &secret.number[..6], &secret.number[14..17]);
                if agrees && (!whole || check_digit(&number) == char::from(secret.number.as_bytes()[17])) {
                    left += if whole { 1 } else { 100 };
                }
            }
        }
    }
    left
}

/// Everything that is written, by what stands together: rows of a workbook, a page, a message.
struct Shown {
    name: String,
    rows: Vec<String>,
    /// Every part of the file, for whole numbers.
    all: String,
}

fn workbook(path: &Path) -> Shown {
    let mut book = open_workbook_auto(path).expect("a workbook");
    let mut rows = Vec::new();
    for name in book.sheet_names() {
        let range = book.worksheet_range(&name).expect("a sheet");
        rows.extend(range.rows().map(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ")));
        rows.push(name);
    }
    let mut archive = zip::ZipArchive::new(fs::File::open(path).expect("a workbook")).expect("a zip");
    let mut all = String::new();
    for at in 0..archive.len() {
        let mut bytes = Vec::new();
        archive.by_index(at).expect("a part").read_to_end(&mut bytes).expect("bytes");
        all.push_str(&String::from_utf8_lossy(&bytes));
        all.push('\n');
    }
    Shown { name: path.display().to_string(), rows, all }
}

impl Shown {
    /// Whether it tells of two months, one person a row.
    fn two_months(&self) -> bool {
        self.name.ends_with("changes.xlsx") || self.name.contains("/next/") && self.name.ends_with("整改台账.xlsx")
    }
}

fn message(name: &str, text: String) -> Shown {
    Shown { name: name.to_owned(), rows: vec![text.clone()], all: text }
}

/// A page's text: tags are gone, what is in one row stays together.
fn page(path: &Path) -> Shown {
    let all = fs::read_to_string(path).expect("a page");
    let plain: String =
        all.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text)).collect::<Vec<_>>().join(" ");
    Shown { name: path.display().to_string(), rows: vec![plain], all }
}

/// Whole numbers in a text.
fn whole<'s>(text: &str, hidden: &'s BTreeSet<String>) -> Vec<&'s str> {
    let mut found = Vec::new();
    for run in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|run| run.len() >= 11) {
        for length in [11_usize, 15, 16, 17, 18, 19, 20, 22] {
            for from in 0..=run.len().saturating_sub(length) {
                if let Some(secret) = run.get(from..from + length).and_then(|window| hidden.get(window)) {
                    // A part of a hash or of an id of ours is chance.
                    let ours = run.len() == 17 && run.starts_with(|c: char| c.is_ascii_uppercase()) || run.len() >= 32;
                    if !ours {
                        found.push(secret.as_str());
                    }
                }
            }
        }
    }
    found
}

/// Whether a list shows whole numbers by contract.
fn by_contract(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name);
    let department = name.contains("_县") && name.contains("疑点清单");
    department || ["身份信息更正", "是否同一人待核对", "对人抽查"].iter().any(|list| name.contains(list))
}

/// What can be put together again out of `shown`, and how many masks were tried.
fn rebuilt(shown: &Shown, secrets: &[Secret]) -> (usize, Vec<String>) {
    // A mask is looked up by its ends; only whom the row names can be meant.
    let mut by_ends: BTreeMap<String, Vec<&Secret>> = BTreeMap::new();
    for secret in secrets {
        for ends in [format!("{}{}", &secret.number[..6], &secret.number[14..]), secret.number[..6].to_owned()] {
            by_ends.entry(ends).or_default().push(secret);
        }
    }
    let mut told: BTreeMap<&str, (&Secret, Told)> = BTreeMap::new();
    let mut tried = 0;
    for row in &shown.rows {
        let masks: Vec<&str> =
            tokens(row).filter(|token| token.contains("**") && token.bytes().any(|c| c.is_ascii_digit())).collect();
        let mut meant: BTreeMap<&str, &Secret> = BTreeMap::new();
        for mask in masks.iter().filter(|mask| mask.len() == 18) {
            let ends: String = mask.chars().filter(|c| *c != '*').collect();
            let named = by_ends
                .get(&ends)
                .into_iter()
                .flatten()
                .filter(|secret| secret.names.iter().any(|name| row.contains(name.as_str())));
            meant.extend(named.map(|secret| (secret.number.as_str(), *secret)));
            tried += 1;
        }
        for (number, secret) in meant {
            let (_, told) = told.entry(number).or_insert_with(|| (secret, Told::default()));
            listen(row, secret, shown.two_months(), told);
            told.shown.extend(masks.iter().filter_map(|mask| shows(mask, number)).flatten());
        }
    }
    let mut failures = Vec::new();
    for (secret, told) in told.values() {
        let left = left(secret, told);
        if left < LEAST {
            failures.push(format!("{}: {} {:?}: {left} left, {told:?}", shown.name, secret.number, secret.names));
        }
    }
    (tried, failures)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

#[test]
fn no_number_can_be_put_together_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    bidui(&[&"practice", &"--out", &at("county"), &"--households", &"700", &"--seed", &"7", &"--months", &"2"]);
    let input = at("county").join("2018-06");
    let planted = plant(&input);

    // A month later July's birthdays have been.
    plant(&at("county").join("2018-07"));
    let (run, again, posted, dossier, next) = (at("run"), at("again"), at("posted"), at("dossier"), at("next"));
    let ledger = at("ledger.db");
    let mut shown = vec![
        message("run", bidui(&[&"run", &"pipelines/monthly.toml", &"--input", &input, &"--out", &run, &"--ledger", &ledger])),
        message("check", bidui(&[&"check", &"pipelines/monthly.toml", &"--input", &input])),
        message("again", bidui(&[&"run", &"pipelines/monthly.toml", &"--input", &run, &"--out", &again, &"--ledger", &ledger])),
        message("posted", bidui(&[&"run", &"pipelines/monthly.toml", &"--input", &run, &"--out", &posted, &"--mask", &"--json"])),
        message("town", bidui(&[&"run", &"pipelines/township.toml", &"--input", &run, &"--out", &dossier, &"--town", &"土坪镇"])),
        message(
            "next",
            bidui(&[
                &"run",
                &"pipelines/monthly.toml",
                &"--input",
                &at("county").join("2018-07"),
                &"--out",
                &next,
                &"--ledger",
                &ledger,
            ]),
        ),
        message("diff", bidui(&[&"diff", &run, &next, &"--xlsx", &at("changes.xlsx")])),
        message("diagnose", bidui(&[&"diagnose", &run])),
        workbook(&at("changes.xlsx")),
    ];
    let (secrets, mut hidden) = secrets(&run);
    hidden.extend(planted.iter().cloned());
    assert!(secrets.len() > 2000, "{} numbers", secrets.len());

    // Those of the traps, and a few of everybody.
    let asked = TRAPS.iter().take(3).map(|name| (*name).to_owned());
    let asked: Vec<String> =
        asked.chain(secrets.iter().step_by(secrets.len() / 4).filter_map(|secret| secret.names.first().cloned())).collect();
    for (position, name) in asked.iter().enumerate() {
        let html = at(&format!("page{position}.html"));
        shown.push(message(name, bidui(&[&"explain", &run, &"--person", name])));
        bidui(&[&"explain", &run, &"--person", name, &"--html", &html]);
        shown.push(page(&html));
    }
    shown.push(message("household", bidui(&[&"explain", &run, &"--household", &planted[0]])));
    for out in [&run, &again, &posted, &dossier, &next] {
        shown.push(message(&format!("{} run.json", out.display()), fs::read_to_string(out.join("run.json")).expect("run.json")));
        let books = files(&out.join("reports"));
        let names: Vec<String> =
            books.iter().map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned()).collect();
        shown.push(message("names of files", names.join("\n")));
        shown.extend(books.iter().map(|path| workbook(path)));
    }
    shown.push(message(
        "names of sheets",
        shown
            .iter()
            .filter(|shown| is_book(&shown.name))
            .filter_map(|shown| shown.rows.last().cloned())
            .collect::<Vec<_>>()
            .join("\n"),
    ));

    let (mut tried, mut failures) = (0, Vec::new());
    for one in &shown {
        // A public list has no contract but one.
        let contract = by_contract(&one.name) && !one.name.contains("/posted/");
        if !contract {
            let found: BTreeSet<&str> = whole(&one.all, &hidden).into_iter().collect();
            failures.extend(found.iter().map(|number| format!("{}: {number} stands whole", one.name)));
            for row in &one.rows {
                let digits = digits(row);
                let written = planted.iter().filter(|number| digits.contains(&number[..number.len().min(17)]));
                failures.extend(written.map(|number| format!("{}: {number} stands whole in other digits: {row}", one.name)));
                for (at, _) in TRAPS.iter().enumerate().filter(|(_, name)| row.contains(**name)) {
                    let words = born_in_words(&planted[at][6..14], BIRTHS[at % BIRTHS.len()]);
                    let tells = at < YOUNG && row.contains(&words);
                    failures.extend(tells.then(|| format!("{}: {words}: {row}", one.name)));
                }
            }
        }
        let steers = one.all.contains(['\u{1b}', '\u{202e}', '\u{200b}', '\u{ad}']);
        failures.extend(steers.then(|| format!("{}: steers the terminal, or hides what it shows", one.name)));
        let (count, found) = if contract { (0, Vec::new()) } else { rebuilt(one, &secrets) };
        tried += count;
        failures.extend(found);
    }
    assert!(failures.is_empty(), "{} of {tried}:\n{}", failures.len(), failures.join("\n"));
    assert!(tried > 2000, "only {tried} masks");
    // The check can see: lists that show whole numbers are full of them.
    assert!(shown.iter().any(|one| by_contract(&one.name) && !whole(&one.all, &hidden).is_empty()));
    // The practice key is told, aloud and in writing.
    assert!(
        shown[0].all.contains("练习密钥")
            && fs::read_to_string(run.join("run.json")).expect("run.json").contains("\"key\": \"practice\"")
    );
    // Nothing of health beside a name in what is posted.
    for book in files(&posted.join("reports")) {
        let name = book.display().to_string();
        let lists = ["疑点清单", "身份信息更正", "待核对", "抽查"].iter().any(|list| name.contains(list));
        for row in workbook(&book).rows.iter().filter(|row| lists && row.contains("****")) {
            assert!(!["残", "病", "住院", "护理", "康复", "健康"].iter().any(|word| row.contains(word)), "{name}: {row}");
        }
    }
}

#[test]
fn the_trial_sees_what_gives_a_number_away() {
    let number = completed("52032419710716301");
    let mask = format!("{}********{}", &number[..6], &number[14..]);
    let secret = Secret { birth: birth_of(&number).expect("a birth"), number, names: BTreeSet::from(["王小明".to_owned()]) };
    for (beside, safe) in [
        ("", true),
        ("46岁", true),
        ("出生=1971", true),
        ("1971-07-16", false),
        ("1971年7月16日", false),
        ("出生年月=1971-07", false),
        ("46岁，出生=1971", false),
        ("46岁，下月47岁", false),
        ("原写号码=5203*******716301", false),
    ] {
        let row = format!("王小明 | {mask} | {beside}");
        let (tried, failures) = rebuilt(&message("changes.xlsx", row), std::slice::from_ref(&secret));
        assert_eq!((tried, failures.is_empty()), (1, safe), "{beside}: {failures:?}");
    }
}
