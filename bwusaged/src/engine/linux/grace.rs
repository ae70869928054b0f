//! Waiting until no program of ours is still running that began earlier.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

/// `MEMBARRIER_CMD_GLOBAL` of <linux/membarrier.h>, since Linux 4.3.
const MEMBARRIER_CMD_GLOBAL: libc::c_int = 1;
/// Where the kernel does not offer it. A program runs for microseconds, unless it is preempted.
const LONGER_THAN_ANY_PROGRAM: Duration = Duration::from_millis(20);

/// Returns when every program has ended that was running when it was called.
///
/// Programs run inside an RCU read-side section, and this command is `synchronize_rcu()`: some milliseconds, without using a
/// processor. Kernels with `nohz_full` processors refuse it.
pub(super) fn wait() {
    static REFUSED: AtomicBool = AtomicBool::new(false);
    // SAFETY: it takes numbers only and changes no memory.
    let refused = REFUSED.load(Ordering::Relaxed)
        || unsafe { libc::syscall(libc::SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) } != 0;
    if refused {
        REFUSED.store(true, Ordering::Relaxed);
        thread::sleep(LONGER_THAN_ANY_PROGRAM);
    }
}
