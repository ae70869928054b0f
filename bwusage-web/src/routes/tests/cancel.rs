//! A question that nobody waits for any more ends at the daemon, too.

use bwusage_proto::{
    greeting::{ClientGreeting, DaemonGreeting, Verdict},
    version::VersionRange,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
};

use super::*;

/// A daemon that greets, hears the question and thinks about it for ever.
async fn hear(daemon: &UnixListener) -> UnixStream {
    let (mut stream, _) = daemon.accept().await.unwrap();
    let greeting = ClientGreeting::read(&mut stream).await.unwrap();
    let welcome = DaemonGreeting {
        verdict: Verdict::Welcome,
        chosen: VersionRange::OURS.max,
        versions: VersionRange::OURS,
        features: greeting.features,
        instance: [7; 16],
        pid: 1,
        version: "1.2.3".into(),
    };
    stream.write_all(&welcome.to_bytes()).await.unwrap();
    assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0, "the question");
    stream
}

#[tokio::test]
async fn whoever_goes_away_ends_the_daemons_work() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let daemon = UnixListener::bind(&socket).unwrap();
    let sources =
        Sources { endpoint: Endpoint::new(&socket), ..sources(sample::moments(sample::live(1, 5))) };
    let gate = Gate::new(Settings::default(), sources.endpoint.clone());
    let router = router(sources, AllowedHosts::default(), &gate, MAX_STREAMS);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(crate::serve::serve(listener, router, None));

    for path in ["/api/v1/history?by=app", "/api/v1/history.csv", "/api/v1/ledger", "/api/v1/alerts"] {
        let mut page = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
        page.write_all(request.as_bytes()).await.unwrap();
        let mut question = hear(&daemon).await;
        drop(page);
        assert_eq!(question.read(&mut [0; 1]).await.unwrap(), 0, "{path}: the connection to the daemon ends");
    }
}
