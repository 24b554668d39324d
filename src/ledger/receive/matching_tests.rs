//! Which finding a row is about, whatever is left of it; and whose answer it is not.

use super::*;
use crate::model::personal::Personal;

/// What is left of a row, and which finding it is still known to be about.
#[test]
fn the_ladder_of_matching() {
    let keyless = |change: fn(&mut Cells)| {
        row(&[3], |cells| {
            cells.key = Personal::default();
            cells.verdict = "属实".into();
            change(cells);
        })
    };
    let named = |cells: &mut Cells| {
        cells.finding_ids = Personal::default();
        cells.rules = vec![UNCOVERED.to_owned()];
    };
    for (what, cells) in [
        ("key alone", row(&[3], |cells| (cells.finding_ids, cells.verdict) = (Personal::default(), "属实".into()))),
        ("number alone", keyless(|_| ())),
        ("number in capitals", keyless(|cells| cells.finding_ids = cells.finding_ids.expose().to_uppercase().into())),
        ("number in small letters", keyless(|cells| cells.finding_ids = cells.finding_ids.expose().to_lowercase().into())),
        ("person and rule", keyless(named)),
        (
            "person, rule, no village",
            keyless(|cells| {
                cells.village = Personal::default();
                cells.finding_ids = Personal::default();
                cells.rules = vec![UNCOVERED.to_owned()];
            }),
        ),
        (
            "village without its last character",
            keyless(|cells| {
                cells.village = "高台".into();
                cells.finding_ids = Personal::default();
                cells.rules = vec![UNCOVERED.to_owned()];
            }),
        ),
    ] {
        let receipt = one(cells);
        assert_eq!(
            (receipt.outcome, receipt.finding_ids.as_slice()),
            (Outcome::Taken, &[id(3)][..]),
            "{what}: {}",
            receipt.reason
        );
    }
    let cut = one(row(&[0x00ab_cdef], |cells| {
        cells.key = Personal::default();
        cells.finding_ids = id(0x00ab_cdef).chars().take(14).collect::<String>().into();
        cells.verdict = "属实".into();
    }));
    assert_eq!((cut.outcome, cut.finding_ids.as_slice()), (Outcome::Taken, &[id(0x00ab_cdef)][..]), "{}", cut.reason);
    for (what, cells) in [
        (
            "an end cut off that several share",
            keyless(|cells| cells.finding_ids = cells.finding_ids.expose().chars().take(12).collect::<String>().into()),
        ),
        ("person without a rule", keyless(|cells| cells.finding_ids = Personal::default())),
        (
            "person of another number",
            keyless(|cells| {
                cells.finding_ids = Personal::default();
                cells.rules = vec![UNCOVERED.to_owned()];
                cells.id_number = "520324********1234".into();
            }),
        ),
        (
            "person in another village",
            keyless(|cells| {
                cells.finding_ids = Personal::default();
                cells.rules = vec![UNCOVERED.to_owned()];
                cells.village = "明星村".into();
            }),
        ),
        ("a number nobody has", keyless(|cells| cells.finding_ids = "F9999999999999999".into())),
        (
            "a list that did not ask",
            row(&[3], |cells| {
                cells.key = cells.key.expose().replace("2018-06", "2018-01").into();
                cells.verdict = "属实".into();
            }),
        ),
    ] {
        let receipt = one(cells);
        assert_eq!(receipt.outcome, Outcome::Unknown, "{what}: {}", receipt.reason);
        assert!(!receipt.reason.is_empty(), "{what}");
    }
    let nothing = one(Cells { verdict: "属实".into(), ..Cells::default() });
    assert_eq!(nothing.outcome, Outcome::Aside);
}

#[test]
fn columns_sorted_apart_do_not_answer_for_somebody_else() {
    let apart = one(row(&[3], |cells| {
        cells.key = format!("{}@2018-06", id(4)).into();
        cells.name = "不认识".into();
        cells.verdict = "属实".into();
    }));
    assert_eq!(apart.outcome, Outcome::Unclear, "{}", apart.reason);
    let key_of_another = one(row(&[3], |cells| {
        cells.key = format!("{}@2018-06", id(4)).into();
        cells.verdict = "属实".into();
    }));
    assert_eq!((key_of_another.outcome, key_of_another.finding_ids.as_slice()), (Outcome::Taken, &[id(3)][..]));
    assert!(key_of_another.reason.contains("行标识"), "{}", key_of_another.reason);
    let name_of_another = one(row(&[3], |cells| {
        cells.finding_ids = Personal::default();
        cells.name = "孙三".into();
        cells.verdict = "属实".into();
    }));
    assert_eq!(name_of_another.outcome, Outcome::Unclear, "{}", name_of_another.reason);
    let renamed = one(row(&[3], |cells| {
        cells.name = "钱贰".into();
        cells.verdict = "属实".into();
    }));
    assert_eq!(renamed.outcome, Outcome::Taken, "key and number agree: {}", renamed.reason);
}

#[test]
fn a_number_with_a_name_and_a_number_of_somebody_else_is_not_taken() {
    let masked = |number: &str| {
        one(row(&[3], |cells| {
            cells.name = "不认识".into();
            cells.id_number = number.into();
            cells.verdict = "属实".into();
        }))
    };
    let whole = row(&[3], |_| ()).id_number;
    assert_eq!(masked(whole.expose()).outcome, Outcome::Taken, "the name alone was written anew");
    for other in ["110101********0019", "110***********0019", "11010119900307001X"] {
        let receipt = masked(other);
        assert_eq!(receipt.outcome, Outcome::Unclear, "{other}: {}", receipt.reason);
    }
    // What a spreadsheet made of a number, or a mask that shows nothing, denies nothing.
    for nothing in ["5.20324E+17", "******************", "无"] {
        assert_eq!(masked(nothing).outcome, Outcome::Taken, "{nothing}");
    }
}

#[test]
fn what_could_not_be_taken_is_no_empty_row() {
    let told = |change: fn(&mut Cells)| {
        one(row(&[3], |cells| {
            cells.told = vec!["核查结果划了删除线，没有采用".to_owned()];
            change(cells);
        }))
    };
    let lost = told(|cells| cells.answer_unread = true);
    assert_eq!((lost.outcome, lost.reason.as_str()), (Outcome::Unclear, "核查结果划了删除线，没有采用"));
    assert_eq!(told(|_| ()).outcome, Outcome::Empty);
    let nobody = told(|cells| {
        let told = std::mem::take(&mut cells.told);
        *cells = Cells { told, who_unread: true, verdict: "属实".into(), ..Cells::default() };
    });
    assert_eq!(nobody.outcome, Outcome::Unclear, "{}", nobody.reason);
    let doubled = told(|cells| (cells.doubled, cells.verdict) = (true, "属实".into()));
    assert!(doubled.outcome == Outcome::Unclear && doubled.reason.contains("两个不同的编号"), "{}", doubled.reason);
    for heading in ["疑点说明", "姓名"] {
        let misplaced = one(row(&[3], |cells| cells.printed = vec![(heading.to_owned(), "不属实".into())]));
        assert!(misplaced.outcome == Outcome::Unclear && misplaced.reason.contains(heading), "{}", misplaced.reason);
    }
    let printed = [("疑点说明", "应每月50元，请核实"), ("可信度", "确定"), ("状态", "新增"), ("与户主关系", "户主")];
    let printed = printed.map(|(heading, text)| (heading.to_owned(), text.into()));
    assert_eq!(one(row(&[3], |cells| cells.printed = printed.to_vec())).outcome, Outcome::Empty);
}

#[test]
fn numbers_of_several_people_are_not_one_persons() {
    let both = |name: &str| {
        one(row(&[3], |cells| {
            cells.finding_ids = Personal::default();
            cells.key = format!("{};{}@2018-06", id(3), id(4)).into();
            cells.name = name.into();
            cells.id_number = Personal::default();
            cells.verdict = "属实".into();
        }))
    };
    let named = both(row(&[3], |_| ()).name.expose());
    assert_eq!((named.outcome, named.finding_ids.as_slice()), (Outcome::Taken, &[id(3)][..]), "{}", named.reason);
    assert!(named.reason.contains("1 条是别人的"), "{}", named.reason);
    let nameless = both("");
    assert_eq!(nameless.outcome, Outcome::Unclear, "{}", nameless.reason);
}
