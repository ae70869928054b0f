//! Asks what is looked at, on a connection of its own: the other one carries the ticks.

use std::{sync::Arc, time::Duration};

use bwusage_proto::{
    client::{Client, ClientError},
    transport::Endpoint,
};
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

use super::{NAME, sentence};
use crate::app::{Answer, Msg, Questions};

/// What to ask, and how long to wait before asking again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task {
    pub(super) questions: Questions,
    pub(super) every: Duration,
}

/// Asks until nobody wants to know any more. There is a connection only while there are questions.
pub(super) async fn ask(endpoint: Endpoint, mut task: watch::Receiver<Task>, to_model: mpsc::Sender<Msg>) {
    let mut client = None;
    loop {
        let Task { questions, every } = *task.borrow_and_update();
        if questions.is_empty() {
            client = None;
            if task.changed().await.is_err() {
                return;
            }
            continue;
        }
        let answers = match answers(&mut client, &endpoint, questions).await {
            Ok(answers) => answers,
            Err(error) => {
                if !matches!(error, ClientError::Refused(_)) {
                    client = None;
                }
                vec![Answer::None(sentence(&error))]
            }
        };
        for answer in answers {
            if to_model.send(Msg::Answer(answer)).await.is_err() {
                return;
            }
        }
        tokio::select! {
            () = sleep(every) => {}
            changed = task.changed() => if changed.is_err() { return },
        }
    }
}

async fn answers(
    client: &mut Option<Client>,
    endpoint: &Endpoint,
    questions: Questions,
) -> Result<Vec<Answer>, ClientError> {
    let client = match client {
        Some(client) => client,
        None => client.insert(Client::connect(endpoint, NAME).await?),
    };
    let mut answers = Vec::new();
    if questions.ledger {
        answers.push(Answer::Ledger(Arc::new(client.ledger().await?)));
    }
    if let Some(query) = questions.connections {
        answers.push(Answer::Connections(query, Arc::new(client.connections(query).await?)));
    }
    Ok(answers)
}
