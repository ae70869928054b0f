//! How the daemon gives its rights away: started as root, it becomes an ordinary user as soon as everything is open.
//!
//! The order is: look up the [`account`], open the engine, prepare the directories ([`own_directory`]), listen, and then
//! [`drop`], before there is a second thread and before the first client. What is left is a process of an ordinary user, without
//! groups, with an empty bounding set and `no_new_privs`: it cannot get anything back. On other systems than Linux nothing is
//! given away, and [`Rights::text`] says nothing.
//!
//! # What is needed once everything is open
//!
//! Measured on Linux 6.18, as user nobody without groups; the kernel tests measure the lines about files again. "-": it works
//! without any capability.
//!
//! | what the running daemon does | needs | without it |
//! |---|---|---|
//! | read tables and the ring buffer, by call or mapped; walk sockets and remote hosts by a new iterator | -, from Linux 5.19 on; `CAP_BPF` before | no counting |
//! | list the interfaces by rtnetlink, `/proc/net/dev`, `/proc/diskstats`, memory, load | - | |
//! | `/proc/PID/stat`, `status`, `cmdline`, `cgroup` of others: name, user, terminal, processor, memory, arguments, unit | - | |
//! | executable of a process that used the network | -: the kernel side sees it | |
//! | executable of every other process (`/proc/PID/exe`) | `CAP_SYS_PTRACE` | helpers are not known as their application's |
//! | disk use of other users' processes (`/proc/PID/io`, readable by its owner) | `CAP_SYS_PTRACE` and `CAP_DAC_READ_SEARCH` | no figures |
//! | which process carries a tunnel (`/proc/PID/fd`, `fdinfo`) | `CAP_SYS_PTRACE` and `CAP_DAC_READ_SEARCH` | its traffic counts twice |
//! | processes at all where `/proc` is mounted with `hidepid` | `CAP_SYS_PTRACE` | only those with traffic are known |
//! | names of containers (`/var/lib/docker`, `/run/containerd`: for root only) | `CAP_DAC_READ_SEARCH` | containers go by their number |
//! | desktop entries, control groups, users | - | |
//! | who a client is (`SO_PEERCRED`, `SO_PEERGROUPS`) | - | |
//! | files in the state directory; removing the socket at the end | -, in directories of its own | the next start replaces the socket |
//! | another engine after a failure | `CAP_BPF`, `CAP_PERFMON`, `CAP_NET_ADMIN` | the daemon ends with status 75 and is started anew |
//!
//! So two are kept, and `CAP_BPF` where a trial shows that tables cannot be read without it (the trial decides, not the version
//! of the kernel). The last line is not worth three capabilities for all the time: whoever starts the daemon starts it again.
//! [`crate::engine::Engine::capabilities`] adds what a way of counting needs for itself. A recording that is played needs nothing.
//!
//! The two that are kept can read every file and look into every process, and with `ptrace(2)` change it: that is close to root.
//! What is gone is everything else: no file, setting or device can be written directly.

use std::fmt;

#[cfg(target_os = "linux")]
mod directory;
#[cfg(target_os = "linux")]
#[path = "privilege/linux.rs"]
mod platform;
#[cfg(not(target_os = "linux"))]
#[path = "privilege/other.rs"]
mod platform;
#[cfg(target_os = "linux")]
mod status;

/// The account that is made for the daemon.
const OWN: &str = "bwusage";
/// The one that is there otherwise.
const NOBODY: &str = "nobody";

/// What Linux splits root's rights into, as far as the daemon ever needs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// Read files and directories of everybody.
    DacReadSearch,
    /// Administer networks.
    NetAdmin,
    /// Use packet sockets.
    NetRaw,
    /// Look into processes of everybody.
    SysPtrace,
    /// Most of what root may, entering namespaces among it.
    SysAdmin,
    /// Let programs observe the kernel.
    Perfmon,
    /// Use BPF.
    Bpf,
}

/// What to ask the operating system for, beside bytes: see the table above.
pub const OF_HOST: &[Capability] = &[Capability::DacReadSearch, Capability::SysPtrace];

/// What may be needed to read tables that are open: the least that works is kept.
const OF_TABLES: [&[Capability]; 3] =
    [&[], &[Capability::Bpf], &[Capability::Bpf, Capability::Perfmon, Capability::NetAdmin]];

/// An ordinary user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name, or its number where it has none.
    pub name: String,
    /// Its number; never 0.
    pub uid: u32,
    /// The number of its group.
    pub gid: u32,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.uid)
    }
}

/// What the daemon may do from now on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    /// As the kernel says it, for people; `None` where it says nothing.
    pub text: Option<String>,
    /// Whether rights were given away, so that no other engine can be opened.
    pub given_away: bool,
}

/// Why the daemon cannot give its rights away as it should.
#[derive(Debug, thiserror::Error)]
pub enum PrivilegeError {
    /// The configuration names nobody.
    #[error(
        "there is no user {name:?}, which the configuration names; make one: useradd --system --no-create-home {name}"
    )]
    NoSuchUser {
        /// As configured.
        name: String,
    },
    /// The configuration names root.
    #[error("user = {name:?} has all rights; name an ordinary user in the configuration, or leave it out")]
    Root {
        /// As configured.
        name: String,
    },
    /// A thread would keep its rights.
    #[error("{threads} threads run already, and each would keep its rights")]
    Threads {
        /// How many.
        threads: u32,
    },
    /// The kernel refused.
    #[error("cannot {step}")]
    Refused {
        /// What it was asked for.
        step: &'static str,
        /// Its answer.
        source: std::io::Error,
    },
}

/// Whom the daemon becomes: `configured`, else `bwusage`, else `nobody`, else a number. `None` when it is not root, and where
/// root may not become anybody, as in some containers: the log then says why.
///
/// # Errors
///
/// `configured` must exist, unless it is a number, and must not be root.
pub fn account(configured: Option<&str>) -> Result<Option<Account>, PrivilegeError> {
    let account = match configured {
        Some(name) => named(name)?,
        None => platform::look_up(OWN).or_else(|| platform::look_up(NOBODY)).unwrap_or_else(nameless),
    };
    if !crate::service::is_superuser() {
        return Ok(None);
    }
    match platform::may_become(&account) {
        Ok(()) => Ok(Some(account)),
        Err(why) => {
            tracing::warn!(why, "cannot become user {account}; going on as root");
            Ok(None)
        }
    }
}

/// The account that the configuration means.
///
/// # Errors
///
/// See [`account`].
pub fn named(name: &str) -> Result<Account, PrivilegeError> {
    let number = || name.parse().ok().map(numbered);
    let account = platform::look_up(name).or_else(number);
    let account = account.ok_or_else(|| PrivilegeError::NoSuchUser { name: name.into() })?;
    if account.uid == 0 { Err(PrivilegeError::Root { name: name.into() }) } else { Ok(account) }
}

fn numbered(uid: u32) -> Account {
    platform::look_up_number(uid).unwrap_or_else(|| Account { name: uid.to_string(), uid, gid: uid })
}

/// Where there is not even `nobody`: the number that Linux itself takes for a user that it does not know.
fn nameless() -> Account {
    numbered(65_534)
}

/// Makes `directory` if there is none and gives it to `account`, so that it may write there later. One that root owns is given
/// away too if nothing is in it but files of the daemon's own, `names`: an earlier version left it. Any other stays as it is.
///
/// # Errors
///
/// Fails when it cannot be made.
pub fn own_directory(
    directory: &std::path::Path,
    names: &[&str],
    account: Option<&Account>,
) -> std::io::Result<()> {
    platform::own_directory(directory, names, account)
}

/// Works with the file rights of `account` where `directory` is its own. What an ordinary user may write to must not be worked
/// in as root: a link of its making could lead anywhere.
pub fn inside<T>(directory: &std::path::Path, account: Option<&Account>, work: impl FnOnce() -> T) -> T {
    platform::inside(directory, account, work)
}

/// Gives `file` to `account`, so that it may remove it from a directory where everybody may write.
pub fn give(file: &std::path::Path, account: Option<&Account>) {
    if let Some(account) = account
        && let Err(error) = platform::give(file, account)
    {
        tracing::debug!(%error, "cannot give {} to user {account}", file.display());
    }
}

/// Gives away every right but those in `keep`, and becomes `account`. `works` tries whether open tables can still be read; what
/// it turns out to need is kept too. A daemon that is not root stays as it is, and so does one that has threads already: each of
/// them would keep its rights.
///
/// # Errors
///
/// Fails when a right could not be given away that should have been. The daemon must not go on.
pub fn drop(
    account: Option<&Account>,
    keep: &[Capability],
    works: &mut dyn FnMut() -> bool,
) -> Result<Rights, PrivilegeError> {
    if !crate::service::is_superuser() {
        return Ok(Rights { text: platform::rights_now(), given_away: false });
    }
    let tables = least(|tables| platform::with_only(&together(keep, tables), works));
    let given_away = match platform::drop(account, &together(keep, tables)) {
        Ok(()) => platform::GIVES_AWAY,
        // Half a process without rights would be none the safer, and would fail in odd ways.
        Err(error @ PrivilegeError::Threads { .. }) => {
            tracing::warn!("{error}; going on as root");
            false
        }
        Err(error) => return Err(error),
    };
    Ok(Rights { text: platform::rights_now(), given_away })
}

/// The first of [`OF_TABLES`] that works. If none does, nothing is gained by keeping any.
fn least(mut works: impl FnMut(&'static [Capability]) -> bool) -> &'static [Capability] {
    OF_TABLES.into_iter().find(|tables| works(tables)).unwrap_or_default()
}

fn together(some: &[Capability], others: &[Capability]) -> Vec<Capability> {
    let mut all = [some, others].concat();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_that_reads_tables_for_everybody_gets_no_capability() {
        assert_eq!(least(|_| true), []);
    }

    #[test]
    fn an_older_kernel_gets_what_a_trial_shows_to_be_needed() {
        assert_eq!(least(|tried| tried.contains(&Capability::Bpf)), [Capability::Bpf]);
        assert_eq!(least(|tried| tried.contains(&Capability::NetAdmin)).len(), 3);
        assert_eq!(least(|_| false), []);
    }

    #[test]
    fn what_two_need_is_kept_once() {
        let (a, b) = (Capability::NetRaw, Capability::SysPtrace);
        assert_eq!(together(&[b, a], &[b]), [a, b]);
    }

    #[test]
    fn a_user_that_does_not_exist_is_named_with_what_makes_it() {
        let error = named("no-such-user").unwrap_err().to_string();
        assert!(error.contains("\"no-such-user\"") && error.contains("useradd --system"), "{error}");
    }

    #[test]
    fn root_is_no_ordinary_user() {
        assert!(matches!(named("0"), Err(PrivilegeError::Root { .. })));
    }

    #[test]
    fn a_number_needs_no_account() {
        let account = named("61234").unwrap();
        assert_eq!((account.uid, account.gid, account.to_string()), (61234, 61234, "61234 (61234)".into()));
    }
}
