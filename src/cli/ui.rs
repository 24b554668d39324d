//! The only place that writes to stdout and stderr. Results go to stdout, progress and warnings to stderr. Whatever stands in somebody's file may
//! stand in a line: a number is masked, and nothing in it steers the terminal. What the operating system says is said in Chinese, whatever
//! library passed it on.

use std::io::{self, Write};

use crate::model::masking::mask_text;
use crate::model::system_error::in_chinese;
use crate::model::text::steers;

/// A result line. A closed pipe (`| head`) is not an error of ours.
pub(super) fn result(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{}", shown(text));
}

/// JSON for another program: the same within its strings.
pub(super) fn json(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{}", escaped(text));
}

/// Progress or a warning.
pub(super) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", shown(text));
}

/// Text as a terminal may show it.
fn shown(text: &str) -> String {
    let text = in_chinese(text);
    let masked = mask_text(&text);
    let told =
        if names_hidden(&text, &masked) { "（文件、文件夹名里的号码，中间几位用 * 代替了）" } else { "" };
    masked.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).chain(told.chars()).collect()
}

/// Whether a path was changed by masking, so that nobody finds it under what is shown.
fn names_hidden(text: &str, masked: &str) -> bool {
    // What a run makes under its own key nobody looks for.
    let path = |word: &&str| word.contains("**") && word.contains(['/', '\\']) && !word.contains(".work");
    text != masked && masked.split([' ', '，', '。', '：', '、', '；', '\n']).filter(path).any(|word| !text.contains(word))
}

/// JSON whose strings may be shown. What steers a terminal stands only within strings, and is written as JSON may write it.
fn escaped(text: &str) -> String {
    let (mut safe, mut string) = (String::with_capacity(text.len()), None::<String>);
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        let Some(inside) = &mut string else {
            safe.push(c);
            string = (c == '"').then(String::new);
            continue;
        };
        match c {
            '"' => {
                safe.push_str(&shown_string(inside));
                safe.push('"');
                string = None;
            }
            '\\' => {
                inside.push(c);
                inside.extend(characters.next());
            }
            c => inside.push(c),
        }
    }
    safe
}

/// What stands between the quotes of a JSON string, masked by what it says.
fn shown_string(inside: &str) -> String {
    let said: Option<String> = serde_json::from_str(&format!("\"{inside}\"")).ok();
    let masked = said.map(|said| (mask_text(&said) != said, mask_text(&said)));
    let written = match masked {
        Some((true, masked)) => {
            let quoted = serde_json::to_string(&masked).unwrap_or_default();
            quoted.strip_prefix('"').and_then(|quoted| quoted.strip_suffix('"')).unwrap_or_default().to_owned()
        }
        _ => inside.to_owned(),
    };
    let mut shown = String::with_capacity(written.len());
    for c in written.chars() {
        if steers(c) {
            let mut units = [0; 2];
            shown.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal_and_no_number_stands_whole() {
        let line = "张\u{1b}[31m三\u{202e}\u{9b}2J\u{7}\r：520324199003071234\n第二行";
        assert_eq!(shown(line), "张\u{fffd}[31m三\u{fffd}\u{fffd}2J\u{fffd}\u{fffd}：520324********1234\n第二行");
        assert_eq!(
            shown("没有 /a/520324199003071234.xlsx。请检查"),
            "没有 /a/520324********1234.xlsx。请检查（文件、文件夹名里的号码，中间几位用 * 代替了）"
        );
        let json = "{\"name\": \"张\u{202e}三\", \"say \\\"520324199003071234\\\"\": 0.12345678901234567}";
        assert_eq!(escaped(json), "{\"name\": \"张\\u202e三\", \"say \\\"520324********1234\\\"\": 0.12345678901234567}");
        assert_eq!(shown("520324\u{200b}19900307\u{202e}1234"), "520324********1234");
        assert_eq!(escaped(r#""520324\n19900307\u200b1234\\""#), r#""520324********1234\\""#);
    }
}
