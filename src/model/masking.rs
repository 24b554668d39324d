//! Hiding numbers in what is printed: ID numbers, certificate numbers, phones and accounts, also inside sentences,
//! evidence and file names. Names stay.

use super::personal::mask_number;

/// Headers whose whole value is a number to hide, however damaged it is.
const NUMBER_HEADERS: [&str; 12] =
    ["证号", "证件号", "身份证", "残疾证", "号码", "电话", "手机", "联系方式", "账号", "帐号", "卡号", "存折"];

/// Whether a column's header promises a number that identifies a person.
#[must_use]
pub fn is_number_header(header: &str) -> bool {
    NUMBER_HEADERS.iter().any(|word| header.contains(word))
}

/// The value of a cell under `header`, hidden where either of them says that it identifies a person.
#[must_use]
pub fn mask_cell(header: &str, value: &str) -> String {
    if is_number_header(header) && value.chars().any(char::is_numeric) { mask_number(value) } else { mask_text(value) }
}

/// Headers of what tells of somebody's health; not in anything that is posted publicly.
const HEALTH_HEADERS: [&str; 13] =
    ["病种", "疾病", "诊断", "病名", "病情", "病史", "健康", "残疾类", "残疾等级", "残疾程度", "残疾级别", "致残", "诊疗"];

/// What stands for a value that is left out.
pub const LEFT_OUT: &str = "（略）";

/// Whether a column's header promises details of a person's health.
#[must_use]
pub fn is_health_header(header: &str) -> bool {
    HEALTH_HEADERS.iter().any(|word| header.contains(word))
}

/// The value of a cell as it may be posted publicly: no number, no detail of health.
#[must_use]
pub fn public_cell(header: &str, value: &str) -> String {
    if is_health_header(header) && !value.is_empty() { LEFT_OUT.to_owned() } else { mask_cell(header, value) }
}

/// Text as it may be posted publicly, `cells` (header, value) being what it rests on: their numbers and details of health are hidden in it too.
#[must_use]
pub fn public_text<'c>(text: &str, cells: impl Iterator<Item = (&'c str, &'c str)>) -> String {
    let mut hidden: Vec<(&str, String)> = Vec::new();
    for (header, value) in cells {
        if value.is_empty() {
            continue;
        }
        if is_health_header(header) {
            // Several in one cell may be told one by one.
            let parts = value.split([',', '，', '、', ';', '；']).map(str::trim).chain([value]);
            hidden.extend(parts.filter(|part| !part.is_empty()).map(|part| (part, LEFT_OUT.to_owned())));
        } else if is_number_header(header) && value.chars().filter(char::is_ascii_digit).count() >= 6 {
            hidden.push((value, mask_number(value)));
        }
    }
    // Longer ones first, lest a part of one be left over.
    hidden.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
    let mut text = text.to_owned();
    for (value, shown) in hidden {
        text = text.replace(value, &shown);
    }
    mask_text(&text)
}

/// Text with every run hidden that could be an ID number (15 characters and more, 11 digits among them; or 14 digits on
/// end) or a mobile phone. Household codes and dates are shorter.
#[must_use]
pub fn mask_text(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    // Up to where the text is copied, and where the run under way begins.
    let (mut copied, mut begun) = (0, None);
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        // Full-width digits too, and the X of an ID number in any of its guises is a letter.
        if c.is_ascii_alphanumeric() || ('０'..='９').contains(&c) || matches!(c, 'Ｘ' | 'ｘ' | 'Х' | '×') {
            begun = begun.or(Some(at));
        } else if let Some(start) = begun.take() {
            let run = text.get(start..at).unwrap_or_default();
            if hides(run) {
                masked.push_str(text.get(copied..start).unwrap_or_default());
                masked.push_str(&mask_number(run));
                copied = at;
            }
        }
    }
    masked.push_str(text.get(copied..).unwrap_or_default());
    masked
}

/// Whether a run of digits and letters could be a number to hide; a finding's own number is not.
fn hides(run: &str) -> bool {
    let length = run.chars().count();
    let digits = run.chars().filter(|c| c.is_numeric()).count();
    let phone = length == 11 && digits == 11 && run.starts_with('1');
    let finding = length == 17 && run.starts_with('F') && run.chars().skip(1).all(|c| matches!(c, '0'..='9' | 'a'..='f'));
    !finding && (phone || digits >= 14 || (length >= 15 && digits >= 11))
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
    fn what_is_posted_tells_nothing_of_health() {
        assert_eq!(public_cell("慢病病种", "高血压"), "（略）");
        assert_eq!(public_cell("医药总费用", "1200.00"), "1200.00");
        let cells = [("病种", "高血压,糖尿病"), ("联系电话", "0851-26421234"), ("残疾等级", "一级")];
        assert_eq!(
            public_text("王某患高血压、糖尿病，一级残疾，电话0851-26421234，应发50元", cells.into_iter()),
            "王某患（略）、（略），（略）残疾，电话085*******234，应发50元"
        );
    }

    #[test]
    fn numbers_are_hidden_and_plain_words_are_not() {
        assert_eq!(mask_text("身份证520324199003071234，电话13885211234。"), "身份证520324********1234，电话13*******34。");
        assert_eq!(mask_text("５２０３２４１９９００３０７１２３４"), "５２０３２４********１２３４");
        assert_eq!(mask_text("户编号5200057613，2018-06-30，应为5700.00元"), "户编号5200057613，2018-06-30，应为5700.00元");
        assert_eq!(mask_cell("证件号码", "520324 1990 0307"), "5203********0307");
        assert_eq!(mask_cell("证件号码", "未查到"), "未查到");
        assert_eq!(mask_cell("姓名", "张小明"), "张小明");
    }
}
