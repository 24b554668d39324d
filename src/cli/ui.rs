//! The only place that writes to stdout and stderr. Results go to stdout, progress and warnings to stderr; what the operating system says is
//! said in Chinese, whatever library passed it on.

use std::io::{self, Write};

use crate::model::system_error::in_chinese;

/// A result line. A closed pipe (`| head`) is not an error of ours.
pub(super) fn result(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{}", in_chinese(text));
}

/// Progress or a warning.
pub(super) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", in_chinese(text));
}
