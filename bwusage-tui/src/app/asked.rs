//! What the model wants to know beside the ticks, and what it was told.
//!
//! Ledger and connections are too much to send with every tick, so they are asked for while somebody looks at them.

use std::{net::IpAddr, sync::Arc};

use bwusage_proto::{
    connection::{Connections, ConnectionsQuery},
    ledger::Ledger,
    table::RowKey,
    talk::Row,
};

use super::{App, Detail, Effect, Overlay, Screen, talk::Talk};

/// What is to be asked again and again until it is not wanted any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Questions {
    /// Where did the interfaces' bytes go?
    pub ledger: bool,
    /// Who talks to whom?
    pub connections: Option<ConnectionsQuery>,
}

impl Questions {
    /// True when nothing is to be asked.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// What the daemon said.
#[derive(Debug, Clone)]
pub enum Answer {
    /// The whole ledger.
    Ledger(Arc<Ledger>),
    /// All connections that were asked for.
    Connections(ConnectionsQuery, Arc<Connections>),
    /// Why there is no answer, in a sentence.
    None(String),
}

/// The answers that belong to one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    pub(super) ledger: Option<Arc<Ledger>>,
    pub(super) talk: Option<Talk>,
    /// Why the last question had no answer.
    pub(super) trouble: Option<String>,
}

impl App {
    /// What is looked at now. A stopped screen asks only for what it lacks.
    fn questions(&self) -> Questions {
        let stopped = self.pause.as_ref().map(|pause| &pause.moment.answers);
        let wanted = self.wanted_connections();
        let has_talk = |query| stopped.is_some_and(|it| it.talk.as_ref().is_some_and(|it| it.query == query));
        Questions {
            ledger: matches!(self.overlay, Overlay::Ledger(_))
                && stopped.is_none_or(|answers| answers.ledger.is_none()),
            connections: wanted.filter(|&query| !has_talk(query)),
        }
    }

    /// The connections that are in view: all, or those of one process in its detail pane.
    fn wanted_connections(&self) -> Option<ConnectionsQuery> {
        match self.screen {
            Screen::Connections => Some(ConnectionsQuery::default()),
            Screen::Processes if self.detail == Detail::Closed => None,
            Screen::Processes => {
                let row = self.selected_row()?;
                let pid = row.pid.filter(|_| matches!(row.key, RowKey::Process(_)));
                Some(ConnectionsQuery { pid })
            }
        }
    }

    /// Says so when other questions are to be asked than before, and which names are to be looked up.
    pub(super) fn ask(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        let questions = self.questions();
        if std::mem::replace(&mut self.asked, questions) != questions {
            effects.push(Effect::Ask(questions));
        }
        let unasked = match self.screen {
            _ if !self.talk.names => Vec::new(),
            Screen::Connections => self.names.unasked(self.talk.nameless()),
            Screen::Processes => {
                let nameless = self.nameless_of_selected();
                self.names.unasked(nameless.into_iter())
            }
        };
        effects.extend((!unasked.is_empty()).then_some(Effect::LookUp(unasked)));
        effects
    }

    /// Takes an answer; one that nobody waits for any more is dropped.
    pub(super) fn answered(&mut self, answer: Answer) -> Vec<Effect> {
        let wanted = self.asked;
        let moment = self.pause.as_mut().map_or(&mut self.live, |pause| &mut pause.moment);
        let answers = &mut moment.answers;
        match answer {
            Answer::Ledger(ledger) if wanted.ledger => {
                (answers.ledger, answers.trouble) = (Some(ledger), None);
            }
            Answer::Connections(query, connections) if wanted.connections == Some(query) => {
                let Some(mirror) = &moment.mirror else { return Vec::new() };
                let mut talk = Talk::new(query, &connections, mirror, &self.users);
                talk.name_hosts(|address| self.names.of(address));
                (answers.talk, answers.trouble) = (Some(talk), None);
                self.refresh_connections();
            }
            Answer::None(why) if !wanted.is_empty() => answers.trouble = Some(why),
            Answer::Ledger(_) | Answer::Connections(..) | Answer::None(_) => return Vec::new(),
        }
        vec![Effect::Draw]
    }

    /// Takes the name of an address, or that it has none.
    pub(super) fn named(&mut self, address: IpAddr, name: Option<String>) -> Vec<Effect> {
        if !self.names.learn(address, name) {
            return Vec::new();
        }
        let moment = self.pause.as_mut().map_or(&mut self.live, |pause| &mut pause.moment);
        if let Some(talk) = &mut moment.answers.talk {
            talk.name_hosts(|address| self.names.of(address));
        }
        self.refresh_connections();
        vec![Effect::Draw]
    }

    fn refresh_connections(&mut self) {
        if self.screen == Screen::Connections {
            self.refresh();
        }
    }

    /// The answer to what is in view, where it is there already.
    pub(super) fn talk_in_view(&self) -> Option<&Talk> {
        let wanted = self.wanted_connections()?;
        self.moment().answers.talk.as_ref().filter(|talk| talk.query == wanted)
    }

    /// Every connection that is known of what is in view.
    pub(super) fn connections(&self) -> Arc<Vec<Row>> {
        self.talk_in_view().map(|talk| Arc::clone(&talk.rows)).unwrap_or_default()
    }
}
