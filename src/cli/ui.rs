//! The only place that writes to stdout and stderr. Results go to stdout, progress and warnings to stderr.

use std::io::{self, Write};

/// A result line. A closed pipe (`| head`) is not an error of ours.
pub(super) fn result(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Progress or a warning.
pub(super) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
