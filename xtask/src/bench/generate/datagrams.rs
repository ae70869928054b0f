//! Many small datagrams.

use std::{io, net::UdpSocket, thread, time::Duration};

use rustix::net::sockopt::set_socket_recv_buffer_size_force;

use super::{count_operation, count_received, count_sent, pace::Pace};

/// Of one datagram.
const PAYLOAD: [u8; 64] = [b'.'; 64];
/// What waits here is not lost while the receiver sleeps.
const BUFFER_BYTES: usize = 64 << 20;

pub(super) fn serve(address: &str) -> io::Result<impl FnMut() -> io::Result<Option<f64>>> {
    let socket = UdpSocket::bind(address)?;
    set_socket_recv_buffer_size_force(&socket, BUFFER_BYTES)?;
    thread::spawn(move || -> io::Result<()> {
        let mut datagram = PAYLOAD;
        loop {
            count_received(socket.recv(&mut datagram)?);
            count_operation();
        }
    });
    Ok(|| Ok(None))
}

pub(super) fn send(address: &str, span: Duration, per_s: f64) -> io::Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.connect(address)?;
    let mut pace = Pace::new(span, per_s);
    while let Some(due) = pace.due() {
        for _ in 0..due as u64 {
            count_sent(socket.send(&PAYLOAD)?);
            count_operation();
        }
    }
    Ok(())
}
