//! The vocabulary and the wire of bwusage.
//!
//! Clients start at [`client::Client`] (ask once) or [`client::Follow`] (stay up to date, reconnect); both hand out a
//! [`mirror::Mirror`], the whole state at one consistent moment. [`table`] groups, sorts and filters it, and [`talk`] does so with connections. No client sees
//! a frame.
//!
//! # The protocol
//!
//! One local stream socket (a named pipe on Windows, see [`transport`]). Everyone may connect; what one gets to see
//! follows from the identity that the kernel gives the daemon, never from what the client says.
//!
//! 1. **Greeting**, raw bytes outside the codec, which never change: [`greeting`]. The daemon chooses the newest common
//!    version, or tells both ranges and a reason, and closes.
//! 2. **Frames**: `len u32, kind u16, flags u16, request u32`, little endian, then a body: [`frame`]. At most 64 KiB from
//!    client to daemon and 8 MiB back; longer answers are pages, all but the last flagged `MORE`.
//! 3. **Bodies**: bincode 2, standard configuration, size-limited, nothing left over: [`codec`].
//!
//! | kind | name | body | answered by |
//! |---|---|---|---|
//! | `0x0001` | Ping | empty | Pong |
//! | `0x0002` | Status | empty | Status |
//! | `0x0003` | Snapshot | empty | Snapshot, then Tick pages that describe every row |
//! | `0x0004` | Subscribe | [`message::Subscribe`] | as Snapshot, then Ticks for as long as the connection lives |
//! | `0x0005` | Unsubscribe | empty | Pong; no Tick and no Events follow it |
//! | `0x0006` | Ledger | empty | Ledger |
//! | `0x0007` | Connections | [`connection::ConnectionsQuery`] | Connections pages |
//! | `0x0008` | History | [`history::HistoryQuery`] | History pages |
//! | `0x0009` | Alerts | [`alert::AlertsRequest`] | Alerts |
//! | `0x000a` | Events | [`alert::EventsQuery`] | Events at once, and again for as long as the connection lives |
//! | `0x000b` | Bounds | empty | Bounds |
//! | `0x8001` | Pong | empty | |
//! | `0x8002` | Status | [`message::Status`] | |
//! | `0x8003` | Snapshot | [`message::SnapshotHead`] | |
//! | `0x8004` | Tick | [`message::Tick`] | |
//! | `0x8005` | Goodbye | empty; the daemon ends | |
//! | `0x8006` | Ledger | [`ledger::Ledger`] | |
//! | `0x8007` | Connections | [`connection::Connections`] | |
//! | `0x8008` | History | [`history::History`] | |
//! | `0x8009` | Alerts | [`alert::Alerts`] | |
//! | `0x800a` | Events | [`alert::Events`] | |
//! | `0x800b` | Bounds | [`bounds::Bounds`] | |
//! | `0x80ff` | Error | [`message::Refusal`] | |
//!
//! **Order.** Requests of one connection are answered in order. Every reply carries the number of its request; ticks
//! carry the number of their Subscribe, events that of their Events. A connection has at most one subscription of each.
//!
//! **Ticks** hold only what changed since the last tick that this client was sent, with absolute totals. A reader that
//! is too slow for every tick gets the newest state when it reads again, so it loses detail but never a byte, and costs
//! the daemon no memory in the meantime. A write that makes no progress for 10 s ends the connection.
//!
//! **Trust.** A request that does not decode is answered with Error and the connection goes on; a stream that is not made
//! of frames is closed, because nothing can be read after it. Neither ever reserves more than the cap. Limits per user and
//! in all are answered with [`greeting::Verdict::Busy`] or an Error that says so.
//!
//! **Evolution.** A released message is frozen ([`message`]): a change is a new kind. Golden bytes of every kind are in
//! `tests/golden.rs`.

pub mod access;
pub mod alert;
pub mod ancestry;
pub mod bounds;
pub mod client;
pub mod codec;
pub mod connection;
pub mod csv;
pub mod filter;
pub mod format;
pub mod frame;
pub mod greeting;
pub mod history;
pub mod ledger;
pub mod message;
pub mod mirror;
#[cfg(feature = "notify")]
pub mod notify;
pub mod order;
pub mod process;
pub mod quality;
pub mod report;
pub mod services;
pub mod snapshot;
pub mod table;
pub mod talk;
pub mod text;
pub mod transport;
pub mod units;
pub mod users;
pub mod version;
pub mod when;
