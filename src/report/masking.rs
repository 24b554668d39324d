//! Hiding numbers in what is printed: ID numbers, certificate numbers, phones and accounts, also inside sentences,
//! evidence and file names. Names stay.

use crate::model::personal::mask_number;

/// Headers whose whole value is a number to hide, however damaged it is.
const NUMBER_HEADERS: [&str; 12] =
    ["证号", "证件号", "身份证", "残疾证", "号码", "电话", "手机", "联系方式", "账号", "帐号", "卡号", "存折"];

/// Whether a column's header promises a number that identifies a person.
pub(super) fn is_number_header(header: &str) -> bool {
    NUMBER_HEADERS.iter().any(|word| header.contains(word))
}

/// The value of a cell under `header`, hidden where either of them says that it identifies a person.
pub(super) fn mask_cell(header: &str, value: &str) -> String {
    if is_number_header(header) && value.chars().any(char::is_numeric) { mask_number(value) } else { mask_text(value) }
}

/// Text with every run hidden that could be an ID number (15 characters and more, 11 digits among them; or 14 digits on
/// end) or a mobile phone. Household codes and dates are shorter.
pub(super) fn mask_text(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars() {
        // Full-width digits too, and the X of an ID number in any of its guises is a letter.
        if c.is_ascii_alphanumeric() || ('０'..='９').contains(&c) || matches!(c, 'Ｘ' | 'ｘ' | 'Х' | '×') {
            run.push(c);
        } else {
            close(&mut masked, &mut run);
            masked.push(c);
        }
    }
    close(&mut masked, &mut run);
    masked
}

fn close(masked: &mut String, run: &mut String) {
    let length = run.chars().count();
    let digits = run.chars().filter(|c| c.is_numeric()).count();
    let phone = length == 11 && digits == 11 && run.starts_with('1');
    let finding = length == 17 && run.starts_with('F') && run.chars().skip(1).all(|c| matches!(c, '0'..='9' | 'a'..='f'));
    if finding {
        masked.push_str(run);
    } else if phone || digits >= 14 || (length >= 15 && digits >= 11) {
        masked.push_str(&mask_number(run));
    } else {
        masked.push_str(run);
    }
    run.clear();
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn numbers_are_hidden_and_plain_words_are_not() {
        assert_eq!(mask_text("身份证520324199003071234，电话13885211234。"), "身份证520324********1234，电话13*******34。");
        assert_eq!(mask_text("５２０３２４１９９００３０７１２３４"), "５２０３２４********１２３４");
        assert_eq!(mask_text("户编号5200057613，2018-06-30，应为5700.00元"), "户编号5200057613，2018-06-30，应为5700.00元");
        assert_eq!(mask_text("疑点F71213e7514b0bad8，F520324199003071"), "疑点F71213e7514b0bad8，F520********3071");
        assert_eq!(mask_cell("证件号码", "520324 1990 0307"), "5203********0307");
        assert_eq!(mask_cell("证件号码", "未查到"), "未查到");
        assert_eq!(mask_cell("姓名", "张小明"), "张小明");
    }
}
