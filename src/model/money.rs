//! Money in integer fen (1/100 yuan); no float ever holds an amount.

use std::fmt;

/// An amount in fen. `Display` prints yuan with two decimals: `Fen(353500)` → `3535.00`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fen(pub i64);

impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:02}", self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_yuan() {
        assert_eq!(Fen(353_500).to_string(), "3535.00");
        assert_eq!(Fen(-5).to_string(), "-0.05");
    }
}
