//! Sockets that pass through several hands.

use super::{
    Case,
    stage::{Cable, Side, Stage},
};
use crate::suite::network::Family;

const BYTES: &str = "10000000";
const WORKERS: usize = 3;
const CLIENTS: usize = 6;

pub(super) const CASES: &[Case] = &[
    Case::new("prefork server, children accept", prefork),
    Case::new("parent accepts and forks, child serves", fork_per_connection),
    Case::new("SO_REUSEPORT group of processes", reuseport),
    Case::new("SCM_RIGHTS from dispatcher to worker", rights),
    Case::new("child uses the parent's connection", |stage| inherited(stage, "8192")),
    // Light mode learns who made a call when the call returns: what a tick adds meanwhile goes to the owner before.
    Case::new("child uses it, in one call", |stage| inherited(stage, BYTES)).light_misnamed(1.0),
    Case::new("closed before anybody read it", closed_unread),
    Case::new("threads of one process", threads),
    Case::new("2,000 connections of one process", many_connections),
    Case::new("short connections, client closes", |stage| short(stage, "fetch-and-close")),
    Case::new("short connections, server closes", |stage| short(stage, "fetch-to-end")),
    Case::new("the same, client closes later", |stage| short(stage, "fetch-and-linger")),
    Case::new("written just before the exit", write_and_exit),
    Case::new("exec under a new name", exec),
    Case::new("a process number used again", reused_pid),
    Case::new("another network namespace (unshare)", unshared),
];

fn prefork(stage: &mut Stage) {
    let workers = WORKERS.to_string();
    let (mut parent, address) =
        stage.serve("bw-parent", &["prefork", Family::V4.far_address(), &workers, "bw-worker"]);
    uploads(stage, &address);
    for _ in 0..WORKERS {
        stage.lived(&mut parent, "bw-worker");
    }
    stage.finish_bystander(parent);
}

fn fork_per_connection(stage: &mut Stage) {
    let clients = CLIENTS.to_string();
    let (mut parent, address) = stage.serve("bw-forking", &["fork", Family::V4.far_address(), &clients]);
    uploads(stage, &address);
    for _ in 0..CLIENTS {
        stage.lived(&mut parent, "bw-forking");
    }
    stage.finish_bystander(parent);
}

fn reuseport(stage: &mut Stage) {
    let (first, address) = stage.serve("bw-port-0", &["serve-reuseport", Family::V4.far_address()]);
    let mut servers = vec![first];
    for number in 1..WORKERS {
        servers.push(stage.serve(&format!("bw-port-{number}"), &["serve-reuseport", &address]).0);
    }
    uploads(stage, &address);
    for server in servers {
        stage.finish(server);
    }
}

fn rights(stage: &mut Stage) {
    let clients = CLIENTS.to_string();
    let words = ["dispatch-rights", Family::V4.far_address(), &clients, "bw-worker"];
    let (mut dispatcher, address) = stage.serve("bw-dispatcher", &words);
    uploads(stage, &address);
    stage.lived(&mut dispatcher, "bw-worker");
    stage.finish_bystander(dispatcher);
}

/// Several clients at a time, half of them up and half of them down.
fn uploads(stage: &mut Stage, address: &str) {
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let what = if number % 2 == 0 { "upload" } else { "download" };
            stage.start(Side::Near, &format!("bw-client-{number}"), &[what, address, BYTES])
        })
        .collect();
    for client in clients {
        stage.done(client);
    }
}

fn inherited(stage: &mut Stage, call: &str) {
    let (server, address) = stage.serve_tcp(Family::V4);
    let mut parent =
        stage.start(Side::Near, "bw-parent", &["upload-by-child", &address, BYTES, call, "bw-child"]);
    stage.lived(&mut parent, "bw-child");
    stage.finish_bystander(parent);
    stage.finish(server);
}

fn closed_unread(stage: &mut Stage) {
    let (server, address) = stage.serve("bw-deaf", &["serve-nobody", Family::V4.far_address(), "200"]);
    stage.client(server, "bw-talker", &["talk-to-nobody", &address, "200", "30000"]);
}

fn threads(stage: &mut Stage) {
    let (server, address) = stage.serve_tcp(Family::V4);
    stage.client(server, "bw-threads", &["download-threads", &address, BYTES, "4"]);
}

fn many_connections(stage: &mut Stage) {
    let (server, address) = stage.serve_tcp(Family::V4);
    stage.client(server, "bw-many", &["hold", &address, "2000", "10000"]);
}

fn short(stage: &mut Stage, what: &str) {
    let (server, address) = stage.serve("bw-server", &["serve-short", Family::V4.far_address()]);
    stage.client(server, "bw-client", &[what, &address, "3000"]);
}

fn write_and_exit(stage: &mut Stage) {
    const COUNT: usize = 20;
    let count = COUNT.to_string();
    let (server, address) = stage.serve("bw-drain", &["drain", Family::V4.far_address(), &count]);
    let mut parent = stage.start(Side::Near, "bw-parent", &["exit-early", &address, &count, "bw-hasty"]);
    for _ in 0..COUNT {
        stage.lived(&mut parent, "bw-hasty");
    }
    stage.finish_bystander(parent);
    stage.finish(server);
}

fn exec(stage: &mut Stage) {
    let (server, address) = stage.serve_tcp(Family::V4);
    let mut old = stage.start(Side::Near, "bw-old-name", &["exec", &address, BYTES, "bw-new-name"]);
    stage.lived(&mut old, "bw-new-name");
    stage.finish(server);
}

fn reused_pid(stage: &mut Stage) {
    let (server, address) = stage.serve_tcp(Family::V4);
    let mut parent =
        stage.start(Side::Near, "bw-parent", &["same-pid", &address, BYTES, "bw-first", "bw-second"]);
    stage.lived(&mut parent, "bw-first");
    stage.lived(&mut parent, "bw-second");
    stage.finish_bystander(parent);
    stage.finish(server);
}

fn unshared(stage: &mut Stage) {
    stage.cable = Cable::Unused;
    let actor = stage.start(Side::Near, "bw-unshared", &["unshare", BYTES]);
    stage.done(actor);
}
