//! Which process has a socket open, from the links in `/proc/PID/fd`. It is the dear part: one system call for each open file of
//! the machine. So only sockets with traffic are looked for, the youngest processes first, and not for longer than a moment; a
//! file that is known is not looked at again.

use std::{
    collections::{HashMap, HashSet},
    ffi::{CStr, CString},
    fs,
    mem::MaybeUninit,
    time::{Duration, Instant},
};

use bwusage_proto::process::{Pid, ProcessId};

use crate::host::id_of;

/// The longest search. What it did not get to is looked at next time.
const MOST: Duration = Duration::from_millis(100);

/// When a socket was searched in vain for so long, and so often, it is the kernel's own. Once is not enough: a program that accepts
/// a connection has the socket a moment before it has its number, and on a busy machine a moment is long.
const VAIN: (Duration, u8) = (Duration::from_millis(500), 3);

/// Who has a socket open, and as which of its files.
#[derive(Debug, Clone, Copy)]
struct Holder {
    process: ProcessId,
    descriptor: u32,
}

/// How often a socket was searched in vain, and since when.
#[derive(Debug, Clone, Copy)]
struct Missed {
    times: u8,
    since: Instant,
}

/// What is known about who has which socket open.
#[derive(Debug, Default)]
pub(super) struct Owners {
    known: HashMap<u32, Holder>,
    /// How often nobody had a socket open: the kernel has some for itself.
    missed: HashMap<u32, Missed>,
    /// A search that was broken off goes on below this process.
    resume_below: Option<Pid>,
}

impl Owners {
    pub(super) fn of(&self, inode: u32) -> Option<ProcessId> {
        Some(self.known.get(&inode)?.process)
    }

    /// Forgets who had sockets open that `open` does not name, and everything of processes that have ended.
    pub(super) fn retain(&mut self, open: &HashSet<u32>) {
        let mut alive = HashMap::new();
        self.missed.retain(|inode, _| open.contains(inode));
        self.known.retain(|inode, &mut Holder { process, .. }| {
            open.contains(inode)
                && *alive.entry(process).or_insert_with(|| id_of(process.pid) == Some(process))
        });
    }

    /// Forgets everybody: a socket can be handed on while both processes live.
    pub(super) fn doubt(&mut self) {
        self.known.clear();
        self.missed.clear();
    }

    /// Looks for who has `wanted` open. True when every process was asked, or nothing is left to find.
    ///
    /// Of several, the one with the highest number counts: the one that was started last, most often.
    pub(super) fn search(&mut self, mut wanted: HashSet<u32>) -> bool {
        let is_kernels = |inode: &u32| {
            let (long, often) = VAIN;
            self.missed.get(inode).is_some_and(|vain| vain.times >= often && vain.since.elapsed() >= long)
        };
        wanted.retain(|inode| !self.known.contains_key(inode) && !is_kernels(inode));
        if wanted.is_empty() {
            return true;
        }
        let begun = Instant::now();
        let mut pids: Vec<Pid> = fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect();
        pids.sort_unstable_by(|a, b| b.cmp(a));
        let first = self.resume_below.take().map_or(0, |below| pids.partition_point(|&pid| pid >= below));
        pids.rotate_left(first);
        let mut looked_at: HashMap<Pid, HashSet<u32>> = HashMap::new();
        for holder in self.known.values() {
            looked_at.entry(holder.process.pid).or_default().insert(holder.descriptor);
        }
        for pid in pids {
            if begun.elapsed() > MOST {
                self.resume_below = Some(pid.saturating_add(1));
                return false;
            }
            let found = sockets_of(pid, looked_at.get(&pid), &mut wanted);
            if found.is_empty() {
                continue;
            }
            // Asked after the look: whose number it is now had them.
            let Some(process) = id_of(pid) else { continue };
            let holder = |descriptor| Holder { process, descriptor };
            self.known.extend(found.into_iter().map(|(inode, descriptor)| (inode, holder(descriptor))));
            if wanted.is_empty() {
                break;
            }
        }
        for inode in wanted {
            let vain = self.missed.entry(inode).or_insert(Missed { times: 0, since: begun });
            vain.times = vain.times.saturating_add(1);
        }
        true
    }
}

/// Takes out of `wanted` what `pid` has open, and says as which of its files. Those of `looked_at` are something else.
fn sockets_of(pid: Pid, looked_at: Option<&HashSet<u32>>, wanted: &mut HashSet<u32>) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    let Some(folder) = Folder::open(pid) else { return found };
    let mut take = |descriptor, link: &[u8]| {
        if let Some(inode) = inode(link).filter(|inode| wanted.remove(inode)) {
            found.push((inode, descriptor));
        }
        !wanted.is_empty()
    };
    let next = looked_at.and_then(|known| known.iter().max()).map(|last| last.saturating_add(1));
    if next.is_some_and(|next| folder.from(next, &mut take)) {
        return found;
    }
    let is_new = |descriptor| looked_at.is_none_or(|known| !known.contains(&descriptor));
    folder.for_each(is_new, take);
    found
}

/// The number in `socket:[4711]`.
fn inode(link: &[u8]) -> Option<u32> {
    let digits = link.strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    str::from_utf8(digits).ok()?.parse().ok()
}

/// `/proc/PID/fd`, open. The standard library would make a path of each link, which costs twice as much.
struct Folder(*mut libc::DIR);

impl Folder {
    fn open(pid: Pid) -> Option<Self> {
        let path = CString::new(format!("/proc/{pid}/fd")).ok()?;
        // SAFETY: a string that ends with a zero byte.
        let folder = unsafe { libc::opendir(path.as_ptr()) };
        (!folder.is_null()).then_some(Self(folder))
    }

    /// Reads the links of the files numbered `next` and up, as they are given out when many are opened; true when `take` has
    /// enough. A list of the folder would name all of them.
    fn from(&self, next: u32, take: &mut impl FnMut(u32, &[u8]) -> bool) -> bool {
        for descriptor in next.. {
            let Ok(name) = CString::new(descriptor.to_string()) else { return false };
            match self.link(&name, |link| take(descriptor, link)) {
                Some(true) => {}
                Some(false) => return true,
                None => return false,
            }
        }
        false
    }

    /// What `use_it` makes of one link; `None` when there is none.
    fn link<T>(&self, name: &CStr, use_it: impl FnOnce(&[u8]) -> T) -> Option<T> {
        // `socket:[` and ten digits; what is longer is cut, and is no socket.
        let mut link = [MaybeUninit::<u8>::uninit(); 32];
        // SAFETY: an open folder, a string, and as many writable bytes as are named.
        let length = unsafe {
            libc::readlinkat(libc::dirfd(self.0), name.as_ptr(), link.as_mut_ptr().cast(), link.len())
        };
        let length = usize::try_from(length).ok()?;
        // SAFETY: the call has written so many bytes.
        Some(use_it(unsafe { std::slice::from_raw_parts(link.as_ptr().cast::<u8>(), length) }))
    }

    /// Reads the links of files that `is_wanted`, until `take` has enough.
    fn for_each(&self, is_wanted: impl Fn(u32) -> bool, mut take: impl FnMut(u32, &[u8]) -> bool) {
        loop {
            // SAFETY: open until it is dropped, and read by one thread.
            let entry = unsafe { libc::readdir(self.0) };
            if entry.is_null() {
                return;
            }
            // SAFETY: valid until the folder is read again.
            let name = unsafe { CStr::from_ptr((*entry).d_name.as_ptr()) };
            let descriptor = name.to_str().ok().and_then(|name| name.parse().ok());
            let Some(descriptor) = descriptor.filter(|&descriptor| is_wanted(descriptor)) else { continue };
            if self.link(name, |link| take(descriptor, link)) == Some(false) {
                return;
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // SAFETY: opened by `open`, and closed once.
        unsafe { libc::closedir(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use std::{net::UdpSocket, os::fd::AsRawFd as _};

    use super::*;

    #[test]
    fn only_a_link_to_a_socket_has_a_number() {
        assert_eq!(inode(b"socket:[4711]"), Some(4711));
        for other in [&b"pipe:[4711]"[..], b"/dev/null", b"socket:[]", b"socket:[99999999999]", b"socket:[1"]
        {
            assert_eq!(inode(other), None);
        }
    }

    #[test]
    fn our_own_socket_is_ours_until_it_is_closed() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let link = fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).unwrap();
        let own = inode(link.as_os_str().as_encoded_bytes()).unwrap();
        let mut owners = Owners::default();
        while !owners.search(HashSet::from([own])) {}
        assert_eq!(owners.of(own), id_of(std::process::id()));
        owners.retain(&HashSet::from([own]));
        assert!(owners.of(own).is_some());
        owners.retain(&HashSet::new());
        assert_eq!(owners.of(own), None);
    }

    #[test]
    fn new_sockets_are_found_behind_those_that_are_known_and_between_them() {
        let open = |count| (0..count).map(|_| UdpSocket::bind("127.0.0.1:0").unwrap()).collect::<Vec<_>>();
        let inodes = |sockets: &[UdpSocket]| -> HashSet<u32> {
            let link = |socket: &UdpSocket| fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd()));
            let links = sockets.iter().map(|socket| link(socket).unwrap());
            links.map(|link| inode(link.as_os_str().as_encoded_bytes()).unwrap()).collect()
        };
        let (mut sockets, mut owners) = (open(8), Owners::default());
        while !owners.search(inodes(&sockets)) {}
        // Their numbers are given out again before those behind the last.
        sockets.drain(2..5);
        sockets.extend(open(8));
        let all = inodes(&sockets);
        owners.retain(&all);
        while !owners.search(all.clone()) {}
        assert!(all.iter().all(|&inode| owners.of(inode) == id_of(std::process::id())));
    }

    #[test]
    fn a_file_that_was_looked_at_is_looked_at_again_once_its_socket_is_gone() {
        let inode_of = |socket: &UdpSocket| {
            let link = fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).unwrap();
            inode(link.as_os_str().as_encoded_bytes()).unwrap()
        };
        let first = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut owners = Owners::default();
        let (gone, descriptor) = (inode_of(&first), first.as_raw_fd());
        while !owners.search(HashSet::from([gone])) {}
        let second = UdpSocket::bind("127.0.0.1:0").unwrap();
        // SAFETY: both are open; the first file becomes the second socket, and its own is closed.
        assert!(unsafe { libc::dup2(second.as_raw_fd(), descriptor) } >= 0);
        let now = inode_of(&first);
        drop(second);
        while !owners.search(HashSet::from([now])) {}
        assert_eq!(owners.of(now), None, "hidden behind what it was");
        owners.retain(&HashSet::from([now]));
        owners.missed.clear();
        while !owners.search(HashSet::from([now])) {}
        assert_eq!(owners.of(now), id_of(std::process::id()));
    }

    #[test]
    fn what_a_process_had_is_forgotten_with_it() {
        let mut owners = Owners::default();
        owners.known.insert(7, Holder { process: ProcessId::new(u32::MAX, 1), descriptor: 3 });
        owners.retain(&HashSet::from([7]));
        assert_eq!(owners.of(7), None);
    }
}
