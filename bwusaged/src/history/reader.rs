//! The thread that answers questions: the tick does not wait for it, nor does the writer. A question whose client has gone is
//! given up in the middle.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bwusage_proto::{
    history::{History, HistoryQuery},
    message::{Encoded, MessageError, Refusal, RefusalCode, Reply},
};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{
    Settings, fault,
    query::{self, Asker, QueryError, Terms},
};

/// Questions that wait.
const WAITING: usize = 32;
/// A database that nobody asks is closed after so long.
const IDLE: Duration = Duration::from_secs(30);
/// So many steps of SQLite lie between two looks whether the client is still there: a fraction of a millisecond.
const STEPS: i32 = 2000;
/// Points in one page, of which each takes 56 bytes once decoded: a page stays below the 8 MiB that a client accepts.
const PAGE_POINTS: usize = 60_000;

/// The pages of an answer, or why there is none.
pub type Answer = Result<Vec<Encoded>, Refusal>;

/// The asking side. The thread ends with it.
#[derive(Debug)]
pub struct Reader {
    jobs: SyncSender<Job>,
    settings: Settings,
}

#[derive(Debug)]
struct Job {
    query: HistoryQuery,
    asker: Asker,
    gone: Arc<AtomicBool>,
    answer: oneshot::Sender<Answer>,
}

/// A question that is being answered. Dropping it ends the work.
#[derive(Debug)]
pub struct Asked {
    answer: oneshot::Receiver<Answer>,
    gone: Arc<AtomicBool>,
}

impl Reader {
    /// Starts the thread; it opens the database when it is first asked.
    ///
    /// # Errors
    ///
    /// Fails when the system gives no thread.
    pub fn start(settings: Settings) -> std::io::Result<Self> {
        let (jobs, waiting) = mpsc::sync_channel(WAITING);
        let ours = settings.clone();
        std::thread::Builder::new().name("history-reader".into()).spawn(move || run(&waiting, &ours))?;
        Ok(Self { jobs, settings })
    }

    /// What questions are answered with beside what was counted.
    #[must_use]
    pub fn terms(&self) -> Terms {
        terms(&self.settings)
    }

    /// Asks.
    ///
    /// # Errors
    ///
    /// Refuses when too many wait already.
    pub fn ask(&self, query: HistoryQuery, asker: Asker) -> Result<Asked, Refusal> {
        let (sender, answer) = oneshot::channel();
        let gone = Arc::new(AtomicBool::new(false));
        let job = Job { query, asker, gone: Arc::clone(&gone), answer: sender };
        match self.jobs.try_send(job) {
            Ok(()) => Ok(Asked { answer, gone }),
            Err(TrySendError::Full(_)) => {
                Err(refusal(RefusalCode::TooMany, "too many ask for history at once"))
            }
            Err(TrySendError::Disconnected(_)) => Err(ended()),
        }
    }
}

impl Asked {
    /// A question that needs no thread to be answered.
    #[must_use]
    pub fn answered(answer: Result<History, QueryError>) -> Self {
        let (sender, receiver) = oneshot::channel();
        // The receiver is there.
        drop(sender.send(finish(answer)));
        Self { answer: receiver, gone: Arc::default() }
    }

    /// Waits for the answer.
    ///
    /// # Errors
    ///
    /// Says why there is none.
    pub async fn answer(&mut self) -> Answer {
        (&mut self.answer).await.unwrap_or_else(|_| Err(ended()))
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.gone.store(true, Ordering::Relaxed);
    }
}

fn refusal(code: RefusalCode, message: &str) -> Refusal {
    Refusal { code: code as u16, message: message.into(), hint: Some("try again".into()) }
}

fn ended() -> Refusal {
    refusal(RefusalCode::Unavailable, "nobody reads the history any more")
}

fn run(waiting: &Receiver<Job>, settings: &Settings) {
    let mut open: Option<Connection> = None;
    loop {
        let job = match waiting.recv_timeout(IDLE) {
            Ok(job) => job,
            Err(RecvTimeoutError::Timeout) => {
                open = None;
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        if job.gone.load(Ordering::Relaxed) {
            continue;
        }
        // Another file may have taken the place of the one that is open.
        let outcome = answer(open.take(), &settings.file, &job, settings);
        let answer = finish(outcome.map(|(connection, history)| {
            open = Some(connection);
            history
        }));
        // The client may have gone in the meantime.
        drop(job.answer.send(answer));
    }
}

fn finish(answer: Result<History, QueryError>) -> Answer {
    let history = answer.map_err(|error| Refusal::from(&error))?;
    pages(history).map_err(|_| refusal(RefusalCode::Unavailable, "the answer does not fit"))
}

fn answer(
    open: Option<Connection>,
    file: &Path,
    job: &Job,
    settings: &Settings,
) -> Result<(Connection, History), QueryError> {
    let mut connection = match open.filter(is_current) {
        Some(connection) => connection,
        None => fault::open_for_reading(file)?,
    };
    let gone = Arc::clone(&job.gone);
    connection.progress_handler(STEPS, Some(move || gone.load(Ordering::Relaxed)))?;
    let terms = terms(settings);
    let history = {
        // One moment for all that is read: a rollup in between would move amounts past us.
        let moment = connection.transaction()?;
        query::answer(&moment, &job.query, &job.asker, &terms)?
    };
    connection.progress_handler(0, None::<fn() -> bool>)?;
    Ok((connection, history))
}

fn terms(settings: &Settings) -> Terms {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    Terms { home: settings.home(), retention: settings.retention.clone(), now }
}

/// Whether the file that is open still has its name: a broken one is set aside.
fn is_current(connection: &Connection) -> bool {
    use rusqlite::ffi;

    let mut moved: std::ffi::c_int = 1;
    // SAFETY: the handle is that of an open connection, which outlives the call, and this control writes one `int`.
    let code = unsafe {
        ffi::sqlite3_file_control(
            connection.handle(),
            c"main".as_ptr(),
            ffi::SQLITE_FCNTL_HAS_MOVED,
            (&raw mut moved).cast(),
        )
    };
    code != ffi::SQLITE_OK || moved == 0
}

/// Cuts the answer into pages: the head and the machine's own figures first, then as many series as fit.
fn pages(history: History) -> Result<Vec<Encoded>, MessageError> {
    let History { head, series, host } = history;
    let mut pages = vec![History { head, host, series: Vec::new() }];
    let mut points = 0;
    for series in series {
        points += series.points.len();
        if points > PAGE_POINTS {
            pages.push(History::default());
            points = series.points.len();
        }
        if let Some(page) = pages.last_mut() {
            page.series.push(series);
        }
    }
    let last = pages.len() - 1;
    pages
        .into_iter()
        .enumerate()
        .map(|(number, page)| Reply::History(Box::new(page)).encode(number < last))
        .collect()
}

#[cfg(test)]
mod tests {
    use bwusage_proto::history::{Amount, Series, SeriesKey};

    use super::*;

    #[test]
    fn a_large_answer_is_cut_between_series_and_each_page_can_be_read() {
        let series = |name: usize| Series {
            key: SeriesKey::App(name.to_string()),
            total: Amount::ZERO,
            points: vec![Some(Amount { rx_bytes: u64::MAX, ..Amount::ZERO }); 20_000],
        };
        let history = History { series: (0..10).map(series).collect(), ..History::default() };
        let pages = pages(history.clone()).unwrap();
        assert_eq!(pages.len(), 4);
        let mut whole = History::default();
        for page in &pages {
            let mut bytes = bytes::BytesMut::from(&page.header(1)[..]);
            bytes.extend_from_slice(page.body());
            let frame = bwusage_proto::frame::take(&mut bytes, bwusage_proto::frame::DAEMON_TO_CLIENT_MAX);
            let Reply::History(page) = Reply::decode(&frame.unwrap().unwrap()).unwrap() else { panic!() };
            whole.append(*page);
        }
        assert_eq!(whole, history);
    }
}
