//! Ids that stay the same from month to month: keyed HMAC-SHA-256 over stable registry keys.
//!
//! A plain hash of an ID number can be reversed by trying all numbers, so every id is keyed with the county's key file.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// What a key protects from: whoever has it can try out ID numbers until an id comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// The county's own.
    Own,
    /// The one that comes with the program: everybody has it.
    Practice,
    /// None was named: ids of tables are made with a key that stands in the program.
    None,
}

/// The county's key. `Debug` never shows it.
#[derive(Clone)]
pub struct CountyKey(Vec<u8>);

impl std::fmt::Debug for CountyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CountyKey(…)")
    }
}

impl CountyKey {
    /// Takes the bytes of the key file.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// What tells this key from others: 16 hexadecimal digits, from which it is no easier to find than from any id.
    #[must_use]
    pub fn mark(&self) -> String {
        self.id("", &["台账"])
    }

    /// `prefix` + 16 hexadecimal digits over `parts`, each length-prefixed so that parts cannot run into each other.
    #[must_use]
    pub fn id(&self, prefix: &str, parts: &[&str]) -> String {
        // HMAC takes keys of any length; the error type exists for other MACs.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        for part in std::iter::once(&prefix).chain(parts) {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            mac.update(part.as_bytes());
        }
        format!("{prefix}{}", hexadecimal(&mac.finalize().into_bytes()[..8]))
    }
}

/// SHA-256 over parts, each length-prefixed so that parts cannot run into each other.
#[derive(Clone, Debug, Default)]
pub struct PartsDigest(Sha256);

impl PartsDigest {
    /// Over these parts.
    #[must_use]
    pub fn of<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> Self {
        let mut digest = Self::default();
        parts.into_iter().for_each(|part| digest.add(part));
        digest
    }

    /// One part more.
    pub fn add(&mut self, part: impl AsRef<[u8]>) {
        let part = part.as_ref();
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    /// Its first hexadecimal digits, 64 at most.
    #[must_use]
    pub fn digits(self, count: usize) -> String {
        hexadecimal(&self.0.finalize()).chars().take(count).collect()
    }
}

/// Lower-case hexadecimal, two digits a byte.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_depend_on_key_and_on_where_parts_end() {
        let key = CountyKey::new(b"a".to_vec());
        assert_eq!(key.id("P", &["ab", "c"]), key.id("P", &["ab", "c"]));
        assert_ne!(key.id("P", &["ab", "c"]), key.id("P", &["a", "bc"]));
        assert_ne!(key.id("P", &["ab"]), CountyKey::new(b"b".to_vec()).id("P", &["ab"]));
        assert_eq!(key.id("P", &["ab"]).len(), 17);
    }
}
