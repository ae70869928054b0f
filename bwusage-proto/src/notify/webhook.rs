//! A webhook: one POST of JSON for each notice.
//!
//! Who posts brings its own [`Agent`], and with it who may be posted to.
//!
//! Redirects are not followed: the event and its token go to the host that the user wrote and to no other. Only the
//! status of the answer is looked at; its body is not read.

use std::{fmt, str::FromStr, time::Duration};

use ureq::{
    Agent,
    config::ConfigBuilder,
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header},
    typestate::AgentScope,
};

use super::{Notice, Obstacle};

#[cfg(test)]
mod tests;

/// Longest wait that a server can ask for with `Retry-After`.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// Where to post to, and how.
#[derive(Debug)]
pub struct Webhook {
    url: Url,
    headers: HeaderMap,
    timeout: Duration,
    agent: Agent,
}

impl Webhook {
    /// One that `agent` posts to `url`, with `headers` beside our own, within `timeout`.
    #[must_use]
    pub fn new(url: Url, headers: HeaderMap, timeout: Duration, agent: Agent) -> Self {
        Self { url, headers, timeout, agent }
    }

    /// Where to, without anything that can be a secret.
    #[must_use]
    pub fn host(&self) -> String {
        self.url.to_string()
    }

    /// Posts `notice`, once. It needs the timers and the blocking threads of tokio.
    ///
    /// # Errors
    ///
    /// It did not get there in time, or the answer was no success.
    pub async fn deliver(&self, notice: &Notice) -> Result<(), Unposted> {
        let mut request = self.agent.post(&self.url.0);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        // Whoever gets it twice, after a crash between the answer and our note of it, can tell by this.
        let request =
            request.header(header::CONTENT_TYPE, "application/json").header("Idempotency-Key", &notice.key);
        let (host, body) = (self.host(), notice.json.clone());
        let post = tokio::task::spawn_blocking(move || request.send(body.as_bytes()));
        // The agent has the same limit; this one also covers a resolver that hangs.
        let limit = self.timeout + Duration::from_secs(1);
        let answer = tokio::time::timeout(limit, post)
            .await
            .map_err(|_| Unposted::TooLong { host: host.clone(), within: self.timeout })?
            .map_err(Unposted::Thread)?
            .map_err(|source| Unposted::Post { host: host.clone(), source: Box::new(source) })?;
        if answer.status().is_success() {
            return Ok(());
        }
        let retry_after = answer.headers().get(header::RETRY_AFTER).and_then(seconds);
        Err(Unposted::Status { host, status: answer.status().as_u16(), retry_after })
    }
}

/// How every agent posts: as `user_agent`, to where it is told and no further.
#[must_use]
pub fn agent_config(timeout: Duration, user_agent: &str) -> ConfigBuilder<AgentScope> {
    Agent::config_builder()
        .timeout_global(Some(timeout))
        .max_redirects(0)
        .http_status_as_error(false)
        .user_agent(user_agent)
        .tls_config(
            ureq::tls::TlsConfig::builder().root_certs(ureq::tls::RootCerts::PlatformVerifier).build(),
        )
}

/// Why it was not posted.
#[derive(Debug, thiserror::Error)]
pub enum Unposted {
    /// Nobody there, or nobody who may be posted to.
    #[error("cannot post to {host}")]
    Post {
        /// Where to, without secrets.
        host: String,
        /// What the agent says.
        source: Box<ureq::Error>,
    },
    /// The answer was no success.
    #[error("{host} answered with status {status}")]
    Status {
        /// Where to, without secrets.
        host: String,
        /// The status of HTTP.
        status: u16,
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// There was no answer in time.
    #[error("{host} took longer than {} s", .within.as_secs())]
    TooLong {
        /// Where to, without secrets.
        host: String,
        /// The time that it had.
        within: Duration,
    },
    /// It panicked, or the program ends.
    #[error("the thread that does it is gone")]
    Thread(#[source] tokio::task::JoinError),
}

impl Obstacle for Unposted {
    fn is_transient(&self) -> bool {
        match self {
            // What an agent's own parts refuse they refuse again.
            Self::Post { source, .. } => !matches!(**source, ureq::Error::Other(_)),
            Self::TooLong { .. } | Self::Thread(_) => true,
            // Too early, too many, and everything that is the fault of the server.
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
        }
    }

    fn wait_at_least(&self) -> Duration {
        match self {
            Self::Status { retry_after, .. } => retry_after.unwrap_or_default(),
            _ => Duration::ZERO,
        }
    }
}

impl Unposted {
    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Status { status: 300..=399, .. } => {
                Some("redirects are not followed: put the address that it leads to into url")
            }
            Self::Status { status: 401 | 403, .. } => {
                Some("does it want a token? see headers in the configuration")
            }
            _ => None,
        }
    }
}

/// `Retry-After` in seconds. Its other form, a date, is left to our own pauses.
fn seconds(value: &HeaderValue) -> Option<Duration> {
    let seconds = value.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER))
}

/// An address to post to. Shown without everything in it that can be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url(Uri);

/// Why a text is no address to post to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Another scheme, or no host.
    #[error(
        "url must begin with https:// or http:// and name a host, such as https://hooks.example.org/bwusage"
    )]
    NotHttp,
    /// It holds a name or a password, which would be in logs.
    #[error("url must not hold a name or password: put a token into headers instead")]
    Secret,
}

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let uri: Uri = text.parse().map_err(|_| UrlError::NotHttp)?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        if !is_http || uri.host().is_none_or(str::is_empty) {
            return Err(UrlError::NotHttp);
        }
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(UrlError::Secret);
        }
        Ok(Self(uri))
    }
}

/// Scheme and host: for many services the path is the password.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = self.0.authority().map_or("", |authority| authority.as_str());
        write!(f, "{}://{authority}", self.0.scheme_str().unwrap_or_default())
    }
}

/// Why something is no header of HTTP.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Not a name.
    #[error("\"{0}\" cannot be the name of a header")]
    Name(String),
    /// Not a value, of the header that is named.
    #[error("the value of header {0} holds characters that no header can hold")]
    Value(String),
}

/// Checks headers as they are written in the configuration. Their values never appear in a message.
///
/// # Errors
///
/// One of them is none.
pub fn headers<'a>(
    written: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> Result<HeaderMap, HeaderError> {
    let mut headers = HeaderMap::new();
    for (name, value) in written {
        let header = HeaderName::from_str(name).map_err(|_| HeaderError::Name(name.clone()))?;
        let mut value = HeaderValue::from_str(value).map_err(|_| HeaderError::Value(name.clone()))?;
        value.set_sensitive(true);
        headers.insert(header, value);
    }
    Ok(headers)
}
