//! The only place that writes to stdout and stderr. Results go to stdout, progress and warnings to stderr. Whatever stands in somebody's file may
//! stand in a line: a number is masked, and nothing in it steers the terminal. What the operating system says is said in Chinese, whatever
//! library passed it on.

use std::io::{self, Write};

use crate::model::masking::mask_text;
use crate::model::system_error::in_chinese;

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
    mask_text(&in_chinese(text).chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect::<String>())
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
                safe.push_str(&mask_text(inside));
                safe.push('"');
                string = None;
            }
            '\\' => {
                inside.push(c);
                inside.extend(characters.next());
            }
            c if steers(c) => {
                let mut units = [0; 2];
                inside.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
            }
            c => inside.push(c),
        }
    }
    safe
}

/// Whether a character moves the cursor, colours, clears or turns the direction of writing, or cannot be seen and hides what it stands in.
fn steers(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal_and_no_number_stands_whole() {
        let line = "张\u{1b}[31m三\u{202e}\u{9b}2J\u{7}\r：520324199003071234\n第二行";
        assert_eq!(shown(line), "张\u{fffd}[31m三\u{fffd}\u{fffd}2J\u{fffd}\u{fffd}：520324********1234\n第二行");
        let json = "{\"name\": \"张\u{202e}三\", \"say \\\"520324199003071234\\\"\": 0.12345678901234567}";
        assert_eq!(escaped(json), "{\"name\": \"张\\u202e三\", \"say \\\"520324********1234\\\"\": 0.12345678901234567}");
    }
}
