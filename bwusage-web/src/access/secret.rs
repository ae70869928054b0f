//! What only its holder knows: random text that goes out once, and the hash that is kept of it.

use data_encoding::BASE64URL_NOPAD;
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use sha2::{Digest as _, Sha256};

/// Random text, never stored and never logged.
pub(crate) struct Secret(String);

impl Secret {
    /// `prefix` and the text of `N` random bytes of the operating system.
    ///
    /// # Panics
    ///
    /// Panics when the operating system has no random bytes: nothing secret can be made then.
    pub(crate) fn random<const N: usize>(prefix: &str) -> Self {
        let mut bytes = [0; N];
        getrandom::fill(&mut bytes).expect("the operating system has random bytes");
        Self(format!("{prefix}{}", BASE64URL_NOPAD.encode(&bytes)))
    }

    /// The text, for its holder.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }
}

/// Keeps the text out of logs.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// SHA-256 of a [`Secret`]. The secret has at least 192 random bits, so a fast hash without salt is enough: whoever reads
/// the database cannot go back from it. Looking one up compares hashes, so the time that takes tells nothing of the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    /// Of text that somebody presents.
    pub(crate) fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }
}

impl ToSql for Digest {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(&self.0)))
    }
}

impl FromSql for Digest {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 32]>::column_result(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_secrets_are_the_same_and_each_has_all_its_bytes() {
        let secrets: [Secret; 2] = std::array::from_fn(|_| Secret::random::<32>("bwu_"));
        assert_ne!(secrets[0].reveal(), secrets[1].reveal());
        for secret in &secrets {
            let text = secret.reveal().strip_prefix("bwu_").unwrap();
            assert_eq!(BASE64URL_NOPAD.decode(text.as_bytes()).unwrap().len(), 32);
            assert_eq!(Digest::of(secret.reveal()), secret.digest());
        }
    }

    #[test]
    fn a_secret_is_not_in_what_is_logged() {
        let secret = Secret::random::<24>("");
        assert!(!format!("{secret:?} {:?}", secret.digest()).contains(secret.reveal()));
    }
}
