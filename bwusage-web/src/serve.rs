//! Connections: accepted within bounds, encrypted where asked for, and given to the router.
//!
//! Whoever connects can be slow on purpose. So there are at most [`MOST`] connections, of one address at most
//! [`MOST_OF_ONE`], and a handshake or the head of a request that takes longer than [`PATIENCE`] ends its connection; a
//! connection on which nothing is asked for so long ends, too. Bodies have their own bound: [`crate::access`] reads them.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tower::ServiceExt as _;

use crate::{peer::Peer, tls::Tls};

/// Connections at a time: below the 1,024 descriptors that a process has by default.
const MOST: usize = 768;
/// Of one address. A proxy on this machine is one address, and so are all its users.
const MOST_OF_ONE: usize = 512;
/// How long a handshake and a request's head may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most bytes of a head.
const HEAD_BYTES: usize = 32 << 10;
/// After a connection could not be accepted, most likely because there are no descriptors left.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers everything that comes to `listener` with `router`, for ever.
pub(crate) async fn serve(listener: TcpListener, router: Router, tls: Option<Tls>) -> Infallible {
    let open = Open::default();
    let tls = tls.map(Arc::new);
    loop {
        let Ok((stream, theirs)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let (Some(place), Ok(ours)) = (open.take(theirs.ip()), stream.local_addr()) else { continue };
        let (router, tls) = (router.clone(), tls.clone());
        tokio::spawn(async move {
            connection(stream, (theirs, ours), router, tls.as_deref()).await;
            drop(place);
        });
    }
}

/// One connection, to its end. Why it ended is nobody's business here: the other side knows, or is gone.
async fn connection(
    stream: TcpStream,
    (theirs, ours): (SocketAddr, SocketAddr),
    router: Router,
    tls: Option<&Tls>,
) {
    // Each event of a stream goes out when it is made.
    stream.set_nodelay(true).ok();
    let peer = Peer::new(theirs, ours);
    match tls {
        None => requests(stream, peer, router).await,
        Some(tls) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, tls.acceptor().accept(stream)).await {
                requests(stream, peer, router).await;
            }
        }
    }
}

async fn requests(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: Peer, router: Router) {
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer.clone()));
        router.clone().oneshot(request.map(Body::new))
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(HEAD_BYTES);
    http.serve_connection(TokioIo::new(stream), service).await.ok();
}

/// The connections that are open.
#[derive(Debug, Clone, Default)]
struct Open(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A connection's place, given back when it is dropped.
#[derive(Debug)]
struct Place {
    open: Open,
    address: IpAddr,
}

impl Open {
    /// A place for a connection from `address`, where there is one.
    fn take(&self, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.values().sum::<usize>() >= MOST
            || open.get(&address).is_some_and(|of_one| *of_one >= MOST_OF_ONE)
        {
            return None;
        }
        *open.entry(address).or_default() += 1;
        Some(Place { open: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_one) = open.get_mut(&self.address) {
            *of_one -= 1;
            if *of_one == 0 {
                open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_leaves_room_for_others_and_all_together_have_a_bound() {
        let open = Open::default();
        let [here, there] = ["192.0.2.1", "::ffff:192.0.2.2"].map(|address| address.parse().unwrap());
        let mut places: Vec<_> = (0..MOST_OF_ONE).map(|_| open.take(here).unwrap()).collect();
        assert!(open.take(here).is_none());
        places.extend((MOST_OF_ONE..MOST).map(|_| open.take(there).unwrap()));
        assert!(open.take("192.0.2.3".parse().unwrap()).is_none());
        places.clear();
        assert!(open.take(here).is_some() && open.0.lock().unwrap().is_empty());
    }
}
