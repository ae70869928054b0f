//! The daemon: a tick at a time from the engine into the store, and answers in between. One thread.

use std::{
    cell::RefCell,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    rc::Rc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;
use bwusage_proto::transport::{Bound, Endpoint};
use tokio::time::MissedTickBehavior;

use crate::{
    alerts::{self, shelf::FileShelf},
    calendar::Calendar,
    cli::Serve,
    config::{self, Config},
    engine::{self, Choice, Counting, Engine, Wanted, replay},
    history::{self, Archive},
    host::{Host, live::LiveHost},
    memory,
    naming::Naming,
    privilege::{self, Account, Capability, Rights},
    server::{
        self, About, Shared,
        access::{self, Policy},
        talk::{Reading, Silence},
    },
    service,
    usage::Moment,
};

/// Time between two ticks unless somebody says otherwise.
const DEFAULT_INTERVAL_MS: u32 = 1000;
/// After a crowd of processes, or a client that has asked for everything, most of what the daemon has is free again. Every so
/// many ticks, and after every look at all connections, it is given back, where there is much.
const GIVE_BACK_TICKS: u64 = 30;
const GIVE_BACK_ABOVE_BYTES: u64 = 10 << 20;
/// Where a privileged daemon keeps its state unless somebody says otherwise.
const DEFAULT_STATE_DIR: &str = "/var/lib/bwusage";

/// What the state directory of a daemon with a socket of its own is called, after the socket.
const STATE_SUFFIX: &str = ".state";
/// What two daemons with one state directory meet at.
const LOCK: &str = "bwusaged.lock";

/// Both halves of what is measured.
pub struct Sources {
    engine: Box<dyn Engine>,
    host: Box<dyn Host>,
    /// `None` of a recording: this system's files say nothing about another one's processes.
    naming: Option<Naming>,
    /// What to open after the engine failed.
    reopen: Option<Wanted>,
    /// Whether another one can be opened: not without the rights that it takes.
    may_reopen: bool,
    recorded_interval_ms: Option<u32>,
    /// The time of the moment that is played.
    recorded_at_unix_ms: Option<u64>,
}

impl Sources {
    /// Opens what `choice` names.
    ///
    /// # Errors
    ///
    /// Says what is missing and what to do.
    pub fn open(choice: &Choice, counting: Counting) -> anyhow::Result<Self> {
        match choice {
            Choice::Auto => Self::live(Wanted { rung: None, counting }),
            Choice::Rung(rung) => Self::live(Wanted { rung: Some(*rung), counting }),
            Choice::Replay(file) => {
                let (header, moments) = engine::recording::read(file)?;
                let recorded_interval_ms = Some(header.interval_ms);
                let (engine, host) = replay::play(header, moments);
                Ok(Self {
                    engine: Box::new(engine),
                    host: Box::new(host),
                    naming: None,
                    reopen: None,
                    may_reopen: false,
                    recorded_interval_ms,
                    recorded_at_unix_ms: None,
                })
            }
        }
    }

    fn live(wanted: Wanted) -> anyhow::Result<Self> {
        Ok(Self {
            engine: engine::open(wanted)?,
            host: Box::new(LiveHost::open().context("the system's metrics cannot be read")?),
            naming: Some(Naming::new()),
            reopen: Some(wanted),
            may_reopen: true,
            recorded_interval_ms: None,
            recorded_at_unix_ms: None,
        })
    }

    /// Measures once.
    ///
    /// # Errors
    ///
    /// Fails when the engine did and no other one can be opened; with [`MustRestart`] when only for want of rights.
    pub fn sample(
        &mut self,
        busy: &[bwusage_proto::process::ProcessId],
    ) -> anyhow::Result<engine::recording::Moment> {
        let sample = match (self.engine.sample(), self.reopen) {
            (Err(error), Some(_)) if !self.may_reopen => {
                return Err(anyhow::Error::new(error).context(MustRestart));
            }
            (Err(error), Some(wanted)) => {
                tracing::error!(%error, "the engine failed; opening another one");
                self.engine = engine::open(wanted)?;
                self.engine.sample()?
            }
            (sample, _) => sample?,
        };
        let host = self.host.sample(busy);
        if self.recorded_interval_ms.is_some() {
            let booted_at = self.host.info().booted_at_unix_ms;
            self.recorded_at_unix_ms =
                booted_at.zip(host.sample.uptime_ms).map(|(booted, uptime)| booted.saturating_add(uptime));
        }
        let mut moment = engine::recording::Moment { sample, host, talk: None };
        if let Some(naming) = &mut self.naming {
            naming.complete(&mut moment, Instant::now());
        }
        Ok(moment)
    }

    /// Reads who talks to whom, now. A recording is read at its own time, so that ages are those of that moment.
    ///
    /// # Errors
    ///
    /// Says why there is nothing to read.
    pub fn talk(&mut self) -> Result<Reading, Silence> {
        match self.engine.talk() {
            Ok(Some(talk)) => {
                let taken_at_unix_ms = self.recorded_at_unix_ms.unwrap_or_else(unix_ms);
                Ok(Reading { taken_at_unix_ms, talk })
            }
            Ok(None) => Err(Silence::NotKnown),
            Err(error) => {
                tracing::warn!(%error, "connections cannot be read");
                Err(Silence::Failed)
            }
        }
    }

    /// Gives away every right that is not needed any more, once everything is open.
    ///
    /// # Errors
    ///
    /// See [`privilege::drop`].
    pub fn drop_privileges(&mut self, account: Option<&Account>) -> anyhow::Result<Rights> {
        let of_host: &[Capability] = if self.reopen.is_some() { privilege::OF_HOST } else { &[] };
        let keep = [self.engine.capabilities(), of_host].concat();
        let engine = &mut self.engine;
        let rights = privilege::drop(account, &keep, &mut || engine.talk().is_ok())?;
        self.may_reopen &= !rights.given_away;
        if let Some(text) = &rights.text {
            tracing::info!("running as {text}");
        }
        Ok(rights)
    }

    /// What the engine can see.
    #[must_use]
    pub fn coverage(&self) -> bwusage_proto::snapshot::Coverage {
        self.engine.coverage()
    }

    /// The machine.
    #[must_use]
    pub fn host_info(&self) -> bwusage_proto::snapshot::HostInfo {
        self.host.info()
    }
}

/// The engine failed, and the rights to open another one were given away.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the engine failed; bwusaged has no right to open another one and must be started again")]
pub struct MustRestart;

impl MustRestart {
    /// What the daemon exits with, so that a service manager can tell: `EX_TEMPFAIL` of `sysexits.h`.
    pub const EXIT_STATUS: u8 = 75;
}

/// Serves until somebody asks it to stop.
///
/// # Errors
///
/// Says what is missing and what to do about it.
pub fn run(options: &Serve) -> anyhow::Result<()> {
    memory::return_large_pieces_at_once();
    let config = Config::load(options.config.as_deref())?;
    let account = privilege::account(config.user.as_deref())?;
    let sources = Sources::open(&options.engine, options.counting.unwrap_or(config.counting))?;
    let recorded = sources.recorded_interval_ms.filter(|interval| config::INTERVALS_MS.contains(interval));
    let interval_ms = options.interval.or(config.interval_ms).or(recorded).unwrap_or(DEFAULT_INTERVAL_MS);
    config::check_interval(interval_ms)?;
    let endpoint = endpoint(options, &config);
    let state_dir = state_dir(options, &config, &endpoint);
    let _locked = lock_state(&state_dir, &endpoint, account.as_ref())?;
    let memory = Memory {
        history: (config.history != Some(false)).then(|| history_settings(&config, &state_dir)),
        billing_day: config.billing_day.unwrap_or(1),
        state_dir,
    };

    let mut instance = [0; 16];
    getrandom::fill(&mut instance).context("the system gives no random bytes")?;
    let about = About {
        instance,
        host: sources.host_info(),
        coverage: sources.coverage(),
        interval_ms,
        started_at_unix_ms: unix_ms(),
        started_at: Instant::now(),
        rights: None,
        policy: Policy {
            visibility: config.visibility,
            group: bwusage_proto::users::group_id(access::GROUP),
        },
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let served = serve(&endpoint, about, sources, account.as_ref(), memory);
    let served = tokio::task::LocalSet::new().block_on(&runtime, served);
    if account.is_some() && endpoint.address().exists() {
        tracing::info!("{endpoint} stays: its directory is not the daemon's own; the next start replaces it");
    }
    served
}

/// What must survive the daemon.
struct Memory {
    state_dir: PathBuf,
    billing_day: u8,
    history: Option<history::Settings>,
}

async fn serve(
    endpoint: &Endpoint,
    about: About,
    mut sources: Sources,
    account: Option<&Account>,
    memory: Memory,
) -> anyhow::Result<()> {
    let bound = listen(endpoint, account)?;
    // No client is let in, and no other thread exists, before this.
    let rights = sources.drop_privileges(account)?;
    let about = About { rights: rights.text, ..about };
    let interval = Duration::from_millis(u64::from(about.interval_ms));
    // Ticks and questions take turns on one thread, and neither waits for anything while it has the sources.
    let sources = Rc::new(RefCell::new(sources));
    let asked = Rc::clone(&sources);
    let instance = about.instance;
    let calendar = Calendar::new(jiff::tz::TimeZone::system(), memory.billing_day);
    let archive = memory.history.map(|settings| Archive::open(settings, instance)).transpose();
    let archive = archive.context("the history has no thread")?;
    let mut log_id = [0; 8];
    getrandom::fill(&mut log_id).context("the system gives no random bytes")?;
    let shelf = Box::new(FileShelf::new(&memory.state_dir));
    let watched = alerts::open(shelf, u64::from_le_bytes(log_id), about.policy, calendar)
        .context("the system gives no thread to save alerts")?;
    let shared = Shared::new(about, Box::new(move || asked.borrow_mut().talk()), archive, watched);
    // The first tick before the first client, so that nobody ever sees an empty machine.
    tick(&mut sources.borrow_mut(), &shared, false)?;
    tracing::info!(%endpoint, "ready");

    let mut timer = tokio::time::interval(interval);
    timer.set_missed_tick_behavior(MissedTickBehavior::Skip);
    timer.tick().await;
    let mut expected = tokio::time::Instant::now() + interval;
    let ticking = async {
        loop {
            let at = timer.tick().await;
            let late = at > expected + interval;
            expected = at + interval;
            tick(&mut sources.borrow_mut(), &shared, late)?;
        }
    };
    let ended = tokio::select! {
        failed = ticking => failed,
        () = server::serve(&bound.listener, Rc::clone(&shared)) => Ok(()),
        stopped = service::asked_to_stop() => {
            tracing::info!("asked to stop");
            shared.say_goodbye().await;
            stopped.context("signals cannot be received")
        }
    };
    tell_talk(&mut sources.borrow_mut(), &shared, true);
    shared.keep_alerts();
    ended
}

fn listen(endpoint: &Endpoint, account: Option<&Account>) -> anyhow::Result<Bound> {
    let failed = |error| listen_error(error, endpoint);
    let address = endpoint.address();
    let Some(directory) = address.parent().filter(|directory| !directory.as_os_str().is_empty()) else {
        return endpoint.listen().map_err(failed);
    };
    let names = own_names(endpoint);
    privilege::own_directory(directory, &names.each_ref().map(String::as_str), account).map_err(failed)?;
    let bound = privilege::inside(directory, account, || endpoint.listen()).map_err(failed)?;
    privilege::give(address, account);
    Ok(bound)
}

fn tick(sources: &mut Sources, shared: &Shared, late: bool) -> anyhow::Result<()> {
    let moment = sources.sample(&shared.busy())?;
    let now = Moment { unix_ms: unix_ms(), steady_ms: shared.steady_ms() };
    let mut seq = 0;
    shared.advance(late, |store| {
        store.advance(now, moment.sample, moment.host);
        seq = store.seq();
    });
    let talk = shared.wants_talk();
    if talk {
        tell_talk(sources, shared, false);
    }
    shared.watch();
    if (talk || seq.is_multiple_of(GIVE_BACK_TICKS))
        && service::own_use().rss_bytes.is_some_and(|bytes| bytes > GIVE_BACK_ABOVE_BYTES)
    {
        memory::give_back();
    }
    Ok(())
}

fn tell_talk(sources: &mut Sources, shared: &Shared, last: bool) {
    let reading = sources.talk().ok();
    shared.hear_talk(reading.as_ref().map(|reading| &reading.talk), last);
}

fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// A privileged daemon serves the machine; another one its user.
fn endpoint(options: &Serve, config: &Config) -> Endpoint {
    let named = options.socket.clone().or_else(|| config.socket.clone());
    let in_state_dir = || options.state_dir.as_ref().map(|dir| dir.join("bwusage.sock"));
    named.or_else(in_state_dir).map_or_else(
        || {
            if service::is_superuser() {
                Endpoint::system()
            } else {
                Endpoint::of_user().unwrap_or_else(Endpoint::system)
            }
        },
        Endpoint::new,
    )
}

/// The files that a daemon keeps in its directories.
fn own_names(endpoint: &Endpoint) -> [String; 9] {
    let socket = endpoint.address().file_name().unwrap_or_default().to_string_lossy();
    let [log, index] = history::BESIDE.map(Into::into);
    let [alerts, unfinished] = FileShelf::NAMES.map(Into::into);
    let (lock, state) = (format!("{socket}.lock"), format!("{socket}{STATE_SUFFIX}"));
    let history = history::FILE.into();
    [LOCK.into(), lock, state, socket.into_owned(), history, log, index, alerts, unfinished]
}

/// Where the daemon keeps what must survive it.
fn state_dir(options: &Serve, config: &Config, endpoint: &Endpoint) -> PathBuf {
    let named = options.state_dir.clone().or_else(|| config.state_dir.clone());
    named.unwrap_or_else(|| {
        if service::is_superuser() && *endpoint == Endpoint::system() {
            PathBuf::from(DEFAULT_STATE_DIR)
        } else {
            let mut beside = endpoint.address().as_os_str().to_owned();
            beside.push(STATE_SUFFIX);
            PathBuf::from(beside)
        }
    })
}

fn history_settings(config: &Config, state_dir: &Path) -> history::Settings {
    history::Settings {
        file: state_dir.join(history::FILE),
        retention: config.retention.clone(),
        billing_day: config.billing_day.unwrap_or(1),
        time_zone: None,
    }
}

/// Where the daemon that these options start keeps its history, and how.
///
/// # Errors
///
/// Says what is wrong with the configuration.
pub fn kept_history(options: &Serve) -> anyhow::Result<history::Settings> {
    let config = Config::load(options.config.as_deref())?;
    let endpoint = endpoint(options, &config);
    Ok(history_settings(&config, &state_dir(options, &config, &endpoint)))
}

/// Creates and locks the state directory, so that two daemons never share one. On a file system that is read-only there is
/// nothing to share, and no lock: the daemon counts, and says that it remembers nothing.
fn lock_state(dir: &Path, endpoint: &Endpoint, account: Option<&Account>) -> anyhow::Result<Option<File>> {
    let own = own_names(endpoint);
    privilege::own_directory(dir, &own.each_ref().map(String::as_str), account)
        .with_context(|| format!("cannot create the state directory {}", dir.display()))?;
    let lock = dir.join(LOCK);
    let open = || File::options().create(true).truncate(false).write(true).open(&lock);
    let file = match privilege::inside(dir, account, open) {
        Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
            tracing::warn!("the state directory {} is read-only: nothing is kept there", dir.display());
            return Ok(None);
        }
        opened => opened.with_context(|| format!("cannot use the state directory {}", dir.display()))?,
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => anyhow::bail!(
            "another bwusaged uses the state directory {}; give this one its own: --state-dir DIR",
            dir.display()
        ),
        Err(fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", lock.display()))
        }
    }
}

fn listen_error(error: std::io::Error, endpoint: &Endpoint) -> anyhow::Error {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::AddrInUse => anyhow::anyhow!(
            "another bwusaged listens at {endpoint}; look with bwusage-ctl status, or give this one its own socket: --socket PATH"
        ),
        ErrorKind::PermissionDenied => {
            anyhow::anyhow!("may not listen at {endpoint}; name a socket that you may create: --socket PATH")
        }
        _ => anyhow::Error::new(error).context(format!("cannot listen at {endpoint}")),
    }
}
