//! The way to the daemon: where it is and how long we wait.

use std::time::Duration;

use bwusage_proto::{
    client::{Client, ClientError},
    transport::Endpoint,
};
use tokio::time::timeout;

use crate::{cli::Cli, failure::Failure};

/// How we introduce ourselves.
pub(crate) const NAME: &str = "bwusage-ctl";

/// Where the daemon is, and how long an answer may take.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) endpoint: Endpoint,
    pub(crate) timeout: Duration,
}

impl Connection {
    pub(crate) fn new(cli: &Cli) -> Self {
        // An empty variable is as good as none.
        let named = cli.socket.clone().filter(|path| !path.as_os_str().is_empty());
        Self { endpoint: Endpoint::resolve(named), timeout: cli.timeout }
    }

    /// Connects and asks, once: for what must not be done twice.
    pub(crate) async fn ask_once<T>(
        &self,
        question: impl AsyncFnOnce(&mut Client) -> Result<T, ClientError>,
    ) -> Result<T, Failure> {
        let answer = async {
            let mut client = Client::connect(&self.endpoint, NAME).await?;
            question(&mut client).await
        };
        match timeout(self.timeout, answer).await {
            Ok(outcome) => outcome.map_err(Failure::from),
            Err(_) => Err(Failure::Timeout(self.timeout)),
        }
    }

    /// Connects and asks; again where the answer took the client too long.
    pub(crate) async fn ask<T>(
        &self,
        question: impl AsyncFn(&mut Client) -> Result<T, ClientError>,
    ) -> Result<T, Failure> {
        let patient = async {
            loop {
                let answer = async {
                    let mut client = Client::connect(&self.endpoint, NAME).await?;
                    question(&mut client).await
                };
                match answer.await {
                    // The client gives up on its own after a while; whoever has more patience asks again.
                    Err(ClientError::Timeout(_)) => {}
                    outcome => return outcome,
                }
            }
        };
        match timeout(self.timeout, patient).await {
            Ok(outcome) => outcome.map_err(Failure::from),
            Err(_) => Err(Failure::Timeout(self.timeout)),
        }
    }
}
