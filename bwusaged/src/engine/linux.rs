//! Counting on Linux, by the best way that this kernel allows.
//!
//! - [`ladder`] knows the ways and tries them in turn; [`hooked`] is the engine of those that load programs into the kernel: small
//!   ones on its hooks, read through memory that both sides share. [`packets`] is the engine that loads none.
//! - [`layout`] mirrors what the kernel side writes (`bpf/layout.h`).
//! - [`loader`] loads and attaches, and says what is missing; [`cgroup`] and [`preflight`] look around first; [`fentry`] knows
//!   the functions of kernels that lack a tracepoint.
//! - [`light`] is the mode without a program in the path of packets: which programs instead, and when they are run.
//! - [`kernel`] reads the shared tables; [`table`] decides what that means (pure); [`identity`] decodes names;
//!   [`cgroup_paths`] finds the control group of a process that may be gone already; [`grace`] waits for what still counts.
//! - [`links`] asks what the interfaces are; [`interfaces`] says what passed them (pure); [`talk`] says who talks to whom
//!   (pure), from tables that [`map_iter`] reads whole.
//!
//! The hooks are attached first; then every socket that exists already is given to a process that has it open.

mod cgroup;
mod cgroup_paths;
mod fentry;
mod grace;
mod hooked;
mod identity;
mod interfaces;
mod kernel;
mod ladder;
mod layout;
mod light;
mod links;
mod loader;
mod map_iter;
mod mapping;
mod netns;
mod packets;
mod preflight;
mod table;
mod talk;

pub(super) use ladder::open;
