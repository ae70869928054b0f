//! Processes that are hard to see: gone before anyone looks, or there before the daemon.

use std::collections::HashSet;

use super::{
    Test,
    daemon::{Daemon, assert_same_wire},
    folder::Folder,
    network::{Family, Network},
    traffic::{Generator, Truth},
};

pub(super) const TESTS: &[Test] = &[
    ("two_hundred_processes_of_a_moment_all_have_their_name_and_their_bytes", short_lived),
    ("a_download_that_began_before_the_daemon_is_counted_from_its_start_on", before_the_daemon),
    ("a_running_download_is_in_the_table_while_it_runs", while_it_runs),
];

fn short_lived() {
    const COUNT: u64 = 200;
    const BYTES: u64 = 100_000;
    const NAME: &str = "bw-moment";
    /// IPv4 and TCP headers, the latter with a timestamp; now and then one has to be said again.
    const LAST_PACKET: u64 = 2 * 52;
    let (folder, network) = (Folder::new(), Network::new());
    let daemon = Daemon::start(&folder);
    let mut server =
        Generator::start(&folder, network.far(), "bw-server", &["serve-tcp", Family::V4.far_address()]);
    let address = server.address();
    let program = folder.program(&std::env::current_exe().expect("our own path"), NAME);
    let program = program.to_str().expect("UTF-8");
    let before = network.carried();

    let words = ["swarm", &address, &COUNT.to_string(), &BYTES.to_string(), program];
    let mut swarm = Generator::start(&folder, network.near(), "bw-swarm", &words);
    let lived: Vec<(u32, Truth)> = (0..COUNT).map(|_| swarm.lived()).collect();
    swarm.done();
    let carried = network.carried().since(before);
    daemon.settle();

    let by_pid = daemon.top_by_pid();
    assert_eq!(lived.iter().map(|(pid, _)| pid).collect::<HashSet<_>>().len() as u64, COUNT);
    for (pid, truth) in &lived {
        let row = by_pid.process(*pid);
        let counted =
            Truth { sent: row.total.tx_payload_bytes_total, received: row.total.rx_payload_bytes_total };
        assert_eq!((row.name.as_deref(), counted), (Some(NAME), *truth));
    }
    let by_app = daemon.top_by_app();
    let app = by_app.app(NAME);
    assert_eq!((app.processes, app.total.rx_payload_bytes_total), (Some(COUNT), COUNT * BYTES));
    assert_same_wire("bytes down", app.total.rx_bytes_total, carried.tx_bytes);
    // The way up has little but acknowledgements. Those of closed connections are the kernel's, one for each.
    let kernel = carried.rx_bytes.abs_diff(app.total.tx_bytes_total);
    assert!(kernel <= COUNT * LAST_PACKET, "{kernel} bytes sent without an owner");
    daemon.assert_nothing_lost();
}

fn before_the_daemon() {
    const BYTES: u64 = 100_000_000;
    const BEFORE: u64 = 30_000_000;
    let (folder, network) = (Folder::new(), Network::new());
    let mut server =
        Generator::start(&folder, network.far(), "bw-server", &["serve-tcp", Family::V4.far_address()]);
    let words = ["download", &server.address(), &BYTES.to_string(), "pause-after", &BEFORE.to_string()];
    let mut client = Generator::start(&folder, network.near(), "bw-early", &words);
    assert_eq!(client.paused().received, BEFORE);

    let daemon = Daemon::start(&folder);
    // The server goes on until the client's window is full.
    let before = loop {
        let before = network.carried();
        daemon.settle();
        if network.carried() == before {
            break before;
        }
    };
    let top_before = daemon.top_by_pid();
    client.resume();
    client.done();
    let carried = network.carried().since(before);
    daemon.settle();

    let top = daemon.top_by_pid();
    let row = top.process(client.pid());
    assert_eq!((row.name.as_deref(), row.app.as_str()), (Some("bw-early"), "bw-early"));
    assert_eq!(row.total.rx_payload_bytes_total, BYTES - BEFORE);
    let down = row.total.rx_bytes_total - top_before.process(client.pid()).total.rx_bytes_total;
    assert_same_wire("bytes down", down, carried.tx_bytes);
    let server_row = top.process(server.pid());
    assert_eq!(server_row.name.as_deref(), Some("bw-server"));
    let uploaded = server_row.total.tx_bytes_total - top_before.process(server.pid()).total.tx_bytes_total;
    assert_same_wire("bytes from the server", uploaded, carried.tx_bytes);
}

fn while_it_runs() {
    const BYTES: u64 = 20_000_000;
    const HALF: u64 = 10_000_000;
    let (folder, network) = (Folder::new(), Network::new());
    let daemon = Daemon::start(&folder);
    let mut server =
        Generator::start(&folder, network.far(), "bw-server", &["serve-tcp", Family::V6.far_address()]);
    let words = ["download", &server.address(), &BYTES.to_string(), "pause-after", &HALF.to_string()];
    let mut client = Generator::start(&folder, network.near(), "bw-running", &words);

    client.paused();
    daemon.settle();
    let half = daemon.top_by_pid().process(client.pid()).total.rx_payload_bytes_total;
    client.resume();
    client.done();
    daemon.settle();
    let whole = daemon.top_by_pid().process(client.pid()).total.rx_payload_bytes_total;

    assert_eq!((half, whole), (HALF, BYTES));
}
