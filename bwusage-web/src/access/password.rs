//! Passwords: Argon2id, with the parameters that OWASP's Password Storage Cheat Sheet names first.
//!
//! A hash takes 19 MiB and about 50 ms on purpose, so at most two are computed at a time, on threads of their own, and
//! only a few may wait: a flood of logins neither stops the page nor fills the memory.

use std::sync::{Arc, LazyLock};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use super::secret::Secret;

/// Memory of a hash in KiB, passes over it, and lanes: OWASP's "m=19456 (19 MiB), t=2, p=1".
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes computed at a time.
const AT_ONCE: usize = 2;
/// Logins that may wait for one, and with it everyone's longest wait: about a second.
const WAITING: usize = 32;
/// Fewest and most characters, as NIST SP 800-63B would have it for a password alone, and so that none is megabytes.
const MIN_CHARS: usize = 12;
const MAX_CHARS: usize = 1024;

/// What a login that nobody has is compared with, so that it takes as long as one that somebody has.
static NOBODYS: LazyLock<String> =
    LazyLock::new(|| hash(Secret::random::<32>("").reveal()).unwrap_or_default());

/// Why there is no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PasswordError {
    /// Too short, or longer than anybody types.
    #[error("a password has {MIN_CHARS} to {MAX_CHARS} characters")]
    Length,
    /// Too many at the same time.
    #[error("too many logins are being checked: try again in a few seconds")]
    Busy,
    /// The memory for it is not there.
    #[error("a password cannot be hashed at present: is there 20 MiB of free memory?")]
    Hash,
}

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not this password, or no such user.
    Wrong,
    /// This password.
    Right {
        /// Its hash with the parameters of today, where the one that is kept has others.
        renewed: Option<String>,
    },
}

/// Whether `password` may be one.
pub(crate) fn check_length(password: &str) -> Result<(), PasswordError> {
    let chars = password.chars().count();
    if (MIN_CHARS..=MAX_CHARS).contains(&chars) { Ok(()) } else { Err(PasswordError::Length) }
}

/// Where passwords are hashed, a few at a time.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    at_once: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { at_once: Arc::new(Semaphore::new(AT_ONCE)), waiting: Arc::new(Semaphore::new(WAITING)) }
    }
}

impl Passwords {
    /// The hash of a new password, as PHC text.
    ///
    /// # Errors
    ///
    /// Fails on one that is too short or too long, when too many are waiting, and without memory.
    pub(crate) async fn hash(&self, password: String) -> Result<String, PasswordError> {
        check_length(&password)?;
        self.in_turn(move || hash(&password)).await
    }

    /// Whether `known`, the hash that is kept, is that of `password`. A user who does not exist has none, and that takes
    /// as long.
    ///
    /// # Errors
    ///
    /// As [`Self::hash`], but a password of a wrong length is a wrong one.
    pub(crate) async fn verify(
        &self,
        password: String,
        known: Option<String>,
    ) -> Result<Verdict, PasswordError> {
        self.in_turn(move || Ok(verify(&password, known.as_deref()))).await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _queue = self.waiting.try_acquire().map_err(|_| PasswordError::Busy)?;
        // The permit goes with the work: a caller that hangs up does not make room for another while its own goes on.
        let turn = Arc::clone(&self.at_once).acquire_owned().await.map_err(|_| PasswordError::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        done.await.unwrap_or(Err(PasswordError::Hash))
    }
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let parameters = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| PasswordError::Hash)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
}

/// The hash of `password`, as PHC text with a new random salt. Takes long: see the module.
pub(crate) fn hash(password: &str) -> Result<String, PasswordError> {
    let hash = argon2()?.hash_password(password.as_bytes()).map_err(|_| PasswordError::Hash)?;
    Ok(hash.to_string())
}

fn verify(password: &str, known: Option<&str>) -> Verdict {
    // Made before anything else, so that the first login of all takes as long for one who exists as for one who does not.
    let nobodys = LazyLock::force(&NOBODYS);
    let fits = is_hash_of(known.unwrap_or(nobodys), password);
    match known {
        Some(known) if fits => {
            Verdict::Right { renewed: if is_current(known) { None } else { hash(password).ok() } }
        }
        _ => Verdict::Wrong,
    }
}

fn is_hash_of(known: &str, password: &str) -> bool {
    let (Ok(parsed), Ok(argon2)) = (PasswordHash::new(known), argon2()) else { return false };
    argon2.verify_password(password.as_bytes(), &parsed).is_ok()
}

fn is_current(known: &str) -> bool {
    known.starts_with(&format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$"))
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    const PASSWORD: &str = "correct horse battery";

    #[test]
    fn a_hash_says_how_it_was_made_and_never_twice_the_same() {
        let hashes = [hash(PASSWORD).unwrap(), hash(PASSWORD).unwrap()];
        assert!(hashes.iter().all(|hash| hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")), "{hashes:?}");
        assert_ne!(hashes[0], hashes[1]);
    }

    #[test]
    fn only_the_password_itself_is_right() {
        let known = hash(PASSWORD).unwrap();
        assert_eq!(verify(PASSWORD, Some(&known)), Verdict::Right { renewed: None });
        for wrong in ["", "correct horse batter", "Correct horse battery", "correct horse battery "] {
            assert_eq!(verify(wrong, Some(&known)), Verdict::Wrong, "{wrong:?}");
        }
    }

    #[test]
    fn nobody_has_no_password_and_a_broken_hash_none_either() {
        assert_eq!(verify(PASSWORD, None), Verdict::Wrong);
        for broken in ["", "plain", "$argon2id$v=19$m=19456,t=2,p=1$", PASSWORD] {
            assert_eq!(verify(PASSWORD, Some(broken)), Verdict::Wrong, "{broken:?}");
        }
    }

    #[test]
    fn a_hash_with_parameters_of_another_day_is_renewed() {
        let weaker = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
        let old = weaker.hash_password(PASSWORD.as_bytes()).unwrap().to_string();
        let Verdict::Right { renewed: Some(renewed) } = verify(PASSWORD, Some(&old)) else { panic!("{old}") };
        assert_eq!(verify(PASSWORD, Some(&renewed)), Verdict::Right { renewed: None });
        assert_eq!(verify("another password", Some(&old)), Verdict::Wrong);
    }

    #[test]
    fn length_is_counted_in_characters() {
        for (password, fits) in [
            ("x".repeat(11), false),
            ("ж".repeat(12), true),
            ("x".repeat(1024), true),
            ("x".repeat(1025), false),
        ] {
            assert_eq!(check_length(&password).is_ok(), fits, "{}", password.len());
        }
    }

    #[tokio::test]
    async fn a_flood_of_logins_is_refused_and_not_kept() {
        let passwords = Passwords::default();
        let turns = Arc::clone(&passwords.at_once).acquire_many_owned(AT_ONCE as u32).await.unwrap();
        let mut waiting: Vec<_> =
            (0..WAITING).map(|_| Box::pin(passwords.verify("x".into(), None))).collect();
        for login in &mut waiting {
            let is_pending = std::future::poll_fn(|cx| Poll::Ready(login.as_mut().poll(cx).is_pending()));
            assert!(is_pending.await);
        }
        assert_eq!(passwords.verify("x".into(), None).await, Err(PasswordError::Busy));
        drop(turns);
        for login in waiting {
            assert_eq!(login.await, Ok(Verdict::Wrong));
        }
    }
}
