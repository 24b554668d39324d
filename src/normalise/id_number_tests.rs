use proptest::prelude::*;

use super::*;

fn as_of() -> Day {
    "2018-06-30".parse().expect("a day")
}

fn number(region: &str, birth: &str, sequence: &str) -> String {
    let digits = format!("{region}{birth}{sequence}");
    Number::completed(digits.as_bytes().as_array().expect("17 digits")).expect("digits").text()
}

fn read(text: &str) -> (String, IdState, Vec<&'static str>) {
    let reading = clean(CellKind::Text, text, as_of());
    (reading.text.into_owned(), reading.state, reading.repairs.iter().map(Repair::as_str).collect())
}

/// The example number printed in GB 11643-1999.
const STANDARD: &str = "11010519491231002X";

#[test]
fn the_standards_own_example_is_valid() {
    assert_eq!(read(STANDARD), (STANDARD.to_owned(), IdState::Valid, vec![]));
}

#[test]
fn every_look_of_the_check_letter_becomes_x() {
    for letter in ["x", "×", "Х", "х", "*", "✕", "╳", "Ⅹ", "χ", "ⅹ", "乂", "Χ", "✖", "⨯"] {
        let (text, state, repairs) = read(&STANDARD.replace('X', letter));
        assert_eq!((text.as_str(), state), (STANDARD, IdState::Valid), "{letter}");
        assert_eq!(repairs.last(), Some(&"check_letter"), "{letter}");
    }
    assert_eq!(read(&STANDARD.replace('X', "Ｘ")).1, IdState::Valid);
}

#[test]
fn spaces_quotes_and_width_are_taken_out() {
    let full: String = STANDARD.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).expect("full width")).collect();
    assert_eq!(read(&full), (STANDARD.to_owned(), IdState::Valid, vec!["width"]));
    for text in
        ["'11010519491231002X", "110105 19491231 002X", "\u{feff}11010519491231002X\t", "1101051949123\u{200b}1002X\u{a0}"]
    {
        assert_eq!(read(text), (STANDARD.to_owned(), IdState::Valid, vec!["space"]), "{text:?}");
    }
}

#[test]
fn letters_are_read_as_digits_only_with_proof() {
    assert_eq!(read("11OlO51949I231OO2X"), (STANDARD.to_owned(), IdState::Valid, vec!["letter_for_digit"]));
    assert_eq!(read("11OlO51949I231OO3X").1, IdState::Malformed);
}

#[test]
fn fifteen_digits_are_upgraded() {
    assert_eq!(read("110105491231002"), (STANDARD.to_owned(), IdState::Valid, vec!["15_to_18"]));
    let (old, ..) = read("110105951231998");
    assert_eq!(old.get(6..10), Some("1895"));
    assert_eq!(read("110105491331002").1, IdState::Malformed);
}

#[test]
fn fifteen_digits_of_this_century_are_told_by_the_birth_column_and_by_age() {
    let beside = |stated: Option<&str>| {
        let stated = stated.map(|day| day.parse().expect("a day"));
        let reading = clean_beside(CellKind::Text, "520324120503123", as_of(), stated);
        (reading.text.get(6..10).map(str::to_owned), reading.repairs.iter().map(Repair::as_str).collect::<Vec<_>>())
    };
    let of = |year: &str| (Some(year.to_owned()), vec!["15_to_18", "century"]);
    assert_eq!(beside(None), of("2012"));
    assert_eq!(beside(Some("1912-05-03")), of("1912"));
    assert_eq!(beside(Some("2012-05-03")), of("2012"));
    assert_eq!(beside(Some("1950-01-01")), of("2012"));
    assert_eq!(read("520324190503123").0.get(6..10), Some("1919"), "2019 is still to come");
}

#[test]
fn what_stands_around_a_number_is_taken_off() {
    for (text, repairs) in [
        (format!("{STANDARD}（已故）"), vec!["remark"]),
        (format!("身份证号：{STANDARD}"), vec!["label"]),
        ("110105-19491231-002X".to_owned(), vec!["punctuation"]),
        ("11010519491231002✕（残）".to_owned(), vec!["check_letter", "remark"]),
        ("\u{202d}11010519491231002x\u{202c}".to_owned(), vec!["space", "check_letter"]),
    ] {
        assert_eq!(read(&text), (STANDARD.to_owned(), IdState::Valid, repairs), "{text}");
    }
}

#[test]
fn words_and_stumps_are_no_numbers() {
    for text in ["无", "待补", "未办证", "无证", "没有身份证", "补录中", "TBD", "123456", "第36户", "5203241990", "无123"]
    {
        assert_eq!(read(text), (String::new(), IdState::NoNumber, vec!["no_number"]), "{text}");
    }
}

#[test]
fn fifteen_digits_rounded_again_lose_their_last_three() {
    let twice = read("522124199510233024");
    assert_eq!(twice, ("522124199510233000".to_owned(), IdState::Float, vec![]));
    assert_ne!(read("522124199510233026").1, IdState::Float);
}

#[test]
fn a_certificate_number_is_split() {
    for (tail, grade, reissue) in [("4", None, None), ("42", Some(2), None), ("42B1", Some(2), Some(1))] {
        let text = format!("{STANDARD}{tail}");
        let reading = clean(CellKind::Text, &text, as_of());
        assert_eq!((reading.text.as_ref(), reading.state), (STANDARD, IdState::Valid));
        assert_eq!(reading.suffix, Some(Suffix { category: 4, grade, reissue }));
    }
    assert_eq!(read(&format!("{STANDARD}95")).1, IdState::Malformed);
}

#[test]
fn nineteen_digits_are_not_split_where_one_may_be_typed_twice() {
    // 52032419900307123? with its second 3 doubled: the first 18 characters pass the checksum by chance.
    let unlucky = (0..1000).map(|sequence| number("520324", "19900307", &format!("{sequence:03}"))).find_map(|right| {
        let mut doubled = right.clone();
        doubled.insert(16, doubled.as_bytes()[15].into());
        Number::parse(doubled.get(..18).expect("ASCII"))
            .filter(|number| number.is_valid())
            .filter(|_| (b'1'..=b'7').contains(&doubled.as_bytes()[18]))
            .map(|_| doubled)
    });
    let unlucky = unlucky.expect("one in eleven is");
    assert_eq!(read(&unlucky), (unlucky.clone(), IdState::Malformed, vec![]));
}

#[test]
fn typed_twice_and_school_numbers() {
    assert_eq!(read(&format!("{STANDARD} {STANDARD}")).0, STANDARD);
    assert_eq!(read(&format!("{STANDARD}{STANDARD}")).2, ["typed_twice"]);
    assert_eq!(read(&format!("G{STANDARD}")), (STANDARD.to_owned(), IdState::Valid, vec!["school_prefix"]));
}

#[test]
fn numbers_that_went_through_a_float_are_never_valid() {
    let valid = number("520324", "19900307", "123");
    assert_eq!(clean(CellKind::Number, &valid, as_of()).state, IdState::Float);
    assert_eq!(read("520324199003071000").1, IdState::Float);
    assert_eq!(read("5.20324E+17").1, IdState::Scientific);
    assert_eq!(read("5.20324199003071E+17"), ("520324199003071000".to_owned(), IdState::Float, vec![]));
    assert_eq!(clean(CellKind::Number, "520324900307123", as_of()).state, IdState::Valid, "15 digits are exact in a double");
}

#[test]
fn masked_placeholders_and_other_documents() {
    assert_eq!(read("520324********123X"), ("520324********123X".to_owned(), IdState::Masked, vec![]));
    for (text, unified) in [
        ("520324XXXXXXXX1234", "520324********1234"),
        ("520324＊＊＊＊＊＊＊＊1234", "520324********1234"),
        ("520324○○○○○○○○1234", "520324********1234"),
        ("520324********081234", "520324******081234"),
        ("5203********1234", "5203**********1234"),
        ("520************234", "520************234"),
        ("520324****1234", "520324********1234"),
        ("52032419900307****", "52032419900307****"),
    ] {
        assert_eq!((read(text).0.as_str(), read(text).1), (unified, IdState::Masked), "{text}");
    }
    for text in ["0", "999999199001011234", "111111111111111111", "----", "111111190000000000", "XXXXXXXX", "*x××X*X"] {
        assert_eq!(read(text), (String::new(), IdState::Placeholder, vec![]), "{text}");
    }
    for text in ["南字第123456号", "E12345678", "H1234567800"] {
        assert_eq!(read(text).1, IdState::OtherDocument, "{text}");
    }
    assert_eq!(read("11010519491231002").1, IdState::Malformed);
    assert_eq!(read("110105194912310021").1, IdState::Invalid);
    let tomorrow = number("520324", "20180701", "123");
    assert_eq!(read(&tomorrow).1, IdState::Invalid);
}

#[test]
fn debug_hides_the_number() {
    assert!(!format!("{:?}", clean(CellKind::Text, STANDARD, as_of())).contains("19491231"));
}

proptest! {
    #[test]
    fn any_text_reads_the_same_twice(text in "\\PC{0,40}|[0-9XxOlSB*Ｘ×  ]{0,40}|[0-9X（）：:._证号-]{10,30}|[1-6][0-9]{14,21}[0-9XB]?") {
        let once = clean(CellKind::Text, &text, as_of());
        let twice = clean(CellKind::Text, &once.text, as_of());
        prop_assert_eq!(&once.text, &twice.text);
        if !matches!(once.state, IdState::Placeholder | IdState::NoNumber) {
            prop_assert_eq!(once.state, twice.state);
        }
    }
}
