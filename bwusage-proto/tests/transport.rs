//! The endpoint on the real operating system: who may listen, and who the kernel says is at the other end.

use std::io;

use bwusage_proto::transport::{Endpoint, Listener, Peer, Stream};
use interprocess::local_socket::tokio::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// An endpoint that no other test uses, and the folder that it is in, if it is in one.
#[cfg(unix)]
fn endpoint() -> (Endpoint, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    (Endpoint::new(folder.path().join("deeper/bwusage.sock")), folder)
}

#[cfg(windows)]
fn endpoint() -> (Endpoint, ()) {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    (Endpoint::new(format!(r"\\.\pipe\bwusage-test-{}-{number}", std::process::id())), ())
}

/// A connected pair: the daemon's end, from which one byte was read, and the client's.
async fn connected(endpoint: &Endpoint, listener: &Listener) -> (Stream, Stream) {
    let (accepted, client) = tokio::join!(listener.accept(), endpoint.connect());
    let (mut accepted, mut client) = (accepted.expect("accept"), client.expect("connect"));
    client.write_all(b"!").await.expect("write");
    assert_eq!(accepted.read_u8().await.expect("read"), b'!');
    (accepted, client)
}

#[tokio::test]
async fn bytes_reach_the_other_end_both_ways() {
    let (endpoint, _folder) = endpoint();
    let bound = endpoint.listen().expect("listen");
    let (mut accepted, mut client) = connected(&endpoint, &bound.listener).await;

    accepted.write_all(b"?").await.expect("write");

    assert_eq!(client.read_u8().await.expect("read"), b'?');
}

#[tokio::test]
async fn several_clients_are_connected_at_once() {
    let (endpoint, _folder) = endpoint();
    let bound = endpoint.listen().expect("listen");

    let mut pairs = Vec::new();
    for _ in 0..5 {
        pairs.push(connected(&endpoint, &bound.listener).await);
    }

    for (accepted, client) in &mut pairs {
        client.write_all(b"x").await.expect("write");
        assert_eq!(accepted.read_u8().await.expect("read"), b'x');
    }
}

#[tokio::test]
async fn nobody_listens_where_no_daemon_ever_was() {
    let (endpoint, _folder) = endpoint();

    let error = endpoint.connect().await.expect_err("nobody listens");

    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};

    use bwusage_proto::process::UserId;

    use super::*;

    #[tokio::test]
    async fn the_kernel_names_the_user_at_the_other_end() {
        let (endpoint, folder) = endpoint();
        let bound = endpoint.listen().expect("listen");
        let (accepted, _client) = connected(&endpoint, &bound.listener).await;

        let peer = Peer::of(&accepted).expect("peer");

        let us = std::fs::metadata(folder.path()).expect("metadata");
        assert_eq!(peer.user, UserId::Uid(us.uid()));
        assert_eq!(peer.superuser, us.uid() == 0);
        assert!(peer.groups.contains(&us.gid()), "{:?}", peer.groups);
    }

    #[tokio::test]
    async fn a_living_daemon_keeps_its_name() {
        let (endpoint, _folder) = endpoint();
        let bound = endpoint.listen().expect("listen");

        let error = endpoint.listen().expect_err("taken");

        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        connected(&endpoint, &bound.listener).await;
    }

    #[tokio::test]
    async fn what_a_dead_daemon_left_is_replaced() {
        let (endpoint, _folder) = endpoint();
        std::fs::create_dir(endpoint.address().parent().expect("a folder")).expect("create");
        drop(std::os::unix::net::UnixListener::bind(endpoint.address()).expect("bind"));
        let error = endpoint.connect().await.expect_err("dead");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);

        let bound = endpoint.listen().expect("listen");

        connected(&endpoint, &bound.listener).await;
    }

    #[tokio::test]
    async fn a_file_that_is_no_socket_is_never_replaced() {
        let (endpoint, _folder) = endpoint();
        std::fs::create_dir(endpoint.address().parent().expect("a folder")).expect("create");
        std::fs::write(endpoint.address(), "precious").expect("write");

        let error = endpoint.listen().expect_err("in the way");

        assert!(error.to_string().contains("is not a socket"), "{error}");
        assert_eq!(std::fs::read_to_string(endpoint.address()).expect("read"), "precious");
    }

    #[tokio::test]
    async fn every_local_user_may_connect_whatever_the_umask() {
        let (endpoint, _folder) = endpoint();
        let _bound = endpoint.listen().expect("listen");

        let socket = std::fs::metadata(endpoint.address()).expect("metadata");

        assert!(socket.file_type().is_socket());
        assert_eq!(socket.permissions().mode() & 0o777, 0o666);
    }
}

#[cfg(windows)]
mod windows {
    use bwusage_proto::process::UserId;

    use super::*;

    #[tokio::test]
    async fn the_system_names_the_user_at_the_other_end() {
        let (endpoint, ()) = endpoint();
        let bound = endpoint.listen().expect("listen");
        let (accepted, _client) = connected(&endpoint, &bound.listener).await;

        let peer = Peer::of(&accepted).expect("peer");

        let UserId::Sid(sid) = peer.user else { panic!("a pipe's client has a SID, not {:?}", peer.user) };
        assert!(sid.starts_with("S-1-5-"), "{sid}");
    }
}
