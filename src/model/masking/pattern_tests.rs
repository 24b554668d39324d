use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn no_birth_date_survives_in_any_sentence(before in "[一-龥，a-z ]{0,10}", region in 110_000u32..660_000, birth in 19_000_101u32..20_181_231,
        serial in 0u32..1000, check in "[0-9Xx]", after in "[一-龥，。 ]{0,10}") {
        let text = format!("{before}{region}{birth}{serial:03}{check}{after}");
        prop_assert!(!mask_text(&text).contains(&birth.to_string()), "{}", mask_text(&text));
    }
}

/// The digits of a text, however they are written.
fn digits(text: &str) -> String {
    text.chars().filter_map(read_out).filter(char::is_ascii_digit).collect()
}

/// A number as somebody might write it: in other digits, and with something within.
fn written(number: &str, script: usize, between: &str, every: usize) -> String {
    const SCRIPTS: [&str; 6] =
        ["0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "⓪①②③④⑤⑥⑦⑧⑨", "〇一二三四五六七八九", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗"];
    let digit = |c: char| c.to_digit(10).and_then(|value| SCRIPTS[script].chars().nth(value as usize)).unwrap_or(c);
    let parts = number.chars().enumerate().map(|(at, c)| {
        let between = if at > 0 && at % every == 0 { between } else { "" };
        format!("{between}{}", digit(c))
    });
    parts.collect()
}

const BETWEEN: [&str; 21] = [
    "",
    " ",
    "  ",
    "-",
    "（",
    "）",
    ". ",
    "\n",
    "\r\n",
    "\t",
    "\u{ad}",
    "\u{200b}",
    "\u{202e}\u{2066}",
    "\u{301}",
    "〔",
    "\u{fffd}",
    "_",
    ".",
    "*",
    "·",
    "^",
];

proptest! {
    #[test]
    fn no_number_passes_in_whatever_digits_and_with_whatever_within(day in 0i32..36_000, serial in 0u32..1000, script in 0usize..6,
        between in 0usize..BETWEEN.len(), every in 1usize..9) {
        let (year, month, day) = Day(day - 20_000).ymd();
        let stem = format!("520324{year:04}{month:02}{day:02}{serial:03}");
        let number = Number::completed(stem.as_bytes().try_into().expect("seventeen")).expect("digits").text();
        let text = format!("住址{}号", written(&number, script, BETWEEN[between], every));
        let shown = mask_text(&text);
        prop_assert!(shown.contains('*') && digits(&shown).len() <= 10, "{text} {shown}");
        prop_assert!(number.get(6..14).is_some_and(|birth| !digits(&shown).contains(birth)), "{text} {shown}");
    }

    #[test]
    fn no_phone_passes_in_whatever_digits(rest in 300_000_000u64..999_999_999, script in 0usize..6, between in 10usize..BETWEEN.len(), every in 1usize..9) {
        let text = format!("电话{}", written(&format!("1{}", 3_000_000_000 + rest), script, BETWEEN[between], every));
        let shown = mask_text(&text);
        prop_assert!(digits(&shown).len() <= 4, "{text} {shown}");
    }

    #[test]
    fn amounts_and_dates_stay(amounts in proptest::collection::vec((0u32..100_000, 0u32..100, 0usize..6), 1..6), day in 10_000i32..18_000) {
        let texts = amounts.iter().map(|(yuan, fen, parted)| {
            format!("{yuan}.{fen:02}{}", [" ", "，", "、", "\n", "\t", "; "][*parted])
        });
        let text = format!("{}{} {}", texts.clone().collect::<String>(), Day(day), texts.collect::<String>());
        prop_assert_eq!(&mask_text(&text), &text);
    }

    #[test]
    fn household_codes_and_dates_in_a_list_stay(codes in proptest::collection::vec(5_200_000_000u64..5_209_999_999, 1..5), day in 10_000i32..18_000,
        parted in 0usize..5) {
        let parted = [" ", "、", "，", "\n", "；"][parted];
        let text = codes.iter().map(|code| format!("{code}{parted}{}", Day(day))).collect::<Vec<_>>().join(parted);
        prop_assert_eq!(&mask_text(&text), &text);
    }
}

#[test]
fn numbers_are_hidden_in_one_run_and_in_groups() {
    for (text, masked) in [
        ("身份证520324199003071234，电话13885211234。", "身份证520324********1234，电话13*******34。"),
        ("５２０３２４１９９００３０７１２３４", "５２０３２４********１２３４"),
        ("住址：燕子坝 520324 19900307 1234", "住址：燕子坝 520324********1234"),
        ("520324-1990-0307-123X；", "520324********123X；"),
        ("520324 900307 123", "520*********123"),
        ("电话138-8521-1234", "电话13*******34"),
        ("电话0851-26421234", "电话085******234"),
        ("卡号6217 0000 1234 5678 901", "卡号621700*********8901"),
        ("截断的5203241990030", "截断的520**********"),
        ("去了地区的199003071234", "去了地区的*********234"),
        ("国际+8613885211234", "国际+861*******234"),
        ("520324（19900307）1234", "520324********1234"),
        ("520324(1990-03-07)1234", "520324********1234"),
        ("520324. 2006040.6 3033", "520324************"),
        ("5 2 0 3 2 4 1 9 9 0 0 3 0 7 1 2 3 4", "520324********1234"),
        ("520324,19900307,1235", "520324********1235"),
        ("520324\u{ad}19900307\u{200b}1234", "520324********1234"),
        ("52032419\n900307\r\n1234", "520324********1234"),
        ("٥٢٠٣٢٤١٩٩٠٠٣٠٧١٢٣٤", "٥٢٠٣٢٤********١٢٣٤"),
        ("⑤②⓪③②④①⑨⑨⓪⓪③⓪⑦①②③④", "⑤②⓪③②④********①②③④"),
        ("五二〇三二四一九九〇〇三〇七一二三四", "五二〇三二四********一二三四"),
        ("名520324 19900307 1234x", "名520324********1234x"),
        ("A5203 2419 9003 0712 34", "A520324********1234"),
        ("住一组13885211234", "住一组13*******34"),
        ("(138)8521(1234)", "(13*******34)"),
        ("1 3 8 8 5 2 1 1 2 3 4", "13*******34"),
        ("138-85-211-234", "13*******34"),
        ("6217 0000 123 456 78901", "621700*********8901"),
        ("520324            19900307\t \t1234", "520324********1234"),
        ("62170000 12345678 907", "621700*********8907"),
        ("B6217000012345678906", "B62170**********8906"),
        ("150307.27583.", "15*******83."),
        ("154477_46482_", "15*******82_"),
        ("150307/27583", "15*******83"),
        ("150307+27583", "15*******83"),
        ("15030*727*583", "15*******83"),
        ("522124*19460903*8956", "522124********8956"),
        ("522124.194609.038956", "522124********8956"),
        ("522124_19460903_8956", "522124********8956"),
        ("522124/19460903/8956", "522124********8956"),
        ("520324.900307.123", "520*********123"),
    ] {
        assert_eq!(mask_text(text), masked);
        assert_eq!(mask_text(masked), masked, "once is enough");
    }
    for text in [
        "522124出生19441114尾8842",
        "522124，出生：19441114，尾号：8842",
        "520324生日19900307末四位1234",
        "150307出生27583尾",
        "138转8521尾号1234",
    ] {
        let shown = mask_text(text);
        assert!(digits(&shown).len() <= 10 && !shown.contains("19900307") && !shown.contains("19441114"), "{shown}");
    }
}

#[test]
fn a_number_that_is_shown_backwards_is_hidden() {
    for text in ["无（\u{202e}83382422531\u{202c}）", "\u{2067}4321703009914230 25\u{2069}"] {
        assert!(digits(&mask_text(text)).len() <= 10 && mask_text(text).contains("***"), "{}", mask_text(text));
    }
}

#[test]
fn letters_and_words_that_look_like_digits_are_digits_and_letters_at_the_ends_protect_nothing() {
    for text in [
        "TEL14041099905",
        "微信wx14224803609",
        "1592579125801",
        "1493 8877 681",
        "15925 7912 58",
        "1-592-5791-258",
        "l8602087557",
        "l37475l9656",
        "卡号前621700后7000098765438",
        "幺八二三零四五六七八九",
        "52O324l97lO8l6O3ll",
        "五两洞三两四幺勾拐幺洞八幺六洞三幺幺",
        "⑸⑵⑩⑶⑵⑷⑴⑼⑺⑴⑩⑻⑴⑹⑩⑶⑴⑴",
        "520324710816031-1",
        "01520324710816031",
        "19710816031X",
        "52032419710816031Ⅹ",
    ] {
        let shown = mask_text(text);
        assert!(shown.contains("***") && digits(&shown).len() <= 10, "{text}: {shown}");
        assert!(!is_code(text), "{text}");
        assert_ne!(super::super::Audience::Village.code(text), text);
    }
}

#[test]
fn codes_of_households_stay_and_numbers_in_their_place_do_not() {
    for code in [
        "5200057613",
        "5203241010010000024",
        "520324101001",
        "52032410100100012",
        "5203242012030001",
        "户外:5203241010010000024",
        "130123101001",
        "6205231012010000024",
        "DB2018000123",
        "明星村一组12号",
    ] {
        assert!(is_code(code), "{code}");
    }
    for number in [
        "6217007000098765438",
        "520324710816031",
        "户520324710816031",
        "520324710816031_1",
        "5203247108160311",
        "197108160310",
        "后12位197108160310",
        "520324197108160311",
        "113061801791423025",
        "13885211234-1",
        "13885211234转1",
        "013885211234",
        "008613885211234",
        "520324101001-13885211234",
    ] {
        assert!(!is_code(number) && mask_text(number).contains("***"), "{number}: {}", mask_text(number));
    }
}

#[test]
fn codes_dates_times_and_our_own_ids_stay() {
    for text in [
        "行政区划130123101001",
        "两不愁三保障，一达标两不愁三保障，Illinois 2018 old lol 12",
        "正府发〔2018〕12号，2018年6月30日第14期，金额13800.00元",
        "1500 2000 300，1500 200 3000",
        "户编号5200057613，2018-06-30，应为5700.00元",
        "2018-06-30 2018-07-31",
        "2016 2017 2018 2019",
        "备份20180630123456、201806301230",
        "疑点F0123456789abcdef，人员P9876543210123456",
        "行政区划520324101001",
        "2157/2157 1.0000            227/227 1.0000         98/103 0.9515",
        "1500元至250000元，13500-138000，1350/138000",
        "第520324批，20180630起，共1234户",
        "520*********123，13*******34，520324********1234",
        "13500.00元/2018年",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ] {
        assert_eq!(mask_text(text), text);
    }
}

#[test]
fn dates_are_found_however_they_are_written() {
    let day = Day::new(1990, 3, 7);
    for text in ["1990-03-07", "1990.3.7", "1990/03/07", "1990年3月7日", "19900307", "１９９０－０３－０７"] {
        let told = format!("生于{text}，住燕子坝");
        let found = dates(&told);
        assert_eq!(found, [day], "{text}");
    }
    assert_eq!(dates("1990年3月"), [None]);
    assert!(dates("金额5200.00元，户5200057613").iter().all(Option::is_none));
    assert_eq!(dates("生日90.3.7"), [day]);
    assert_eq!(birth_in("520324199003071234"), day);
    assert_eq!(birth_in("520324900307123"), day);
    assert_eq!(birth_in("52032419900307123443"), day);
    assert_eq!(birth_in("5200057613"), None);
}
