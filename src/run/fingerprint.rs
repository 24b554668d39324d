//! Whether two runs are the same: by what they are built from, defined by, given and asked for.
//!
//! A finished run is known again by its [`fingerprint`], an interrupted one by its [`work_key`]. Pure: hashes of texts.

use crate::intake::definitions::Definitions;
use crate::model::date::{Day, Month};
use crate::model::ids::PartsDigest;
use crate::run::Request;

/// What this program was built from: another build never goes on where this one was interrupted. No result depends on it.
pub(super) const BUILD: &str = env!("BIDUI_BUILD");

/// What a work folder is called: equal for runs of which one may go on where the other stopped.
pub(super) fn work_key(parts: [&str; 3]) -> String {
    PartsDigest::of(parts).digits(16)
}

/// Equal for equal version, definitions, inputs and options.
pub(super) fn fingerprint(request: &Request, definitions: &Definitions, parts: &[&str], period: Month, as_of: Day) -> String {
    let mut digest = PartsDigest::default();
    for text in [env!("CARGO_PKG_VERSION"), &definitions.hash, &period.to_string(), &as_of.to_string()] {
        digest.add(text);
    }
    for part in parts {
        digest.add(part);
    }
    for name in request.towns.iter().chain(&request.villages) {
        digest.add(name);
    }
    for accepted in &request.accepted {
        digest.add(accepted.to_string());
    }
    digest.add(format!("{:?} {:?}", request.until, request.posted()));
    digest.digits(16)
}
