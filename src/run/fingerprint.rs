//! Whether two runs are the same: by what they are built from, defined by, given and asked for.
//!
//! A finished run is known again by its [`fingerprint`], an interrupted one by its [`work_key`]. Pure: hashes of texts.

use crate::model::ids::PartsDigest;
use crate::run::Request;

/// What this program was built from: another build never goes on where this one was interrupted. No result depends on it.
pub(super) const BUILD: &str = env!("BIDUI_BUILD");

/// What a work folder is called: equal for runs of which one may go on where the other stopped. Of letters, so that nobody takes it for a
/// number where its path is told.
pub(super) fn work_key(parts: [&str; 3]) -> String {
    let letter = |digit: char| digit.to_digit(16).and_then(|value| char::from_u32(u32::from('a') + value)).unwrap_or(digit);
    PartsDigest::of(parts).digits(16).chars().map(letter).collect()
}

/// Equal for equal version, definitions, dates, options, and bytes of what is read (`parts`).
pub(super) fn fingerprint<'p>(
    definitions: &str,
    dates: [String; 2],
    request: &Request,
    parts: impl Iterator<Item = &'p str>,
) -> String {
    let mut digest = PartsDigest::of([env!("CARGO_PKG_VERSION"), definitions]);
    dates.into_iter().chain(request.options()).for_each(|text| digest.add(text));
    parts.for_each(|part| digest.add(part));
    digest.digits(16)
}
