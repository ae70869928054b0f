//! One UDP socket with many conversations, as QUIC has them: each datagram begins with the number of its conversation, a batch
//! goes out in one call (GSO), what arrived together comes in with one call (GRO), and both directions are busy at once.

use std::{
    collections::HashMap,
    io,
    net::{SocketAddr, UdpSocket},
    process, thread,
};

use super::{number, option, received, say_listening, sent, udp, until_input_ends};

const DATAGRAM: usize = SEGMENT as usize;
const SEGMENT: u16 = 1200;
const BATCH: usize = 8;
/// Batches of one conversation that are under way each way, at most.
const WINDOW: u64 = 2;
/// Several conversations' windows fit into it, with what the kernel adds to each datagram.
const BUFFER_BYTES: i32 = 4_000_000;

type Id = [u8; 8];

pub(super) fn generate(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["serve-quic", address] => serve(address)?,
        ["converse", address, batches] => converse(address, number(batches)?)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn set_up(socket: &UdpSocket) -> io::Result<()> {
    option::set(socket, libc::SOL_UDP, libc::UDP_SEGMENT, &i32::from(SEGMENT).to_ne_bytes())?;
    option::set(socket, libc::SOL_UDP, libc::UDP_GRO, &1_i32.to_ne_bytes())?;
    option::set(socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, &BUFFER_BYTES.to_ne_bytes())
}

fn batch(id: Id) -> Vec<u8> {
    let mut datagram = vec![b'.'; DATAGRAM];
    datagram[..id.len()].copy_from_slice(&id);
    datagram.repeat(BATCH)
}

/// Answers each batch by one, to wherever the conversation is.
fn serve(address: &str) -> io::Result<()> {
    let socket = UdpSocket::bind(address)?;
    set_up(&socket)?;
    say_listening(socket.local_addr()?)?;
    thread::spawn(move || -> io::Result<()> {
        let mut conversations: HashMap<Id, (usize, SocketAddr)> = HashMap::new();
        let mut room = vec![0; 65_536];
        loop {
            let (length, peer) = socket.recv_from(&mut room)?;
            received(length);
            for datagram in room[..length].chunks(DATAGRAM) {
                let id: Id = datagram[..8].try_into().expect("eight bytes");
                let (count, at) = conversations.entry(id).or_insert((0, peer));
                (*count, *at) = (*count + 1, peer);
                if count.is_multiple_of(BATCH) {
                    sent(socket.send_to(&batch(id), *at)?);
                }
            }
        }
    });
    until_input_ends()
}

fn converse(address: &str, batches: u64) -> io::Result<()> {
    let (socket, server) = udp::client(address)?;
    set_up(&socket)?;
    socket.connect(server)?;
    let own = batch(u64::from(process::id()).to_be_bytes());
    for _ in 0..WINDOW {
        sent(socket.send(&own)?);
    }
    let (mut datagrams, mut asked) = (0, WINDOW);
    let mut room = vec![0; 65_536];
    while datagrams < batches * BATCH as u64 {
        let length = socket.recv(&mut room)?;
        received(length);
        datagrams += length.div_ceil(DATAGRAM) as u64;
        while asked < batches && asked < datagrams / BATCH as u64 + WINDOW {
            sent(socket.send(&own)?);
            asked += 1;
        }
    }
    Ok(())
}
