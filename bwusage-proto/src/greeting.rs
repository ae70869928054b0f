//! The first bytes in each direction. This layout never changes, so that any two versions can always explain why they
//! do not understand each other.
//!
//! ```text
//! client -> daemon   "BWU1" | min u16 | max u16 | features u64 | codec u8 | len u8 | client name (UTF-8)
//! daemon -> client   "BWU1" | verdict u8 | chosen u16 | min u16 | max u16 | features u64 | instance [u8; 16] | pid u32
//!                           | len u8 | daemon version (UTF-8)
//! ```
//!
//! Little endian. `chosen` is 0 unless the verdict is [`Verdict::Welcome`]; after any other verdict the daemon closes.
//! Each side waits at most [`DEADLINE`] for the other's greeting. `instance` is random for each run of the daemon:
//! when it differs after a reconnect, every running total began anew.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::version::VersionRange;

/// What a greeting opens with.
pub const MAGIC: [u8; 4] = *b"BWU1";
/// How long a side waits for the other's greeting: on a machine that has no time left it is late by seconds.
pub const DEADLINE: Duration = Duration::from_secs(4);

const CLIENT_FIXED_BYTES: usize = 18;
const DAEMON_FIXED_BYTES: usize = 40;

/// What a client says first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientGreeting {
    /// The versions that it speaks.
    pub versions: VersionRange,
    /// Optional abilities, a bit each.
    pub features: u64,
    /// How it encodes bodies: [`crate::codec::CODEC_ID`].
    pub codec: u8,
    /// Its name and version, for the log. At most 255 bytes.
    pub name: String,
}

/// What the daemon answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonGreeting {
    /// Whether, or why not, the conversation goes on.
    pub verdict: Verdict,
    /// The version to speak from here on; 0 when refused.
    pub chosen: u16,
    /// The versions that the daemon speaks.
    pub versions: VersionRange,
    /// The abilities that both sides have.
    pub features: u64,
    /// Random for each run of the daemon.
    pub instance: [u8; 16],
    /// The daemon's process number.
    pub pid: u32,
    /// The daemon's package version. At most 255 bytes.
    pub version: String,
}

/// The daemon's answer to a greeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on with frames.
    Welcome,
    /// No version in common.
    NoCommonVersion,
    /// The client's codec is not spoken here.
    UnknownCodec,
    /// Too many connections, in all or of this user.
    Busy,
    /// A verdict that this build does not know.
    Other(u8),
}

impl Verdict {
    const fn to_byte(self) -> u8 {
        match self {
            Self::Welcome => 0,
            Self::NoCommonVersion => 1,
            Self::UnknownCodec => 2,
            Self::Busy => 3,
            Self::Other(byte) => byte,
        }
    }

    const fn from_byte(byte: u8) -> Self {
        match byte {
            0 => Self::Welcome,
            1 => Self::NoCommonVersion,
            2 => Self::UnknownCodec,
            3 => Self::Busy,
            other => Self::Other(other),
        }
    }
}

/// A greeting that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum GreetingError {
    /// The other side is something else.
    #[error("the other side does not speak the bwusage protocol")]
    NotBwusage,
    /// A name that is not UTF-8.
    #[error("the greeting holds a name that is not UTF-8")]
    NotUtf8,
    /// The connection ended or failed.
    #[error("the connection ended during the greeting")]
    Io(#[from] std::io::Error),
}

impl ClientGreeting {
    /// The greeting as bytes. A name of more than 255 bytes is cut at a character border.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(self.versions.min.to_le_bytes());
        out.extend(self.versions.max.to_le_bytes());
        out.extend(self.features.to_le_bytes());
        out.push(self.codec);
        push_name(&mut out, &self.name);
        out
    }

    /// Reads a client's greeting and nothing after it.
    ///
    /// # Errors
    ///
    /// Fails when the bytes are no greeting, or when the connection ends. The caller sets the deadline.
    pub async fn read(from: &mut (impl AsyncRead + Unpin)) -> Result<Self, GreetingError> {
        let fixed: [u8; CLIENT_FIXED_BYTES] = read_fixed(from).await?;
        let mut at = Fields(&fixed[4..]);
        let (versions, features) = (at.versions(), at.u64());
        let (codec, name_len) = (at.u8(), at.u8());
        Ok(Self { versions, features, codec, name: read_name(from, name_len).await? })
    }
}

impl DaemonGreeting {
    /// The greeting as bytes. A version text of more than 255 bytes is cut at a character border.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.push(self.verdict.to_byte());
        out.extend(self.chosen.to_le_bytes());
        out.extend(self.versions.min.to_le_bytes());
        out.extend(self.versions.max.to_le_bytes());
        out.extend(self.features.to_le_bytes());
        out.extend(self.instance);
        out.extend(self.pid.to_le_bytes());
        push_name(&mut out, &self.version);
        out
    }

    /// Reads the daemon's greeting and nothing after it.
    ///
    /// # Errors
    ///
    /// Fails when the bytes are no greeting, or when the connection ends. The caller sets the deadline.
    pub async fn read(from: &mut (impl AsyncRead + Unpin)) -> Result<Self, GreetingError> {
        let fixed: [u8; DAEMON_FIXED_BYTES] = read_fixed(from).await?;
        let mut at = Fields(&fixed[4..]);
        let verdict = Verdict::from_byte(at.u8());
        let (chosen, versions, features) = (at.u16(), at.versions(), at.u64());
        let (instance, pid, version_len) = (at.take::<16>(), u32::from_le_bytes(at.take()), at.u8());
        let version = read_name(from, version_len).await?;
        Ok(Self { verdict, chosen, versions, features, instance, pid, version })
    }
}

fn push_name(out: &mut Vec<u8>, name: &str) {
    let name = &name[..name.floor_char_boundary(255)];
    out.push(name.len() as u8);
    out.extend(name.as_bytes());
}

/// Reads the magic first, so that a wrong peer is told apart before `N` bytes arrive.
async fn read_fixed<const N: usize>(from: &mut (impl AsyncRead + Unpin)) -> Result<[u8; N], GreetingError> {
    let mut fixed = [0; N];
    from.read_exact(&mut fixed[..4]).await?;
    if fixed[..4] != MAGIC {
        return Err(GreetingError::NotBwusage);
    }
    from.read_exact(&mut fixed[4..]).await?;
    Ok(fixed)
}

async fn read_name(from: &mut (impl AsyncRead + Unpin), len: u8) -> Result<String, GreetingError> {
    let mut name = vec![0; usize::from(len)];
    from.read_exact(&mut name).await?;
    String::from_utf8(name).map_err(|_| GreetingError::NotUtf8)
}

/// Reads fixed fields off a slice whose length the caller has matched to the layout.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (head, rest) = self.0.split_first_chunk().expect("the fixed part is as long as its layout");
        self.0 = rest;
        *head
    }
    fn u8(&mut self) -> u8 {
        self.take::<1>()[0]
    }
    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }
    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }
    fn versions(&mut self) -> VersionRange {
        VersionRange { min: self.u16(), max: self.u16() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[test]
    fn both_greetings_survive_the_trip() {
        let client = ClientGreeting {
            versions: VersionRange { min: 1, max: 3 },
            features: 5,
            codec: 1,
            name: "bwusage-ctl 0.1.0".into(),
        };
        let daemon = DaemonGreeting {
            verdict: Verdict::NoCommonVersion,
            chosen: 0,
            versions: VersionRange { min: 4, max: 5 },
            features: 1,
            instance: *b"0123456789abcdef",
            pid: 77,
            version: "0.1.0".into(),
        };
        assert_eq!(block_on(ClientGreeting::read(&mut &client.to_bytes()[..])).unwrap(), client);
        assert_eq!(block_on(DaemonGreeting::read(&mut &daemon.to_bytes()[..])).unwrap(), daemon);
    }

    #[test]
    fn the_bytes_of_a_greeting_never_change() {
        let client = ClientGreeting {
            versions: VersionRange { min: 1, max: 2 },
            features: 3,
            codec: 1,
            name: "ctl".into(),
        };
        assert_eq!(client.to_bytes(), b"BWU1\x01\0\x02\0\x03\0\0\0\0\0\0\0\x01\x03ctl");
        let daemon = DaemonGreeting {
            verdict: Verdict::Busy,
            chosen: 0,
            versions: VersionRange { min: 1, max: 2 },
            features: 0,
            instance: *b"0123456789abcdef",
            pid: 1,
            version: "v".into(),
        };
        assert_eq!(
            daemon.to_bytes(),
            b"BWU1\x03\0\0\x01\0\x02\0\0\0\0\0\0\0\0\x000123456789abcdef\x01\0\0\0\x01v"
        );
    }

    #[test]
    fn something_else_on_the_socket_is_named_as_such() {
        let error = block_on(ClientGreeting::read(&mut &b"GET / HTTP/1.1\r\n"[..])).unwrap_err();
        assert!(matches!(error, GreetingError::NotBwusage));
    }

    #[test]
    fn a_name_that_is_too_long_is_cut_between_characters() {
        let mut out = Vec::new();
        push_name(&mut out, &"é".repeat(200));
        assert_eq!((out[0], out.len()), (254, 255));
    }
}
