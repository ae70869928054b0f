//! An e-mail for each notice.
//!
//! Encrypted unless the server is one that only the configuration lets us reach: credentials never go in the clear over the
//! internet. The name is resolved once, and the certificate must still be of that name.

use std::{net::SocketAddr, time::Duration};

use bwusage_proto::notify::{Notice, Obstacle};
use lettre::{
    Message, SmtpTransport, Transport as _,
    message::{Mailbox, MessageBuilder, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
        extension::ClientId,
    },
};

use super::reach::{Reach, Unreachable};

/// How the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encryption {
    /// Asked for at the beginning, and required: port 587.
    Starttls,
    /// From the first byte: port 465.
    Implicit,
    /// None: only to servers in an allowed network.
    None,
}

impl Encryption {
    /// The port that is usual with it.
    pub(super) fn usual_port(self) -> u16 {
        match self {
            Self::Starttls => 587,
            Self::Implicit => 465,
            Self::None => 25,
        }
    }
}

/// Where to send, and how.
#[derive(Debug)]
pub(super) struct Mail {
    pub(super) server: String,
    pub(super) port: u16,
    pub(super) encryption: Encryption,
    pub(super) credentials: Option<Credentials>,
    pub(super) from: Mailbox,
    pub(super) to: Vec<Mailbox>,
    pub(super) timeout: Duration,
    pub(super) reach: Reach,
}

/// Why it was not sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unsent {
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    #[error("{host} is on the internet, where nothing is sent unencrypted")]
    InTheClear { host: String },
    #[error("cannot word it as an e-mail")]
    Message(#[source] lettre::error::Error),
    #[error("cannot send through {host}")]
    Smtp { host: String, source: lettre::transport::smtp::Error },
    #[error("{host} took longer than {} s", .within.as_secs())]
    TooLong { host: String, within: Duration },
    #[error("the thread that does it is gone")]
    Thread(#[source] tokio::task::JoinError),
}

impl Obstacle for Unsent {
    fn is_transient(&self) -> bool {
        match self {
            Self::Smtp { source, .. } => !source.is_permanent(),
            Self::Unreachable(Unreachable::Unknown { .. }) | Self::TooLong { .. } | Self::Thread(_) => true,
            Self::Unreachable(Unreachable::Refused { .. }) | Self::InTheClear { .. } | Self::Message(_) => {
                false
            }
        }
    }

    fn wait_at_least(&self) -> Duration {
        Duration::ZERO
    }
}

impl Unsent {
    /// What to do about it, where that is known.
    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unreachable(Unreachable::Refused { .. }) => {
                Some("name its network in allow_networks if it is yours")
            }
            Self::InTheClear { .. } => Some("set encryption = \"starttls\" or \"implicit\""),
            _ => None,
        }
    }
}

impl Mail {
    /// Through which server.
    pub(super) fn host(&self) -> String {
        format!("{}:{}", self.server, self.port)
    }

    /// Sends `notice`, once.
    pub(super) async fn deliver(&self, notice: &Notice) -> Result<(), Unsent> {
        let message = self.message(notice).map_err(Unsent::Message)?;
        let (host, port, server, reach) = (self.host(), self.port, self.server.clone(), self.reach.clone());
        let (encryption, credentials, timeout) = (self.encryption, self.credentials.clone(), self.timeout);
        let send = tokio::task::spawn_blocking(move || {
            let addresses = reach.resolve(&server, port)?;
            // A name has few addresses; whoever does not answer at the first one is tried again later.
            let address = addresses[0];
            if encryption == Encryption::None && Reach::default().may_reach(address.ip()) {
                return Err(Unsent::InTheClear { host: server });
            }
            let failed = |source| Unsent::Smtp { host: server.clone(), source };
            let transport = transport(&server, address, encryption, credentials, timeout).map_err(failed)?;
            transport.send(&message).map(drop).map_err(failed)
        });
        // Each step of the conversation has the limit; this one is for all of them, and for a resolver that hangs.
        let limit = self.timeout * 2;
        tokio::time::timeout(limit, send)
            .await
            .map_err(|_| Unsent::TooLong { host, within: limit })?
            .map_err(Unsent::Thread)?
    }

    /// Text that a process chose stays in the body and the subject: lettre encodes what is no plain text, and the title holds no
    /// line break.
    fn message(&self, notice: &Notice) -> Result<Message, lettre::error::Error> {
        let host = self.from.email.domain();
        // The same event has the same number, so that whoever gets it twice can tell.
        let id = format!("<{}@{host}>", notice.key);
        let to = |builder: MessageBuilder, to: &Mailbox| builder.to(to.clone());
        self.to
            .iter()
            .fold(Message::builder().from(self.from.clone()), to)
            .subject(format!("[bwusage] {}", notice.title))
            .message_id(Some(id))
            .header(ContentType::TEXT_PLAIN)
            .body(format!("{}\n\n{}\n", notice.title, notice.body))
    }
}

fn transport(
    server: &str,
    address: SocketAddr,
    encryption: Encryption,
    credentials: Option<Credentials>,
    timeout: Duration,
) -> Result<SmtpTransport, lettre::transport::smtp::Error> {
    let parameters = || TlsParameters::new(server.to_owned());
    let tls = match encryption {
        Encryption::Starttls => Tls::Required(parameters()?),
        Encryption::Implicit => Tls::Wrapper(parameters()?),
        Encryption::None => Tls::None,
    };
    let mut builder = SmtpTransport::builder_dangerous(address.ip().to_string())
        .port(address.port())
        .tls(tls)
        // What this machine is called is nobody's business there.
        .hello_name(ClientId::Domain("localhost".into()))
        .timeout(Some(timeout));
    if let Some(credentials) = credentials {
        builder = builder.credentials(credentials);
    }
    Ok(builder.build())
}
