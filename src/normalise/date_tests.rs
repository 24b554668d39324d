use proptest::prelude::*;

use super::*;

#[test]
fn until_a_month_is_until_its_last_day() {
    for (text, day) in [
        ("2018.12", Some("2018-12-31")),
        ("2018年6月", Some("2018-06-30")),
        ("201802", Some("2018-02-28")),
        ("2018年底", Some("2018-12-31")),
        ("2018年度", Some("2018-12-31")),
        ("至2018年9月止", Some("2018-09-30")),
        ("至2018年9月15日止", Some("2018-09-15")),
        ("2018-09-15", None),
        ("长期", None),
    ] {
        assert_eq!(last_day_named(CellKind::Text, text).map(|day| day.to_string()).as_deref(), day, "{text}");
    }
}

#[test]
fn days_in_every_form() {
    for text in [
        "2018-06-30",
        "2018/6/30",
        "2018.6.30",
        "20180630",
        "2018年6月30日",
        "2018年06月30号",
        "18.6.30",
        "43281",
        "43281.5",
        "2018-06-30 00:00:00",
        "２０１８－０６－３０",
        "20180630120000",
        "201806301200",
        "二〇一八年六月三十日",
        "二零一八年陆月叁拾日",
        "二O一八年六月卅日",
        "2018年6月30日生",
        "30-Jun-2018",
        "June 30, 2018",
        "Sat Jun 30 00:00:00 CST 2018",
        "Sat Jun 30 2018 00:00:00 GMT+0800 (中国标准时间)",
        "2018-06-29T16:00:00.000Z",
        "2018-06-29T16:00:00Z",
        "2018-06-30T00:00:00+08:00",
        "2018-06-29T20:00:00+0400",
        "2018-06-29 23:59:17",
        "2018-06-30 23:59:59",
        "2018/6/30 8:30",
        "6/30/2018 12:00:00 AM",
        "30/06/2018",
        "06/30/2018",
        "1530288000000",
    ] {
        assert_eq!(read_day(text).map(|day| day.to_string()).as_deref(), Some("2018-06-30"), "{text}");
    }
    assert_eq!(read_day("65.3.2").map(|day| day.to_string()).as_deref(), Some("1965-03-02"));
    for (text, day) in [
        ("1988-07-11 23:00:00", "1988-07-12"),
        ("1998-07-11 23:00:00", "1998-07-11"),
        ("1988-07-11T15:00:00Z", "1988-07-12"),
        ("1900-12-29T15:54:17Z", "1900-12-30"),
        ("17899", "1949-01-01"),
        ("12345", "1933-10-18"),
        ("-660038400000", "1949-02-01"),
        ("二〇〇一年元月廿一日", "2001-01-21"),
    ] {
        assert_eq!(read_day(text).map(|day| day.to_string()).as_deref(), Some(day), "{text}");
    }
    let of = |kind, text: &str| read(kind, text).alone().map(|day| day.to_string());
    assert_eq!(of(CellKind::Number, "9000").as_deref(), Some("1924-08-21"));
    assert_eq!(of(CellKind::Number, "1978"), None, "a year");
    assert_eq!(of(CellKind::Number, "40"), None, "an age");
    assert_eq!(of(CellKind::Date, "1948-12-31 16:00:00").as_deref(), Some("1949-01-01"));
    assert_eq!(of(CellKind::Text, "1978-05-11 16:00:00").as_deref(), Some("1978-05-11"));
    for text in [
        "05/06/2010",
        "1978年五月十二日（农历）",
        "腊月初八",
        "12-Foo-1978",
        "",
        "2018-02-30",
        "2018-06",
        "长期",
        "20181340",
        "6月30日",
        "99999",
    ] {
        assert_eq!(read_day(text), None, "{text}");
    }
}

#[test]
fn months_in_every_form() {
    for text in ["2018-04", "2018年4月", "201804", "2018.4", "2018/04", "2018-04-15", "2018年4月份"] {
        assert_eq!(read_month(CellKind::Text, text).map(Month::yyyymm), Some(201_804), "{text}");
    }
    assert_eq!(read_month(CellKind::Text, "2018.1").map(Month::yyyymm), Some(201_801));
    assert_eq!(read_month(CellKind::Number, "2018.1"), None);
    assert_eq!(read_month(CellKind::Number, "2018.11").map(Month::yyyymm), Some(201_811));
    assert_eq!(read_month(CellKind::Text, "201813"), None);
}

#[test]
fn years() {
    for text in ["2018", "2018年", "2018年度", "2018-01-01", "201801"] {
        assert_eq!(read_year(CellKind::Text, text), Some(2018), "{text}");
    }
    assert_eq!(read_year(CellKind::Text, "201"), None);
}

proptest! {
    #[test]
    fn every_day_reads_back(days in -25_000i32..40_000) {
        prop_assert_eq!(read_day(&Day(days).to_string()), Some(Day(days)));
    }

    #[test]
    fn total(text in "\\PC{0,20}|[0-9./年月日 -]{0,30}") {
        let _ = (read_day(&text), read_month(CellKind::Number, &text), read_year(CellKind::Text, &text));
    }
}
