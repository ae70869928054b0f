//! Looks up what addresses are called, on threads of its own: one answer can take many seconds.
//!
//! The daemon never does this: a question to a name server tells others whom this machine talks to, so it is asked on
//! behalf of the user who looks, and only about hosts in view that the machine itself did not ask for by name.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError, mpsc as queue},
    thread,
};

use tokio::sync::mpsc;

/// Threads that ask. They wait for the network, so more of them cost next to nothing.
const THREADS: usize = 4;

/// Asks the system's resolver. Its threads start with the first question and end with the program.
#[derive(Debug)]
pub struct Resolver {
    questions: Option<queue::Sender<IpAddr>>,
    answers: mpsc::UnboundedReceiver<(IpAddr, Option<String>)>,
    to_answers: mpsc::UnboundedSender<(IpAddr, Option<String>)>,
}

impl Default for Resolver {
    fn default() -> Self {
        Self::new()
    }
}

impl Resolver {
    /// Asks nobody yet.
    #[must_use]
    pub fn new() -> Self {
        let (to_answers, answers) = mpsc::unbounded_channel();
        Self { questions: None, answers, to_answers }
    }

    /// Begins to look up `addresses`. Whoever asks keeps the answers, so an address comes here once.
    pub fn look_up(&mut self, addresses: Vec<IpAddr>) {
        let questions = self.questions.get_or_insert_with(|| start(&self.to_answers));
        for address in addresses {
            // The threads end only with the sender.
            let _ = questions.send(address);
        }
    }

    /// The next answer: `None` beside an address says that it has no name. Waits for ever while nothing is asked.
    pub async fn next(&mut self) -> Option<(IpAddr, Option<String>)> {
        self.answers.recv().await
    }
}

fn start(to_answers: &mpsc::UnboundedSender<(IpAddr, Option<String>)>) -> queue::Sender<IpAddr> {
    let (questions, queue) = queue::channel();
    let queue = Arc::new(Mutex::new(queue));
    for _ in 0..THREADS {
        let (queue, to_answers) = (Arc::clone(&queue), to_answers.clone());
        thread::spawn(move || {
            loop {
                let question = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(address) = question else { return };
                if to_answers.send((address, name_of(address))).is_err() {
                    return;
                }
            }
        });
    }
    questions
}

/// The name of `address`. A resolver that knows none gives the address back.
fn name_of(address: IpAddr) -> Option<String> {
    let name = dns_lookup::lookup_addr(&address).ok()?;
    let is_name = !name.is_empty() && name.parse::<IpAddr>().is_err() && !name.contains('%');
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_question_is_answered() {
        let mut resolver = Resolver::new();
        let addresses: Vec<IpAddr> = ["127.0.0.1", "::1"].map(|it| it.parse().unwrap()).into();
        resolver.look_up(addresses.clone());
        let mut answered = vec![resolver.next().await.unwrap().0, resolver.next().await.unwrap().0];
        answered.sort();
        assert_eq!(answered, addresses);
    }
}
