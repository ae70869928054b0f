//! What the model wants to know beside the ticks, and what it was told.
//!
//! Ledger and connections are too much to send with every tick, so they are asked for while somebody looks at them.

use std::sync::Arc;

use bwusage_proto::ledger::Ledger;

use super::{App, Effect, Overlay};

/// What is to be asked again and again until it is not wanted any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Questions {
    /// Where did the interfaces' bytes go?
    pub ledger: bool,
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
    /// Why there is no answer, in a sentence.
    None(String),
}

/// The answers that belong to one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    pub(super) ledger: Option<Arc<Ledger>>,
    /// Why the last question had no answer.
    pub(super) trouble: Option<String>,
}

impl App {
    /// What is looked at now. A stopped screen asks only for what it lacks.
    pub(super) fn questions(&self) -> Questions {
        let stopped = self.pause.as_ref().map(|pause| &pause.moment.answers);
        let lacks = |has: fn(&Answers) -> bool| stopped.is_none_or(|answers| !has(answers));
        Questions {
            ledger: matches!(self.overlay, Overlay::Ledger(_)) && lacks(|answers| answers.ledger.is_some()),
        }
    }

    /// Says so when other questions are to be asked than before.
    pub(super) fn ask(&mut self) -> Option<Effect> {
        let questions = self.questions();
        let before = std::mem::replace(&mut self.asked, questions);
        (before != questions).then_some(Effect::Ask(questions))
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
            Answer::None(why) if !wanted.is_empty() => answers.trouble = Some(why),
            Answer::Ledger(_) | Answer::None(_) => return Vec::new(),
        }
        vec![Effect::Draw]
    }
}
